# SPDX-License-Identifier: ISC
"""e2e-query: on-call's questions, answered in three formats."""
import csv
import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess

import pytest

from conftest import PATIENCE_S
from store_channel import (ACK, GATE, PLAN, READY, RESULT, Store, now_us,
                           program, run_event, run_id)

CARD, REFUND = "payments/card", "payments/refund"
SECOND = 1000000


def ask(store, *args, expect=0, env=None):
    done = subprocess.run(
        [program("e2e-query"), "--store", store, *args],
        capture_output=True, text=True, check=False,
        env={**os.environ, **(env or {})})
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def ask_json(store, *args):
    return json.loads(ask(store, *args, "--format=json").stdout)


def step(entry, start_us, total_us, status, failures=()):
    return {"entry": entry, "line": entry * 3, "attempt": 1,
            "method": "POST", "url": f"https://api.example.com/step/{entry}",
            "status": status, "ip": "127.0.0.1",
            "outcome": "failed" if failures else "passed",
            "start_us": start_us, "wait_us": total_us - 1000,
            "transfer_us": 1000, "total_us": total_us,
            "failures": list(failures)}


FAILURE = {"line": 12, "column": 1, "kind": "assert",
           "message": "the status is not what it should be",
           "expected": "200", "actual": "502"}


@pytest.fixture(name="filled", scope="module")
def filled_fixture(tmp_path_factory):
    """Card passes 20 times; refund passes 15 times, then fails 5 times."""
    directory = str(tmp_path_factory.mktemp("query") / "store")
    store = Store(directory)
    store.wait_for(READY)
    store.send(PLAN, 1, {"plan": "aa", "checks": [
        {"check": check, "service": "payments", "location": "local",
         "environment": "production", "owner": "payments-oncall",
         "every_us": 10 * SECOND, "timeout_us": 5 * SECOND,
         "definition": hashlib.sha256(b"definition").hexdigest()}
        for check in (CARD, REFUND)]})
    start = now_us() - 200 * SECOND
    dues = [start + i * 10 * SECOND for i in range(20)]
    for i, due in enumerate(dues):
        store.send(RESULT, 2 + i, run_event(CARD, due, steps=[
            step(1, 0, 60000, 200), step(2, 60000, 60000, 200)]))
        if i < 15:
            event = run_event(REFUND, due, steps=[
                step(1, 0, 60000, 200), step(2, 60000, 60000, 201),
                step(3, 120000, 1000, 200)])
        else:
            event = run_event(
                REFUND, due, outcome="failed", duration_us=460000,
                definition=hashlib.sha256(b"other").hexdigest(),
                reason="the status was 502, not \x1b[31m201",
                place={"file": "refund.hurl", "line": 12, "column": 1},
                steps=[step(1, 0, 400000, 200),
                       step(2, 400000, 60000, 502, [FAILURE])],
                evidence={"request": "POST /step/2 HTTP/1.1\r\n\r\n",
                          "response": "HTTP/1.1 502 Bad Gateway\r\n\r\n"
                                      "{\"why\": \"upstream\"}"})
        store.send(RESULT, 100 + i, event)
    store.send(GATE, 200, {"version": 1, "service": "payments",
                           "verdict": "block", "reason": "refund fails",
                           "rounds": [{"round": 1}]}, bytes(range(16)))
    store.wait_for(ACK, 200)
    assert store.finish() == 0
    return directory, dues


def test_checks_tells_state_rate_latency_and_coverage(filled):
    """One row per check, with exact numbers in JSON."""
    directory, _ = filled
    checks = {c["check"]: c for c in ask_json(directory, "checks")}
    assert checks[CARD]["success"] == 1
    assert checks[CARD]["p99_us"] == 120000
    assert checks[CARD]["coverage"] == 1
    assert checks[REFUND]["success"] == 0.75
    assert checks[REFUND]["state"] == "failed"
    assert checks[REFUND]["failed"] == 5
    table = ask(directory, "checks").stdout
    assert "75.00%" in table and "120.0ms" in table
    assert "\x1b" not in table


