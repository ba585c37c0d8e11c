# SPDX-License-Identifier: ISC
"""How the tests of the gate run it, read what it says, and fill its store."""
import html.parser
import json
import pathlib
import shutil
import socket
import sqlite3
import subprocess

import jsonschema
import pytest

from conftest import PATIENCE_S, TOP, wait_until
from store_channel import ACK, READY, RESULT, Store, now_us, run_event

CHECKS = ["card-payment", "decline", "login"]
GATE_PATIENCE_S = 10 * PATIENCE_S  # for a gate that runs to its verdict
# For a gate that must pass: on a machine that does much else latencies are
# noise, and it takes its time to say that they are the same.
PLENTY = ("--rounds=3000", "--time=8m")


@pytest.fixture
def checks(tmp_path, monkeypatch):
    """A copy of the example checks that a test may change."""
    monkeypatch.setenv("PAYMENTS_TEST_KEY", "sk_test_system")
    copy = tmp_path / "checks"
    shutil.copytree(TOP / "contrib" / "examples", copy)
    for path in copy.iterdir():
        path.chmod(0o644)
    return copy


def read_schema(name, part=None):
    schema = json.loads((TOP / "doc" / name).read_text())
    if part is not None:
        schema["oneOf"] = [{"$ref": f"#/definitions/{part}"}]
    return jsonschema.Draft7Validator(schema)


SCHEMA = read_schema("gate-document.schema.json")
# The answers of the other commands, told by a member of each.
ANSWERS = {member: read_schema("gate-answers.schema.json", part)
           for member, part in (("fits", "plan"), ("assumption", "status"),
                                ("agrees", "replay"), ("kind", "aa"))}


def assert_schema(document):
    """Every document is as doc/gate-document.schema.json says."""
    schema = SCHEMA
    for member, answer in ANSWERS.items():
        schema = answer if member in document else schema
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
             for e in schema.iter_errors(document)]
    assert wrong == []


class Verdict:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        document = json.loads(self.out)
        assert_schema(document)
        return document


@pytest.fixture
def gate(build, checks):
    """gate(candidate-url, baseline-url, options...) -> Verdict."""

    def run_gate(candidate, baseline, *options, names=CHECKS, prefix=()):
        argv = [*prefix, build / "e2e-gate", "--checks", checks,
                "--service", "payments"]
        for name in names:
            argv += ["--check", name]
        argv += ["--candidate", f"base_url={candidate}",
                 "--baseline", f"base_url={baseline}", *options]
        done = subprocess.run([str(a) for a in argv], capture_output=True,
                              text=True, timeout=GATE_PATIENCE_S, check=False)
        print(" ".join(str(a) for a in argv), "\n", done.stdout[:5000],
              done.stderr)
        assert "Sanitizer" not in done.stderr
        return Verdict(done)

    return run_gate


def assert_document(document):
    """What doc/gate-document.md promises of every document."""
    assert_schema(document)
    for member in ("version", "gate", "service", "verdict", "reason",
                   "ended_by", "exit_code", "observe", "on_inconclusive",
                   "started_us", "finished_us", "spent_us", "candidate",
                   "baseline", "alpha", "beta", "tolerance", "margins",
                   "guard", "budget", "seed", "evidence", "round_count",
                   "counts", "regressions", "unfinished", "checks",
                   "streams", "rounds"):
        assert member in document, member
    assert len(document["gate"]) == 32
    assert document["counts"]["pairs"] == len(document["rounds"])
    for pair in document["rounds"]:
        if not pair["void"]:
            assert pair["candidate"]["run"] != pair["baseline"]["run"]
    for stream in document["streams"]:
        assert {"part", "check", "log_e", "log_bound", "n", "phi",
                "kappa"} <= set(stream)


class Page(html.parser.HTMLParser):
    """A page whose elements must be closed in their order, text kept."""
    VOID = {"meta", "br", "line", "circle", "path", "rect"}

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href")
                       for name, _ in attrs)
        if tag not in self.VOID or tag == "path":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def assert_page(text, document):
    """One file by itself: no script, no address, and what the gate says."""
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "form"} & set(page.seen)
    assert page.seen.count("svg") >= 2
    assert document["gate"] in page.text
    assert f"{document['seed']}" in page.text
    for check in document["checks"]:
        assert check["check"] in page.text


CLOSED = []  # bound, so that nobody else gets the port, and not listening


def closed_port():
    """A port at which nobody listens, now or later."""
    CLOSED.append(socket.socket())
    CLOSED[-1].bind(("127.0.0.1", 0))
    return CLOSED[-1].getsockname()[1]


def children(pid, name):
    """Ids of the direct children that run a program."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        program, rest = text[text.index("(") + 1:].rsplit(")", 1)
        if program == name and int(rest.split()[1]) == pid:
            found.append(int(text.split()[0]))
    return found


def start_gate(start, build, checks, urls, *options):
    return start(build / "e2e-gate", "--checks", checks, "--service",
                 "payments", "--check", "login", "--candidate",
                 f"base_url={urls['next']}", "--baseline",
                 f"base_url={urls['good']}", *options)


def run(build, *argv):
    done = subprocess.run([str(build / "e2e-gate"), *map(str, argv)],
                          capture_output=True, text=True, check=False,
                          timeout=GATE_PATIENCE_S)
    print(argv, done.stdout[:3000], done.stderr)
    return Verdict(done)


def steps_of(*total_us):
    """The steps of a run that passed, one request after the other."""
    return [{"entry": i + 1, "line": i + 1, "attempt": 1, "method": "GET",
             "url": "http://h/", "status": 200, "outcome": "passed",
             "start_us": sum(total_us[:i]), "total_us": total}
            for i, total in enumerate(total_us)]


def fill_history(directory, check, runs, every=0, latency=None, days=5):
    """Scheduled runs of the last days, each every-th one failed."""
    store = Store(directory)
    assert store.receive()[0] == READY
    now = now_us()
    for i in range(runs):
        due = now - (i + 1) * days * 86400 * 1_000_000 // runs
        failed = every > 0 and i % every == 0
        more = {"steps": steps_of(*latency(i))} if latency else {}
        event = run_event(check, due, "failed" if failed else "passed",
                          environment="local", **more)
        store.send(RESULT, i + 1, event)
    store.wait_for(ACK, runs)
    assert store.finish() == 0


def kept_gates(store):
    """(id, verdict, rounds) of the store's gates, newest first."""
    with sqlite3.connect(f"file:{store}/main.db?mode=ro", uri=True) as db:
        return db.execute(
            "SELECT lower(hex(id)), verdict, (SELECT count(*) FROM gate_round "
            "WHERE gate_id = gate.id) FROM gate ORDER BY stored_us DESC"
        ).fetchall()


def wait_for_rounds(store, least=5):
    """Until a gate that runs has kept some of its rounds."""
    def some():
        try:
            gates = kept_gates(store)
        except sqlite3.OperationalError:
            return None
        return gates and gates[0][2] >= least
    wait_until(some, "rounds in the store")


def add_policy(checks, check, gate, service=""):
    """Give a check of the manifest, and the service, a word to the gate."""
    manifest = checks / "payments.yaml"
    text = manifest.read_text().replace(
        f"- name: {check}\n", f"- name: {check}\n    gate: {gate}\n", 1)
    assert f"gate: {gate}" in text
    manifest.write_text(text + (f"gate: {service}\n" if service else ""))
