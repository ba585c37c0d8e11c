# SPDX-License-Identifier: ISC
"""What flows have here besides Hurl: always, idempotent, [Include]."""
import json
import os
import subprocess
import time

import pytest

import bad_server


@pytest.fixture
def serve():
    """serve(behaviour) -> bad_server.Server. All are stopped at the end."""
    servers = []

    def start(behaviour):
        servers.append(bad_server.Server(behaviour))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def shop(refused=(), silent=()):
    """Answers everything with an id, but for the paths that are refused or
    never answered."""
    async def behaviour(request, reader, writer):
        path = request.split()[1]
        if path in silent:
            await reader.read()
            return False
        status = 500 if path in refused else 200
        body = b'{"id": "c1"}'
        writer.write(f"HTTP/1.1 {status} X\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return True
    return behaviour


def asked(server):
    """What reached a server: method and path of each request."""
    return [" ".join(line.split()[:2]) for line, _, _ in server.requests]


@pytest.fixture
def run(build, tmp_path):
    """run(flow text, options...) -> (exit code, run event)."""
    def run_flow(text, *options, name="flow.hurl"):
        path = tmp_path / name
        path.write_text(text)
        done = subprocess.run(
            [build / "e2e-run", "--format=json", *map(str, options), path],
            capture_output=True, text=True, timeout=120)
        print(done.stdout, done.stderr)
        assert "Sanitizer" not in done.stderr
        return done.returncode, json.loads(done.stdout)
    return run_flow


CUSTOMER = """\
POST {url}/customers
HTTP 200
[Captures]
customer: jsonpath "$.id"

POST {url}/pay
HTTP 200

GET {url}/paid
HTTP 200

DELETE {url}/customers/{{{{customer}}}}
[Options]
always: true
HTTP 200
"""


# always

def test_clean_up_runs_once_when_everything_passes(run, serve):
    """always: true changes nothing in a run that passes."""
    server = serve(shop())
    code, event = run(CUSTOMER.format(url=server.url))
    assert (code, event["outcome"]) == (0, "passed")
    assert asked(server)[-2:] == ["GET /paid", "DELETE /customers/c1"]
    assert not any("clean_up" in step for step in event["steps"])


def test_clean_up_runs_after_a_failure_and_changes_no_verdict(run, serve):
    """The entries between are passed over; reason and place are the first's."""
    server = serve(shop(refused=["/pay", "/customers/c1"]))
    code, event = run(CUSTOMER.format(url=server.url))
    assert (code, event["outcome"]) == (10, "failed")
    assert asked(server) == ["POST /customers", "POST /pay",
                             "DELETE /customers/c1"]
    assert event["place"]["line"] == 7
    assert "/pay" in event["evidence"]["request"]
    last = event["steps"][-1]
    assert last["clean_up"] is True and last["outcome"] == "failed"
    assert [f["line"] for f in last["failures"]] == [15]


def test_every_clean_up_is_tried_in_order(run, serve):
    """One that cannot be sent, or fails, does not keep the next from it."""
    server = serve(shop(refused=["/a", "/one"]))
    tail = "[Options]\nalways: true\nHTTP 200\n"
    code, event = run(
        f"GET {server.url}/a\nHTTP 200\n"
        f"DELETE {server.url}/{{{{never_set}}}}\n{tail}"
        f"DELETE {server.url}/one\n{tail}"
        f"GET {server.url}/not\nHTTP 200\n"
        f"DELETE {server.url}/two\n{tail}")
    assert code == 10 and event["place"]["line"] == 2
    assert asked(server) == ["GET /a", "DELETE /one", "DELETE /two"]
    assert [s["outcome"] for s in event["steps"]] == [
        "failed", "invalid", "failed", "passed"]
    assert event["steps"][1]["url"].endswith("/{{never_set}}")
    assert event["steps"][1]["failures"][0]["kind"] == "definition"


def test_clean_up_has_time_when_the_run_has_none_left(run, serve):
    """A timeout of the flow leaves its clean-up a reserve, which is bounded."""
    server = serve(shop(silent=["/pay"]))
    code, event = run(CUSTOMER.format(url=server.url), "--timeout=1s")
    assert (code, event["outcome"]) == (10, "unknown")
    assert "the run's time of 1.00s is over" in event["reason"]
    assert asked(server)[-1] == "DELETE /customers/c1"
    assert event["steps"][-1]["outcome"] == "passed"

    server = serve(shop(silent=["/pay", "/customers/c1"]))
    begin = time.monotonic()
    code, event = run(CUSTOMER.format(url=server.url), "--timeout=1s")
    assert time.monotonic() - begin < 20
    assert event["outcome"] == "unknown" and event["place"]["line"] == 6
    assert "time for clean-up of 1.00s is over" in \
        event["steps"][-1]["failures"][0]["message"]


def test_clean_up_runs_when_the_definition_is_at_fault(run, serve):
    """An undefined variable half way leaves nothing behind either."""
    server = serve(shop())
    code, event = run(CUSTOMER.format(url=server.url).replace(
        "/paid", "/{{nothing}}"))
    assert (code, event["outcome"]) == (78, "invalid")
    assert asked(server)[-1] == "DELETE /customers/c1"


def test_endless_repeats_end_and_clean_up_still_runs(run, serve):
    """The bound of requests ends a run, with a reserve for its clean-up."""
    server = serve(shop())
    code, event = run(
        f"GET {server.url}/a\n[Options]\nrepeat: -1\nHTTP 200\n"
        f"DELETE {server.url}/b\n[Options]\nalways: true\nHTTP 200\n")
    assert (code, event["outcome"]) == (78, "invalid")
    assert "more requests than its limit of 1000 allows" in event["reason"]
    assert asked(server)[1000:] == ["DELETE /b"]


def test_an_interrupted_run_cleans_up(build, serve, tmp_path, start):
    """The first signal ends the flow; its clean-up still runs."""
    server = serve(shop(silent=["/pay"]))
    flow = tmp_path / "flow.hurl"
    flow.write_text(CUSTOMER.format(url=server.url))
    process = start(build / "e2e-run", "--format=json", flow)
    end = time.monotonic() + 60
    while len(server.requests) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    process.process.send_signal(2)
    event = json.loads(process.read_line())
    assert "interrupted" in event["reason"]
    assert asked(server)[-1] == "DELETE /customers/c1"


# idempotent

@pytest.mark.parametrize("method,option,times,outcome", [
    ("GET", "", 3, "unreachable"),
    ("POST", "", 1, "unknown"),
    ("POST", "idempotent: true\n", 3, "unreachable"),
    ("GET", "idempotent: false\n", 1, "unknown"),
])
def test_only_what_may_be_sent_twice_is_sent_again(run, serve, method, option,
                                                   times, outcome):
    """No answer came: retry sends again what is idempotent, or said to be."""
    server = serve(shop(silent=["/x"]))
    code, event = run(
        f"{method} {server.url}/x\n[Options]\nretry: 2\nretry-interval: 1ms\n"
        f"max-time: 200ms\n{option}HTTP 200\n")
    assert (code, event["outcome"]) == (10, outcome)
    assert len(server.requests) == times


def test_an_answer_that_does_not_hold_is_asked_for_again(run, serve):
    """An answer came, so nothing is unknown: any method is retried."""
    server = serve(shop(refused=["/x"]))
    code, event = run(
        f"POST {server.url}/x\n[Options]\nretry: 2\nretry-interval: 1ms\n"
        "idempotent: false\nHTTP 200\n")
    assert (code, event["outcome"]) == (10, "failed")
    assert len(server.requests) == 3
