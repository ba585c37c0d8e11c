# SPDX-License-Identifier: ISC
"""Policies of the manifests, quarantines, and overrides."""
import json
import math
import subprocess

import pytest

from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import PLENTY, add_policy, assert_schema, run


def test_manifest_says_how_checks_are_judged(gate, build, checks, paysim,
                                             tmp_path):
    """Policies of the service and of a check; the command line wins."""
    urls = paysim("good=0", "slow=0,latency=fixed:60")
    add_policy(checks, "login", "{tolerance_at_least: 2s, "
               "margin_at_least: 4s}",
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
        "relative": 0.07, "absolute_us": 2000000}
    assert limits["payments/decline"]["tolerance"] == {
        "relative": 0.07, "absolute_us": 10000}
    assert run(build, "replay", document["gate"], "--store",
               tmp_path / "store").code == 10


def test_quarantine_is_run_and_told_but_not_judged(gate, build, checks,
                                                   paysim):
    """A known bad check cannot block, until its day has come."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    add_policy(checks, "login", "{quarantine: {owner: ada, reason: "
               "flaky since Monday, until: 2099-01-01}}")
    verdict = gate(urls["bad"], urls["good"], "--format=json", "--rounds=20",
                   names=["login"])
    assert verdict.code == 30 and verdict.json["cause"] == "no-rounds"
    assert "quarantine until 2099-01-01 (ada: flaky" in verdict.json["reason"]
    report = checks.parent / "gate.json"
    report.write_text(verdict.out)
    replay = run(build, "replay", report, "--format=json")
    assert replay.code == 30 and replay.json["agrees"] is True
    assert verdict.json["checks"][0]["quarantine"]["owner"] == "ada"
    both = gate(urls["bad"], urls["good"], names=["login", "decline"])
    assert both.code == 10
    manifest = checks / "payments.yaml"
    manifest.write_text(manifest.read_text().replace("2099-01-01", "soon"))
    wrong = gate(urls["bad"], urls["good"], names=["login"])
    assert wrong.code == 78 and "'until' wants a day" in wrong.err


def test_expired_quarantine_counts_again_and_everybody_is_told(
        gate, build, checks, paysim, tmp_path):
    """Nobody is woken by a misconfigured gate at midnight: the check is
    judged as any other, and stderr, reason and every report say why."""
    urls = paysim("good=0", "next=0", "bad=0,error_rate=1")
    add_policy(checks, "login", "{quarantine: {owner: ada, reason: "
               "flaky since Monday, until: 2019-01-01}}")
    reports = [tmp_path / f"gate.{end}"
               for end in ("json", "md", "txt", "html", "xml")]
    options = [f"--report={path}" for path in reports]
    verdict = gate(urls["next"], urls["good"], "--format=github", *options,
                   *PLENTY, names=["login"])
    assert verdict.code == 0
    assert "payments/login expired on 2019-01-01, so it counts again" in \
        verdict.err
    assert "mend the check (ada)" in verdict.err
    document = json.loads(reports[0].read_text())
    assert_schema(document)
    assert document["checks"][0]["quarantine"]["expired"] is True
    assert "counts again: its quarantine expired on 2019-01-01 (ada: flaky" \
        in document["reason"]
    for text in [verdict.out] + [p.read_text() for p in reports[1:]]:
        assert "2019-01-01" in text and "flaky since Monday" in text
    blocked = gate(urls["bad"], urls["good"], *options, names=["login"])
    assert blocked.code == 10
    assert run(build, "replay", reports[0]).code == 10
    lint = subprocess.run([build / "e2e-lint", checks], text=True,
                          capture_output=True, check=False)
    assert lint.returncode == 0
    assert "quarantine has expired: gates judge the check again" in (
        lint.stdout + lint.stderr)


def test_quarantine_holds_for_evidence_that_began_before_its_end(
        gate, build, checks, paysim, tmp_path):
    """A release is judged to its end as it began; a new one is not."""
    urls = paysim("good=0", "next=0")
    add_policy(checks, "login", "{quarantine: {owner: ada, reason: flaky, "
               "until: 2099-01-01}}")

    def judge(version, *options):
        return gate(urls["next"], urls["good"], "--store", tmp_path / "store",
                    "--candidate-version", version, "--format=json", *options,
                    names=["login", "decline"])
    assert judge("v1", "--rounds=10").code == 20
    manifest = checks / "payments.yaml"
    manifest.write_text(manifest.read_text().replace("2099", "2019"))
    again = judge("v1", *PLENTY)
    assert again.code == 0 and again.json["continues"]["pairs"] == 20
    assert "which the evidence began before" in again.json["reason"]
    assert run(build, "replay", again.json["gate"], "--store",
               tmp_path / "store").code == 0
    fresh = judge("v2", "--rounds=10").json
    assert "login counts again" in fresh["reason"]
    assert fresh["checks"][1]["quarantine"]["expired"] is True


def test_checks_have_errors_and_budgets_of_their_own(gate, build, checks,
                                                     paysim, tmp_path):
    """A part of alpha, a beta, rounds; the rule is in doc/gate.md."""
    urls = paysim("good=0", "next=0", "bad=0,error_rate=1")
    add_policy(checks, "login", "{alpha: 0.2%, beta: 40%, rounds: 2000, "
               "failure_margin: 10%}")
    report = tmp_path / "gate.json"
    verdict = gate(urls["next"], urls["good"], f"--report={report}",
                   *PLENTY, names=["login", "decline"])
    assert verdict.code == 0
    document = json.loads(report.read_text())
    login, = [c for c in document["checks"] if c["check"] == "payments/login"]
    assert login["limits"]["alpha"] == 0.002
    assert login["limits"]["beta"] == 0.4
    assert login["budget"] == {"rounds": 2000}
    weights = {}
    for stream in document["streams"]:
        weights.setdefault(stream["check"], []).append(
            stream.get("weight", 0))
    assert sum(weights["payments/login"]) == pytest.approx(0.2)
    assert sum(weights["payments/decline"]) == pytest.approx(0.8)
    bounds = {s["log_bound"] for s in document["streams"]
              if s["check"] == "payments/login" and "needed" in s}
    assert len(bounds) == 1 and bounds.pop() == pytest.approx(math.log(2.5))
    assert "own policy: alpha 0.2 % of the 1 %, beta 40 %, failures 10 %, " \
        "at most 2000 rounds" in verdict.out
    assert "a false pass 5 % (40 % where payments/login regressed)" in \
        verdict.out
    assert run(build, "replay", report).code == 0
    blocked = gate(urls["bad"], urls["good"], f"--report={report}",
                   names=["login", "decline"])
    assert blocked.code == 10 and run(build, "replay", report).code == 10
    # Another alpha of the check is another question.
    store = ("--store", tmp_path / "store", "--candidate-version=v1")
    assert gate(urls["next"], urls["good"], *store, "--rounds=5",
                names=["login", "decline"]).code == 20
    manifest = checks / "payments.yaml"
    manifest.write_text(manifest.read_text().replace("alpha: 0.2%",
                                                     "alpha: 0.3%"))
    other = gate(urls["next"], urls["good"], *store, names=["login",
                                                            "decline"])
    assert other.code == 78 and "another policy" in other.err


def test_more_than_all_of_alpha_is_a_mistake(gate, build, checks):
    """Parts add up to the whole at most; what is left is not nothing."""
    manifest = checks / "payments.yaml"
    before = manifest.read_text()
    url = "http://127.0.0.1:1"
    add_policy(checks, "login", "{alpha: 0.6%}")
    add_policy(checks, "decline", "{alpha: 0.5%}")
    lint = subprocess.run([build / "e2e-lint", checks], text=True,
                          capture_output=True, check=False)
    assert lint.returncode == 78
    assert "more than the gate's 1%, of which they are parts" in (
        lint.stdout + lint.stderr)
    manifest.write_text(before)
    add_policy(checks, "login", "{alpha: 0.5%}")
    add_policy(checks, "decline", "{alpha: 0.5%}")
    none_left = gate(url, url + "/")
    assert none_left.code == 78
    assert "none is left for payments/card-payment" in none_left.err
    less = gate(url, url + "/", "--alpha=0.004", names=["login"])
    assert less.code == 78 and "add up to 0.5 %, more than" in less.err
    enough = gate(url, url + "/", "--rounds=10", names=["login", "decline"])
    assert enough.code == 20


def test_undecided_checks_say_what_is_to_be_done(gate, checks, paysim):
    """The strictest wish of the undecided counts; the options win."""
    urls = paysim("good=0", "next=0")
    add_policy(checks, "login", "{rounds: 5, on_inconclusive: pass}")

    def judge(*options, names=("login", "decline")):
        return gate(urls["next"], urls["good"], "--format=json", *options,
                    names=list(names))
    verdict = judge("--rounds=1000", "--time=8m")
    document = verdict.json
    assert verdict.code == 0 and document["verdict"] == "inconclusive"
    assert "payments/login: its own budget ended" in document["reason"]
    assert "login has 5 rounds of its own, and a pass wants at least" in \
        verdict.err
    assert document["ended_by"] in ("futile", "rounds")
    assert judge("--rounds=10").code == 20  # decline is undecided, too
    assert judge("--on-inconclusive=block", names=["login"]).code == 10
    assert judge(names=["login"]).code == 0


def test_time_of_a_check_ends_its_rounds_alone(gate, checks, paysim):
    """A slow check gets its minute, and the others go on."""
    urls = paysim("good=0,latency=fixed:20", "next=0,latency=fixed:20")
    add_policy(checks, "login", "{time: 2s}")
    document = gate(urls["next"], urls["good"], "--format=json",
                    "--rounds=60", names=["login", "decline"]).json
    pairs = {c["check"]: c["pairs"] for c in document["checks"]}
    assert document["verdict"] == "inconclusive"
    assert document["checks"][1]["budget"] == {"time_us": 2000000}
    assert pairs["payments/decline"] > pairs["payments/login"] + 4
    assert "payments/login: its own budget ended" in document["reason"]


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
