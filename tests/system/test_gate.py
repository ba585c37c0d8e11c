# SPDX-License-Identifier: ISC
"""The gate as a pipeline runs it: real probes, the demo payments service."""
import html.parser
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import xml.etree.ElementTree

import jsonschema
import pytest

from conftest import PATIENCE_S, TOP, wait_until
from store_channel import (ACK, PLAN, READY, RESULT, Store, now_us, run_event)

CHECKS = ["card-payment", "decline", "login"]
GATE_PATIENCE_S = 4 * PATIENCE_S  # for a gate that runs to its verdict


@pytest.fixture
def checks(tmp_path, monkeypatch):
    """A copy of the example checks that a test may change."""
    monkeypatch.setenv("PAYMENTS_TEST_KEY", "sk_test_system")
    copy = tmp_path / "checks"
    shutil.copytree(TOP / "contrib" / "examples", copy)
    for path in copy.iterdir():
        path.chmod(0o644)
    return copy


SCHEMA = jsonschema.Draft7Validator(json.loads(
    (TOP / "doc" / "gate-document.schema.json").read_text()))


def assert_schema(document):
    """Every document is as doc/gate-document.schema.json says."""
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
             for e in SCHEMA.iter_errors(document)]
    assert wrong == []


class Verdict:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        document = json.loads(self.out)
        if isinstance(document.get("streams"), list):
            assert_schema(document)
        return document


