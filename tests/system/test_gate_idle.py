# SPDX-License-Identifier: ISC
"""Rounds of a service against itself, gathered by a scheduler's idle time:
what is run, what is left alone, and what a gate makes of it."""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import urllib.request

import pytest

from conftest import wait_until
from gate_driver import checks, children, gate  # noqa: F401 (fixtures)

GATE, SCHEDULE = 2, 0  # triggers as the store has them
PATIENCE_S = 900       # for 310 pairs: a loaded machine has little idle time


class Idle:
    """A scheduler over the example checks, and what its store knows."""

    def __init__(self, start, build, checks, store, url):  # noqa: F811
        self.start_process, self.build = start, build
        self.checks, self.store = checks, store
        manifest = (checks / "payments.yaml").read_text().replace(
            "http://127.0.0.1:12111", url).replace("every: 3s", "every: 1s")
        (checks / "payments.yaml").write_text(manifest)

    def allow(self, *names):
        path = self.checks / "payments.yaml"
        text = path.read_text()
        for name in names:
            text = text.replace(f"- name: {name}\n",
                                f"- name: {name}\n    gate: {{aa: idle}}\n")
        path.write_text(text)

    def start(self, *options):
        scheduler = self.start_process(
            self.build / "e2e-scheduler", "--checks", self.checks, "--store",
            self.store, *options)
        assert scheduler.read_line().startswith("ready ")
        return scheduler

    def runs(self, trigger):
        """[(check, outcome, due, started)] of all days."""
        found = []
        for path in self.store.glob("runs-*.db"):
            with contextlib.suppress(sqlite3.OperationalError), \
                    contextlib.closing(sqlite3.connect(
                        f"file:{path}?mode=ro", uri=True)) as db:
                found += db.execute(
                    "SELECT c.check_name, o.name, due_us, started_us "
                    "FROM run r JOIN check_ref c ON c.id = r.check_id "
                    "JOIN outcome o ON o.code = r.outcome "
                    "WHERE trigger = ?", (trigger,)).fetchall()
        return found

    def wait_for_slots(self):
        """Until more of what is due is stored, and with it what was run
        before."""
        before = len(self.runs(SCHEDULE))
        wait_until(lambda: len(self.runs(SCHEDULE)) > before + 5,
                   "more slots", PATIENCE_S)

    def notes(self):
        with contextlib.closing(sqlite3.connect(
                f"file:{self.store}/main.db?mode=ro", uri=True)) as db:
            return [json.loads(row[0]) for row in db.execute(
                "SELECT document FROM note WHERE kind = 'aa'")]


@pytest.fixture
def idle(start, build, checks, paysim, tmp_path):  # noqa: F811
    urls = paysim("good=0", "next=0")
    idle = Idle(start, build, checks, tmp_path / "store", urls["good"])
    idle.urls = urls
    return idle


def query(build, store, *argv):
    done = subprocess.run([str(build / "e2e-query"), "--store", str(store),
                           *argv, "--format=json"], capture_output=True,
                          text=True, timeout=PATIENCE_S, check=True)
    return json.loads(done.stdout)


