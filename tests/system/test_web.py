# SPDX-License-Identifier: ISC
"""e2e-web over a real store: the API, the metrics, the pages, the door."""
import base64
import hashlib
import http.client
import json
import re
import socket
import subprocess
import time
import urllib.parse

import pytest

from conftest import wait_until
from store_channel import (ACK, GATE, PLAN, READY, RESULT, STOP, Peer, Store,
                           now_us, run_event)

PAY = "payments/card-payment"
LOGIN = "payments/login"
GATE_ID = "ab" * 16
EVIL = 'payments/<img src=x onerror=alert(1)>"\''
DEFINITION = hashlib.sha256(b"definition").hexdigest()
STEPS = [{"entry": 1, "line": 3, "attempt": 1, "method": "POST",
          "url": "https://api.example.com/v1/customers", "status": 200,
          "outcome": "passed", "start_us": 0, "dns_us": 200,
          "connect_us": 300, "tls_us": 1500, "wait_us": 20000,
          "transfer_us": 100, "total_us": 22100},
         {"entry": 2, "line": 9, "attempt": 1, "method": "GET",
          "url": "https://api.example.com/v1/customers/cus_1",
          "status": 200, "outcome": "failed", "start_us": 22500,
          "wait_us": 9000, "transfer_us": 500, "total_us": 9500,
          "failures": [{"line": 12, "column": 1, "kind": "assert",
                        "message": "amount is wrong <b>",
                        "expected": "2000", "actual": "2001"}]}]


def plan(*checks):
    return {"plan": "0" * 64, "checks": [
        {"check": c, "service": "payments", "location": "local",
         "environment": "production", "owner": "payments-oncall",
         "every_us": 30_000_000, "timeout_us": 20_000_000,
         "definition": DEFINITION, "slo_success_permyriad": 9900,
         "slo_window_us": 28 * 86_400_000_000} for c in checks]}


def gate_document():
    """A gate whose every text comes from somebody hostile."""
    evil = '<img src=x onerror=alert(1)>"\''
    return {"version": 1, "gate": GATE_ID, "service": evil,
            "verdict": "block", "reason": evil, "finished_us": now_us(),
            "candidate": {"version": evil}, "round_count": 3,
            "regressions": [{"subject": evil, "size": evil}],
            "first_failure": {
                "check": evil, "message": evil, "file": evil, "line": 1,
                "expected": evil, "actual": evil, "url": evil,
                "response": f"HTTP/1.1 500\n\n{evil}",
                "baseline_response": "HTTP/1.1 200\n\nfine"},
            "checks": [{"check": evil, "pairs": 3}],
            "rounds": []}


def fill(directory):
    """A store: one check passes, one has begun to fail, one is evil."""
    store = Store(directory)
    store.wait_for(READY)
    store.send(PLAN, 1, plan(PAY, LOGIN, EVIL))
    base = now_us() - 20 * 30_000_000
    cookie = 1
    for i in range(20):
        for check in PAY, LOGIN, EVIL:
            bad = check == LOGIN and i >= 17
            more = {"steps": STEPS if bad else STEPS[:1]}
            if bad:
                more |= {"reason": "amount is wrong", "place": {
                    "file": "login.hurl", "line": 12, "column": 1},
                    "evidence": {"request": "GET /v1 HTTP/1.1",
                                 "response": "<script>alert(1)</script>"}}
            cookie += 1
            store.send(RESULT, cookie, run_event(
                check, base + i * 30_000_000,
                "failed" if bad else "passed", 30_000 + i, **more))
    store.wait_for(ACK, cookie)
    store.send(GATE, cookie + 1, gate_document(), bytes.fromhex(GATE_ID))
    store.wait_for(ACK, cookie + 1)
    assert store.finish() == 0


