# SPDX-License-Identifier: ISC
"""e2e-scheduler as a whole: real probes, a real store, and faults. The books
are the store's files: every slot of every check has exactly one record."""
import collections
import contextlib
import datetime
import http.server
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request

import pytest

from conftest import is_sanitized, wait_until

EVERY_US = 1_000_000
WEBHOOK = pathlib.Path(__file__).parents[2] / "contrib/notify/webhook.hurl"
Record = collections.namedtuple("Record",
                                "due outcome reason trigger started")


class Target:
    """A service under test that is slow, or hangs up, as it is told."""

    def __init__(self):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with target.lock:
                    target.in_flight += 1
                time.sleep(target.delay_s)
                with target.lock:
                    target.in_flight -= 1
                if target.hangs_up:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(b"ok")

            def do_POST(self):
                size = int(self.headers["Content-Length"])
                target.posts.append(self.rfile.read(size).decode())
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.lock = threading.Lock()
        self.delay_s = 0.0
        self.hangs_up = False
        self.in_flight = 0
        self.posts = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,),
                         daemon=True).start()

    def serve_also(self, bound):
        """Answer on another socket, which is bound already, as well."""
        bound.listen()

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    self.server.process_request(*bound.accept())

        threading.Thread(target=accept, daemon=True).start()


@pytest.fixture
def target():
    target = Target()
    yield target
    target.server.shutdown()
    target.server.server_close()


class System:
    """A tree of checks, a store, and schedulers on both."""

    def __init__(self, tmp_path, start, build, url):
        self.start_process = start
        self.build = build
        self.url = url
        self.checks = tmp_path / "checks"
        self.store = tmp_path / "store"
        self.bin = build
        self.checks.mkdir()
        self.write_flow("get.hurl", "GET {{base_url}}/\nHTTP 200\n")

    def write_flow(self, name, text):
        (self.checks / name).write_text(text)

    def write_checks(self, *checks, tail="", service="svc"):
        """checks: pairs of a name and more keys as YAML flow text."""
        lines = [f"service: {service}", "environments:",
                 f"  production: {{base_url: \"{self.url}\"}}",
                 "hosts: [\"127.0.0.1\"]", "checks:"]
        for name, keys in checks:
            lines.append(f"  - {{name: {name}, flow: get.hurl, "
                         f"environment: production, {keys}}}")
        (self.checks / f"{service}.yaml").write_text(
            "\n".join(lines) + "\n" + tail)

    def start(self, *options, is_awaited=True):
        scheduler = self.start_process(
            self.build / "e2e-scheduler", "--checks", self.checks,
            "--store", self.store, *options,
            env=dict(os.environ, E2E_BIN=str(self.bin)))
        if is_awaited:
            assert scheduler.read_line().startswith("ready ")
        return scheduler

    def records(self):
        """{check: [Record, ...] by due time} of all runs files. One that
        is just being made counts as empty."""
        found = collections.defaultdict(list)
        for path in sorted(self.store.glob("runs-*.db")):
            with contextlib.suppress(sqlite3.OperationalError), \
                    contextlib.closing(sqlite3.connect(
                        f"file:{path}?mode=ro", uri=True)) as db:
                for check, *row in db.execute(
                        "SELECT c.check_name, r.due_us, o.name, "
                        "coalesce(r.reason, ''), r.trigger, r.started_us "
                        "FROM run r "
                        "JOIN check_ref c ON c.id = r.check_id "
                        "JOIN outcome o ON o.code = r.outcome "
                        "ORDER BY r.due_us"):
                    found[check].append(Record(*row))
        return found

    def count(self, outcome=None):
        return sum(outcome in (None, r.outcome)
                   for rs in self.records().values() for r in rs)

    def notes(self):
        """What e2e-query says besides the table."""
        return subprocess.run(
            [self.build / "e2e-query", "--store", self.store, "checks"],
            capture_output=True, text=True, check=True).stderr

    def reasons(self, outcome):
        return [r.reason for rs in self.records().values() for r in rs
                if r.outcome == outcome]

    def assert_books(self, every_us=EVERY_US):
        """Every slot from the first to the last has exactly one record."""
        records = self.records()
        assert records
        for check, rs in records.items():
            dues = [r.due for r in rs if r.trigger == 0]
            for a, b in zip(dues, dues[1:]):
                assert b - a == every_us, f"{check}: from {a} to {b}"
        return records