def assert_metrics(build, start, store, at_us):
    """An operator sees how much history there is, and how old it is."""
    page = start(build / "e2e-web", "--store", store, "--listen",
                 "127.0.0.1:0")
    url = page.read_line().split()[-1].split("=")[-1].rstrip("/")
    with urllib.request.urlopen(url + "/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    labels = '{check="payments/login",environment="local"} '
    rounds, = [line for line in lines if
               line.startswith("e2e_aa_rounds" + labels)]
    assert int(rounds.split()[-1]) >= 300
    at, = [line for line in lines if
           line.startswith("e2e_aa_timestamp_seconds" + labels)]
    assert abs(float(at.split()[-1]) * 1e6 - at_us) < 1000


def assert_rest(idle):
    """What the store knows is not gathered anew before it is old."""
    gathered = len(idle.runs(GATE))
    second = idle.start("--idle-share=100")
    wait_until(lambda: "idle.aa.ready" in second.errors(), "the child")
    idle.wait_for_slots()
    assert second.stop() == 0
    assert len(idle.runs(GATE)) == gathered and len(idle.notes()) == 1


def test_idle_time_gathers_what_the_gate_needs_and_no_more(
        idle, build, gate, start):  # noqa: F811
    """300 rounds of the check that allows it, then rest, also of a second
    scheduler; a gate uses them, and they are in the metrics."""
    idle.allow("login")
    scheduler = idle.start("--idle-share=100")
    wait_until(idle.notes, "the note of login", PATIENCE_S)
    idle.wait_for_slots()
    gathered = idle.runs(GATE)
    assert {check for check, *_ in gathered} == {"payments/login"}
    # 310 pairs, some void ones, and one that was begun too many.
    assert 620 <= len(gathered) <= 2 * 500 + 1
    idle.wait_for_slots()
    assert len(idle.runs(GATE)) <= len(gathered) + 1
    assert scheduler.stop() == 0
    note, = idle.notes()
    assert note["verdict"] != "block"
    check, = note["checks"]
    assert check["check"] == "payments/login" and check["rounds"] >= 300
    assert all(s["rounds"] >= 300 for s in check["steps"])
    assert_metrics(build, start, idle.store, note["at_us"])
    # It is what the gate reads of "e2e-gate aa".
    verdict = gate(idle.urls["next"], idle.urls["good"], "--store",
                   idle.store, "--format=json", "--rounds=5", names=["login"])
    assert verdict.json["checks"][0]["aa"] == {
        "phi0": [s["phi0"] for s in check["steps"]], "tail": check["tail"]}
    # It does not count as probing: neither as a rate nor as the newest run.
    rows = {r["check"]: r for r in query(build, idle.store, "checks")}
    login = [r for r in idle.runs(SCHEDULE)
             if r[:2] == ("payments/login", "passed")]
    assert rows["payments/login"]["passed"] == len(login)
    assert_rest(idle)


def test_killed_gatherer_begins_anew(idle):
    """kill -9 of the child: its session is lost, the next one is whole."""
    idle.allow("login")
    scheduler = idle.start("--idle-share=100")
    wait_until(lambda: len(idle.runs(GATE)) > 20, "a session", PATIENCE_S)
    child, = children(scheduler.pid, "e2e-gate")
    os.kill(child, signal.SIGKILL)
    note, = wait_until(idle.notes, "the note", PATIENCE_S)
    assert note["checks"][0]["rounds"] >= 300
    assert scheduler.stop() == 0


@pytest.mark.parametrize("allowed, options", [
    ([], ["--idle-share=100"]),          # nobody has asked for it
    (["login"], ["--idle-share=0"]),     # the operator does not want it
])
def test_without_leave_nothing_is_run_beside_the_schedule(idle, allowed,
                                                          options):
    """Off by default, and off for all when the operator says so."""
    idle.allow(*allowed)
    scheduler = idle.start(*options)
    wait_until(lambda: len(idle.runs(SCHEDULE)) > 5, "slots")
    assert not children(scheduler.pid, "e2e-gate")
    assert scheduler.stop() == 0
    assert idle.runs(GATE) == []


def test_a_checks_own_word_wins_over_its_services(idle):
    """The service allows it, one check does not."""
    path = idle.checks / "payments.yaml"
    path.write_text(path.read_text().replace(
        "checks:\n", "gate: {aa: idle}\n\nchecks:\n").replace(
        "- name: capture-and-refund\n",
        "- name: capture-and-refund\n    gate: {aa: none}\n"))
    scheduler = idle.start("--idle-share=100")
    # It would be the first of all, by its name.
    wait_until(lambda: idle.runs(GATE), "a gathered run", PATIENCE_S)
    assert scheduler.stop() == 0
    assert {check for check, *_ in idle.runs(GATE)} == {
        "payments/card-payment"}


@pytest.mark.parametrize("word", ["off", "true", "idle time"])
def test_a_slip_in_the_word_is_a_mistake(idle, build, word):
    """What a typing error asks for is nobody's wish."""
    path = idle.checks / "payments.yaml"
    path.write_text(path.read_text().replace(
        "checks:\n", f"gate: {{aa: {word}}}\n\nchecks:\n", 1))
    done = subprocess.run([build / "e2e-lint", idle.checks], text=True,
                          capture_output=True, timeout=PATIENCE_S,
                          check=False)
    assert done.returncode == 78 and "'aa'" in done.stdout + done.stderr


def test_the_last_places_of_a_host_are_for_what_is_due(idle):
    """With one place per host there is never half of it to spare."""
    idle.allow("login")
    scheduler = idle.start("--idle-share=100", "--max-per-host=1")
    wait_until(lambda: "gate.gather.begin" in scheduler.errors(), "a wish")
    idle.wait_for_slots()
    assert scheduler.stop() == 0
    assert idle.runs(GATE) == []


def test_reload_takes_leave_back_and_gives_it(idle):
    """The manifest's key counts from the next HUP on."""
    scheduler = idle.start("--idle-share=100")
    plain = (idle.checks / "payments.yaml").read_text()
    idle.allow("decline")
    scheduler.kill(signal.SIGHUP)
    wait_until(lambda: idle.runs(GATE), "a gathered run", PATIENCE_S)
    (idle.checks / "payments.yaml").write_text(plain)
    scheduler.kill(signal.SIGHUP)
    wait_until(lambda: not children(scheduler.pid, "e2e-gate"), "its end")
    idle.wait_for_slots()
    gathered = len(idle.runs(GATE))
    idle.wait_for_slots()
    assert len(idle.runs(GATE)) <= gathered + 1
    assert scheduler.stop() == 0


def test_ill_service_gets_no_more_load_than_its_schedule(
        start, build, checks, paysim, tmp_path):  # noqa: F811
    """Failures end the session early, and nothing is noted."""
    urls = paysim("bad=0,error_rate=1")
    ill = Idle(start, build, checks, tmp_path / "store", urls["bad"])
    ill.allow("login")
    scheduler = ill.start("--idle-share=100")
    wait_until(lambda: "the service fails" in scheduler.errors(), "its end",
               PATIENCE_S)
    ill.wait_for_slots()
    assert scheduler.stop() == 0
    # Pairs that were void by lateness come on top of five failures.
    assert 5 <= len(ill.runs(GATE)) <= 50
    assert ill.notes() == []
