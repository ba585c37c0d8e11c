# SPDX-License-Identifier: ISC
"""No evidence is never a pass: every way to have none."""
import concurrent.futures
import contextlib
import fcntl
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import xml.etree.ElementTree

import pytest

from conftest import try_until, wait_until
from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import (CHECKS, GATE_PATIENCE_S, Verdict, add_policy,
                         assert_schema, children, closed_port, start_gate)


def test_no_check_matched_is_exit_30(gate):
    """A gate over nothing is no pass."""
    url = "http://127.0.0.1:1"
    for names, meant in ((["no-such-check"], ""), (["lgoin"], "login")):
        verdict = gate(url, url, names=names)
        assert verdict.code == 30
        assert "nothing was measured" in verdict.err
        assert (f"did you mean '{meant}'?" in verdict.err) == (meant != "")
        assert verdict.out == ""


@pytest.mark.parametrize("options", [(), ("--on-inconclusive=pass",),
                                     ("--format=json",)])
def test_dead_target_in_both_arms_never_passes(gate, options):
    """When nobody answers there is no evidence, and no pass."""
    url = f"http://127.0.0.1:{closed_port()}"
    verdict = gate(url, url + "/", *options)
    assert verdict.code == 20
    assert "baseline" in verdict.out


def test_budget_that_is_too_small_is_inconclusive(gate, paysim):
    """The report tells what is not ruled out yet, and how far it got."""
    urls = paysim("good=0", "next=0")
    options = ("--rounds=35", "--format=json")
    verdict = try_until(lambda v: v.json["counts"]["void"] == 0,
                        lambda: gate(urls["next"], urls["good"], *options))
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


def test_a_check_that_never_sees_the_candidate_is_told(gate, paysim, checks):
    """Its address is in the flow, so it would pass whatever is released."""
    urls = paysim("good=0", "next=0")
    flow = checks / "login.hurl"
    flow.write_text(flow.read_text().replace("{{base_url}}", urls["good"]))
    verdict = gate(urls["next"], urls["good"], "--rounds=2",
                   "--report", checks / "gate.json",
                   names=["login", "decline"])
    assert verdict.code in (20, 30)  # of so few, each may be void
    assert verdict.err.count("says nothing of") == 1
    assert "payments/login reads nothing in which candidate" in verdict.err
    assert "says nothing of the candidate" in verdict.out
    document = json.loads((checks / "gate.json").read_text())
    assert_schema(document)
    assert [c.get("alike", False) for c in document["checks"]] == [
        c["check"] == "payments/login" for c in document["checks"]]


@pytest.mark.parametrize("policy", [
    "{policy: advisory}",
    "{quarantine: {owner: a, reason: b, until: 2999-01-01}}"])
def test_a_pass_wants_a_judged_check_that_sees_the_candidate(gate, checks,
                                                             policy):
    """Those that see it are not judged; the other would let anything pass."""
    url = f"http://127.0.0.1:{closed_port()}"
    flow = checks / "login.hurl"
    flow.write_text(flow.read_text().replace("{{base_url}}", url))
    add_policy(checks, "decline", policy)
    verdict = gate(url + "/next", url, names=["login", "decline"])
    assert verdict.code == 64 and verdict.out == ""
    one_sentence(verdict.err, "same in every check that is judged")


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


@pytest.fixture(name="attempt")
def attempt_fixture(build, checks, tmp_path):
    """attempt(candidate, baseline, options..., program=...) -> Verdict; every
    report is asked for, and whatever there is of them says no pass."""
    def attempt(candidate, baseline, *options, names=("login",),
                program=build / "e2e-gate", may_pass=False):
        folder = pathlib.Path(tempfile.mkdtemp(dir=tmp_path))
        argv = [program, "--checks", checks, "--service", "payments",
                "--on-inconclusive=pass", "--candidate",
                f"base_url={candidate}", "--baseline", f"base_url={baseline}"]
        argv += [f"--check={name}" for name in names]
        argv += [f"--report={folder}/gate.{end}"
                 for end in ("json", "xml", "md", "txt", "html")]
        done = subprocess.run([str(a) for a in [*argv, *options]], text=True,
                              capture_output=True, check=False,
                              timeout=GATE_PATIENCE_S)
        print(done.stdout, done.stderr, sep="\n")
        assert "Sanitizer" not in done.stderr
        if not may_pass:
            assert done.returncode != 0
            assert_no_pass(folder, done.stdout)
        return Verdict(done)

    return attempt