def test_a_name_with_a_slip_is_told_not_shown_as_an_empty_table(filled):
    """An empty list of failures would read as good news."""
    directory, _ = filled
    for args, meant in [(("failures", "--check=payments/crad"), CARD),
                        (("runs", "--check=card"), CARD),
                        (("checks", "--service=paymnets"), "payments")]:
        done = ask(directory, *args, expect=30)
        assert f"did you mean '{meant}'?" in done.stderr
        assert not done.stdout
    assert "nothing in the store has the name 'x*'" in ask(
        directory, "runs", "--check=x*", expect=30).stderr
    assert len(ask_json(directory, "checks", "--check=payments/*")) == 2
    assert ask_json(directory, "gates", "--service=other") == []
    assert len(ask_json(directory, "gates", "--service=payments")) == 1
    slip = ask(directory, "failuers", expect=64)
    assert "unknown command 'failuers', did you mean 'failures'?" in slip.stderr


def test_failures_names_what_fails_since_when_and_why(filled):
    """Only what is failing now, with the first failing run's time."""
    directory, dues = filled
    rows = ask_json(directory, "failures")
    assert [r["check"] for r in rows] == [REFUND]
    assert rows[0]["streak_us"] == dues[15]
    assert rows[0]["streak_runs"] == 5
    assert rows[0]["last_passed_us"] == dues[14]
    assert rows[0]["owner"] == "payments-oncall"
    assert rows[0]["run"] == run_id(REFUND, dues[19]).hex()
    assert rows[0]["place"] == "refund.hurl:12"
    assert rows[0]["state"] == "failing"
    assert ask_json(directory, "failures", "--check", CARD) == []
    assert ask_json(directory, "failures", "--check", CARD,
                    "--since", "1h") == []


def test_failures_since_also_names_what_recovered(filled, tmp_path):
    """A check that failed in the window and passes again."""
    del filled
    directory = str(tmp_path / "store")
    store = Store(directory)
    store.wait_for(READY)
    start = now_us() - 600 * SECOND
    for i, outcome in enumerate(["passed", "failed", "passed"]):
        event = run_event(CARD, start + i * SECOND, outcome=outcome)
        store.send(RESULT, i + 1, event)
    store.wait_for(ACK, 3)
    assert store.finish() == 0
    assert ask_json(directory, "failures", "--all") == []
    rows = ask_json(directory, "failures", "--all", "--since", "1h")
    assert [r["state"] for r in rows] == ["recovered"]
    assert rows[0]["last_bad_us"] == start + SECOND
    assert rows[0]["streak_us"] is None
    assert ask_json(directory, "failures", "--all", "--since", "5m") == []


def test_runs_are_filtered_and_limited(filled):
    """Filters combine; the newest come first."""
    directory, dues = filled
    rows = ask_json(directory, "runs", "-c", REFUND, "-o", "failed")
    assert [r["due_us"] for r in rows] == dues[:14:-1]
    rows = ask_json(directory, "runs", "-n", "3", "--service", "payments")
    assert len(rows) == 3
    age_s = (now_us() - dues[14]) // SECOND + 5
    rows = ask_json(directory, "runs", "--since", f"{age_s}s", "-c", CARD)
    oldest = now_us() - age_s * SECOND  # or somewhat older, when it asked
    assert {r["due_us"] for r in rows} >= {d for d in dues if d >= oldest}
    assert {r["due_us"] for r in rows} <= set(dues[14:])
    assert ask_json(directory, "runs", "--trigger", "manual") == []
    text = ask(directory, "runs", "-o", "failed").stdout
    assert "\x1b" not in text, "a reason must not steer the terminal"
    records = list(csv.DictReader(io.StringIO(
        ask(directory, "runs", "--format=csv", "-n", "1").stdout)))
    assert records[0]["duration_us"] in ("120000", "460000")


