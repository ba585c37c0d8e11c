# SPDX-License-Identifier: ISC
"""Policies of the manifests, quarantines, and overrides."""

from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import add_policy, run


def test_manifest_says_how_checks_are_judged(gate, build, checks, paysim,
                                             tmp_path):
    """Policies of the service and of a check; the command line wins."""
    urls = paysim("good=0", "slow=0,latency=fixed:60")
    add_policy(checks, "login", "{tolerance_at_least: 300ms, "
               "margin_at_least: 500ms}",
               "{alpha: 2%, beta: 10%, rounds: 90, tolerance: 7%}")
    verdict = gate(urls["slow"], urls["good"], "--format=json", "--beta=0.04",
                   "--store", tmp_path / "store", names=["login", "decline"])
    document = verdict.json
    assert document["alpha"] == 0.02 and document["beta"] == 0.04
    assert document["budget"]["rounds"] == 90
    assert verdict.code == 10
    assert {r["check"] for r in document["regressions"]} == {
        "payments/decline"}
    limits = {c["check"]: c["limits"] for c in document["checks"]}
    assert limits["payments/login"]["tolerance"] == {
        "relative": 0.07, "absolute_us": 300000}
    assert limits["payments/decline"]["tolerance"] == {
        "relative": 0.07, "absolute_us": 10000}
    assert run(build, "replay", document["gate"], "--store",
               tmp_path / "store").code == 10


def test_quarantine_is_run_and_told_but_not_judged(gate, checks, paysim):
    """A known bad check cannot block, until its day has come."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    add_policy(checks, "login", "{quarantine: {owner: ada, reason: "
               "flaky since Monday, until: 2099-01-01}}")
    verdict = gate(urls["bad"], urls["good"], "--format=json", "--rounds=20",
                   names=["login"])
    assert verdict.code == 30 and verdict.json["cause"] == "no-rounds"
    assert "quarantine until 2099-01-01 (ada: flaky" in verdict.json["reason"]
    assert verdict.json["checks"][0]["quarantine"]["owner"] == "ada"
    both = gate(urls["bad"], urls["good"], names=["login", "decline"])
    assert both.code == 10
    manifest = checks / "payments.yaml"
    manifest.write_text(manifest.read_text().replace("2099", "2019"))
    expired = gate(urls["bad"], urls["good"], names=["login"])
    assert expired.code == 78 and "has expired" in expired.err
    manifest.write_text(manifest.read_text().replace("2019-01-01", "soon"))
    wrong = gate(urls["bad"], urls["good"], names=["login"])
    assert wrong.code == 78 and "'until' wants a day" in wrong.err


def test_override_lets_a_release_go_on_and_keeps_the_verdict(
        gate, build, paysim, tmp_path):
    """Who, why, how far and how long; the verdict stays what it was."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    store = ("--store", tmp_path / "store")

    def judge(version):
        return gate(urls["bad"], urls["good"], *store, "--format=json",
                    "--candidate-version", version, names=["login"])
    first = judge("v1").json
    assert first["exit_code"] == 10 and "overrides" not in first
    said = ("--who=ada", "--why=the fix is out", "--until=1h")
    argv = ("override", first["gate"][:10], *store)
    assert run(build, *argv, *said[:2]).code == 64
    assert run(build, *argv, *said[:2], "--until=2020-01-01").code == 64
    assert run(build, "override", "0123", *store, *said).code == 30
    assert judge("v1").code == 10
    assert run(build, *argv, *said, "--scope=candidate").code == 0
    again = judge("v1")
    document = again.json
    assert again.code == 0 and document["exit_code"] == 0
    assert document["verdict"] == "block"
    assert document["overrides"][0]["who"] == "ada"
    assert "overridden by ada" in document["reason"]
    assert run(build, "replay", document["gate"], *store).code == 10
    assert judge("v2").code == 10