def assert_no_pass(folder, out):
    """Of the reports that there are none says pass, or is plainly green."""
    assert not re.match("PASS", out)
    texts = {path.suffix: path.read_text() for path in folder.iterdir()}
    if ".json" in texts:
        document = json.loads(texts[".json"])
        assert document["verdict"] in ("block", "inconclusive")
        assert document["reason"] and document["exit_code"] != 0
        suite = xml.etree.ElementTree.fromstring(texts[".xml"])
        assert int(suite.get("errors")) + int(suite.get("failures")) > 0
        assert not texts[".md"].startswith("## Gate: pass")
        assert not texts[".txt"].startswith("PASS")
        assert '<header class="pass">' not in texts[".html"]


def one_sentence(text, *words):
    """Some line of it has all of the words."""
    assert any(all(word in line for word in words)
               for line in text.splitlines()), (words, text)


def test_unknown_service_and_paused_checks_are_no_evidence(attempt, checks):
    """What is not run cannot be good."""
    url = f"http://127.0.0.1:{closed_port()}"
    verdict = attempt(url, url + "/", "--service=other", names=())
    assert verdict.code == 30
    one_sentence(verdict.err, "no check to run", "nothing was measured")
    manifest = checks / "payments.yaml"
    manifest.write_text(re.sub(r"(- name: [\w-]+\n)", r"\1    paused: true\n",
                               manifest.read_text()))
    verdict = attempt(url, url + "/", names=())
    assert verdict.code == 30
    one_sentence(verdict.err, "no check to run", "nothing was measured")


def test_no_manifest_and_no_check_in_it_are_mistakes(attempt, checks):
    """An empty folder, and a manifest that was emptied by accident."""
    url = f"http://127.0.0.1:{closed_port()}"
    (checks / "payments.yaml").write_text("service: payments\nchecks: []\n")
    for path in list(checks.rglob("*.yaml")):
        if path.name != "payments.yaml":
            path.unlink()
    verdict = attempt(url, url + "/", names=())
    assert verdict.code in (30, 78) and verdict.err
    (checks / "payments.yaml").unlink()
    verdict = attempt(url, url + "/", names=())
    assert verdict.code == 78 and verdict.err
    shutil.rmtree(checks)
    verdict = attempt(url, url + "/", names=())
    assert verdict.code == 78 and verdict.err


def test_only_advisory_or_quarantined_checks_are_no_evidence(
        attempt, checks, paysim):
    """They are run and told of, and nothing was judged."""
    urls = paysim("good=0", "next=0")
    before = (checks / "payments.yaml").read_text()
    for policy in ("{policy: advisory}", "{quarantine: {owner: a, reason: b, "
                   "until: 2099-01-01}}"):
        (checks / "payments.yaml").write_text(before)
        add_policy(checks, "login", policy)
        verdict = attempt(urls["next"], urls["good"], "--rounds=70")
        assert verdict.code == 30
        one_sentence(verdict.out, "nothing was measured", "is not judged")


def test_a_flow_that_sends_nothing_is_no_evidence(attempt, checks, paysim):
    """Every entry is skipped: runs without a request say nothing."""
    urls = paysim("good=0", "next=0")
    (checks / "login.hurl").write_text(
        "GET {{base_url}}/login\n[Options]\nskip: true\nHTTP 200\n")
    verdict = attempt(urls["next"], urls["good"])
    assert verdict.code == 30
    one_sentence(verdict.out, "payments/login", "void", "sent no request")