@pytest.fixture
def gate(build, checks):
    """gate(candidate-url, baseline-url, options...) -> Verdict."""

    def run_gate(candidate, baseline, *options, names=CHECKS):
        argv = [build / "e2e-gate", "--checks", checks,
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


def test_good_release_passes_and_halves_of_a_pair_never_overlap(gate, paysim):
    """A release like the baseline passes, by evidence from every check."""
    urls = paysim("good=0", "next=0")
    verdict = gate(urls["next"], urls["good"], "--format=json", "--seed=7")
    assert verdict.code == 0
    document = verdict.json
    assert_document(document)
    assert document["verdict"] == "pass"
    assert document["seed"] == 7
    assert document["round_count"] >= 62
    assert document["regressions"] == [] and document["unfinished"] == []
    assert all(s["holds"] for s in document["streams"] if s.get("needed"))
    firsts = {"candidate": 0, "baseline": 0}
    for pair in document["rounds"]:
        if pair["void"]:
            continue
        firsts[pair["first"]] += 1
        first, second = pair["candidate"], pair["baseline"]
        if pair["first"] == "baseline":
            first, second = second, first
        assert first["started_us"] + first["duration_us"] <= \
            second["started_us"] + 2000  # wall clock against monotonic
    assert min(firsts.values()) > len(document["rounds"]) / 4


def test_failing_release_blocks_with_the_first_failing_run(gate, paysim,
                                                           tmp_path):
    """A release that fails blocks; the report says where, and how often."""
    urls = paysim("good=0", "bad=0,error_rate=0.3")
    reports = [tmp_path / f"gate.{end}" for end in ("json", "xml", "md", "txt",
                                               "html")]
    verdict = gate(urls["bad"], urls["good"],
                   *(f"--report={path}" for path in reports))
    assert verdict.code == 10
    assert verdict.out.startswith("BLOCK")
    assert " of 3 checks in " in verdict.out
    assert "regressions" in verdict.out
    assert "first failing run of the candidate" in verdict.out
    document = json.loads(reports[0].read_text())
    assert_document(document)
    assert document["verdict"] == "block"
    first = document["first_failure"]
    assert first["file"].endswith(".hurl") and first["line"] > 0
    assert f"{first['file']}:{first['line']}" in verdict.out
    named = document["regressions"][0]
    assert named["part"] == "block-failures" and "fails: " in named["size"]
    suite = xml.etree.ElementTree.fromstring(reports[1].read_text())
    assert int(suite.get("failures")) >= 2
    assert len(suite.findall("testcase")) == int(suite.get("tests")) == 4
    assert reports[2].read_text().startswith("## Gate: block")
    assert reports[3].read_text() == verdict.out
    page = reports[4].read_text()
    assert_page(page, document)
    assert "<mark>HTTP/1.1 500</mark>" in page
    assert first["response"].startswith("HTTP/1.1 500")
    with_both = [f for c in document["checks"] for f in c["first_failures"]
                 if "baseline_response" in f]
    assert with_both
    for failure in with_both:
        status = failure["baseline_response"].split("\n")[0]
        assert status.startswith("HTTP/1.1 ") and "500" not in status
        assert f"<mark>{status}</mark>" in page
    assert "sk_test_system" not in page + json.dumps(document)


def test_slow_release_blocks_and_names_the_step(gate, paysim):
    """A release that is slower blocks, without a single failure."""
    urls = paysim("good=0", "slow=0,latency=fixed:60")
    verdict = gate(urls["slow"], urls["good"], "--format=json")
    assert verdict.code == 10
    document = verdict.json
    named = document["regressions"][0]
    assert named["part"] == "block-latency" and named["step"] >= 1
    assert document["counts"]["candidate_failures"] == 0
    step = [s for c in document["checks"] if c["check"] == named["check"]
            for s in c["steps"] if s["step"] == named["step"]][0]
    assert step["candidate_median_ns"] > step["baseline_median_ns"] + 50e6


def test_card_numbers_in_a_flow_stay_out_of_every_report(gate, checks,
                                                         tmp_path):
    """Steps are named by what stands in the flow."""
    flow = checks / "decline.hurl"
    flow.write_text(flow.read_text().replace(
        "{{base_url}}/v1/payment_intents",
        "{{base_url}}/v1/4242424242424242?n=4000056655665556", 1))
    reports = [tmp_path / f"gate.{end}" for end in ("json", "xml", "md", "txt")]
    url = f"http://127.0.0.1:{free_port()}"
    verdict = gate(url, url + "/x", "--store", tmp_path / "store",
                   *(f"--report={path}" for path in reports))
    assert verdict.code == 20
    kept = [verdict.out + verdict.err] + [p.read_text() for p in reports]
    kept += [p.read_bytes().decode("latin-1")
             for p in (tmp_path / "store").glob("*.db*")]
    assert "{{base_url}}/v1/****" in kept[1]
    for text in kept:
        assert "4242424242424242" not in text
        assert "4000056655665556" not in text


@pytest.mark.parametrize("damage", [
    lambda d: d.pop("verdict"),
    lambda d: d.update(verdict="perhaps"),
    lambda d: d.update(extra=1),
    lambda d: d["rounds"][0].update(kind="other"),
    lambda d: d["rounds"][0].pop("baseline"),
    lambda d: d["rounds"][0]["candidate"]["latency_ns"].append("1"),
    lambda d: d["streams"][0].pop("weight"),
    lambda d: d.update(regressions=[]),
    lambda d: d["checks"][0].update(candidate_definition="abc"),
])
def test_schema_notices_what_no_gate_says(damage, gate, paysim):
    """A schema that takes anything would prove nothing."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    document = gate(urls["bad"], urls["good"], "--format=json").json
    assert SCHEMA.is_valid(document)
    damage(document)
    assert not SCHEMA.is_valid(document)


def test_observe_reports_the_block_and_exits_0(gate, paysim):
    """Observing changes the exit code and nothing else."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    verdict = gate(urls["bad"], urls["good"], "--observe", "--format=json")
    assert verdict.code == 0
    assert verdict.json["verdict"] == "block"
    assert verdict.json["observe"] is True


def test_no_check_matched_is_exit_30(gate):
    """A gate over nothing is no pass."""
    url = "http://127.0.0.1:1"
    verdict = gate(url, url, names=["no-such-check"])
    assert verdict.code == 30
    assert "nothing was measured" in verdict.err
    assert verdict.out == ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.parametrize("options", [(), ("--on-inconclusive=pass",),
                                     ("--format=json",)])
def test_dead_target_in_both_arms_never_passes(gate, options):
    """When nobody answers there is no evidence, and no pass."""
    url = f"http://127.0.0.1:{free_port()}"
    verdict = gate(url, url + "/", *options)
    assert verdict.code == 20
    assert "baseline" in verdict.out


def test_dead_baseline_is_shown_to_be_dead(gate, paysim):
    """The report says why there is nothing to compare with, and not what
    more rounds would have ruled out."""
    urls = paysim("good=0")
    for options in (), ("--format=markdown",):
        verdict = gate(urls["good"], f"http://127.0.0.1:{free_port()}",
                       *options)
        assert verdict.code == 20
        assert "irst failing run of the baseline" in verdict.out
        assert "cannot connect" in verdict.out
        assert "not yet ruled out" not in verdict.out


def test_dead_candidate_blocks(gate, paysim):
    """A candidate that does not answer is a failing one."""
    urls = paysim("good=0")
    verdict = gate(f"http://127.0.0.1:{free_port()}", urls["good"],
                   "--format=json")
    assert verdict.code == 10
    assert verdict.json["first_failure"]["outcome"] in ("unreachable",
                                                        "unknown")


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
    urls = paysim("good=0", "slow=0,latency=fixed:5")
    verdict = gate(urls["slow"], urls["good"], "--time=500ms",
                   "--format=json")
    assert verdict.code == 20
    assert verdict.json["ended_by"] == "time"


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


def test_every_mistake_of_the_manifests_is_told(gate, checks):
    """A wrong manifest is exit 78, with all its mistakes, before any run."""
    manifest = checks / "payments.yaml"
    text = manifest.read_text().replace("every: 3s", "evry: 3s", 1)
    manifest.write_text(text.replace("decline.hurl", "no-such.hurl"))
    verdict = gate("http://127.0.0.1:1", "http://127.0.0.1:1")
    assert verdict.code == 78
    assert "evry" in verdict.err and "no-such.hurl" in verdict.err


def test_host_outside_the_manifest_is_refused_before_any_run(gate):
    """An override cannot lead the flows to a host that is not allowed."""
    verdict = gate("http://other.example:80", "http://127.0.0.1:1")
    assert verdict.code == 78
    assert "other.example" in verdict.err


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


@pytest.mark.parametrize("argv", [
    [], ["--checks=x"], ["--checks=x", "--candidate=base_url"],
    ["--checks=x", "--candidate=base_url=http://user:pw@host/"],
    ["--checks=x", "--candidate=a=b", "--alpha=0"],
    ["--checks=x", "--candidate=a=b", "--rounds=0"],
    ["--checks=x", "--candidate=a=b", "--report=gate.pdf"],
    ["--checks=x", "--candidate=a=b", "operand"]])
def test_wrong_options_are_exit_64(build, argv):
    """Usage mistakes are told in a sentence."""
    done = subprocess.run([build / "e2e-gate", *argv], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 64
    assert done.stderr.startswith("e2e-gate: ")


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


def test_killed_probe_costs_a_void_round_and_nothing_else(
        start, build, checks, paysim):
    """kill -9 of a probe: its runs are lost, the gate goes on and passes."""
    urls = paysim("good=0,latency=fixed:2", "next=0,latency=fixed:2")
    process = start_gate(start, build, checks, urls, "--format=json",
                         "--probes=1")
    probes = wait_until(lambda: children(process.pid, "e2e-probe"), "a probe")
    os.kill(probes[0], signal.SIGKILL)
    document = json.loads(process.process.stdout.read())
    assert process.wait() == 0
    assert document["verdict"] == "pass"
    assert document["counts"]["void"] <= 2


def test_same_seed_tosses_the_same_coins(gate, paysim):
    """The order of each pair is known from the seed alone."""
    urls = paysim("good=0", "next=0")
    orders = []
    for _ in range(2):
        document = gate(urls["next"], urls["good"], "--rounds=10",
                        "--seed=99", "--format=json").json
        orders.append(sorted((p["check"], p["pair"], p["first"])
                             for p in document["rounds"]))
    assert orders[0] == orders[1] and len(orders[0]) == 30


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
        rounds[len(options)] = verdict.json["counts"]["pairs"]
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
                   tmp_path / "store", names=["login"])
    assert verdict.code == 0
    margin = [s["margin"] for s in verdict.json["streams"]
              if s["part"] == "pass-failures"]
    assert 0.08 < margin[0] < 0.35


def run(build, *argv):
    done = subprocess.run([str(build / "e2e-gate"), *map(str, argv)],
                          capture_output=True, text=True, check=False,
                          timeout=GATE_PATIENCE_S)
    print(argv, done.stdout[:3000], done.stderr)
    return Verdict(done)


def test_replay_gives_the_verdict_again_and_notices_a_change(
        gate, build, paysim, tmp_path):
    """The recorded rounds say what the gate said, to the last bit."""
    urls = paysim("good=0", "bad=0,error_rate=0.5", "next=0")
    store, report = tmp_path / "store", tmp_path / "gate.json"
    for candidate, code in (("next", 0), ("bad", 10)):
        verdict = gate(urls[candidate], urls["good"], "--store", store,
                       "--report", report, "--format=json")
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
    assert run(build, "replay", tmp_path / "none").code == 30
    assert run(build, "replay", "0123", "--store", store).code == 30
    assert run(build, "replay").code == 64


def kept_gates(store):
    """(id, verdict, rounds) of the store's gates, newest first."""
    with sqlite3.connect(f"file:{store}/main.db?mode=ro", uri=True) as db:
        return db.execute(
            "SELECT lower(hex(id)), verdict, (SELECT count(*) FROM gate_round "
            "WHERE gate_id = gate.id) FROM gate ORDER BY stored_us DESC"
        ).fetchall()


def test_killed_gate_is_resumed_with_its_rounds(start, build, checks, paysim,
                                                gate, tmp_path):
    """kill -9 of the gate: its rounds are in the store and count again."""
    urls = paysim("good=0,latency=fixed:20", "next=0,latency=fixed:20")
    store = tmp_path / "store"
    process = start_gate(start, build, checks, urls, "--store", store)

    def some_rounds():
        try:
            gates = kept_gates(store)
        except sqlite3.OperationalError:
            return None
        return gates and gates[0][2] >= 10
    wait_until(some_rounds, "rounds in the store")
    process.kill(signal.SIGKILL)
    process.wait()
    identity, verdict, rounds = kept_gates(store)[0]
    assert verdict == "unfinished" and 10 <= rounds < 120
    unfinished = run(build, "replay", identity, "--store", store)
    assert unfinished.code == 20 and "--resume" in unfinished.out
    resumed = gate(urls["next"], urls["good"], "--store", store, "--resume",
                   identity[:8], "--format=json", names=["login"])
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
    fresh = gate(urls["next"], urls["good"], *options, "sha256:2")
    assert fresh.code == 0 and "continues" not in fresh.json
    # A small budget, and then another one: the rounds add up to a pass.
    short = gate(urls["next"], urls["good"], *options, "sha256:3",
                 "--rounds=40")
    assert short.code == 20
    more = gate(urls["next"], urls["good"], *options, "sha256:3",
                "--rounds=200")
    assert more.code == 0
    assert more.json["continues"]["gate"] == short.json["gate"]
    assert more.json["rounds"][:120] == short.json["rounds"][:120]
    other = gate(urls["next"], urls["good"], *options, "sha256:3",
                 "--alpha=0.001")
    assert other.code == 64 and "another alpha" in other.err


def run_aa(build, checks, url, store, *options):
    return run(build, "aa", "--checks", checks, "--service", "payments",
               "--check", "login", "--baseline", f"base_url={url}",
               "--store", store, *options)


def test_rounds_of_the_baseline_against_itself_serve_later_gates(
        gate, build, checks, paysim, tmp_path):
    """aa notes the autocorrelation; a later gate judges with it."""
    urls = paysim("good=0", "next=0")
    store = tmp_path / "store"
    few = run_aa(build, checks, urls["good"], store, "--rounds=40")
    assert few.code == 20 and "not used" in few.out
    verdict = gate(urls["next"], urls["good"], "--store", store,
                   "--format=json", "--rounds=5", names=["login"])
    assert "aa" not in verdict.json["checks"][0]
    note = run_aa(build, checks, urls["good"], store, "--format=json")
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
     "fail more often"),
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
        assert fresh.code == 30 and "no run since the deploy" in fresh.out
        assert "deploy v7" in fresh.out
    assert run(build, *argv, "--since", "v8").code == 30
    assert run(build, *argv).code == 64