class Site:
    def __init__(self, url):
        self.netloc = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.netloc, timeout=60)

    def get(self, path, method="GET", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        self.connection.request(method, path, headers=headers)
        response = self.connection.getresponse()
        response.text = response.read().decode()
        return response

    def json(self, path, status=200):
        answer = self.get(path)
        assert answer.status == status, answer.text
        assert answer.headers["Content-Type"] == "application/json"
        return json.loads(answer.text)


@pytest.fixture(name="directory", scope="module")
def directory_fixture(tmp_path_factory):
    directory = tmp_path_factory.mktemp("web") / "store"
    fill(directory)
    return directory


@pytest.fixture(name="serve")
def serve_fixture(build, start):
    """serve(directory, options...) -> Site."""

    def serve(directory, *options):
        process = start(build / "e2e-web", "--store", directory, "--listen",
                        "127.0.0.1:0", *options)
        site = Site(process.read_line())
        site.process = process
        return site

    return serve


@pytest.fixture(name="site")
def site_fixture(serve, directory):
    return serve(directory)


def test_checks_have_state_and_window(site):
    """/api/v1/checks tells how each check is and how its day was."""
    checks = {c["check"]: c for c in site.json("/api/v1/checks")["checks"]}
    assert set(checks) == {PAY, LOGIN, EVIL}
    pay, login = checks[PAY], checks[LOGIN]
    assert pay["state"]["outcome"] == "passed"
    assert pay["window"]["counts"]["passed"] == 20
    assert pay["window"]["success"] == 1
    assert abs(pay["window"]["p50_us"] - 30_010) < 400
    assert pay["owner"] == "payments-oncall"
    assert login["state"]["outcome"] == "failed"
    assert login["state"]["streak_runs"] == 3
    assert login["window"]["counts"]["failed"] == 3
    assert login["window"]["success"] == pytest.approx(17 / 20)
    assert login["window"]["coverage"] == 1
    one = site.json(f"/api/v1/checks?check={PAY}&window=1h")["checks"]
    assert [c["check"] for c in one] == [PAY]
    site.json("/api/v1/checks?window=0s", status=400)


def test_runs_are_filtered_and_paged(site):
    """/api/v1/runs by check and outcome, every run once over the pages."""
    failed = site.json("/api/v1/runs?outcome=bad")["runs"]
    assert len(failed) == 3
    assert {r["check"] for r in failed} == {LOGIN}
    assert failed[0]["place"] == {"file": "login.hurl", "line": 12,
                                  "column": 1}
    assert "steps" not in failed[0]
    seen, cursor = [], ""
    while True:
        page = site.json(f"/api/v1/runs?check={PAY}&limit=7{cursor}")
        seen += page["runs"]
        if page["next"] is None:
            break
        cursor = "&cursor=" + urllib.parse.quote(page["next"])
    dues = [r["due_us"] for r in seen]
    assert len(set(r["run"] for r in seen)) == len(seen) == 20
    assert dues == sorted(dues, reverse=True)
    pages, cursor = [], ""
    while cursor is not None:
        page = site.json(f"/api/v1/runs?check={PAY}&limit=5{cursor}")
        pages.append(len(page["runs"]))
        cursor = page["next"] and "&cursor=" + page["next"]
    assert pages == [5] * 4, "a last page that is full says that it is last"
    age_s = (now_us() - dues[2]) // 1_000_000 + 15  # thirty between two
    recent = site.json(f"/api/v1/runs?check={PAY}&since={age_s}s")["runs"]
    oldest = now_us() - age_s * 1_000_000
    assert {r["due_us"] for r in recent} <= set(dues[:3])
    assert {r["due_us"] for r in recent} >= {d for d in dues if d >= oldest}
    for wrong in ("outcome=good", "since=x", "limit=0", "limit=9999",
                  "cursor=x", "limit=7&unplanned", "limit=7&=1",
                  "limit=7" + 16 * "&check=x"):
        assert "error" in site.json(f"/api/v1/runs?{wrong}", status=400)


def test_a_run_is_the_same_document_everywhere(site, build, directory):
    """e2e-query show and the API write one shape, without what is unknown."""
    run = site.json("/api/v1/runs?outcome=failed&limit=1")["runs"][0]
    shown = json.loads(subprocess.run(
        [build / "e2e-query", "--store", directory, "show", run["run"],
         "--format=json"], stdout=subprocess.PIPE, check=True).stdout)
    assert shown["run"] == site.json(f"/api/v1/runs/{run['run']}")
    good = shown["last_good"]
    assert good == site.json(f"/api/v1/runs/{good['run']}")
    assert not {"reason", "place", "evidence"} & set(good)
    assert None not in good.values()


def test_evidence_that_was_left_out_is_found_in_another_run(serve, build,
                                                            tmp_path):
    """Of many runs that fail alike a few keep their evidence; the others say
    so, and which run has some: in the API, on the page and in e2e-query."""
    directory = tmp_path / "store"
    store = Store(directory)
    store.wait_for(READY)
    base = now_us() - 100_000_000
    events = [run_event(PAY, base + i * 10_000_000, "failed", evidence={
        "request": "GET /v1 HTTP/1.1", "response": "HTTP/1.1 500"})
        for i in range(8)]
    for cookie, event in enumerate(events):
        store.send(RESULT, cookie, event)
    store.wait_for(ACK, 7)
    assert store.finish() == 0
    site = serve(directory)
    runs = [site.json(f"/api/v1/runs/{e['run']}")["evidence"] for e in events]
    has = events[4]["run"]
    assert [r.get("response") for r in runs[:5]] == ["HTTP/1.1 500"] * 5
    assert runs[5:] == [{"in_run": has}] * 3
    page = site.get(f"/runs/{events[7]['run']}").text
    assert f'Left out after many like it: <a href="/runs/{has}">' in page
    shown = subprocess.run(
        [build / "e2e-query", "--store", directory, "show", events[7]["run"]],
        stdout=subprocess.PIPE, check=True, text=True).stdout
    assert f"left out after many like it; run {has[:12]}" in shown


def test_a_run_has_steps_and_evidence(site):
    """/api/v1/runs/ID is the run event as it was kept; a prefix will do."""
    run = site.json("/api/v1/runs?outcome=failed&limit=1")["runs"][0]
    whole = site.json(f"/api/v1/runs/{run['run']}")
    assert whole["steps"] == STEPS
    assert whole["evidence"]["request"] == "GET /v1 HTTP/1.1"
    assert whole["definition"] == DEFINITION
    assert site.json(f"/api/v1/runs/{run['run'][:12]}") == whole
    site.json("/api/v1/runs/" + "0" * 32, status=404)
    site.json("/api/v1/runs/zz", status=400)
    site.json("/api/v1/nothing", status=404)


METRIC = re.compile(
    r'^([a-z0-9_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')


def metrics(site):
    """({family: type}, {(name, check, outcome, quantile): value})"""
    answer = site.get("/metrics")
    assert answer.headers["Content-Type"].startswith(
        "text/plain; version=0.0.4")
    samples, types, family = {}, {}, None
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            family, kind = line.split()[2:]
            assert family not in types
            types[family] = kind
        elif not line.startswith("#"):
            match = METRIC.match(line)
            assert match, line
            assert match[1].startswith(family), "a family stands together"
            labels = dict(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"',
                                     match[2] or ""))
            samples[match[1], labels.get("check"), labels.get("outcome"),
                    labels.get("quantile")] = float(match[3])
    return types, samples