class Careless(http.server.BaseHTTPRequestHandler):
    """Every fifth answer at /next sends the client nowhere."""
    answers = 0

    def do_GET(self):  # noqa: N802
        Careless.answers += self.path == "/next/"
        nowhere = self.path == "/next/" and Careless.answers % 5 == 0
        text = json.dumps({"then": None if nowhere else
                           f"http://{self.headers['Host']}/then"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def test_an_address_that_the_service_gives_is_its_own_fault(gate, checks):
    """A fifth of its answers lead nowhere, which is not ours to leave out."""
    (checks / "login.hurl").write_text("""GET {{base_url}}/
HTTP 200
[Captures]
then: jsonpath "$.then"

GET {{then}}
HTTP 200
""")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Careless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        verdict = gate(url + "/next", url, "--format=json", "--time=2m",
                       names=["login"])
        server.shutdown()
    assert verdict.code == 10
    first = verdict.json["first_failure"]
    assert first["outcome"] == "failed" and "invalid URL" in first["reason"]


@pytest.mark.parametrize("budget", ["--rounds=0", "--time=0s", "--time=-1s"])
def test_a_budget_of_nothing_is_refused(attempt, budget):
    """Nobody can mean it."""
    url = f"http://127.0.0.1:{closed_port()}"
    verdict = attempt(url, url + "/", budget)
    assert verdict.code == 64 and verdict.out == ""
    one_sentence(verdict.err, budget.split("=")[0].strip("-"))


@pytest.mark.parametrize("budget", ["rounds: 0", "time: 0s"])
def test_a_budget_of_nothing_in_a_manifest_is_a_mistake(attempt, checks,
                                                        budget):
    """The same, of the service and of a check."""
    url = f"http://127.0.0.1:{closed_port()}"
    manifest = checks / "payments.yaml"
    before = manifest.read_text()
    for place in "service", "check":
        manifest.write_text(before)
        add_policy(checks, "login", "{%s}" % (budget if place == "check"
                                              else "beta: 5%"),
                   "{%s}" % budget if place == "service" else "")
        verdict = attempt(url, url + "/")
        assert verdict.code == 78 and verdict.out == ""
        one_sentence(verdict.err, budget.split(":")[0])


def test_a_time_that_no_run_fits_into_is_no_evidence(attempt, paysim):
    """The budget ends before the first pair does."""
    urls = paysim("good=0,latency=fixed:3000", "next=0,latency=fixed:3000")
    verdict = attempt(urls["next"], urls["good"], "--time=1s")
    assert verdict.code == 30
    assert "measured" in verdict.out


@pytest.fixture(name="make_gate")
def make_gate_fixture(build, tmp_path):
    """make_gate(script) -> a gate whose probe is that script, or missing."""

    def make_gate(script=None):
        folder = pathlib.Path(tempfile.mkdtemp(dir=tmp_path))
        for name in "e2e-gate", "e2e-store":
            shutil.copy(build / name, folder)
        if script is not None:
            (folder / "e2e-probe").write_text(f"#!/bin/sh\n{script}\n")
            (folder / "e2e-probe").chmod(0o755)
        return folder / "e2e-gate"

    return make_gate


def at_once(function, values):
    """What it makes of each value: they wait for their timeouts together."""
    with concurrent.futures.ThreadPoolExecutor(len(values)) as pool:
        return list(pool.map(function, values))


def test_missing_probe_is_no_evidence(attempt, make_gate):
    """An incomplete image, say."""
    url = f"http://127.0.0.1:{closed_port()}"
    verdict = attempt(url, url + "/", program=make_gate())
    assert verdict.code == 30 and verdict.out == ""
    one_sentence(verdict.err, "e2e-probe", "nothing can be measured")


def test_probe_that_never_comes_up_is_no_evidence(attempt, make_gate):
    """It hangs, it ends, it is killed, every time."""
    url = f"http://127.0.0.1:{closed_port()}"
    gates = [make_gate(script) for script in
             ("exec sleep 600", "exit 1", "kill -9 $$")]
    for verdict in at_once(lambda gate: attempt(
            url, url + "/", "--quiet", "--time=60s", program=gate), gates):
        assert verdict.code == 30
        assert "no probe came up" in verdict.out or "void" in verdict.out


def test_probes_that_are_killed_all_the_time_never_pass(
        start, build, checks, paysim):
    """Each run is lost: void rounds, and no verdict from what is left."""
    urls = paysim("good=0,latency=fixed:1500", "next=0,latency=fixed:1500")
    process = start_gate(start, build, checks, urls, "--format=json",
                         "--rounds=20", "--probes=1",
                         "--on-inconclusive=pass")

    def kill_probes():
        # Each has the time to come up, but not that of a pair.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.7)
            return True
        for pid in children(process.pid, "e2e-probe"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return False
    wait_until(kill_probes, "the gate's end", GATE_PATIENCE_S)
    document = json.loads(process.process.stdout.read())
    assert process.wait() == 30
    assert document["verdict"] == "inconclusive"
    assert document["counts"]["counted"] == 0


def test_names_that_nobody_resolves_never_pass(attempt, checks):
    """DNS is down for both arms: nothing to compare with."""
    manifest = checks / "payments.yaml"
    manifest.write_text(manifest.read_text().replace(
        'hosts: ["127.0.0.1"]', 'hosts: ["127.0.0.1", "*.invalid"]'))
    verdict = attempt("http://canary.e2e.invalid", "http://api.e2e.invalid")
    assert verdict.code in (20, 30)
    assert "baseline itself fails" in verdict.out or "void" in verdict.out


def test_dead_baseline_never_passes_and_dead_candidate_blocks(attempt,
                                                              paysim):
    """One arm answers, the other does not."""
    urls = paysim("good=0")
    dead = f"http://127.0.0.1:{closed_port()}"
    verdict = attempt(urls["good"], dead)
    assert verdict.code == 20
    one_sentence(verdict.out, "baseline itself fails")
    verdict = attempt(dead, urls["good"])
    assert verdict.code == 10


def test_signal_before_the_first_run_is_no_pass(start, make_gate, checks,
                                                tmp_path):
    """A cancelled pipeline, while the probes still come up."""
    gates = {}
    for signo in signal.SIGINT, signal.SIGTERM:
        gates[signo] = start(
            make_gate("exec sleep 600"), "--checks", checks, "--service",
            "payments", "--candidate", "base_url=http://127.0.0.1:1",
            "--baseline", "base_url=http://127.0.0.1:2", "--report",
            tmp_path / f"{signo}.json", "--on-inconclusive=pass")
    for signo, gate in gates.items():
        wait_until(lambda pid=gate.pid: children(pid, "sleep"), "a probe")
        gate.kill(signo)
    for signo, gate in gates.items():
        assert gate.wait() in (20, 30)
        document = json.loads((tmp_path / f"{signo}.json").read_text())
        assert document["verdict"] == "inconclusive"
        assert document["cause"] == "interrupted"
        assert "INCONCLUSIVE" in gate.process.stdout.read().decode()


def test_reports_that_cannot_be_written_are_no_pass(attempt, paysim, build,
                                                    checks, tmp_path):
    """A pass that nobody can read: a missing folder, a full disk."""
    urls = paysim("good=0", "next=0")
    lost = tmp_path / "missing" / "gate.json"
    verdict = attempt(urls["next"], urls["good"], f"--report={lost}",
                      may_pass=True)
    assert verdict.code == 30
    one_sentence(verdict.err, str(lost), "No such file")
    argv = [build / "e2e-gate", "--checks", checks, "--service", "payments",
            "--check", "login", "--candidate", f"base_url={urls['next']}",
            "--baseline", f"base_url={urls['good']}"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([str(a) for a in argv], stdout=full, text=True,
                              stderr=subprocess.PIPE, check=False,
                              timeout=GATE_PATIENCE_S)
    assert done.returncode == 30
    one_sentence(done.stderr, "stdout", "No space left")
    # A file of at most one KiB: the report is longer.
    report = tmp_path / "small.json"
    done = subprocess.run(
        ["sh", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@" >/dev/null', "sh",
         *(str(a) for a in argv), f"--report={report}"],
        stderr=subprocess.PIPE, text=True, check=False,
        timeout=GATE_PATIENCE_S)
    assert done.returncode == 30 and not report.exists()
    one_sentence(done.stderr, "small.json", "too large")


def broken_stores(tmp_path):
    """By what is wrong with it, a folder that cannot be a store."""
    for name in "locked", "broken", "shut":
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "broken" / "main.db").write_text("no database" * 1000)
    stores = [tmp_path / "file" / "below", tmp_path / "locked",
              tmp_path / "broken"]
    if os.geteuid() != 0:  # who writes anywhere
        (tmp_path / "shut").chmod(0o500)
        stores.append(tmp_path / "shut")
    return stores


def test_store_that_cannot_be_used_makes_no_pass_of_a_block(attempt, paysim,
                                                            tmp_path):
    """The store is a help: its loss is told, and changes no verdict."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    stores = broken_stores(tmp_path)
    lock = os.open(tmp_path / "locked" / "writer.lock",
                   os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        verdicts = at_once(lambda store: attempt(
            urls["bad"], urls["good"], "--store", store), stores)
    finally:
        os.close(lock)
        (tmp_path / "shut").chmod(0o700)
    for verdict in verdicts:
        assert verdict.code == 10
        one_sentence(verdict.err, "warning")


def test_history_alone_without_a_history_is_no_evidence(attempt, paysim,
                                                        tmp_path):
    """Nothing beside it, nothing before it."""
    urls = paysim("good=0")
    verdict = attempt(urls["good"], urls["good"], "--history-only",
                      "--store", tmp_path / "store", "--rounds=80")
    assert verdict.code == 20
    one_sentence(verdict.out, "too short a history")