def add_policy(checks, check, gate, service=""):
    """Give a check of the manifest, and the service, a word to the gate."""
    manifest = checks / "payments.yaml"
    text = manifest.read_text().replace(
        f"- name: {check}\n", f"- name: {check}\n    gate: {gate}\n", 1)
    assert f"gate: {gate}" in text
    manifest.write_text(text + (f"gate: {service}\n" if service else ""))


def test_manifest_says_how_checks_are_judged(gate, build, checks, paysim,
                                             tmp_path):
    """Policies of the service and of a check; the command line wins."""
    urls = paysim("good=0", "slow=0,latency=fixed:60")
    add_policy(checks, "login", "{tolerance_at_least: 300ms, "
               "margin_at_least: 500ms}",
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
        "relative": 0.07, "absolute_us": 300000}
    assert limits["payments/decline"]["tolerance"] == {
        "relative": 0.07, "absolute_us": 10000}
    assert run(build, "replay", document["gate"], "--store",
               tmp_path / "store").code == 10


def test_quarantine_is_run_and_told_but_not_judged(gate, checks, paysim):
    """A known bad check cannot block, until its day has come."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    add_policy(checks, "login", "{quarantine: {owner: ada, reason: "
               "flaky since Monday, until: 2099-01-01}}")
    verdict = gate(urls["bad"], urls["good"], "--format=json", "--rounds=20",
                   names=["login"])
    assert verdict.code == 30 and verdict.json["cause"] == "no-rounds"
    assert "quarantine until 2099-01-01 (ada: flaky" in verdict.json["reason"]
    assert verdict.json["checks"][0]["quarantine"]["owner"] == "ada"
    both = gate(urls["bad"], urls["good"], names=["login", "decline"])
    assert both.code == 10
    manifest = checks / "payments.yaml"
    manifest.write_text(manifest.read_text().replace("2099", "2019"))
    expired = gate(urls["bad"], urls["good"], names=["login"])
    assert expired.code == 78 and "has expired" in expired.err
    manifest.write_text(manifest.read_text().replace("2019-01-01", "soon"))
    wrong = gate(urls["bad"], urls["good"], names=["login"])
    assert wrong.code == 78 and "'until' wants a day" in wrong.err


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


def test_demo_releases_are_judged_as_they_should(build):
    """One repetition of the whole-process figures; bench-gate-demo has 20.

    The slow share, 5 -> 20 %, takes minutes and is left to the benchmark.
    """
    argv = [TOP / "tests" / "bench" / "gate_demo.py", build,
            "--repetitions=1", "--check=login"]
    for release in ("good", "always fails", "fails 20 %", "+50 % latency"):
        argv += ["--release", release]
    done = subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, timeout=6 * GATE_PATIENCE_S, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert done.stdout.count("1 of   1") == 4


def test_history_alone_judges_failures_and_says_what_it_assumes(
        gate, build, paysim, tmp_path):
    """Without a baseline: E2 and the failure margin, never a latency."""
    urls = paysim("good=0", "bad=0,error_rate=0.5", "dead=0,error_rate=1",
                  "slow=0,latency=fixed:60")
    store = tmp_path / "store"
    fill_history(store, "payments/login", 1000)

    def judge(label, *options, where=store):
        # The baseline's address is of nobody: nothing may be sent there.
        return gate(urls[label], f"http://127.0.0.1:{free_port()}",
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
    assert "| history allows " in (tmp_path / "alone.md").read_text()
    assert "baseline_failure_rate" not in document["regressions"][0]
    unknown = judge("good", "--rounds=80", where=tmp_path / "other")
    assert unknown.code == 20 and unknown.json["cause"] == "no-history"
    assert judge("dead", where=tmp_path / "other").code == 10
