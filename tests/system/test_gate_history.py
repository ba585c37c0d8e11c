# SPDX-License-Identifier: ISC
"""The gate and what was before it: history, A/A rounds, plans, deploys."""
import random
import re
import sqlite3

import pytest

from gate_driver import checks, gate  # noqa: F401 (fixtures)
from conftest import try_until
from gate_driver import PLENTY, assert_page, fill_history, closed_port, run
from store_channel import ACK, PLAN, READY, RESULT, Store, now_us, run_event


def test_history_speeds_up_a_block_of_what_never_failed(gate, paysim,
                                                        tmp_path):
    """With 3,000 clean runs behind it, few failures are enough."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    fill_history(tmp_path / "store", "payments/login", 3000)
    rounds = {}
    for options in ([], ["--store", tmp_path / "store"]):
        verdict = gate(urls["bad"], urls["good"], "--format=json", *options,
                       names=["login"])
        assert verdict.code == 10 and "warning" not in verdict.err
        rounds[len(options)] = verdict.json["counts"]["counted"]
        history = verdict.json["checks"][0]["history"]
        assert history["used"] is bool(options)
    assert history["failures"] == 0 and 2500 < history["runs"] < 3000
    assert 0.001 < history["rate_bound"] < 0.005
    assert rounds[2] < rounds[0]


def test_history_of_failures_alone_blocks_nothing(gate, paysim, tmp_path):
    """A check that failed 3 % of the time before has a wider margin now."""
    urls = paysim("good=0", "next=0")
    fill_history(tmp_path / "store", "payments/login", 1000, every=33)
    verdict = gate(urls["next"], urls["good"], "--format=json", "--store",
                   tmp_path / "store", *PLENTY, names=["login"])
    assert verdict.code == 0
    margin = [s["margin"] for s in verdict.json["streams"]
              if s["part"] == "pass-failures"]
    assert 0.08 < margin[0] < 0.35


def test_history_that_rules_a_pass_out_is_told_first(gate, paysim, tmp_path):
    """It may still block: what the gate cannot do is said, not less done."""
    urls = paysim("good=0", "next=0", "bad=0,error_rate=1")
    fill_history(tmp_path / "store", "payments/decline", 300, every=2)
    options = ("--format=json", "--store", tmp_path / "store")
    told = "payments/decline has failed so often in the past that no gate can"
    names = ["login", "decline"]
    verdict = try_until(lambda v: v.json["counts"]["void"] == 0,
                        lambda: gate(urls["next"], urls["good"], *options,
                                     "--rounds=12", names=names))
    assert verdict.code == 20 and told in verdict.err
    assert verdict.json["cause"] == "flaky"
    assert verdict.json["round_count"] == 12
    block = gate(urls["bad"], urls["good"], *options, names=names)
    assert block.code == 10 and told in block.err


def run_aa(build, checks, url, store, *options):
    return run(build, "aa", "--checks", checks, "--service", "payments",
               "--check", "login", "--baseline", f"base_url={url}",
               "--store", store, *options)


def test_rounds_of_the_baseline_against_itself_serve_later_gates(
        gate, build, checks, paysim, tmp_path):
    """aa notes the autocorrelation; a later gate judges with it."""
    urls = paysim("good=0", "next=0")
    store = tmp_path / "store"
    # A baseline that fails has no latency, and that is no evidence.
    url = f"http://127.0.0.1:{closed_port()}"
    dead = try_until(lambda v: "rounds were void" not in v.out,
                     lambda: run_aa(build, checks, url, store,
                                    "--rounds=40"))
    assert dead.code == 30
    failed = re.search(r"payments/login failed in (\d+) of its (\d+) runs",
                       dead.out)
    assert failed and failed[1] == failed[2]
    assert "ended early: the baseline itself fails" in dead.out
    few = run_aa(build, checks, urls["good"], store, "--rounds=40")
    assert few.code == 20 and "not used" in few.out
    verdict = gate(urls["next"], urls["good"], "--store", store,
                   "--format=json", "--rounds=5", names=["login"])
    assert "aa" not in verdict.json["checks"][0]
    note = run_aa(build, checks, urls["good"], store, "--format=json",
                  "--rounds=400")  # should some of them be void
    assert note.code == 0
    steps = note.json["checks"][0]["steps"]
    assert all(s["rounds"] >= 300 for s in steps)
    verdict = gate(urls["next"], urls["good"], "--store", store,
                   "--format=json", "--rounds=5", names=["login"])
    assert verdict.json["checks"][0]["aa"] == {
        "phi0": [s["phi0"] for s in steps],
        "tail": note.json["checks"][0]["tail"]}
    assert run(build, "replay", verdict.json["gate"], "--store",
               store).code == 20
    with sqlite3.connect(f"file:{store}/main.db?mode=ro", uri=True) as db:
        assert db.execute("SELECT kind, service FROM note").fetchall() == [
            ("aa", "payments")] * 2
    assert run(build, "aa", "--checks", checks).code == 64
    assert run_aa(build, checks, urls["good"], store,
                  "--candidate=a=b").code == 64


def test_plan_says_what_a_gate_would_need_and_see(build, checks, tmp_path):
    """From history: rounds, minutes, and the smallest regression seen."""
    store = tmp_path / "store"
    chance = random.Random(4)
    argv = ["plan", "--checks", checks, "--check", "login", "--store", store]
    assert run(build, *argv).code == 30

    def latency(_):
        return [int(40000 * chance.lognormvariate(0, 0.2)) for _ in range(5)]
    fill_history(store, "payments/login", 600, latency=latency)
    plan = run(build, *argv, "--format=json")
    assert plan.code == 0
    document = plan.json
    assert document["fits"] is True
    check = document["checks"][0]
    assert check["runs_looked_at"] == 400
    assert 45 <= check["rounds_failures"] <= 65  # the margin has history in it
    assert 50 <= check["rounds"] == document["rounds"] <= 300
    assert document["round_us"] == 240000
    assert 0.01 < check["failure_rate_seen"] < 0.1
    assert 0.1 < check["slowdown_seen"] < 1
    # Less time sees less, and cannot be enough for a pass.
    short = run(build, *argv, "--format=json", "--time=16s")
    assert short.code == 20
    less = short.json["checks"][0]
    assert less["failure_rate_seen"] > check["failure_rate_seen"]
    assert less["slowdown_seen"] > check["slowdown_seen"]
    table = run(build, *argv, "--time=16s")
    assert table.code == 20 and "Warning" in table.out
    # What fails as it always did is no longer seen; what fails that often
    # lets no gate pass.
    fill_history(store, "payments/card-payment", 300, every=2)
    argv += ["--check", "card-payment"]
    flaky = run(build, *argv, "--format=json")
    assert flaky.code == 20 and flaky.json["fits"] is False
    often = {c["check"]: c for c in flaky.json["checks"]}[
        "payments/card-payment"]
    assert often["flaky"] and "rounds" not in often
    assert often["failure_rate_seen"] > 0.5
    assert "no gate can pass" in run(build, *argv).out
    # A check that never ran is told, and is not forecast.
    both = run(build, *argv, "--check", "decline")
    assert both.code == 20 and "no scheduled run is known" in both.out


def fill_runs(directory, check, runs):
    """A plan with the check, and its scheduled runs: (age_s, outcome, ms)."""
    store = Store(directory)
    assert store.receive()[0] == READY
    service = check.split("/")[0]
    store.send(PLAN, 1, {"plan": "0" * 64, "checks": [
        {"check": check, "service": service, "location": "local",
         "environment": "local", "every_us": 30_000_000,
         "timeout_us": 10_000_000, "definition": "1" * 64}]})
    now = now_us()
    for i, (age_s, outcome, ms) in enumerate(runs):
        store.send(RESULT, i + 2, run_event(
            check, now - int(age_s * 1e6), outcome, int(ms * 1000),
            environment="local"))
    store.wait_for(ACK, len(runs) + 1)
    assert store.finish() == 0


def past(chance, outcome="passed", factor=1.0, since=0):
    """Two days at a run each 30 s; the last two hours as given."""
    runs = [(age, "passed", 100 * chance.lognormvariate(0, 0.1))
            for age in range(48 * 3600, 2 * 3600, -30)]
    return runs + [
        (age, outcome(i) if callable(outcome) else outcome,
         100 * factor * chance.lognormvariate(0, 0.1))
        for i, age in enumerate(range(2 * 3600 - 60, since, -60))]


@pytest.mark.parametrize("change, code, word", [
    ({}, 0, "PASS"),
    ({"outcome": lambda i: "failed" if i % 5 == 0 else "passed"}, 10,
     "fails more often"),
    ({"factor": 2.0}, 10, "slower"),
    ({"since": 3600}, 20, "too old"),
])
def test_status_judges_what_probing_saw_since_the_deploy(build, tmp_path,
                                                         change, code, word):
    """History only, and it says so; a latency is never passed."""
    store = tmp_path / "store"
    fill_runs(store, "payments/login", past(random.Random(8), **change))
    argv = ["status", "--service", "payments", "--store", store]
    status = run(build, *argv, "--since", "2h")
    assert status.code == code and word in status.out
    assert "assumes the environment is as in the last" in status.out
    document = run(build, *argv, "--since", "2h", "--format=json").json
    assert document["exit_code"] == code
    check = document["checks"][0]
    assert check["latency_judged"] is True and check["latency_windows"] > 99
    # A marker that was just set has no run behind it: that is no pass.
    mark = run(build, "mark", "v7", "--service", "payments", "--store", store)
    assert mark.code == 0 and "v7 deployed" in mark.out
    for since in ("deploy", "v7"):
        fresh = run(build, *argv, "--since", since)
        assert fresh.code == 30
        # Two hours of failures are the past of this deploy, too.
        assert ("in bursts" if "outcome" in change else
                "no run since the deploy") in fresh.out
        assert "deploy v7" in fresh.out
    assert run(build, *argv, "--since", "v8").code == 30
    assert run(build, *argv).code == 64


def test_history_alone_judges_failures_and_says_what_it_assumes(
        gate, build, paysim, tmp_path):
    """Without a baseline: E2 and the failure margin, never a latency."""
    urls = paysim("good=0", "bad=0,error_rate=0.5", "dead=0,error_rate=1",
                  "slow=0,latency=fixed:15")
    store = tmp_path / "store"
    fill_history(store, "payments/login", 1000)

    def judge(label, *options, where=store):
        # The baseline's address is of nobody: nothing may be sent there.
        return gate(urls[label], f"http://127.0.0.1:{closed_port()}",
                    "--history-only", "--store", where, "--format=json",
                    "--report", tmp_path / "alone.html",
                    "--report", tmp_path / "alone.md", *options, names=["login"])
    for label, code in (("good", 0), ("slow", 0), ("bad", 10)):
        verdict = judge(label)
        document = verdict.json
        assert verdict.code == code
        assert document["history_only"] is True
        assert "assumes that the environment is as in" in document["reason"]
        assert "no latency is judged" in document["reason"]
        assert all("baseline" not in pair for pair in document["rounds"])
        needed = [s["part"] for s in document["streams"] if s.get("needed")]
        assert needed == ["pass-failures"]
        assert run(build, "replay", document["gate"], "--store",
                   store).code == code
    assert "in the past at most" in document["regressions"][0]["size"]
    page = (tmp_path / "alone.html").read_text()
    assert_page(page, document)
    assert "none: judged by the history of the checks alone" in page
    assert "its history allows" in page and "There is no baseline." in page
    assert "in the past at most" in (tmp_path / "alone.md").read_text()
    assert "baseline_failure_rate" not in document["regressions"][0]
    unknown = judge("good", "--rounds=80", where=tmp_path / "other")
    assert unknown.code == 20 and unknown.json["cause"] == "no-history"
    assert judge("dead", where=tmp_path / "other").code == 10