def test_metrics_are_prometheus_text(site):
    """/metrics parses, and counts what was stored."""
    types, samples = metrics(site)
    assert types["e2e_runs_total"] == "counter"
    assert types["e2e_run_duration_seconds"] == "summary"
    assert samples["e2e_runs_total", PAY, "passed", None] == 20
    assert samples["e2e_runs_total", LOGIN, "failed", None] == 3
    assert samples["e2e_run_duration_seconds_count", LOGIN, None, None] == 17
    assert samples["e2e_run_duration_seconds", PAY, None, "0.99"] == \
        pytest.approx(0.030, rel=0.02)
    assert samples["e2e_check_up", LOGIN, None, None] == 0
    assert samples["e2e_check_up", PAY, None, None] == 1
    assert samples["e2e_coverage_ratio", PAY, None, None] == 1
    last = samples["e2e_last_success_timestamp_seconds", PAY, None, None]
    assert abs(last - time.time()) < 1000
    assert samples["e2e_store_bytes", None, None, None] > 4096


def test_the_first_page_shows_what_is_broken_first(site):
    """The failing check stands above the others; no script, no markup."""
    page = site.get("/")
    assert page.status == 200
    assert "1 of 3 checks is failing" in page.text
    assert page.text.index(LOGIN) < page.text.index(PAY)
    assert "<img" not in page.text and "<script" not in page.text
    assert "&lt;img src=x" in page.text