def test_show_tells_what_failed_and_what_differs(filled):
    """Steps, failing line, expected and actual, evidence, last good run."""
    directory, dues = filled
    bad = run_id(REFUND, dues[18]).hex()
    text = ask(directory, "show", bad[:10]).stdout
    for part in ("payments/refund  failed", "refund.hurl:12:1: the status",
                 bad, "POST https://api.example.com/step/2", "line 12: the",
                 "expected  200", "actual    502",
                 "HTTP/1.1 502 Bad Gateway",
                 run_id(REFUND, dues[14]).hex()[:12], "40.00s before",
                 "the check itself changed", "request 1: the answer took",
                 "request 2: status 502, was 201",
                 "request 3 was not reached"):
        assert part in text, part
    doc = ask_json(directory, "show", bad)
    assert doc["run"]["steps"][1]["failures"][0]["actual"] == "502"
    assert doc["last_good"]["due_us"] == dues[14]
    assert doc["first_bad_us"] == dues[15]
    assert len(doc["differences"]) == 4
    good = ask(directory, "show", run_id(CARD, dues[0]).hex()).stdout
    assert "payments/card  passed" in good
    assert "differs" not in good


def test_definitions_that_were_lost_are_not_made_up(tmp_path):
    """Without main.db nobody knows what a check was; its successor's first
    definition is not that of the runs before."""
    directory = str(tmp_path / "store")
    old, new = (hashlib.sha256(name).hexdigest() for name in (b"old", b"new"))
    due = now_us() - 60 * SECOND
    for check, definition in ((CARD, old), (REFUND, new)):
        store = Store(directory)
        store.wait_for(READY)
        for i, outcome in enumerate(("passed", "failed")):
            store.send(RESULT, i + 1, run_event(
                check, due + i * SECOND, outcome, definition=definition))
        assert store.finish() == 0
        if check == CARD:
            os.unlink(os.path.join(directory, "main.db"))
    runs = ask_json(directory, "runs", "--all")
    assert {r["check"]: r["definition"] for r in runs} == {
        CARD: None, REFUND: new}
    for check, said in ((CARD, "not known any more"),
                        (REFUND, "the check is the same")):
        run = run_id(check, due + SECOND).hex()
        assert said in ask(directory, "show", run).stdout


def test_waterfall_keeps_its_columns(filled):
    """The bars of the steps lie one after the other, in 32 columns."""
    directory, dues = filled
    text = ask(directory, "show", run_id(CARD, dues[3]).hex()).stdout
    bars = [line.split("ms ", 1)[1] for line in text.splitlines()
            if re.match(r" +\d POST", line)]
    assert len(bars) == 2
    assert len(bars[0]) == 16 and set(bars[0]) <= set("─█")
    assert bars[1][:16] == " " * 16 and len(bars[1]) == 32


def test_gates_are_listed(filled):
    """Verdicts, newest first."""
    directory, _ = filled
    rows = ask_json(directory, "gates")
    assert rows[0]["verdict"] == "block" and rows[0]["rounds"] == 1
    assert "refund fails" in ask(directory, "gates").stdout


def test_sql_reads_and_only_reads(filled):
    """One SELECT over main.db and the runs; nothing that writes."""
    directory, _ = filled
    rows = ask_json(directory, "sql",
                    "SELECT outcome, count(*) AS n, max(id) AS id "
                    "FROM run_text GROUP BY 1 ORDER BY 1")
    assert [(r["outcome"], r["n"]) for r in rows] == [("failed", 5),
                                                      ("passed", 35)]
    rows = ask_json(directory, "sql", "SELECT url, status, count(*) AS n "
                    "FROM step GROUP BY 1, 2 ORDER BY 1, 2")
    assert rows[0] == {"url": "https://api.example.com/step/1",
                       "status": 200, "n": 40}
    before = sorted(os.listdir(directory))
    for bad in ("DELETE FROM checks", "UPDATE run SET outcome = 0",
                "CREATE TABLE x (y)", "ATTACH '/tmp/x.db' AS x",
                "PRAGMA journal_mode = DELETE", "VACUUM INTO '/tmp/x.db'",
                "SELECT load_extension('x')", "BEGIN", "", "SELECT 1; SELECT 2",
                "SELECT nothing FROM nowhere",
                "REPLACE INTO meta VALUES ('a', 'b')",
                "WITH x AS (SELECT 1) DELETE FROM meta"):
        ask(directory, "sql", bad, expect=64)
    assert sorted(os.listdir(directory)) == before


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_statement_without_end_ends_with_its_reader(filled, form):
    """Rows are written as they come; when nobody reads on, that is it."""
    asked = subprocess.Popen(
        [program("e2e-query"), "--store", filled[0], "--format", form, "sql",
         "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
         "SELECT x FROM c"], stdout=subprocess.PIPE)
    try:
        assert asked.stdout.read(100000)
        asked.stdout.close()
        assert asked.wait(PATIENCE_S) == 30
    finally:
        asked.kill()
        asked.wait()


