# SPDX-License-Identifier: ISC
"""e2e-store as a process: what it acknowledges stays, once."""
import glob
import os
import random
import socket
import sqlite3
import struct
import subprocess
import time

import pytest

from conftest import PATIENCE_S
from store_channel import (ACK, GATE, PLAN, READY, REFUSED, RESULT,
                           RESULT_AGAIN, STOP, Peer, Store, now_us, program,
                           run_event, run_id)

CHECKS = [f"payments/check-{i}" for i in range(20)]


def rows(directory, sql):
    """A query over all runs files."""
    out = []
    for path in sorted(glob.glob(os.path.join(directory, "runs-*.db"))):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            out += db.execute(sql).fetchall()
    return out


def main_value(directory, sql):
    path = os.path.join(directory, "main.db")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchone()[0]


def check_store(directory):
    done = subprocess.run([program("e2e-store"), "--store", directory,
                           "check"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("good:")


@pytest.fixture(name="directory")
def directory_fixture(tmp_path):
    return str(tmp_path / "store")


def test_ready_then_acknowledged_then_readable(directory):
    """An event is readable by anyone as soon as it is acknowledged."""
    store = Store(directory)
    assert store.receive()[0] == READY
    due = now_us()
    store.send(RESULT, 7, run_event(CHECKS[0], due))
    assert store.wait_for(ACK, 7)[1] == 7
    assert rows(directory, "SELECT check_name, due_us FROM run "
                "JOIN check_ref c ON c.id = check_id") == [(CHECKS[0], due)]
    assert store.finish() == 0
    check_store(directory)


def test_end_of_file_commits_what_was_received(directory):
    """What was sent before the parent hung up is stored."""
    store = Store(directory)
    store.wait_for(READY)
    start = now_us()
    for i in range(3000):
        store.send(RESULT, i + 1, run_event(CHECKS[i % 20], start + i))
    assert store.finish() == 0
    assert sum(n for n, in rows(directory,
                                "SELECT count(*) FROM run")) == 3000
    check_store(directory)


def test_stop_acknowledges_everything_and_ends(directory):
    """STOP commits, acknowledges and exits with 0."""
    store = Store(directory)
    store.wait_for(READY)
    for i in range(100):
        store.send(RESULT, i + 1, run_event(CHECKS[0], now_us() + i))
    store.send(STOP)
    store.wait_for(ACK, 100)
    assert store.process.wait(PATIENCE_S) == 0


def test_killed_writer_loses_nothing_acknowledged_and_doubles_nothing(
        directory):
    """kill -9 in the middle of batches, eight times over; the sender sends
    again what was not acknowledged, as the scheduler does."""
    rng = random.Random(20261120)
    start = now_us() - 3600 * 1000000
    events = [run_event(CHECKS[i % 20], start + i * 1000,
                        outcome="failed" if i % 13 == 0 else "passed",
                        duration_us=1000 + i)
              for i in range(12000)]
    acked = 0   # events [0, acked) are acknowledged
    sent = 0
    interrupted = 0
    for _ in range(8):
        store = Store(directory)
        store.wait_for(READY)
        first = acked
        kill_at = time.monotonic() + rng.uniform(0.01, 0.25)
        position = first
        while time.monotonic() < kill_at and position < len(events):
            again = position < sent
            store.send(RESULT_AGAIN if again else RESULT,
                       position - first + 1, events[position])
            position += 1
        sent = max(sent, position)
        store.process.kill()
        store.process.wait(PATIENCE_S)
        while (m := store.receive()) is not None:
            if m[0] == ACK:
                acked = first + m[1]
        store.close()
        interrupted += acked < sent
        stored = {bytes(i) for i, in rows(directory, "SELECT id FROM run")}
        missing = [e for e in events[:acked]
                   if bytes.fromhex(e["run"]) not in stored]
        assert not missing, f"{len(missing)} acknowledged runs are lost"
    assert interrupted > 0
    store = Store(directory)
    store.wait_for(READY)
    for i, event in enumerate(events[acked:]):
        store.send(RESULT_AGAIN, i + 1, event)
    if acked < len(events):
        store.wait_for(ACK, len(events) - acked)
    assert store.finish() == 0
    ids = [bytes(i) for i, in rows(directory, "SELECT id FROM run")]
    assert len(ids) == len(set(ids)) == len(events)
    assert main_value(directory, "SELECT sum(passed), sum(failed) "
                      "FROM rollup_day") == sum(
                          e["outcome"] == "passed" for e in events)
    check_store(directory)


@pytest.mark.parametrize("name, options", [
    ("e2e-store", ["--store", "store"]),
    ("e2e-web", ["--store", "store", "--listen", "127.0.0.1:0"]),
    ("e2e-probe", ["--name", "local-1"])])
def test_a_child_without_a_parent_does_not_wait_for_one(tmp_path, name,
                                                        options):
    """--child typed by hand: descriptor 3 is no socket, exit 64."""
    done = subprocess.run([program(name), "--child", *options], cwd=tmp_path,
                          capture_output=True, text=True, check=False,
                          timeout=PATIENCE_S)
    assert done.returncode == 64
    assert "descriptor 3 is no socket" in done.stderr
    assert not (tmp_path / "store").exists()


def test_second_writer_is_refused_with_exit_30(directory):
    """A store has one writer."""
    store = Store(directory)
    store.wait_for(READY)
    done = subprocess.run([program("e2e-store"), "--store", directory],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 30
    assert "another e2e-store writes to this store" in done.stderr
    assert str(store.process.pid) in done.stderr
    assert store.finish() == 0


def test_restarted_writer_tells_the_last_due_times(directory):
    """READY carries each check's last due time, for missed slots."""
    store = Store(directory)
    assert store.wait_for(READY)[2]["checks"] == []
    due = now_us()
    store.send(PLAN, 1, {"plan": "ab", "loaded_us": due - 1, "checks": [
        {"check": check, "service": "payments", "location": "local",
         "environment": "production", "every_us": 30000000}
        for check in CHECKS[:3]]})
    for i, check in enumerate(CHECKS[:4]):  # the last is in no plan
        store.send(RESULT, i + 2, run_event(check, due + i))
    store.wait_for(ACK, 5)
    store.kill()
    store = Store(directory)
    ready = store.wait_for(READY)[2]
    assert ready["program"] == "e2e-store"
    assert {c["check"]: c["last_due_us"] for c in ready["checks"]} == {
        check: due + i for i, check in enumerate(CHECKS[:3])}
    assert store.finish() == 0


def test_local_client_shares_the_writer(directory):
    """A gate is taken on writer.sock while the scheduler goes on."""
    store = Store(directory)
    store.wait_for(READY)
    path = os.path.join(directory, "writer.sock")
    assert os.stat(path).st_mode & 0o777 == 0o600
    local = socket.socket(socket.AF_UNIX)
    local.connect(path)
    local = Peer(local)
    ident = bytes(range(16))
    local.send(GATE, 5, {"version": 1, "service": "payments",
                         "verdict": "pass", "rounds": [{"round": 1}]}, ident)
    store.send(RESULT, 9, run_event(CHECKS[0], now_us()))
    assert local.wait_for(ACK)[1] == 5
    assert store.wait_for(ACK)[1] == 9
    local.send(GATE, 6, [1], ident)
    assert local.receive()[0] == REFUSED
    local.sock.sendall(b"\xff" * 100)
    assert local.receive() is None
    store.send(RESULT, 10, run_event(CHECKS[0], now_us()))
    assert store.wait_for(ACK)[1] == 10
    assert main_value(directory, "SELECT verdict FROM gate") == "pass"
    assert store.finish() == 0
    assert not os.path.exists(path)


def test_plan_is_acknowledged_after_the_runs_before_it(directory):
    """ACK of a plan covers the runs sent before it."""
    store = Store(directory)
    store.wait_for(READY)
    store.send(RESULT, 1, run_event(CHECKS[0], now_us()))
    store.send(PLAN, 2, {"plan": "ab", "checks": [
        {"check": CHECKS[0], "service": "payments", "location": "local",
         "environment": "production", "every_us": 30000000,
         "timeout_us": 20000000, "definition": "ff" * 32}]})
    store.wait_for(ACK, 2)
    assert len(rows(directory, "SELECT number FROM run")) == 1
    assert main_value(directory,
                      "SELECT every_us FROM checks WHERE is_planned") == 3e7
    assert store.finish() == 0


def test_full_disk_is_refused_and_made_good(directory):
    """When files cannot grow, the store refuses, stays, and takes all of it
    once there is space."""
    store = Store(directory, prefix=["prlimit", "--fsize=400000:unlimited"])
    store.wait_for(READY)
    start = now_us()
    events = [run_event(CHECKS[i % 20], start + i, reason="x" * 200)
              for i in range(4000)]
    acked = 0
    for i, event in enumerate(events):
        store.send(RESULT, i + 1, event)
    while True:
        m = store.receive()
        assert m is not None
        if m[0] == ACK:
            acked = m[1]
        if m[0] == REFUSED:
            break
    assert m[2]["reason"]
    assert store.process.poll() is None
    subprocess.run(["prlimit", "--fsize=unlimited", "--pid",
                    str(store.process.pid)], check=True)
    store.wait_for(READY)
    # The scheduler says its plan again first, before any run.
    store.send(PLAN, 4000, {"plan": "ab", "checks": [
        {"check": "payments/planned", "service": "payments",
         "location": "local", "environment": "production",
         "every_us": 30000000}]})
    # On their way while it refused: these must not be acknowledged.
    for i in range(5):
        store.send(RESULT, 4001 + i, run_event("payments/early", start + i))
    for i, event in enumerate(events[acked:]):
        store.send(RESULT_AGAIN, 5001 + i, event)
    seen = store.wait_for(ACK)
    assert seen[1] >= 5001
    if seen[1] < 5000 + len(events) - acked:
        store.wait_for(ACK, 5000 + len(events) - acked)
    assert store.finish() == 0
    ids = [bytes(i) for i, in rows(directory, "SELECT id FROM run")]
    assert len(ids) == len(set(ids)) == len(events)
    assert run_id("payments/early", start) not in ids
    assert main_value(directory, "SELECT count(*) FROM checks "
                      "WHERE check_name = 'payments/planned'") == 1
    check_store(directory)


def test_garbage_on_the_parents_channel_ends_the_writer_in_order(directory):
    """A broken parent cannot break the store."""
    store = Store(directory)
    store.wait_for(READY)
    store.send(RESULT, 1, run_event(CHECKS[0], now_us()))
    store.sock.sendall(random.Random(1).randbytes(4000))
    assert store.process.wait(PATIENCE_S) == 30
    assert len(rows(directory, "SELECT number FROM run")) == 1
    check_store(directory)


def test_check_finds_what_is_wrong(directory):
    """e2e-store check exits with 10 and names the difference."""
    store = Store(directory)
    store.wait_for(READY)
    for i in range(10):
        store.send(RESULT, i + 1, run_event(CHECKS[0], now_us() + i))
    assert store.finish() == 0
    db = sqlite3.connect(os.path.join(directory, "main.db"))
    db.execute("UPDATE rollup_hour SET passed = passed + 1")
    db.commit()
    db.close()
    done = subprocess.run([program("e2e-store"), "--store", directory,
                           "check"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 10
    assert "rollup_hour differs" in done.stdout
    path = glob.glob(os.path.join(directory, "runs-*.db"))[0]
    with open(path, "r+b") as f:
        f.seek(4096)
        f.write(b"\xa5" * 20000)
    done = subprocess.run([program("e2e-store"), "--store", directory,
                           "check"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 10


def test_migrate_and_compact_keep_the_store_sound(directory):
    """Both say what they did and exit with 0."""
    store = Store(directory)
    store.wait_for(READY)
    for i in range(500):
        store.send(RESULT, i + 1, run_event(CHECKS[i % 20], now_us() + i))
    store.wait_for(ACK, 500)
    busy = subprocess.run([program("e2e-store"), "--store", directory,
                           "compact"], capture_output=True, text=True,
                          check=False)
    assert busy.returncode == 30
    store.kill()
    for command in ("migrate", "compact"):
        done = subprocess.run([program("e2e-store"), "--store", directory,
                               command], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr
        assert "main.db" in done.stdout
    assert not glob.glob(os.path.join(directory, "*-wal"))
    check_store(directory)


def test_a_clock_that_is_years_ahead_removes_nothing_at_once(directory):
    """At boot it may be: what it calls old is still there in a moment."""
    due = now_us()
    store = Store(directory)
    store.wait_for(READY)
    store.send(RESULT, 1, run_event(CHECKS[0], due))
    assert store.finish() == 0
    before = glob.glob(os.path.join(directory, "runs-*.db"))
    clock = directory + ".clock"
    with open(clock, "wb") as f:
        f.write(struct.pack("<q", 3000 * 86400))
    preload = os.path.join(os.path.dirname(program("e2e-store")),
                           "tests/system/stepped_clock.so")
    store = Store(directory, prefix=[
        "env", f"E2E_TEST_CLOCK={clock}", f"LD_PRELOAD={preload}",
        "ASAN_OPTIONS=verify_asan_link_order=0"])
    store.wait_for(READY)
    store.send(RESULT, 2, run_event(CHECKS[0],
                                    due + 3000 * 86400 * 1_000_000))
    store.wait_for(ACK, 2)
    assert store.finish() == 0
    after = glob.glob(os.path.join(directory, "runs-*.db"))
    assert len(after) == 2 and set(before) < set(after)
    assert main_value(directory, "SELECT count(*) FROM rollup_minute") == 2


@pytest.mark.parametrize("gone", ["main.db", "runs-*.db"])
def test_a_file_removed_under_the_writer_ends_it(directory, gone):
    """It acknowledges no more into a file that nobody can see; the next
    writer begins with what is left."""
    store = Store(directory)
    store.wait_for(READY)
    store.send(RESULT, 1, run_event(CHECKS[0], now_us()))
    store.wait_for(ACK, 1)
    for path in glob.glob(os.path.join(directory, gone + "*")):
        os.unlink(path)
    assert store.process.wait(60) == 30
    assert "store.file.gone" in store.errors()
    store = Store(directory)
    store.wait_for(READY)
    store.send(RESULT_AGAIN, 1, run_event(CHECKS[1], now_us()))
    store.wait_for(ACK, 1)
    assert store.finish() == 0
    assert main_value(directory, "SELECT sum(passed) FROM rollup_hour") == 2