def test_what_is_skipped_while_it_fails_is_still_failing(build, serve,
                                                         tmp_path):
    """A service that hangs makes runs overlap: slots that are skipped, or
    runs that are lost, do not take the failure off the page."""
    directory = str(tmp_path / "store")
    store = Store(directory)
    store.wait_for(READY)
    store.send(PLAN, 1, plan(PAY, LOGIN))
    base = now_us() - 60_000_000
    for i, outcome in enumerate(("passed", "unreachable", "skipped", "lost")):
        store.send(RESULT, 2 + i, run_event(
            PAY, base + i * 1_000_000, outcome, 30_000))
    for i, outcome in enumerate(("passed", "skipped")):
        store.send(RESULT, 10 + i, run_event(
            LOGIN, base + i * 1_000_000, outcome, 30_000))
    store.wait_for(ACK, 11)
    assert store.finish() == 0
    site = serve(directory)
    assert "1 of 2 checks is failing" in site.get("/").text
    states = {c["check"]: c["state"]["is_failing"]
              for c in site.json("/api/v1/checks")["checks"]}
    assert states == {PAY: True, LOGIN: False}
    _, samples = metrics(site)
    assert samples["e2e_check_up", PAY, None, None] == 0
    assert ("e2e_check_up", LOGIN, None, None) not in samples
    rows = subprocess.run(
        [build / "e2e-query", "checks", "--store", directory],
        capture_output=True, text=True, check=True).stdout.splitlines()
    assert PAY in rows[1] and " failing " in rows[1]
    assert LOGIN in rows[2] and " skipped " in rows[2]


def test_a_runs_page_is_a_waterfall(site):
    """Steps with phases, the failure with its place, evidence escaped."""
    run = site.json("/api/v1/runs?outcome=failed&limit=1")["runs"][0]
    page = site.get(f"/runs/{run['run']}").text
    assert page.count('<rect class="wait"') == 2
    assert page.count('<rect class="tls"') == 1
    assert "amount is wrong &lt;b&gt;" in page
    assert "login.hurl:12:1" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "The last good run before it" in page
    assert "the check did not change" in page


@pytest.mark.parametrize("path", ["/gates", f"/gates/{GATE_ID}"])
def test_pages_of_gates_escape_what_they_show(site, path):
    """A gate's texts come from services, flows and command lines."""
    page = site.get(path)
    assert page.status == 200
    assert "<img" not in page.text and "&lt;img src=x" in page.text
    if path != "/gates":
        assert "<mark>HTTP/1.1 500</mark>" in page.text
        assert "<mark>fine</mark>" in page.text


def test_a_checks_page_is_found_by_its_name(site):
    """/checks/NAME, also when the name is hostile."""
    page = site.get(f"/checks/{LOGIN}")
    assert page.status == 200 and "Not passing since" in page.text
    evil = site.get("/checks/" + urllib.parse.quote(EVIL))
    assert evil.status == 200 and "<img" not in evil.text
    assert site.get("/checks/payments/none").status == 404


