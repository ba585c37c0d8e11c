# SPDX-License-Identifier: ISC
"""Evidence that one gate leaves to the next: two at once, and its age."""
import json
import signal
import sqlite3

from conftest import wait_until
from gate_driver import (checks, gate, kept_gates,  # noqa: F401 (fixtures)
                         run, start_gate, wait_for_rounds)
from store_channel import now_us


def test_second_gate_of_a_candidate_waits_and_survives_kill_9_of_the_first(
        start, build, checks, paysim, gate, tmp_path):  # noqa: F811
    """Two pipelines at once have one evidence, not a chance each."""
    urls = paysim("good=0,latency=fixed:5", "next=0,latency=fixed:5")
    store = tmp_path / "store"
    options = ("--store", store, "--candidate-version", "sha256:1",
               "--format=json", "--rounds=3000")
    first = start_gate(start, build, checks, urls, *options)
    wait_for_rounds(store)
    first.kill(signal.SIGSTOP)  # it takes its time
    impatient = gate(urls["next"], urls["good"], *options, "--time=1s",
                     names=["login"])
    assert impatient.code == 30
    assert f"(process {first.pid}) is running: waiting" in impatient.err
    assert "still runs after 1.00s: nothing was measured" in impatient.err
    other = gate(urls["next"], urls["good"], "--store", store, "--rounds=10",
                 "--candidate-version", "sha256:2", names=["login"])
    assert other.code == 20 and "waiting" not in other.err
    second = start_gate(start, build, checks, urls, *options)
    wait_until(lambda: "waiting for it" in second.errors(), "the wait")
    first.kill(signal.SIGKILL)
    document = json.loads(second.process.stdout.read())
    assert second.wait() == 0
    assert "continues gate" in second.errors()
    identity = [g for g in kept_gates(store) if g[1] == "unfinished"][0][0]
    assert document["continues"]["gate"] == identity
    again = gate(urls["next"], urls["good"], *options, names=["login"])
    assert again.code == 0 and "waiting" not in again.err


def test_resumed_gate_waits_for_the_gate_that_has_its_evidence(
        start, build, checks, paysim, gate, tmp_path):  # noqa: F811
    """--resume by an id is the same evidence as by the label."""
    urls = paysim("good=0,latency=fixed:5", "next=0,latency=fixed:5")
    store = tmp_path / "store"
    first = start_gate(start, build, checks, urls, "--store", store,
                       "--candidate-version=sha256:1")
    wait_for_rounds(store)
    first.kill(signal.SIGSTOP)
    resumed = gate(urls["next"], urls["good"], "--store", store, "--time=1s",
                   "--resume", kept_gates(store)[0][0][:8], names=["login"])
    first.kill(signal.SIGCONT)
    assert resumed.code == 30 and "nothing was measured" in resumed.err


def test_gate_that_only_repeats_its_evidence_is_no_pass(
        build, paysim, gate, tmp_path, monkeypatch):  # noqa: F811
    """Void pairs alone: no wish and no override makes that exit 0."""
    urls = paysim("good=0,latency=fixed:5", "next=0,latency=fixed:5")
    store = tmp_path / "store"
    options = ("--store", store, "--format=json",
               "--candidate-version=sha256:1")
    first = gate(urls["next"], urls["good"], *options, "--rounds=10",
                 names=["login"])
    assert first.code == 20
    assert run(build, "override", first.json["gate"], "--store", store,
               "--who=x", "--why=y", "--until=1h", "--scope=candidate"
               ).code == 0
    monkeypatch.delenv("PAYMENTS_TEST_KEY")
    for wish in "--on-inconclusive=pass", "--observe":
        verdict = gate(urls["next"], urls["good"], *options, "--rounds=1",
                       wish, names=["login"])
        assert verdict.code == verdict.json["exit_code"] == 30
        assert "continues gate" in verdict.err


def test_run_that_never_began_makes_no_evidence_old(
        paysim, gate, tmp_path):  # noqa: F811
    """A probe was killed, say: the pair is void and its run has no time."""
    urls = paysim("good=0", "next=0")
    store = tmp_path / "store"
    options = ("--store", store, "--candidate-version=sha256:1",
               "--rounds=1", "--format=json")
    gate(urls["next"], urls["good"], *options, names=["login"])
    with sqlite3.connect(store / "main.db") as db:
        db.execute("UPDATE gate_round SET document = json_set(json_remove("
                   "document, '$.baseline', '$.candidate.started_us'), "
                   "'$.void', json('true'), '$.candidate.outcome', 'lost')")
    last = gate(urls["next"], urls["good"], *options, names=["login"])
    assert last.json["continues"]["pairs"] == 1
    assert last.json["rounds"][0]["candidate"]["outcome"] == "lost"


def test_resume_of_a_gate_goes_on_from_what_has_been_added(
        paysim, gate, tmp_path):  # noqa: F811
    """The rounds that spoke against a candidate are not left out."""
    urls = paysim("good=0", "next=0")
    options = ("--store", tmp_path / "store", "--rounds=2", "--format=json")
    first = gate(urls["next"], urls["good"], *options, names=["login"])
    name = first.json["gate"]
    for pairs in 2, 4, 6:
        last = gate(urls["next"], urls["good"], *options, "--resume", name,
                    names=["login"])
        assert last.json["continues"]["pairs"] == pairs
    assert f"gate {name} has gone on as gate" in last.err


def test_clock_that_went_back_leaves_no_evidence_out(
        paysim, gate, tmp_path):  # noqa: F811
    """The gate before seems to be newer than the one that went on from it."""
    urls = paysim("good=0", "next=0")
    store = tmp_path / "store"
    options = ("--store", store, "--rounds=2", "--format=json",
               "--candidate-version=sha256:1")
    gate(urls["next"], urls["good"], *options, names=["login"])
    with sqlite3.connect(store / "main.db") as db:
        db.execute("UPDATE gate SET stored_us = stored_us + 3600000000")
    for pairs in 2, 4:
        last = gate(urls["next"], urls["good"], *options, names=["login"])
        assert last.json["continues"]["pairs"] == pairs


def test_evidence_that_is_too_old_is_not_continued(
        build, paysim, gate, tmp_path):  # noqa: F811
    """A later gate of the same candidate begins anew, and says so."""
    urls = paysim("good=0", "bad=0,error_rate=1", "next=0")
    options = ("--store", tmp_path / "store", "--format=json",
               "--candidate-version=sha256:1")
    first = gate(urls["bad"], urls["good"], *options, names=["login"])
    assert first.code == 10
    start = min(p["baseline"]["started_us"] for p in first.json["rounds"])
    wait_until(lambda: now_us() - start > 2_000_000, "the evidence to age")
    kept = gate(urls["bad"], urls["good"], *options, "--continue-within=1h",
                names=["login"])
    assert kept.json["rounds"] == first.json["rounds"]
    # What is added does not make the rest of it younger.
    anew = gate(urls["bad"], urls["good"], *options, "--continue-within=1s",
                names=["login"])
    assert anew.code == 10 and "beginning anew" in anew.err
    assert "continues" not in anew.json
    assert anew.json["rounds"][0] != first.json["rounds"][0]
    assert (f"begins anew: the evidence of gate {kept.json['gate'][:12]} is "
            "too old") in anew.json["reason"]
    resumed = gate(urls["bad"], urls["good"], *options, "--resume",
                   first.json["gate"], "--continue-within=1s",
                   names=["login"])
    assert resumed.code == 64 and "is not continued" in resumed.err
    assert run(build, "--continue-within=0", "--checks=x",
               "--candidate=a=b").code == 64
