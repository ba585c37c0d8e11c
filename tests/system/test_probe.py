# SPDX-License-Identifier: ISC
"""e2e-probe over its channel, against servers that behave and that do not."""
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest

import bad_server
from probe_channel import DEFINE, FORGET, JOB, LOAD, RESULT, STOP, Probe
from conftest import wait_until


@pytest.fixture
def probe(build, tmp_path):
    """A running e2e-probe, ended with the test."""
    p = Probe(build / "e2e-probe", tmp_path / "probe.log",
              env={"TEST_KEY": "hunter2secret"})
    yield p
    code = p.end()
    print(f"--- e2e-probe, exit {code}:\n{p.errors()}")
    assert code == 0
    assert "Sanitizer" not in p.errors()


@pytest.fixture
def serve():
    """serve(behaviour) -> bad_server.Server. All are stopped at the end."""
    servers = []

    def start(behaviour, context=None):
        servers.append(bad_server.Server(behaviour, context))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_a_flow_that_holds_passes_with_a_step_for_each_request(probe, serve):
    """Captures reach later requests; phases add up; the event is whole."""
    server = serve(bad_server.answer(body=b'{"id": 12345678901234567890}'))
    event = probe.run(f"""
POST {server.url}/a
[Form]
x: 1
HTTP 200
[Captures]
id: jsonpath "$.id"

GET {server.url}/b/{{{{id}}}}
HTTP 200
[Asserts]
jsonpath "$.id" == 12345678901234567890
""")
    assert event["outcome"] == "passed", event
    assert "reason" not in event and "evidence" not in event
    assert event["check"] == "shop/check" and event["location"] == "here"
    assert event["probe"] == "local-1" and len(event["trace"]) == 32
    first, second = event["steps"]
    assert (first["method"], first["entry"], first["attempt"]) == (
        "POST", 1, 1)
    assert second["url"] == f"{server.url}/b/12345678901234567890"
    assert first["status"] == 200 and first["version"] == "1.1"
    assert first["ip"] == "127.0.0.1" and first["failures"] == []
    assert "connect_us" in first and "connect_us" not in second
    assert "tls_us" not in first and "dns_us" not in first
    for step in event["steps"]:
        phases = sum(step.get(f"{p}_us", 0) for p in
                     ("dns", "connect", "tls", "wait", "transfer"))
        assert 0 < phases <= step["total_us"] <= event["duration_us"]
    assert second["start_us"] >= first["start_us"] + first["total_us"] - 1000
    assert server.connections == 1
    line, headers, body = server.requests[0]
    assert line == "POST /a HTTP/1.1" and body == b"x=1"
    version, trace, _span, flags = headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", event["trace"], "01")
    assert headers["user-agent"].startswith("e2e/")


def test_an_assert_that_does_not_hold_fails_the_run_with_evidence(probe,
                                                                  serve):
    server = serve(bad_server.answer(
        body=b'{"state": "declined"}', headers="Set-Cookie: sid=topsecret\r\n"))
    event = probe.run(f"""GET {server.url}/pay
Authorization: Bearer {{{{key}}}}
X-Key: {{{{key}}}}
HTTP 200
[Asserts]
jsonpath "$.state" == "paid"
""", secrets={"key": {"env": "TEST_KEY"}})
    assert event["outcome"] == "failed"
    assert event["place"] == {"file": "check.hurl", "line": 6, "column": 1}
    assert event["reason"] == (
        'jsonpath "$.state" == "paid": actual string <declined>')
    failure = event["steps"][0]["failures"][0]
    assert failure["kind"] == "assert" and failure["line"] == 6
    assert "declined" in failure["actual"] and "paid" in failure["expected"]
    assert "declined" in event["evidence"]["response"]
    assert "GET /pay" in event["evidence"]["request"]
    text = json.dumps(event)
    assert "hunter2secret" not in text and "topsecret" not in text
    assert server.requests[0][1]["x-key"] == "hunter2secret"