def test_a_definition_is_shown_no_longer_than_it_is(serve, tmp_path):
    """Twelve digits of it, where it has so many."""
    directory = str(tmp_path / "store")
    store = Store(directory)
    store.wait_for(READY)
    store.send(PLAN, 1, {"plan": "aa", "checks": [
        {"check": PAY, "service": "payments", "location": "local",
         "environment": "production", "every_us": 1_000_000,
         "definition": "ab"}]})
    store.wait_for(ACK, 1)
    assert store.finish() == 0
    assert '"mono">ab</dd>' in serve(directory).get(f"/checks/{PAY}").text


def test_the_list_of_runs_goes_on(site):
    """/runs links to its next page and keeps the filter."""
    page = site.get(f"/runs?check={PAY}&limit=15").text
    older = re.search(r'href="(/runs\?cursor=[^"]+)"', page)[1]
    following = site.get(older.replace("&amp;", "&")).text
    assert following.count('href="/runs/') == 5
    assert "Older" not in following
    assert site.get("/runs?outcome=nonsense").status == 400


@pytest.mark.parametrize("path", ["/", "/runs", "/api/v1/checks", "/metrics",
                                  "/gates", f"/gates/{GATE_ID}", "/nothing"])
def test_every_answer_keeps_the_browser_in_bounds(site, path):
    """Policy, no sniffing, no framing, no caching; the sheet's hash fits."""
    answer = site.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
    if style:
        digest = hashlib.sha256(style[1].encode()).digest()
        assert base64.b64encode(digest).decode() in policy
        assert "style=" not in answer.text.split("</style>")[1]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH",
                                    "OPTIONS"])
def test_it_is_read_only(site, method):
    """Anything but GET and HEAD is refused."""
    answer = site.get("/", method=method)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    head = site.get("/api/v1/checks", method="HEAD")
    assert head.status == 200 and head.text == ""


def test_foreign_hosts_and_long_urls_are_refused(serve, directory):
    """DNS rebinding finds a closed door; --host opens it for a proxy."""
    site = serve(directory, "--host", "status.example.com")
    assert site.get("/", Host="evil.example.com").status == 403
    assert site.get("/", Host="localhost:1").status == 200
    assert site.get("/", Host="[::1]").status == 200
    assert site.get("/", Host="status.example.com").status == 200
    assert site.get("/?" + "x" * 3000).status == 414
    big = Site(f"http://{site.netloc}")
    try:
        assert big.get("/", X_Big="x" * 20000).status >= 400
    except (ConnectionError, http.client.HTTPException):
        pass
    assert site.get("/healthz").status == 200


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "192.0.2.1:80", "[::]:0",
                                    "nonsense", "127.0.0.1"])
def test_any_address_but_the_loopback_is_refused(build, start, tmp_path,
                                                 listen):
    """Exit 64 with a sentence, before anything listens."""
    process = start(build / "e2e-web", "--store", tmp_path, "--listen",
                    listen)
    assert process.wait() == 64
    assert listen in process.errors()


def test_no_store_yet_is_said_and_outgrown(serve, tmp_path):
    """503 until there is a store; then it is shown without a restart."""
    directory = tmp_path / "later"
    site = serve(directory)
    assert site.get("/healthz").status == 503
    page = site.get("/")
    assert page.status == 503 and "No runs yet" in page.text
    fill(directory)
    assert site.get("/healthz").status == 200
    assert "1 of 3 checks is failing" in site.get("/").text


def test_new_runs_are_shown_while_the_writer_goes_on(serve, tmp_path):
    """A run is in the list as soon as it is acknowledged."""
    directory = tmp_path / "live"
    store = Store(directory)
    store.wait_for(READY)
    store.send(PLAN, 1, plan(PAY))
    store.wait_for(ACK, 1)
    site = serve(directory)
    for n in range(2, 12):
        event = run_event(PAY, now_us())
        store.send(RESULT, n, event)
        store.wait_for(ACK, n)
        runs = site.json("/api/v1/runs?limit=1")["runs"]
        assert runs[0]["run"] == event["run"]
    wait_until(lambda: site.json("/api/v1/checks")["checks"][0]["window"]
               ["counts"]["passed"] == 10, "the counts follow")
    assert store.finish() == 0