def test_questions_are_answered_while_the_store_writes(filled, tmp_path):
    """A reader sees what is acknowledged, beside a running writer."""
    del filled
    directory = str(tmp_path / "store")
    store = Store(directory)
    store.wait_for(READY)
    for i in range(200):
        store.send(RESULT, i + 1, run_event(CARD, now_us() + i))
        if i % 20 == 19:
            store.wait_for(ACK, i + 1)
            rows = ask_json(directory, "runs", "-n", "1000")
            assert len(rows) == i + 1
    assert store.finish() == 0


def test_mistakes_are_told_in_sentences(filled, tmp_path):
    """Exit 30 without a store or run, 64 for wrong options."""
    directory, _ = filled
    assert "there is no store here" in ask(
        str(tmp_path / "none"), "checks", expect=30).stderr
    assert "no run begins with" in ask(directory, "show", "00000000",
                                       expect=30).stderr
    assert "hex digits" in ask(directory, "show", "x", expect=64).stderr
    assert "did you mean 'failed'" in ask(
        directory, "runs", "-o", "fialed", expect=64).stderr
    assert "--since wants" in ask(directory, "runs", "--since", "soon",
                                  expect=64).stderr
    ask(directory, "shew", expect=64)
    ask(directory, "show", expect=64)
    ask(directory, expect=64)


def test_read_only_directory_of_an_idle_store_can_be_asked(filled):
    """On-call may have no right to write there."""
    directory, _ = filled
    if os.getuid() == 0:
        pytest.skip("root may write anywhere")
    os.chmod(directory, 0o500)
    try:
        assert len(ask_json(directory, "checks")) == 2
    finally:
        os.chmod(directory, 0o700)


def test_what_a_table_does_not_say_is_said_beside_it(tmp_path):
    """Checks without records, and manifests that were refused, are told on
    stderr, so that an empty list is not taken for good news."""
    directory = str(tmp_path / "store")
    store = Store(directory)
    store.wait_for(READY)
    store.send(PLAN, 1, {"plan": "aa", "checks": [
        {"check": CARD, "service": "payments", "location": "local",
         "environment": "production", "every_us": 60 * SECOND,
         "timeout_us": 5 * SECOND}]})
    store.send(RESULT, 2, run_event(CARD, now_us()))
    store.wait_for(ACK, 2)
    failures = ask(directory, "failures")
    assert failures.stderr == "none of 1 checks is failing\n"
    assert ask(directory, "checks").stderr == ""
    store.send(PLAN, 3, {"refused_us": now_us(), "mistakes": 2,
                         "mistake": "a.yaml:6:3: unknown key 'evry'"})
    store.wait_for(ACK, 3)
    assert store.finish() == 0
    with sqlite3.connect(os.path.join(directory, "main.db")) as db:
        db.execute("UPDATE checks SET planned_us = 5")
        db.execute("UPDATE check_state SET last_due_us = 60000000")
    for question in ["failures"], ["checks"], ["checks", "--format=json"]:
        notes = ask(directory, *question).stderr
        assert "1 of 1 checks are stale: the newest record is of " \
               "1970-01-01 00:01:00 UTC (" in notes
        assert "the plan of before goes on: \"a.yaml:6:3: unknown key " \
               "'evry'\" and more" in notes