def test_the_phases_of_a_step_sum_to_its_total(probe, serve):
    """No time of a step goes unaccounted, sending it included."""
    server = serve(bad_server.answer(body=b"ok"))
    by_name = server.url.replace("127.0.0.1", "localhost")
    event = probe.run(f"GET {server.url}/\n" * 3 + f"GET {by_name}/\n")
    assert event["outcome"] == "passed" and len(event["steps"]) == 4
    assert "dns_us" in event["steps"][3]
    for step in event["steps"]:
        phases = sum(step.get(f"{phase}_us", 0) for phase in
                     ("dns", "connect", "tls", "wait", "transfer"))
        assert phases == step["total_us"], step


def test_a_job_may_ask_for_the_exchange_of_one_entry(probe, serve):
    """Evidence of an entry that passed, masked; a failure's goes first."""
    server = serve(bad_server.answer(body=b'{"state": "paid"}'))
    flow = f"""GET {server.url}/one?k={{{{key}}}}
HTTP 200

GET {server.url}/two
HTTP 200
"""
    secrets = {"key": {"env": "TEST_KEY"}}
    event = probe.run(flow, secrets=secrets, job={"evidence": 1})
    assert event["outcome"] == "passed"
    assert event["evidence"]["request"].startswith("GET /one?k=***")
    assert '"paid"' in event["evidence"]["response"]
    event = probe.run(flow, secrets=secrets, job={"evidence": 3})
    assert event["outcome"] == "passed" and "evidence" not in event
    event = probe.run(flow + '[Asserts]\njsonpath "$.state" == "x"\n',
                      secrets=secrets, job={"evidence": 1})
    assert event["outcome"] == "failed"
    assert event["evidence"]["request"].startswith("GET /two")
    assert "/one" not in event["evidence"]["request"]


NO_ANSWER = [
    ("garbage", bad_server.raw(b"\x00\x01garbage\n\nmore"), "not HTTP"),
    ("closes", bad_server.raw(b""), "without an answer"),
    ("cut_by_length", bad_server.raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello"), "cut off"),
    ("cut_in_chunk", bad_server.raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"ffff\r\nhello"), ""),
    ("broken_chunks", bad_server.raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"zz\r\nhello"), ""),
    ("never", bad_server.never, "time"),
    ("cut_in_head", bad_server.raw(b"HTTP/1.1 200 OK\r\nContent-"), ""),
]


@pytest.mark.parametrize("name,behaviour,word", NO_ANSWER,
                         ids=[row[0] for row in NO_ANSWER])
def test_no_whole_answer_is_unreachable_and_unknown_for_a_payment(
        probe, serve, name, behaviour, word):
    server = serve(behaviour)
    flow = "{method} " + server.url + "/\n{header}\n"
    cases = (("GET", "", "unreachable"), ("POST", "", "unknown"),
             ("POST", "Idempotency-Key: 1", "unreachable"))
    for i, (method, header, _) in enumerate(cases):
        probe.start(probe.define(
            flow.format(method=method, header=header), timeout_us=1_000_000
            if name == "never" else 50_000_000), i)
    for i, (_, _, outcome) in enumerate(cases):
        event = probe.result(i)[1]
        assert event["outcome"] == outcome, event
        assert word in event["reason"]
        step = event["steps"][0]
        assert step["outcome"] == outcome
        assert step["failures"][0]["kind"] == "transport"
        assert "evidence" in event


def test_pieces_of_a_secret_are_masked_as_the_whole(probe, serve):
    """Cut by filters, captured, sent on, echoed: in messages, in the reason
    and in the evidence."""
    server = serve(bad_server.answer(
        body=b'{"token": "aGVhZA.cGF5bG9hZA.c2lnbg", "echo": "cGF5bG9hZA"}'))
    event = probe.run(f"""GET {server.url}/
HTTP 200
[Captures]
token: jsonpath "$.token" redact
part: variable "token" split "." nth 1

GET {server.url}/{{{{part}}}}?whole={{{{token}}}}
X-Part: {{{{part}}}}
HTTP 200
[Asserts]
jsonpath "$.token" split "." nth 0 == "x"
variable "token" split "." nth 2 == "x"
variable "part" base64UrlSafeDecode == hex,00;
jsonpath "$.echo" == "x"
""")
    assert [f["actual"] for f in event["steps"][1]["failures"]] == [
        "string <***>", "string <***>", "bytes <***>", "string <***>"]
    text = json.dumps(event)
    for piece in "aGVhZA", "cGF5bG9hZA", "c2lnbg", b"payload".hex():
        assert piece not in text, event
    line, headers, _ = server.requests[1]
    assert line.startswith("GET /cGF5bG9hZA?whole=aGVhZA.cGF5bG9hZA.c2lnbg")
    assert headers["x-part"] == "cGF5bG9hZA"