def test_a_refused_plan_is_told(serve, tmp_path):
    """/healthz, /metrics and the page say so until there is another."""
    directory = tmp_path / "refused"
    store = Store(directory)
    store.wait_for(READY)
    store.send(PLAN, 1, plan(PAY))
    store.send(RESULT, 2, run_event(PAY, now_us()))
    store.wait_for(ACK, 2)
    site = serve(directory)
    health = site.json("/healthz")
    assert (health["status"], health["checks"], health["stale"],
            health["plan_refused_us"], health["plan_mistake"]) == (
                "ok", 1, 0, None, None)
    since = now_us()
    store.send(PLAN, 3, {"refused_us": since, "mistakes": 2,
                         "mistake": f"a.yaml:6:3: {EVIL}"})
    store.wait_for(ACK, 3)
    health = site.json("/healthz")
    assert (health["plan_refused_us"], health["plan_mistake"]) == (
        since, f"a.yaml:6:3: {EVIL}")
    assert "\ne2e_plan_refused 1\n" in site.get("/metrics").text
    page = site.get("/").text
    assert "refused at" in page and "<img" not in page
    store.send(PLAN, 4, plan(PAY))
    store.wait_for(ACK, 4)
    assert "\ne2e_plan_refused 0\n" in site.get("/metrics").text
    assert "refused at" not in site.get("/").text
    assert store.finish() == 0


def test_a_store_that_was_replaced_is_opened_anew(serve, tmp_path):
    """Another store in the same place is seen at once."""
    directory = tmp_path / "swapped"
    fill(directory)
    site = serve(directory)
    assert len(site.json("/api/v1/runs?limit=100")["runs"]) == 60
    directory.rename(tmp_path / "old")
    assert site.get("/healthz").status == 503
    store = Store(directory)
    store.wait_for(READY)
    store.send(RESULT, 1, run_event(PAY, now_us()))
    store.wait_for(ACK, 1)
    assert store.finish() == 0
    assert len(site.json("/api/v1/runs")["runs"]) == 1


def start_child(build, start, directory):
    ours, theirs = socket.socketpair()
    fd = theirs.fileno()
    process = start("/bin/bash", "-c", f'exec "$@" 3<&{fd}', "web",
                    build / "e2e-web", "--child", "--store", directory,
                    "--listen", "127.0.0.1:0", pass_fds=[fd])
    theirs.close()
    return process, Peer(ours)


def test_a_child_tells_its_address_and_ends_with_its_parent(build, start,
                                                            directory):
    """READY with the url on descriptor 3; end of file ends it, exit 0."""
    process, parent = start_child(build, start, directory)
    ready = parent.wait_for(READY)[2]
    assert ready["program"] == "e2e-web"
    assert Site(ready["url"]).get("/healthz").status == 200
    parent.close()
    assert process.wait() == 0


def test_a_child_ends_by_stop(build, start, directory):
    """STOP ends it as well."""
    process, parent = start_child(build, start, directory)
    parent.wait_for(READY)
    parent.send(STOP)
    assert process.wait() == 0
    parent.close()


def test_idle_and_broken_clients_hold_nobody_up(site):
    """Half requests, garbage and vanishing clients; the page goes on."""
    host, port = site.netloc.split(":")
    held = []
    for data in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n",
                 b"\x16\x03\x01\x00", b"GET /%00%ff%2e%2e/ HTTP/1.1\r\n\r\n",
                 b"GET http://[ HTTP/1.1\r\n\r\n", b"\r\n" * 1000):
        s = socket.create_connection((host, int(port)))
        s.sendall(data)
        held.append(s)
    for _ in range(50):
        s = socket.create_connection((host, int(port)))
        s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        s.close()
    assert site.get("/healthz").status == 200
    for s in held:
        s.close()
    assert site.get("/").status == 200