@pytest.fixture
def system(tmp_path, start, build, target):
    return System(tmp_path, start, build, target.url)


def children(pid, name):
    """Pids of the direct children of pid that run a program."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = stat.read_text()
            comm, rest = text[text.index("(") + 1:].rsplit(")", 1)
            if int(rest.split()[1]) == pid and rest.split()[0] != "Z" and \
                    name.startswith(comm):
                found.append(int(stat.parent.name))
    return found


def ten():
    """Ten checks, whose answers have all the time of a slow machine."""
    return [(f"check-{i}", "every: 1s, timeout: 60s") for i in range(10)]


def assert_healthy(records):
    """What ran passed. A busy machine may be late for a slot, and say so."""
    outcomes = {r.outcome for rs in records.values() for r in rs}
    assert {"passed"} <= outcomes <= {"passed", "skipped"}


def test_every_slot_has_one_record_and_a_stop_is_clean(system):
    """A healthy system: everything passes, once; exit 0."""
    system.write_checks(*ten())
    scheduler = system.start("--probes", "2")
    wait_until(lambda: system.count() >= 30, "30 records")
    assert scheduler.stop() == 0
    records = system.assert_books()
    assert len(records) == 10
    assert_healthy(records)


def test_a_killed_probe_leaves_lost_runs_and_a_successor(system, target):
    """kill -9 of a probe with runs in flight: they are lost, by name."""
    target.delay_s = 0.8
    system.write_checks(*ten())
    scheduler = system.start("--probes", "1", "--max-per-host", "100")
    wait_until(lambda: target.in_flight > 0, "a run in flight")
    os.kill(children(scheduler.pid, "e2e-probe")[0], signal.SIGKILL)
    wait_until(lambda: system.count("lost") > 0, "lost runs")
    passed = system.count("passed")
    wait_until(lambda: system.count("passed") > passed + 10, "healed")
    assert scheduler.stop() == 0
    system.assert_books()
    assert set(system.reasons("lost")) == {
        "probe local-1 was killed by signal 9"}


def test_a_stopped_probe_is_replaced(system, target):
    """A probe that stands still is found out by its silence."""
    target.delay_s = 0.2
    system.write_checks(*ten())
    scheduler = system.start("--probes", "1")
    wait_until(lambda: system.count() > 0, "a record")
    os.kill(children(scheduler.pid, "e2e-probe")[0], signal.SIGSTOP)
    wait_until(lambda: "probe local-1 fell silent" in
               system.reasons("lost"), "lost runs")
    passed = system.count("passed")
    wait_until(lambda: system.count("passed") > passed + 10, "healed")
    assert scheduler.stop() == 0
    system.assert_books()


def test_a_killed_store_loses_and_doubles_nothing(system):
    """kill -9 of the writer, five times: no result is lost."""
    system.write_checks(*ten())
    scheduler = system.start("--probes", "2")
    for _ in range(5):
        before = system.count()
        wait_until(lambda: system.count() > before + 3, "more records")
        store = wait_until(lambda: children(scheduler.pid, "e2e-store"),
                           "a store")
        os.kill(store[0], signal.SIGKILL)
    before = system.count()
    wait_until(lambda: system.count() > before + 10, "healed")
    assert scheduler.stop() == 0
    records = system.assert_books()
    assert_healthy(records)


def test_a_killed_scheduler_accounts_for_its_absence(system, target):
    """kill -9 of the scheduler in mid run, four times: every slot that it
    missed or had in flight is recorded, once."""
    target.delay_s = 0.1
    system.write_checks(*ten())
    for _ in range(4):
        scheduler = system.start("--probes", "2", is_awaited=False)
        before = system.count()
        wait_until(lambda: system.count() > before + 15, "more records")
        scheduler.kill()
        scheduler.wait()
    scheduler = system.start("--probes", "2")
    before = system.count()
    wait_until(lambda: system.count() > before + 20, "healed")
    assert scheduler.stop() == 0
    system.assert_books()
    assert set(system.reasons("lost")) <= {"the scheduler was not running"}


def test_nothing_is_lost_while_the_store_is_away(system, build, tmp_path):
    """Without a store, events go to the spool; they outlive even a kill -9
    of the scheduler, and are stored when the store is back."""
    system.bin = tmp_path / "bin"
    system.bin.mkdir()
    (system.bin / "e2e-probe").symlink_to(build / "e2e-probe")
    system.write_checks(*ten())
    scheduler = system.start("--probes", "1", is_awaited=False)
    spool = system.store / "spool"
    wait_until(lambda: sum(f.stat().st_size for f in spool.glob("*.spool"))
               > 20_000, "events in the spool")
    scheduler.kill()
    scheduler.wait()
    (system.bin / "e2e-store").symlink_to(build / "e2e-store")
    scheduler = system.start("--probes", "1")
    before = system.count()
    wait_until(lambda: system.count() > before + 20, "new records")
    wait_until(lambda: not list(spool.glob("*.spool")), "an empty spool")
    assert scheduler.stop() == 0
    records = system.assert_books()
    assert all(rs[0].outcome != "lost" for rs in records.values())


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs",
                           disk], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs the right to mount a file system")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_delays_and_loses_nothing(small_disk, system):
    """Under a full disk probing goes on; what was measured is stored when
    space returns."""
    system.store = small_disk / "store"
    system.write_checks(*ten())
    scheduler = system.start("--probes", "1")
    wait_until(lambda: system.count() >= 10, "records")
    filler = small_disk / "filler"
    fd = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(fd, b"x" * 4096)
    os.close(fd)
    wait_until(lambda: "store.refused" in scheduler.errors() and
               "outbox.spool.begin" in scheduler.errors(), "a refusal")
    before = system.count()
    filler.unlink()
    wait_until(lambda: system.count() > before + 30, "new records")
    assert scheduler.stop() == 0
    records = system.assert_books()
    assert_healthy(records)


def test_a_pause_of_the_scheduler_is_recorded(system):
    """SIGSTOP for some seconds: what was missed is skipped and says so, and
    nothing is run twice or in a storm."""
    system.write_checks(*ten())
    scheduler = system.start("--probes", "1")
    wait_until(lambda: system.count() > 10, "records")
    scheduler.kill(signal.SIGSTOP)
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > 4, "four seconds")
    scheduler.kill(signal.SIGCONT)
    wait_until(lambda: system.count("skipped") >= 20, "skipped slots")
    before = system.count("passed")
    wait_until(lambda: system.count("passed") > before + 10, "healed")
    assert scheduler.stop() == 0
    system.assert_books()
    assert set(system.reasons("skipped")) <= {
        "the scheduler was late", "the previous run was still in flight"}
    assert "the scheduler was late" in system.reasons("skipped")


def test_a_run_that_overlaps_its_next_slot_skips_it(system, target):
    """A run that takes longer than its interval is not started twice."""
    target.delay_s = 1.5
    system.write_checks(("slow", "every: 1s, timeout: 10s"))
    scheduler = system.start("--probes", "1")
    wait_until(lambda: system.count("passed") >= 2 and
               system.count("skipped") >= 2, "both kinds")
    assert scheduler.stop() == 0
    system.assert_books()
    assert "the previous run was still in flight" in \
        system.reasons("skipped")


def test_a_paused_check_is_recorded_as_skipped(system):
    """A check with paused: true leaves records, but no requests."""
    system.write_checks(("one", "every: 1s, timeout: 60s"),
                        ("two", "every: 1s, timeout: 60s, paused: true"))
    scheduler = system.start("--probes", "1")
    wait_until(lambda: len(system.records()["svc/two"]) >= 2, "records")
    assert scheduler.stop() == 0
    assert "passed" in {r.outcome for r in system.records()["svc/one"]}
    assert {r.outcome for r in system.records()["svc/two"]} == {"skipped"}
    assert "paused" in {r.reason for r in system.records()["svc/two"]}


def test_a_reload_with_a_mistake_keeps_the_plan(system):
    """SIGHUP: a mistake is logged with its place and nothing changes; a good
    plan adds, keeps and removes checks."""
    system.write_checks(*ten())
    scheduler = system.start("--probes", "1")
    wait_until(lambda: system.count() > 10, "records")
    system.write_checks(("check-0", "evry: 1s, timeout: 900ms"))
    scheduler.kill(signal.SIGHUP)
    wait_until(lambda: "scheduler.plan.refused" in scheduler.errors(),
               "a refusal")
    assert "svc.yaml:6:" in scheduler.errors()
    assert "did you mean 'every'" in scheduler.errors()
    wait_until(lambda: "svc.yaml:6:" in system.notes(), "on-call is told")
    before = system.count()
    wait_until(lambda: system.count() > before + 20, "the plan goes on")
    system.write_checks(*ten()[1:], ("new", "every: 1s, timeout: 60s"))
    scheduler.kill(signal.SIGHUP)
    wait_until(lambda: len(system.records()["svc/new"]) >= 2, "the new one")
    assert "refused" not in system.notes()
    assert scheduler.stop() == 0
    records = system.assert_books()
    assert records["svc/check-0"][-1].due < records["svc/check-1"][-1].due


def log_time_us(scheduler, event, which=-1):
    """When the scheduler logged an event, by its own clock."""
    lines = [line for line in scheduler.errors().splitlines()
             if f" {event} " in line]
    stamp = datetime.datetime.fromisoformat(
        lines[which].split()[0].replace("Z", "+00:00"))
    return int(stamp.timestamp() * 1e6)


def test_slots_are_handed_out_while_a_large_plan_is_reloaded(system):
    """SIGHUP with 20,000 checks, all of them changed: what is due while the
    plan is loaded and applied does not wait for the end of that."""
    system.url = "http://127.0.0.1:1"  # nobody listens: quickly told
    services, every_s = (4, 20) if is_sanitized(system.build) else (20, 100)
    for i in range(services):
        system.write_checks(*((f"check-{n}", f"every: {every_s}s, timeout: 5s")
                              for n in range(1000)), service=f"svc{i}")
    scheduler = system.start("--max-per-host", "0")
    system.write_flow("get.hurl", "# new\nGET {{base_url}}/\nHTTP 200\n")
    scheduler.kill(signal.SIGHUP)
    wait_until(lambda: scheduler.errors().count(" scheduler.plan.load ") == 2,
               "the plan is applied", 300)
    begin = log_time_us(scheduler, "scheduler.plan.loading")
    end = log_time_us(scheduler, "scheduler.plan.load")
    assert scheduler.stop() == 0
    slots = [(r.due, r.started) for rs in system.records().values()
             for r in rs if begin <= r.due < begin + (end - begin) // 2]
    in_time = [due for due, started in slots if started and started < end]
    print(f"{len(in_time)} of {len(slots)} slots in {end - begin} us")
    assert slots, f"the reload took {end - begin} us"
    assert len(in_time) > len(slots) / 4


def test_a_stop_waits_for_runs_in_flight(system, target):
    """SIGTERM: the run in flight ends and is recorded as what it was."""
    target.delay_s = 1.0
    system.write_checks(("slow", "every: 2s, timeout: 10s"))
    scheduler = system.start("--probes", "1")
    wait_until(lambda: target.in_flight == 1, "a run in flight")
    assert scheduler.stop() == 0
    assert [r.outcome for r in system.records()["svc/slow"]][-1] == "passed"


def test_a_stop_waits_no_longer_than_its_bound(system, target):
    """SIGTERM with a run that hangs: it is lost, with the reason."""
    target.delay_s = 200.0
    system.write_checks(("slow", "every: 2s, timeout: 190s"))
    scheduler = system.start("--probes", "1", "--stop-timeout", "300ms")
    wait_until(lambda: target.in_flight == 1, "a run in flight")
    begin = time.monotonic()
    assert scheduler.stop() == 0
    assert time.monotonic() - begin < 60
    last = system.records()["svc/slow"]
    assert ("lost", "it was still running when the probes were stopped") in [
        (r.outcome, r.reason) for r in last]


def test_the_ready_line_has_the_address_of_the_page(system):
    """--web with port 0: the line says where the page is, and it is there."""
    system.write_checks(("one", "every: 1s, timeout: 900ms"))
    scheduler = system.start("--web", "127.0.0.1:0", is_awaited=False)
    ready, page = scheduler.read_line().rsplit(" page=", 1)
    assert ready == f"ready checks=1 probes=1 store={system.store}"
    with urllib.request.urlopen(page + "/healthz", timeout=60) as answer:
        assert json.load(answer)["status"] == "ok"
    assert scheduler.stop() == 0


def test_a_page_that_may_not_listen_there_ends_the_start(system):
    """--web on a public address is refused, and not tried again for ever."""
    system.write_checks(("one", "every: 1s, timeout: 900ms"))
    scheduler = system.start("--web", "0.0.0.0:0", is_awaited=False)
    assert scheduler.wait() == 64
    assert "loopback only" in scheduler.errors()


def test_mistakes_at_the_start_are_all_printed(system):
    """A tree with mistakes: each with its place, exit 78, nothing begun."""
    system.write_checks(("one", "evry: 1s, timeout: 900ms"),
                        ("two", "every: 1s, timeout: soon"))
    scheduler = system.start(is_awaited=False)
    assert scheduler.wait() == 78
    errors = scheduler.errors()
    assert "svc.yaml:6:" in errors and "svc.yaml:7:" in errors
    assert not system.store.exists()


def watch(system, url):
    """One check with an alert that posts to url."""
    system.write_flow("pager.hurl", WEBHOOK.read_text())
    system.write_checks(
        ("watched", "every: 1s, timeout: 60s, "
         "alert: {after: 3, notify: [pager]}"),
        tail=f"notify:\n  pager: {{flow: pager.hurl, variables: "
             f"{{url: \"{url}\"}}}}\n")


def test_an_alert_goes_out_and_is_taken_back(system, target):
    """Three bad runs in a row run the notify flow; the first good one runs
    it again. Notifications are recorded like runs."""
    watch(system, target.url)
    target.hangs_up = True
    scheduler = system.start("--probes", "1")
    wait_until(lambda: len(target.posts) == 1, "the alert")
    told = json.loads(target.posts[0])
    assert (told["state"], told["check"], told["count"]) == (
        "firing", "svc/watched", 3)
    assert told["outcome"] in ("unreachable", "unknown") and told["reason"]
    target.hangs_up = False
    wait_until(lambda: len(target.posts) == 2, "its end")
    told = json.loads(target.posts[1])
    assert (told["state"], told["outcome"]) == ("resolved", "passed")
    assert scheduler.stop() == 0
    alerts = system.records()["svc/!pager"]
    assert [(r.outcome, r.trigger) for r in alerts] == [("passed", 3)] * 2


def bad_runs(system):
    return sum(r.outcome in ("unreachable", "unknown")
               for r in system.records()["svc/watched"])


def test_a_killed_scheduler_does_not_fire_again(system, target):
    """kill -9 while an alert fires: its successor does not tell it again,
    and tells when it is over."""
    watch(system, target.url)
    target.hangs_up = True
    scheduler = system.start()
    wait_until(lambda: system.records()["svc/!pager"], "the alert")
    scheduler.kill()
    scheduler.wait()
    scheduler = system.start()
    before = bad_runs(system)
    wait_until(lambda: bad_runs(system) >= before + 5, "more bad runs")
    assert len(target.posts) == 1
    target.hangs_up = False
    wait_until(lambda: len(target.posts) == 2, "its end")
    told = json.loads(target.posts[1])
    assert (told["state"], told["check"]) == ("resolved", "svc/watched")
    assert told["count"] >= 8
    assert told["since"] == json.loads(target.posts[0])["since"]
    assert scheduler.stop() == 0
    assert len(target.posts) == 2


def test_an_alert_that_was_not_delivered_outlives_a_kill(system, target):
    """kill -9 while the pager is away: the alert comes after the restart."""
    with socket.socket() as pager:
        pager.bind(("127.0.0.1", 0))  # taken, but nobody listens yet
        watch(system, "http://127.0.0.1:%d" % pager.getsockname()[1])
        target.hangs_up = True
        scheduler = system.start()
        wait_until(lambda: "alert.notify.failed" in scheduler.errors(),
                   "a try")
        scheduler.kill()
        scheduler.wait()
        target.serve_also(pager)
        scheduler = system.start()
        wait_until(lambda: target.posts, "the alert")
        before = bad_runs(system)
        wait_until(lambda: bad_runs(system) >= before + 3, "more bad runs")
        assert scheduler.stop() == 0
    told = [json.loads(post) for post in target.posts]
    assert [(t["state"], t["count"]) for t in told] == [("firing", 3)]
