# SPDX-License-Identifier: ISC
"""The bounds of a run in a fleet: a manifest lowers them, an operator raises
them, and a flow that would go on for ever ends with the reason."""
import gzip
import os
import subprocess

import pytest

import bad_server
import probe_channel


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


@pytest.fixture
def run(build, tmp_path):
    """run(flow, limits, probe options..., changes) -> the run event."""
    def run_flow(flow, limits=None, options=(), env=None, **changes):
        probe = probe_channel.Probe(build / "e2e-probe", tmp_path / "log",
                                    *options, env=env)
        document = probe_channel.definition("")["limits"]
        document.update(limits or {})
        event = probe.run(flow, limits=document, **changes)
        assert probe.end() == 0
        return event
    return run_flow


ENDLESS = {
    "retry": ("retry: -1\nretry-interval: 1ms", "HTTP 201", {"retries": 7},
              "failed", "; 7 retries are the limit", 8),
    "retry-steps": ("retry: -1\nretry-interval: 0ms", "HTTP 201",
                    {"steps": 9}, "invalid", "its limit of 9 allows", 9),
    "repeat": ("repeat: -1", "HTTP 200", {"steps": 9}, "invalid",
               "its limit of 9 allows", 9),
    "retry-time": ("retry: -1\nretry-interval: 24h", "HTTP 201", {},
                   "failed", "; the run's time of 20.00s ends before a retry "
                   "in 24h00m", 1),
    "delay": ("delay: 24h", "HTTP 200", {}, "invalid", "the delay of 24h00m "
              "does not fit into the run's time of 20.00s", 0),
    "delays": ("repeat: -1\ndelay: 2s", "HTTP 200", {"timeout": 4_000_000},
               "invalid", "the delays up to here, 4.00s in all, do not fit "
               "into the run's time of 4.00s", 1),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_what_never_ends_is_ended_with_the_reason(run, serve, case):
    """Endless retries, repeats and delays."""
    option, expected, limits, outcome, reason, requests = ENDLESS[case]
    server = serve(bad_server.answer())
    limits = dict(limits)
    event = run(f"GET {server.url}/\n[Options]\n{option}\n{expected}\n",
                timeout_us=limits.pop("timeout", 20_000_000), limits=limits)
    assert event["outcome"] == outcome
    assert event["reason"].endswith(reason)
    assert len(server.requests) == requests


def test_a_delay_that_answers_left_no_time_for_fails_the_run(run, serve):
    """It would fit by itself: what came before took too long, and that is
    the service's. What always runs still does."""
    server = serve(bad_server.slow(1.2))
    event = run(f"GET {server.url}/\n\nGET {server.url}/next\n[Options]\n"
                f"delay: 3s\n\nGET {server.url}/end\n[Options]\n"
                "always: true\ndelay: 24h\n\n"
                f"GET {server.url}/last\n[Options]\nalways: true\n",
                timeout_us=4_000_000)
    assert event["outcome"] == "failed"
    assert event["reason"] == ("no time is left for the delay of 3.00s: the "
                               "run's time of 4.00s ends before")
    assert event["place"] == {"file": "check.hurl", "line": 5, "column": 8}
    first, end, last = event["steps"]
    assert first["outcome"] == last["outcome"] == "passed"
    assert end["outcome"] == "invalid" and end["failures"][0][
        "message"].startswith("the delay of 24h00m does not fit into the "
                              "time for clean-up of ")


def test_what_cannot_be_sent_counts_as_a_step_when_runs_go_on(build,
                                                              tmp_path):
    """No endless list of mistakes."""
    flow = tmp_path / "flow.hurl"
    flow.write_text("GET http://127.0.0.1:1/{{unset}}\n"
                    "[Options]\nrepeat: -1\n")
    done = subprocess.run(
        [build / "e2e-run", "--continue-on-error", "--limits=steps=9", flow],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 78, done.stdout + done.stderr


def test_a_manifest_lowers_and_only_the_operator_raises(run, serve):
    """A body over the default is refused whatever the definition says, until
    the probe is told otherwise."""
    size = 17 << 20
    server = serve(bad_server.answer(body=b"x" * size))
    flow = f"GET {server.url}/\nHTTP 200\n[Asserts]\nbytes count == {size}\n"
    asked = {"body_bytes": 64 << 20}
    assert "body is too long" in run(flow, asked)["reason"]
    raised = run(flow, asked, ["--limits=body_bytes=32MiB"])
    assert raised["outcome"] == "passed"
    raised = run(flow, asked, env={"E2E_LIMITS": "body_bytes=32MiB"})
    assert raised["outcome"] == "passed"
    lowered = run(flow, {"body_bytes": 1 << 20},
                  ["--limits=body_bytes=32MiB"])
    assert "body is too long" in lowered["reason"]


def test_decoded_bytes_headers_and_nesting_are_bounded(run, serve):
    """What an answer grows into counts as what it is."""
    body = gzip.compress(b"x" * (2 << 20))
    server = serve(bad_server.answer(
        body=body, headers="Content-Encoding: gzip\r\n"))
    event = run(f"GET {server.url}/\nHTTP 200\n[Asserts]\n"
                "body contains \"x\"\n", {"body_bytes": 1 << 20})
    assert event["outcome"] == "failed"
    failure = event["steps"][0]["failures"][0]
    assert "longer than the limit" in failure["message"] + str(
        failure.get("actual"))

    many = serve(bad_server.answer(
        headers="".join(f"X-{i}: y\r\n" for i in range(20))))
    flow = f"GET {many.url}/\nHTTP 200\n"
    assert run(flow, {"headers": 21})["outcome"] == "passed"
    assert "too many headers" in run(flow, {"headers": 20})["reason"]

    deep = serve(bad_server.answer(body=b"[" * 20 + b"]" * 20))
    flow = f"GET {deep.url}/\nHTTP 200\n[Asserts]\njsonpath \"$\" isList\n"
    assert run(flow, {"json_depth": 20})["outcome"] == "passed"
    event = run(flow, {"json_depth": 19})
    assert event["outcome"] == "failed" and "too big" in str(event["steps"])


def test_work_on_answers_is_bounded_over_the_run(run, serve):
    """Many costly expressions, each within its bound: no retry, a reason,
    and the clean-up still runs."""
    server = serve(bad_server.answer(body=b"[" + b"1," * 300000 + b"1]"))
    event = run(f"GET {server.url}/\n[Options]\nretry: -1\n"
                "retry-interval: 0ms\nHTTP 200\n[Asserts]\n"
                + 'jsonpath "$[?@==2]" count == 1\n' * 20 +
                f"GET {server.url}/end\n[Options]\nalways: true\n"
                "HTTP 200\n", {"work_ms": 10, "body_bytes": 1 << 20})
    assert event["outcome"] == "failed"
    assert [f["message"] for f in event["steps"][0]["failures"]][-1] == (
        "looking into the answers takes more than the limit of 10 ms of "
        "CPU time")
    assert len(server.requests) == 2
    assert event["steps"][1]["outcome"] == "passed"


def test_wrong_limits_are_told_at_the_start(build, tmp_path):
    """Names and ranges, by e2e-run and e2e-probe, exit 64."""
    flow = tmp_path / "flow.hurl"
    flow.write_text("GET http://127.0.0.1:1/\n")
    for argv in ([build / "e2e-run", "--limits=step=3", flow],
                 [build / "e2e-probe", "--child", "--limits=step=3"]):
        done = subprocess.run(argv, capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 64
        assert "no limit 'step', did you mean 'steps'?" in done.stderr


def test_e2e_run_takes_limits(build, serve, tmp_path):
    """--limits sets them for the flows at hand."""
    server = serve(bad_server.answer())
    flow = tmp_path / "flow.hurl"
    flow.write_text(f"GET {server.url}\n[Options]\nrepeat: -1\nHTTP 200\n")
    done = subprocess.run([build / "e2e-run", "--limits=steps=3", flow],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and "its limit of 3 allows" in done.stdout
    assert len(server.requests) == 3


def test_hosts_are_refused_before_a_name_is_asked_for(run, serve):
    """Neither a first request nor a redirect reaches DNS or a socket."""
    other = serve(bad_server.answer())
    for target in f"http://localhost:{other.port}/", "http://no.such.invalid/":
        event = run(f"GET {target}\n", hosts=["127.0.0.1"])
        assert event["outcome"] == "invalid"
        assert event["reason"].startswith("host not allowed: ")
        assert event["steps"] == []
        server = serve(bad_server.answer(
            status=302, headers=f"Location: {target}\r\n"))
        event = run(f"GET {server.url}/\n[Options]\nlocation: true\n",
                    hosts=["127.0.0.1"])
        assert event["outcome"] == "invalid"
        assert event["reason"].startswith("host not allowed: ")
        assert len(event["steps"]) == 1
    assert other.connections == 0


def test_files_and_output_stay_below_the_flow(build, serve, tmp_path):
    """By "..", by an absolute path, by a link: nothing is read or written."""
    server = serve(bad_server.answer(body=b"data"))
    folder = tmp_path / "flows"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path, folder / "up")
    os.symlink(tmp_path / "secret", folder / "link")
    flow = folder / "flow.hurl"
    names = ["../secret", str(tmp_path / "secret"), "up/secret"]
    for text in ([f"POST {server.url}\nfile,{n};\n" for n in names + ["link"]]
                 + [f"POST {server.url}\n[Multipart]\na: file,link;\n"]
                 + [f"GET {server.url}\n[Options]\noutput: {n}\n"
                    for n in names]):
        flow.write_text(text)
        done = subprocess.run([build / "e2e-run", flow], timeout=60,
                              capture_output=True, text=True)
        assert done.returncode == 78, done.stdout
        assert ("Unauthorized file access" in done.stdout or
                "outside the flow's directory" in done.stdout)
    assert (tmp_path / "secret").read_text() == "secret"
    assert all(b"secret" not in body for _, _, body in server.requests)
    # A link at the very end is replaced, not followed.
    flow.write_text(f"GET {server.url}\n[Options]\noutput: link\n")
    done = subprocess.run([build / "e2e-run", flow], timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "secret").read_text() == "secret"
    assert (folder / "link").read_text() == "data"
