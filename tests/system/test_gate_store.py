# SPDX-License-Identifier: ISC
"""The gate and the store: records, replay, evidence that is continued."""
import json
import re
import signal
import sqlite3

from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import (PLENTY, kept_gates, run, start_gate,
                         wait_for_rounds)


def test_store_keeps_the_gate_and_all_its_rounds(gate, paysim, tmp_path):
    """The verdict and every pair are read back from the store."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    store = tmp_path / "store"
    verdict = gate(urls["bad"], urls["good"], "--store", store,
                   "--format=json")
    assert verdict.code == 10 and "warning" not in verdict.err
    document = verdict.json
    with sqlite3.connect(f"file:{store}/main.db?mode=ro", uri=True) as db:
        kept = db.execute("SELECT lower(hex(id)), service, verdict, "
                          "document FROM gate").fetchall()
        rounds = db.execute("SELECT document FROM gate_round "
                            "ORDER BY sequence").fetchall()
    assert [row[:3] for row in kept] == [
        (document["gate"], "payments", "block")]
    assert json.loads(kept[0][3])["seed"] == document["seed"]
    assert [json.loads(row[0]) for row in rounds] == document["rounds"]


def test_unreachable_store_is_a_warning_and_keeps_the_verdict(
        gate, paysim, tmp_path):
    """The store is a help, never a condition."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    file = tmp_path / "file"
    file.write_text("in the way")
    verdict = gate(urls["bad"], urls["good"], "--store", file / "store")
    assert verdict.code == 10
    assert "warning" in verdict.err


def test_replay_gives_the_verdict_again_and_notices_a_change(
        gate, build, paysim, tmp_path):
    """The recorded rounds say what the gate said, to the last bit."""
    urls = paysim("good=0", "bad=0,error_rate=0.5", "next=0")
    store, report = tmp_path / "store", tmp_path / "gate.json"
    for candidate, code in (("next", 0), ("bad", 10)):
        verdict = gate(urls[candidate], urls["good"], "--store", store,
                       "--report", report, "--format=json", *PLENTY)
        assert verdict.code == code
        assert run(build, "replay", report).code == code
        again = run(build, "replay", verdict.json["gate"][:12], "--store",
                    store, "--format=json")
        assert again.code == code and again.json["agrees"] is True
        assert again.json["log_e"] == verdict.json["evidence"]["log_e"]
    document = json.loads(report.read_text())
    failed = [p for p in document["rounds"] if not p["void"]
              and p["candidate"]["outcome"] == "failed"]
    failed[0]["candidate"]["outcome"] = "passed"
    report.write_text(json.dumps(document))
    changed = run(build, "replay", report)
    assert changed.code == 30 and changed.out.startswith("DIFFERS")
    report.write_text(report.read_text()[:-100])
    assert run(build, "replay", report).code == 30
    for more in [], ["--store", store]:
        missing = run(build, "replay", tmp_path / "none", *more)
        assert missing.code == 30 and "no such file" in missing.err
    assert run(build, "replay", "0123", "--store", store).code == 30
    assert run(build, "replay").code == 64


def test_killed_gate_is_resumed_with_its_rounds(start, build, checks, paysim,
                                                gate, tmp_path):
    """kill -9 of the gate: its rounds are in the store and count again."""
    urls = paysim("good=0,latency=fixed:10", "next=0,latency=fixed:10")
    store = tmp_path / "store"
    process = start_gate(start, build, checks, urls, "--store", store)
    wait_for_rounds(store, 10)
    process.kill(signal.SIGKILL)
    process.wait()
    identity, verdict, rounds = kept_gates(store)[0]
    assert verdict == "unfinished" and 10 <= rounds < 120
    unfinished = run(build, "replay", identity, "--store", store)
    assert unfinished.code == 20 and "--resume" in unfinished.out
    resumed = gate(urls["next"], urls["good"], "--store", store, "--resume",
                   identity[:8], "--format=json", *PLENTY, names=["login"])
    assert resumed.code == 0 and "continues gate" in resumed.err
    document = resumed.json
    assert document["continues"]["gate"] == identity
    assert document["continues"]["pairs"] >= rounds
    numbers = [p["pair"] for p in document["rounds"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert run(build, "replay", document["gate"], "--store", store).code == 0
    # Other checks are other evidence.
    other = gate(urls["next"], urls["good"], "--store", store, "--resume",
                 identity, names=["decline"])
    assert other.code == 78 and "cannot be continued" in other.err


def test_same_candidate_continues_and_cannot_be_retried_to_a_pass(
        gate, paysim, tmp_path):
    """The label tells that the candidate is the same: its verdict stands."""
    urls = paysim("good=0", "next=0", "bad=0,error_rate=1")
    options = ("--store", tmp_path / "store", "--format=json",
               "--candidate-version")
    first = gate(urls["bad"], urls["good"], *options, "sha256:1")
    again = gate(urls["bad"], urls["good"], *options, "sha256:1")
    assert first.code == again.code == 10
    assert again.json["rounds"] == first.json["rounds"]
    assert again.json["identity"] == first.json["identity"]
    assert again.json["first_failure"] == first.json["first_failure"]
    assert again.json["evidence"] == first.json["evidence"]
    assert again.json["spent_us"] == 0
    page = tmp_path / "gate.html"
    told = gate(urls["bad"], urls["good"], *options, "sha256:1",
                "--format=table", "--report", page).out
    assert re.search(r"^  \d+ rounds? of 3 checks: \d+ pairs", told, re.M)
    assert "of an earlier gate" in page.read_text()
    fresh = gate(urls["next"], urls["good"], *options, "sha256:2", *PLENTY)
    assert fresh.code == 0 and "continues" not in fresh.json
    # A small budget, and then another one: the rounds add up to a pass.
    short = gate(urls["next"], urls["good"], *options, "sha256:3",
                 "--rounds=40")
    assert short.code == 20
    more = gate(urls["next"], urls["good"], *options, "sha256:3", *PLENTY)
    assert more.code == 0
    assert more.json["continues"]["gate"] == short.json["gate"]
    assert more.json["rounds"][:120] == short.json["rounds"][:120]
    other = gate(urls["next"], urls["good"], *options, "sha256:3",
                 "--alpha=0.001")
    assert other.code == 64 and "another alpha" in other.err