CUT_ANSWERS = [
    (b"SSH-2.0-OpenSSH hunter2secret\r\nmore\r\n",
     "SSH-2.0-OpenSSH ***\r\nmore\r\n"),
    (b"\x15\x03\x01\x00\x02\x02F", r"\u0015\u0003\u0001\u0000\u0002\u0002F"),
    (b"<html>\n4242424242424242 hunter2\x00hunter2secr",
     "<html>\n****4242 hunter2" + r"\u0000" + "***"),
    (b"x" * 100_000, "x" * 4096),
    (b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-", "HTTP/1.1 200\nX-A: b\n"),
    (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\nx", "HTTP/1.1 200\n"),
    (b"HTTP/1.1 100 Continue\r\n\r\nwhat", "HTTP/1.1 100\n\nwhat"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nkey hunter2sec",
     "HTTP/1.1 200\nContent-Length: 99\n\nkey ***"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npan 4242 4242 42",
     "HTTP/1.1 200\nContent-Length: 99\n\npan ****"),
]


@pytest.mark.parametrize("hangs", [False, True], ids=["closes", "hangs"])
def test_what_came_instead_of_an_answer_is_kept_masked(probe, serve, hangs):
    """Not HTTP, or cut off, within its bound; a peer that then says nothing
    more is not waited for."""
    for data, shown in CUT_ANSWERS:
        if hangs and data.startswith(b"HTTP/1.1 200"):
            continue
        server = serve(bad_server.raw(data, then_hang=hangs))
        event = probe.run(f"GET {server.url}/\n",
                          secrets={"key": {"env": "TEST_KEY"}})
        assert event["outcome"] == "unreachable", event
        assert event["evidence"]["response"] == shown
        assert "time" not in event["reason"]


def test_a_payment_without_an_answer_is_not_sent_again(probe, serve):
    server = serve(bad_server.raw(b""))
    options = "[Options]\nretry: 3\nretry-interval: 1ms\n"
    event = probe.run(f"POST {server.url}/\n{options}")
    assert event["outcome"] == "unknown"
    assert len(event["steps"]) == len(server.requests) == 1
    event = probe.run(f"GET {server.url}/\n{options}")
    assert event["outcome"] == "unreachable"
    assert [s["attempt"] for s in event["steps"]] == [1, 2, 3, 4]
    assert len(server.requests) == 5


def test_a_kept_connection_that_closes_does_not_make_a_payment_twice(
        probe, serve):
    """libcurl sends again by itself on a fresh connection; a POST must not."""
    count = [0]

    async def once(_request, reader, writer):
        count[0] += 1
        if count[0] % 2 == 0:
            return False  # read the second request, close unanswered
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        return True

    server = serve(once)
    event = probe.run(f"GET {server.url}/\nHTTP 200\n\nPOST {server.url}/\n")
    assert event["outcome"] == "unknown", event
    assert "twice" in event["reason"]
    assert [r[0].split()[0] for r in server.requests] == ["GET", "POST"]


def test_nothing_there_is_unreachable(probe):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        event = probe.run(f"POST http://127.0.0.1:{port}/\n")
    assert event["outcome"] == "unreachable"
    assert "connect" in event["reason"]
    event = probe.run("POST http://no-such-host.invalid/\n")
    assert event["outcome"] == "unreachable"
    assert "resolve" in event["reason"]
    assert event["steps"][0]["dns_us"] > 0


def test_a_body_over_the_bound_fails_in_bounded_memory(probe, serve):
    """1 GB with a length, without one, and headers without end."""
    before = probe.memory_bytes()
    for behaviour, word in ((bad_server.gigabyte, "body"),
                            (bad_server.endless_chunks, "body"),
                            (bad_server.endless_headers, "header")):
        server = serve(behaviour)
        event = probe.run(f"GET {server.url}/\nHTTP 200\n")
        assert event["outcome"] == "failed", event
        assert word in event["reason"]
        assert event["steps"][0]["received_bytes"] < 3 << 20
        assert len(event["evidence"]["response"]) < 10_000
    assert probe.memory_bytes() - before < 16 << 20


def test_redirects_are_followed_up_to_a_bound(probe, serve):
    server = serve(bad_server.answer(
        302, b"", headers="Location: /again\r\n"))
    event = probe.run(f"POST {server.url}/\n[Options]\nlocation: true\n"
                      "max-redirs: 3\n")
    assert event["outcome"] == "failed"
    assert "redirect" in event["reason"]
    assert [s["method"] for s in event["steps"]] == ["POST"] + 3 * ["GET"]
    event = probe.run(f"GET {server.url}/\n[Options]\nlocation: true\n"
                      "max-redirs: -1\n")
    assert event["outcome"] == "failed"
    assert len(event["steps"]) == 21  # the definition's bound
    event = probe.run(f"GET {server.url}/\nHTTP 302\n")
    assert event["outcome"] == "passed"


def test_hosts_that_are_not_allowed_are_never_asked(probe, serve):
    """Neither at first, nor by a redirect, nor by an option, nor by DNS."""
    inside = serve(bad_server.answer(302, b""))
    outside = serve(bad_server.answer())
    target = f"http://127.0.0.1:{outside.port}/"
    hosts = [f"127.0.0.1:{inside.port}"]
    inside.behaviour = bad_server.answer(
        302, b"", headers=f"Location: {target}\r\n")
    flows = [
        f"GET {target}\n",
        f"GET {inside.url}/\n[Options]\nlocation: true\n",
        f"GET {inside.url}/\n[Options]\n"
        f"connect-to: ::127.0.0.1:{outside.port}\n",
        f"GET {inside.url}/\n[Options]\nproxy: 127.0.0.1:{outside.port}\n",
        "GET http://not-allowed.invalid/\n",
    ]
    for flow in flows:
        event = probe.run(flow, hosts=hosts)
        assert event["outcome"] == "invalid", event
        assert "host not allowed" in event["reason"]
    assert outside.connections == 0


CA_CONFIG = """[ca]
default_ca = d
[d]
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = p
x509_extensions = e
[p]
commonName = supplied
[e]
subjectAltName = {san}
"""


def make_certificate(folder, name, san, dates=("20200101", "20991231")):
    """A self-signed certificate: (file, context of a server with it)."""
    paths = {k: folder / f"{name}.{k}" for k in ("pem", "key", "csr", "cnf")}
    home = folder / f"{name}.d"
    home.mkdir()
    (home / "index").touch()
    (home / "serial").write_text("01\n")
    paths["cnf"].write_text(CA_CONFIG.format(folder=home, san=san))
    subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", paths["key"],
         "-out", paths["csr"], "-subj", f"/CN={name}"],
        check=True, capture_output=True)
    subprocess.run(
        ["openssl", "ca", "-batch", "-selfsign", "-notext", "-config",
         paths["cnf"], "-keyfile", paths["key"], "-in", paths["csr"],
         "-out", paths["pem"], "-startdate", f"{dates[0]}000000Z",
         "-enddate", f"{dates[1]}000000Z"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths["pem"], paths["key"])
    return paths["pem"], context


def test_certificates_are_verified(probe, serve, tmp_path):
    """Self-signed, expired, for another name: unreachable, nothing sent."""
    san = "IP:127.0.0.1,DNS:localhost"
    _, context = make_certificate(tmp_path, "good", san)
    server = serve(bad_server.answer(), context)
    url = f"https://127.0.0.1:{server.port}/"

    def run(flow, **changes):
        return probe.run(flow, root=tmp_path, **changes)

    event = run(f"POST {url}\n")
    assert event["outcome"] == "unreachable", event
    assert "certificate" in event["reason"]
    event = run(f"POST {url}\n[Options]\ninsecure: true\nHTTP 200\n")
    assert event["outcome"] == "passed", event
    event = run(f"GET {url}\n[Options]\ncacert: good.pem\nHTTP 200\n"
                "[Asserts]\ncertificate \"Subject\" == \"CN = good\"\n"
                "certificate \"Expire-Date\" daysAfterNow > 10\n")
    assert event["outcome"] == "passed", event
    assert event["steps"][0]["tls_us"] > 0
    event = run(f"POST {url}\n")
    assert event["outcome"] == "unreachable", "trust leaked between runs"
    event = run(f"GET {url}\n[Options]\ncacert: ../good.pem\n")
    assert event["outcome"] == "invalid"

    _, context = make_certificate(tmp_path, "expired", san,
                                  ("20200101", "20200201"))
    expired = serve(bad_server.answer(), context)
    event = run(f"GET https://127.0.0.1:{expired.port}/\n[Options]\n"
                "cacert: expired.pem\n")
    assert event["outcome"] == "unreachable"
    assert "certificate" in event["reason"]

    _, context = make_certificate(tmp_path, "other", "DNS:other.test")
    other = serve(bad_server.answer(), context)
    event = run(f"GET https://127.0.0.1:{other.port}/\n[Options]\n"
                "cacert: other.pem\n")
    assert event["outcome"] == "unreachable"
    assert other.requests == [] and expired.requests == []

    plain = serve(bad_server.raw(b"this is no TLS at all, " * 100))
    event = run(f"GET https://127.0.0.1:{plain.port}/\n", timeout_us=500_000)
    assert event["outcome"] == "unreachable"


def test_runs_do_not_share_cookies_or_connections(probe, serve):
    async def cookies(_request, _reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n"
                     b"Content-Length: 0\r\n\r\n")
        await writer.drain()
        return True

    server = serve(cookies)
    flow = f"GET {server.url}/1\n\nGET {server.url}/2\n"
    for extra in (1, 2):
        assert probe.run(flow, extra)["outcome"] == "passed"
    sent = [h.get("cookie") for _, h, _ in server.requests]
    assert sent == [None, "a=b", None, "a=b"]
    assert server.connections == 2


def test_a_name_resolved_by_an_option_is_for_its_run_alone(probe, serve):
    server = serve(bad_server.answer())
    url = f"http://shop.invalid:{server.port}/"
    option = f"[Options]\nresolve: shop.invalid:{server.port}:127.0.0.1\n"
    for _ in range(2):
        event = probe.run(f"GET {url}\n{option}HTTP 200\n\nGET {url}\n")
        assert event["outcome"] == "passed", event
        event = probe.run(f"GET {url}\n")
        assert event["outcome"] == "unreachable", event
    assert len(server.requests) == 4


def test_delays_retries_and_repeats_take_their_time(probe, serve):
    states = iter([503, 503, 200, 200, 200])

    async def behaviour(_request, _reader, writer):
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" %
                     next(states))
        await writer.drain()
        return True

    server = serve(behaviour)
    event = probe.run(f"""GET {server.url}/poll
[Options]
retry: 5
retry-interval: 40ms
delay: 300ms
HTTP 200

GET {server.url}/skipped
[Options]
skip: true
HTTP 500

GET {server.url}/twice
[Options]
repeat: 2
HTTP 200
""")
    assert event["outcome"] == "passed", event
    assert [(s["entry"], s["attempt"], s["outcome"])
            for s in event["steps"]] == [
        (1, 1, "failed"), (1, 2, "failed"), (1, 3, "passed"),
        (3, 1, "passed"), (3, 1, "passed")]
    starts = [s["start_us"] for s in event["steps"]]
    assert starts[0] >= 300_000 and starts[1] - starts[0] >= 40_000
    ended = starts[3] + event["steps"][3]["total_us"]
    assert starts[4] - ended < 300_000 + event["lag_us"]


