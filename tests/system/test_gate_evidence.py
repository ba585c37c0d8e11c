# SPDX-License-Identifier: ISC
"""No evidence is never a pass: every way to have none."""
import json
import signal

import pytest

from conftest import wait_until
from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import CHECKS, children, free_port, start_gate


def test_no_check_matched_is_exit_30(gate):
    """A gate over nothing is no pass."""
    url = "http://127.0.0.1:1"
    verdict = gate(url, url, names=["no-such-check"])
    assert verdict.code == 30
    assert "nothing was measured" in verdict.err
    assert verdict.out == ""


@pytest.mark.parametrize("options", [(), ("--on-inconclusive=pass",),
                                     ("--format=json",)])
def test_dead_target_in_both_arms_never_passes(gate, options):
    """When nobody answers there is no evidence, and no pass."""
    url = f"http://127.0.0.1:{free_port()}"
    verdict = gate(url, url + "/", *options)
    assert verdict.code == 20
    assert "baseline" in verdict.out


def test_budget_that_is_too_small_is_inconclusive(gate, paysim):
    """The report tells what is not ruled out yet, and how far it got."""
    urls = paysim("good=0", "next=0")
    options = ("--rounds=35", "--format=json")
    verdict = gate(urls["next"], urls["good"], *options)
    assert verdict.code == 20
    document = verdict.json
    assert document["cause"] == "budget" and document["round_count"] == 35
    failures = [u for u in document["unfinished"]
                if u["part"] == "pass-failures"]
    assert len(failures) == 3
    for unfinished in failures:
        assert unfinished["margin"] == 0.05
        assert unfinished["margin_reached"] == 0.1
        assert 25 <= unfinished["rounds_to_go"] <= 35
    assert gate(urls["next"], urls["good"], *options,
                "--on-inconclusive=pass").code == 0
    assert gate(urls["next"], urls["good"], *options,
                "--on-inconclusive=block").code == 10


def test_time_budget_ends_the_gate(gate, paysim):
    """Time ends a gate as rounds do."""
    urls = paysim("good=0,latency=fixed:100", "next=0,latency=fixed:100")
    for seconds in 2, 10, 50:  # until the probes come up in time
        verdict = gate(urls["next"], urls["good"], f"--time={seconds}s",
                       "--format=json")
        if verdict.json["counts"]["counted"] > 0:
            break
    assert verdict.json["ended_by"] == "time"
    assert verdict.code == 20


def test_missing_secret_makes_every_round_void(gate, paysim, monkeypatch):
    """What is our own fault never counts against the service: exit 30."""
    urls = paysim("good=0")
    monkeypatch.delenv("PAYMENTS_TEST_KEY")
    verdict = gate(urls["good"], urls["good"] + "/", "--format=json",
                   "--on-inconclusive=pass", "--observe")
    assert verdict.code == 30
    document = verdict.json
    assert document["cause"] == "infrastructure"
    assert document["counts"]["counted"] == 0
    assert "PAYMENTS_TEST_KEY" in document["void_reason"]


def test_names_that_mean_nothing_are_refused_before_any_run(gate, checks):
    """A slip must not let pass what was never measured: the candidate would
    have run against the environment of the manifest."""
    url = "http://127.0.0.1:1"
    verdict = gate(url, url, "--candidate", f"base_ur={url}")
    assert verdict.code == 64 and verdict.out == ""
    assert "'base_ur'" in verdict.err and "'base_url'?" in verdict.err
    verdict = gate(url, url + "/", names=(*CHECKS, "no-such-check"))
    assert verdict.code == 64 and verdict.out == ""
    assert "'no-such-check'" in verdict.err


def test_a_baseline_is_not_judged_against_itself(gate, paysim):
    """A pipeline that names one address twice must not go green."""
    urls = paysim("good=0")
    verdict = gate(urls["good"], urls["good"])
    assert verdict.code == 64 and verdict.out == ""
    assert "e2e-gate aa" in verdict.err


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_gate_inconclusive(start, build, checks, paysim,
                                           signo):
    """An interrupted gate reports what it has, and exits 20."""
    urls = paysim("good=0,latency=fixed:20", "next=0,latency=fixed:20")
    process = start_gate(start, build, checks, urls, "--format=json",
                         "--on-inconclusive=pass")
    wait_until(lambda: children(process.pid, "e2e-probe"), "a probe")
    process.kill(signo)
    document = json.loads(process.process.stdout.read())
    assert process.wait() == 20
    assert document["verdict"] == "inconclusive"
    assert document["cause"] == "interrupted"
    assert not children(process.pid, "e2e-probe")