def test_a_step_that_is_cut_off_took_all_of_its_time(probe, serve):
    """In the phase it was in, so that the phases sum to the total."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    for behaviour, phase in ((bad_server.never, "wait"),
                             (bad_server.raw(half, then_hang=True),
                              "transfer")):
        server = serve(behaviour)
        for time_us in 1_000_000, 4_000_000, 16_000_000:
            event = probe.run(f"GET {server.url}/\n", timeout_us=time_us)
            assert event["outcome"] == "unreachable"
            step, = event["steps"]
            assert step["start_us"] + step["total_us"] >= time_us * .99
            phases = {p: step.get(f"{p}_us", 0) for p in (
                "dns", "connect", "tls", "wait", "transfer")}
            if max(phases, key=phases.get) == phase:
                break  # else the server took its time, too
        assert max(phases, key=phases.get) == phase
        assert sum(phases.values()) == step["total_us"]


def test_the_reason_says_what_did_not_hold(probe, serve):
    server = serve(bad_server.answer(503, body=b'{"a": "%s"}' % (b"x" * 400)))
    for flow, reason in (
            ("HTTP 200", "HTTP 200: Assert status code, actual 503"),
            ("HTTP *\n[Captures]\n  id: jsonpath \"$.id\"",
             'id: jsonpath "$.id": No query result: query '
             "didn't return any result"),
            ("HTTP *\n[Asserts]\njsonpath \"$.id\" exists",
             'jsonpath "$.id" exists: actual none'),
            ("HTTP *\n[Asserts]\njsonpath \"$.a\" == \"y\"",
             'jsonpath "$.a" == "y": actual string <'
             + "x" * 152 + "...")):
        event = probe.run(f"GET {server.url}/\n{flow}\n")
        assert event["outcome"] == "failed"
        assert event["reason"] == reason


def test_a_run_ends_when_its_time_is_over(probe, serve):
    """Before it, when a delay or pause would end behind it."""
    server = serve(bad_server.answer(503))
    for options, outcome, least_us in (
            ("delay: 1h", "invalid", 0),
            ("retry: -1\nretry-interval: 1h", "failed", 0),
            ("retry: -1\nretry-interval: 300ms", "failed", 500_000)):
        event = probe.run(
            f"GET {server.url}/\n[Options]\n{options}\nHTTP 200\n",
            timeout_us=1_000_000)
        assert event["outcome"] == outcome
        assert "the run's time of 1.00s" in event["reason"]
        assert least_us <= event["duration_us"] < 50_000_000


def test_what_the_definition_lacks_is_ours(probe, serve):
    server = serve(bad_server.answer())
    event = probe.run(f"GET {server.url}/{{{{nobody}}}}\n")
    assert event["outcome"] == "invalid" and "nobody" in event["reason"]
    assert event["place"]["line"] == 1
    event = probe.run(f"GET {server.url}/\n",
                      secrets={"key": {"env": "NOT_SET_AT_ALL"}})
    assert event["outcome"] == "invalid"
    assert "NOT_SET_AT_ALL" in event["reason"]
    event = probe.run(f"GET {server.url}/\n[Options]\nhttp3: true\n")
    assert event["outcome"] == "invalid"
    event = probe.run("GET this is no flow\nHTTP x\n")
    assert event["outcome"] == "invalid" and "check.hurl" in event["reason"]
    assert server.requests == []
    number = probe.define("GET http://h/\n", timeout_us="soon")
    probe.start(number, 77)
    assert probe.result(77) == (77, None)


def test_hung_flows_do_not_disturb_others(probe, serve):
    """500 runs wait for nothing; others pass meanwhile, in bounded memory."""
    hung, good = serve(bad_server.never), serve(bad_server.answer())
    before = probe.memory_bytes()
    number = probe.define(f"GET {hung.url}/\n", timeout_us=300_000_000)
    for i in range(500):
        probe.start(number, 1000 + i)
    wait_until(lambda: len(hung.requests) == 500, "500 requests")
    each = (probe.memory_bytes() - before) / 500
    quick = probe.define(f"GET {good.url}/\nHTTP 200\n")
    took = []
    for i in range(100):
        probe.start(quick, i)
        event = probe.result(i)[1]
        assert event["outcome"] == "passed"
        took.append(event["duration_us"])
    assert sorted(took)[50] < 1_000_000
    assert not probe.early  # all the others still wait
    hung.stop()
    outcomes = [probe.result()[1]["outcome"] for _ in range(500)]
    assert outcomes == 500 * ["unreachable"]
    print(f"{each / 1024:.1f} KiB for each hung flow")
    assert each < 64 * 1024


def test_it_says_its_load_each_second(probe, serve):
    hung = serve(bad_server.never)
    probe.start(probe.define(f"GET {hung.url}/\n", timeout_us=50_000_000), 1)
    kind, _, lag_us, _, load = probe.receive()
    while load["in_flight"] == 0:  # it may take a while to send the job
        kind, _, lag_us, _, load = probe.receive()
    assert kind == LOAD and load["in_flight"] == 1
    assert 0 <= lag_us < 60_000_000
    assert 0 <= load["cpu_permille"] <= 1000


def test_runs_over_capacity_are_skipped_and_recorded(build, tmp_path, serve):
    hung = serve(bad_server.never)
    p = Probe(build / "e2e-probe", tmp_path / "log", "--max-in-flight", "2")
    number = p.define(f"GET {hung.url}/\n", timeout_us=100_000_000)
    for i in range(3):
        p.start(number, i)
    event = p.result(2)[1]
    assert event["outcome"] == "skipped" and "room" in event["reason"]
    assert "started_us" not in event and event["duration_us"] == 0
    wait_until(lambda: len(hung.requests) == 2, "the requests")
    hung.stop()
    assert p.result(0)[1]["outcome"] == "unreachable"
    assert p.end() == 0


def test_evidence_names_the_cookies_that_were_sent(probe, serve):
    """Not those that came with the answer; and the host as it was sent."""
    server = serve(bad_server.answer(
        500, headers="Set-Cookie: sid=1\r\nSet-Cookie: lang=2\r\n"))
    first = probe.run(f"GET {server.url}/\nHTTP 200\n")
    assert "Cookie" not in first["evidence"]["request"]
    second = probe.run(f"GET {server.url}/a\nHTTP 500\n"
                       f"GET {server.url}/b\nHTTP 200\n")
    lines = second["evidence"]["request"].splitlines()
    cookie, = (l for l in lines if l.startswith("Cookie:"))
    assert sorted(cookie[8:].split("; ")) == ["lang=***", "sid=***"]
    assert server.requests[2][1]["cookie"].count("=") == 2
    assert f"Host: 127.0.0.1:{server.port}" in lines
    other = probe.run("GET http://127.0.0.1/\nHTTP 599\n",
                      hosts=["127.0.0.1"])
    assert "Host: 127.0.0.1\n" in other["evidence"]["request"]


def test_a_password_in_a_url_is_sent_and_not_recorded(probe, serve):
    server = serve(bad_server.answer(500))
    event = probe.run(
        f"GET http://ada:pass-word@127.0.0.1:{server.port}/x@y\nHTTP 200\n")
    assert event["steps"][0]["url"] == (
        f"http://***@127.0.0.1:{server.port}/x@y")
    assert "pass-word" not in json.dumps(event)
    assert server.requests[0][1]["authorization"].startswith("Basic ")


def test_few_descriptors_are_our_fault(build, tmp_path, serve):
    """What the probe has no descriptors for is skipped: a service is never
    unreachable because of us."""
    hung = serve(bad_server.never)
    few = tmp_path / "few"
    few.write_text(f'#!/bin/sh\nulimit -n 64\nexec {build}/e2e-probe "$@"\n')
    few.chmod(0o755)
    p = Probe(few, tmp_path / "log")
    number = p.define(f"GET {hung.url}/\n", timeout_us=100_000_000)
    for i in range(60):
        p.start(number, i)
    p.early[59] = p.result(59)[1]  # one for which there is no room
    skipped = len(p.early)
    wait_until(lambda: len(hung.requests) == 60 - skipped, "the requests")
    hung.stop()
    events = [p.result(i)[1] for i in range(60)]
    assert {e["outcome"] for e in events} == {"unreachable", "skipped"}
    for event in events:
        word = "room" if event["outcome"] == "skipped" else "an answer"
        assert word in event["reason"]
    assert "descriptors" in p.errors()
    assert p.end() == 0


def test_stop_lets_runs_end_and_then_exits(build, tmp_path, serve):
    go = threading.Event()
    server = serve(bad_server.held(go))
    p = Probe(build / "e2e-probe", tmp_path / "log")
    number = p.define(f"GET {server.url}/\nHTTP 200\n")
    p.start(number, 1)
    wait_until(lambda: server.requests, "the request")
    p.send(STOP, extra=20_000_000)
    p.start(number, 2)
    assert p.result(2)[1]["outcome"] == "skipped"
    go.set()
    assert p.result(1)[1]["outcome"] == "passed"
    assert p.process.wait(60) == 0
    p.sock.close()


def test_it_ends_with_its_parent_in_the_middle_of_runs(build, tmp_path,
                                                       serve):
    hung = serve(bad_server.never)
    p = Probe(build / "e2e-probe", tmp_path / "log")
    p.start(p.define(f"GET {hung.url}/\n", timeout_us=300_000_000), 1)
    wait_until(lambda: hung.requests, "the request")
    assert p.end() == 0  # which waits less long than the run would


def test_a_hung_name_server_does_not_hold_up_the_end(build, tmp_path):
    """Tearing down a lookup in flight must not wait for its thread."""
    library = build / "tests" / "system" / "slow_resolver.so"
    p = Probe(build / "e2e-probe", tmp_path / "log",
              env={"LD_PRELOAD": str(library),
                   "ASAN_OPTIONS": "verify_asan_link_order=0"})
    number = p.define("GET http://slow.example/\n", timeout_us=300_000)
    p.start(number, 1)
    quick = p.define("GET http://127.0.0.1:1/\n")
    started = time.monotonic()
    p.start(quick, 2)
    assert p.result(2)[1]["outcome"] == "unreachable"
    event = p.result(1)[1]
    assert event["outcome"] == "unreachable"
    assert event["duration_us"] < 20_000_000
    assert p.end() == 0
    assert time.monotonic() - started < 25  # the lookup takes 30 s


@pytest.mark.parametrize("frame", [
    b"\xff" * 40,                                      # unknown type, huge
    bytes(4) + bytes([RESULT, 0]) + bytes(34),         # not for a probe
    bytes(4) + bytes([JOB, 0]) + bytes(34),            # job of no definition
    bytes(4) + bytes([FORGET, 0]) + bytes(34),
    bytes([2, 0, 0, 0]) + bytes([JOB, 0]) + bytes(34) + b"{}",
], ids=["garbage", "result", "job", "forget", "empty-job"])
def test_frames_outside_the_protocol_end_it(build, tmp_path, frame):
    p = Probe(build / "e2e-probe", tmp_path / "log")
    p.sock.sendall(frame)
    assert p.process.wait(60) == 30
    assert p.errors() != ""
    p.sock.close()


def test_a_definition_is_known_by_its_number_until_forgotten(probe, serve):
    server = serve(bad_server.answer())
    number = probe.define(f"GET {server.url}/{{{{n}}}}\nHTTP 200\n",
                          variables={"n": 1})
    probe.start(number, 1)
    probe.start(number, 2, variables={"n": 2})
    probe.send(FORGET, cookie=number)  # runs under way still end
    assert {probe.result()[1]["outcome"] for _ in range(2)} == {"passed"}
    assert sorted(r[0].split()[1] for r in server.requests) == ["/1", "/2"]


def test_it_refuses_to_be_started_from_a_shell(build):
    done = subprocess.run([build / "e2e-probe"], capture_output=True)
    assert done.returncode == 64 and b"--child" in done.stderr
