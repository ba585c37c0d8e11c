# SPDX-License-Identifier: ISC
"""e2e-run as a person and as a pipeline use it: against the demo payments
API, and against servers that misbehave."""
import asyncio
import json
import os
import re
import resource
import socket
import ssl
import subprocess
import threading
import time
import xml.etree.ElementTree

import pytest

import bad_server
from conftest import TOP, is_sanitized, wait_until

EXAMPLES = TOP / "contrib" / "examples"
FLOWS = sorted(p.name for p in EXAMPLES.glob("*.hurl"))


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


@pytest.fixture
def run(build, tmp_path):
    """run(flow text, options...) -> the finished process."""
    def run_flow(text, *options, env=None, memory_mb=None, timeout=120):
        path = tmp_path / "flow.hurl"
        path.write_text(text)

        def limit():
            resource.setrlimit(resource.RLIMIT_AS,
                               (memory_mb << 20, memory_mb << 20))

        done = subprocess.run(
            [build / "e2e-run", *map(str, options), str(path)],
            capture_output=True, text=True, timeout=timeout,
            env={**os.environ, **(env or {})},
            preexec_fn=limit if memory_mb and not is_sanitized(build)
            else None)
        assert "Sanitizer" not in done.stderr, done.stderr
        print(done.stdout, done.stderr)
        return done

    return run_flow


@pytest.fixture
def event(run):
    """event(flow text, options...) -> (exit code, run event)."""
    def run_event(text, *options, **more):
        done = run(text, "--format=json", *options, **more)
        return done.returncode, json.loads(done.stdout)

    return run_event


# The demo service.

@pytest.mark.parametrize("flow", FLOWS)
def test_an_example_passes_on_a_good_release(build, paysim, flow):
    """Every example check passes by e2e-run."""
    done = subprocess.run(
        [build / "e2e-run", "--variable", f"base_url={paysim()['good']}",
         "--secret", "api_key=sk_test_run", EXAMPLES / flow],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^passed: \d+ requests in ", done.stdout, re.M)


def test_a_named_check_of_a_manifest_runs(build, paysim):
    """--checks finds a check by its name, --variable lays over it."""
    done = subprocess.run(
        [build / "e2e-run", "--checks", EXAMPLES, "--variable",
         f"base_url={paysim()['good']}", "--format=json", "card-payment"],
        capture_output=True, text=True, timeout=120,
        env={**os.environ, "PAYMENTS_TEST_KEY": "sk_test_run"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["check"] == "payments/card-payment"


def test_a_bad_release_fails_with_the_line_and_the_evidence(build, paysim):
    """Exit 10; the flow's line, what was expected and what came."""
    urls = paysim("bad=0,error_rate=1")
    done = subprocess.run(
        [build / "e2e-run", "--variable", f"base_url={urls['bad']}",
         "--secret", "api_key=sk_test_run", EXAMPLES / "card-payment.hurl"],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 10
    assert re.search(r"^\S*card-payment\.hurl:\d+:\d+: ", done.stdout, re.M)
    assert re.search(r"^ +\d+ \| HTTP 200$", done.stdout, re.M)
    assert "expected: " in done.stdout and "actual: " in done.stdout
    assert "  < HTTP/1.1 5" in done.stdout
    assert "sk_test_run" not in done.stdout + done.stderr


# What is shown.

def test_steps_are_shown_while_they_run(build, serve, tmp_path, start):
    """The first step's row is there before the second has its answer."""
    quick = serve(bad_server.answer())
    silent = serve(bad_server.never)
    flow = tmp_path / "two.hurl"
    flow.write_text(f"GET {quick.url}/first\nHTTP 200\n"
                    f"GET {silent.url}/second\nHTTP 200\n")
    process = start(build / "e2e-run", flow)
    assert process.read_line() == str(flow)
    assert process.read_line().split() == [
        "entry", "status", "total", "dns", "connect", "tls", "wait",
        "transfer", "request"]
    assert process.read_line().endswith(f"GET {quick.url}/first")
    wait_until(lambda: silent.requests, "the second request")
    process.process.send_signal(2)
    assert process.wait() == 30
    assert b"interrupted" in process.process.stdout.read()


def test_assert_failures_show_the_line_the_caret_and_both_values(run, serve):
    """All asserts of an entry that fail are shown, in order."""
    server = serve(bad_server.answer(body=b'{"a": 1, "b": "x"}'))
    done = run(f"GET {server.url}\nHTTP 200\n[Asserts]\n"
               'jsonpath "$.a" == 2\njsonpath "$.b" == "x"\n'
               'jsonpath "$.b" contains "y"\n')
    assert done.returncode == 10
    places = re.findall(r"flow\.hurl:(\d+):\d+: ", done.stdout)
    assert places == ["4", "6"]
    assert re.search(r'^ +4 \| jsonpath "\$\.a" == 2\n +\| \^', done.stdout,
                     re.M)


def test_secrets_and_card_numbers_are_masked_everywhere(run, serve):
    """In steps, failures, evidence, verbose output and events."""
    server = serve(bad_server.answer(
        status=402, body=b'{"card": "4242424242424242", "k": "topsecret9"}'))
    flow = (f"POST {server.url}/a?k={{{{key}}}}\nX-Key: {{{{key}}}}\n"
            '{"card": "4242 4242 4242 4242", "key": "{{key}}"}\n'
            'HTTP 402\n[Asserts]\njsonpath "$.k" == "other"\n'
            'body contains "is topsecret9"\n'
            'body\tnot contains "4242424242424242" # topsecret9\n')
    for options in ([], ["--very-verbose"], ["--test"], ["--format=json"],
                    ["--json"]):
        done = run(flow, "--secret", "key=topsecret9", *options)
        assert done.returncode == 10
        everything = done.stdout + done.stderr
        assert "topsecret9" not in everything
        assert "4242424242424242" not in everything
        assert "4242 4242 4242" not in everything
        if not options:
            assert ('    7 | body contains "is ***"\n      | ^~~~\n'
                    in everything)
    assert "POST /a?k=topsecret9" in server.requests[0][0]


def test_what_a_name_calls_a_credential_is_not_kept(run, serve):
    """Nobody declared it: in evidence and an event's URLs it is masked."""
    server = serve(bad_server.answer(500, headers="X-Auth-Token: kept1\r\n",
                                     body=b'{"client_secret": "kept2"}'))
    flow = (f"POST {server.url}/a?api_key=kept3\nX-Api-Key: kept4\n"
            "[Form]\ncard[cvc]: kept5\nHTTP 200\n")
    for options, most in ([], 1), (["--format=json"], 0):
        done = run(flow, *options)
        assert done.returncode == 10 and "client_secret" in done.stdout
        assert done.stdout.count("kept") == most  # the row of the request
    assert "POST /a?api_key=kept3" in server.requests[0][0]


def test_control_characters_of_a_server_do_not_reach_the_terminal(run, serve):
    """An escape sequence in a body is shown as a replacement character."""
    server = serve(bad_server.answer(body=b"\x1b[31mred\x07"))
    done = run(f"GET {server.url}\nHTTP 200\n[Asserts]\nbody == \"x\"\n",
               "--very-verbose")
    assert done.returncode == 10
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout


def test_a_long_answer_does_not_flood_the_terminal(run, serve):
    """What differs stays in sight; --very-verbose has the rest."""
    server = serve(bad_server.answer(500, body=b"long line\n" * 5000))
    flow = f"GET {server.url}/\nHTTP 200\n"
    done = run(flow)
    assert done.returncode == 10 and len(done.stdout) < 8000
    assert "more bytes, see --very-verbose" in done.stdout
    assert run(flow, "--very-verbose").stdout.count("long line") == 5000


def test_several_flows_end_with_a_summary(build, serve, tmp_path):
    """--test: one line each, counts of runs and requests."""
    server = serve(bad_server.answer())
    for i in range(20):
        status = 500 if i == 7 else 200
        (tmp_path / f"f{i:02}.hurl").write_text(
            f"GET {server.url}\nHTTP {status}\n")
    done = subprocess.run([build / "e2e-run", "--test", tmp_path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 10
    assert done.stdout.count(": passed (1 request in ") == 19
    assert "f07.hurl: failed (1 request in " in done.stdout
    tail = done.stdout[done.stdout.index("-" * 80):]
    assert re.fullmatch(
        r"-{80}\nExecuted files:    20\nExecuted requests: 20 \(\d+\.\d/s\)\n"
        r"Succeeded files:   19 \(95\.0%\)\nFailed files:      1 \(5\.0%\)\n"
        r"Outcomes:          1 failed\n"
        r"Duration:          \d+ ms \(\d+h:\d+m:\d+s:\d+ms\)\n", tail), tail


def test_jobs_run_at_the_same_time(build, serve, tmp_path):
    """Fifty flows that each wait a second take about one."""
    server = serve(bad_server.slow(1.0))
    flow = tmp_path / "slow.hurl"
    flow.write_text(f"GET {server.url}\nHTTP 200\n")
    began = time.monotonic()
    done = subprocess.run(
        [build / "e2e-run", "--test", "--jobs=50", "--repeat=50", flow],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert time.monotonic() - began < 45
    assert len(server.requests) == 50


# Definitions that are wrong.

def test_every_wrong_flow_is_told_and_nothing_is_sent(build, serve,
                                                      tmp_path):
    """Exit 78, all mistakes with place and caret, no request."""
    server = serve(bad_server.answer())
    (tmp_path / "good.hurl").write_text(f"GET {server.url}\nHTTP 200\n")
    (tmp_path / "a.hurl").write_text("GET http://a\nHTTP 200\n[Asserts]\n"
                                     'jsonPath "$.a" == 1\n')
    (tmp_path / "b.hurl").write_bytes(b"GET http://a\nX: \xff\n")
    (tmp_path / "c.hurl").write_text("GET http://a\n[Options]\nretrry: 1\n")
    done = subprocess.run([build / "e2e-run", tmp_path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 78
    assert "a.hurl:4:1: unknown query 'jsonPath', did you mean 'jsonpath'?" \
        in done.stderr
    assert "b.hurl:2:4: " in done.stderr
    assert "c.hurl:3:1: unknown option 'retrry', did you mean 'retry'?" \
        in done.stderr
    assert "      | ^~~~~~~~" in done.stderr
    assert server.requests == []


def test_an_undefined_variable_is_ours_not_the_service_s(run):
    """Outcome invalid, exit 78, the place of the placeholder."""
    done = run("GET http://127.0.0.1:1/{{nowhere}}\nHTTP 200\n")
    assert done.returncode == 78
    assert "flow.hurl:1:26: " in done.stdout and "nowhere" in done.stdout
    assert "invalid: 0 requests" in done.stdout


@pytest.mark.parametrize("options, code", [
    (["--nonsense"], 64), ([], 64), (["--jobs=0", "x.hurl"], 64),
    (["/nowhere/x.hurl"], 78), (["--variable", "a", "/dev/null"], 78),
    (["--checks", "/nowhere"], 78), (["--from-entry=3", "--to-entry=2",
                                      "x"], 64)])
def test_wrong_command_lines_have_their_exit_code(build, options, code):
    """64 for options, 78 for what is to run; a sentence on stderr."""
    done = subprocess.run([build / "e2e-run", *options], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.count("\n") >= 1


def test_an_empty_directory_measures_nothing(build, tmp_path):
    """Exit 30: no evidence is never a pass."""
    done = subprocess.run([build / "e2e-run", tmp_path], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 30


def test_a_10_mb_flow_is_refused(run):
    """With a sentence, exit 78, in a moment."""
    done = run("# x\n" * 2_700_000)
    assert done.returncode == 78 and "8 MiB" in done.stderr


# Variables and options.

def test_variables_come_from_everywhere_the_later_over_the_earlier(
        run, serve, tmp_path):
    """Environment, file, command line, flow; numbers stay exact."""
    server = serve(bad_server.answer())
    (tmp_path / "vars").write_text("# c\nb=file\nc=file\n\nd = file\n")
    done = run(f"GET {server.url}/{{{{a}}}}/{{{{b}}}}/{{{{c}}}}/{{{{n}}}}\n"
               "HTTP 200\n", "--variables-file", tmp_path / "vars",
               "--variable", "c=line",
               "--variable", "n=12345678901234567890",
               env={"HURL_VARIABLE_a": "hurl", "E2E_VARIABLE_b": "env"})
    assert done.returncode == 78, "'d ' is not a name"
    (tmp_path / "vars").write_text("# c\nb=file\nc=file\n")
    done = run(f"GET {server.url}/{{{{a}}}}/{{{{b}}}}/{{{{c}}}}/{{{{n}}}}\n"
               "HTTP 200\n", "--variables-file", tmp_path / "vars",
               "--variable", "c=line",
               "--variable", "n=12345678901234567890",
               env={"HURL_VARIABLE_a": "hurl", "E2E_VARIABLE_b": "env"})
    assert done.returncode == 0
    assert server.requests[0][0].split()[1] == \
        "/hurl/file/line/12345678901234567890"


def test_a_secret_is_read_from_a_file(run, serve, tmp_path):
    """Without its last newline, masked in what is shown."""
    server = serve(bad_server.answer())
    (tmp_path / "key").write_text("hunter2secret\n")
    done = run(f"GET {server.url}/{{{{key}}}}\nHTTP 201\n",
               "--secret-file", f"key={tmp_path / 'key'}")
    assert server.requests[0][0] == "GET /hunter2secret HTTP/1.1"
    assert done.returncode == 10 and "hunter2secret" not in done.stdout


def test_options_of_the_command_line_are_defaults_of_options(run, serve):
    """A flow's own [Options] stand over them."""
    there = serve(bad_server.answer())
    server = serve(bad_server.answer(
        status=302, headers=f"Location: {there.url}/there\r\n"))
    flow = f"GET {server.url}\nHTTP 200\nGET {server.url}\n" \
        "[Options]\nlocation: false\nHTTP 302\n"
    done = run(flow, "-L", "-H", "X-A: a # {{b}}", "-u", "bob:pw#1",
               "-A", "mine")
    assert done.returncode == 0
    _, headers, _ = server.requests[0]
    assert headers["x-a"] == "a # {{b}}"
    assert headers["user-agent"] == "mine"
    assert headers["authorization"] == "Basic Ym9iOnB3IzE="
    assert len(there.requests) == 1
    assert "authorization" not in there.requests[0][1]


def test_exit_codes_of_hurl_are_there_for_drop_in_use(run, serve):
    """0, 2 for a wrong flow, 3 when it could not run, 4 for an assert."""
    server = serve(bad_server.answer())
    hurl = "--exit-codes=hurl"
    assert run(f"GET {server.url}\nHTTP 200\n", hurl).returncode == 0
    assert run("get\n", hurl).returncode == 2
    assert run("GET http://127.0.0.1:1\n", hurl).returncode == 3
    assert run(f"GET {server.url}\nHTTP 404\n", hurl).returncode == 4


# Servers that misbehave: the right outcome, with evidence, in bounds.

def test_garbage_is_no_answer(event, serve):
    """What is not HTTP is unreachable for a GET, unknown for a POST."""
    server = serve(bad_server.raw(b"\x00\x01garbage\r\n\r\n"))
    code, e = event(f"GET {server.url}\nHTTP 200\n")
    assert (code, e["outcome"]) == (10, "unreachable"), e
    code, e = event(f"POST {server.url}\n`x`\nHTTP 200\n")
    assert (code, e["outcome"]) == (10, "unknown"), e
    assert e["reason"]


def test_a_server_that_never_answers_ends_in_time(event, serve):
    """--max-time bounds a request, --timeout the run."""
    server = serve(bad_server.never)
    began = time.monotonic()
    code, e = event(f"GET {server.url}\nHTTP 200\n", "--max-time=300ms")
    assert (code, e["outcome"]) == (10, "unreachable"), e
    code, e = event(f"GET {server.url}\nHTTP 200\n", "--timeout=300ms")
    assert (code, e["outcome"]) == (10, "unreachable"), e
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("behaviour", ["gigabyte", "endless_chunks",
                                       "endless_headers"])
def test_an_endless_answer_is_cut_in_bounded_memory(event, serve, behaviour):
    """A body of 1 GB, one without end, headers without end."""
    server = serve(getattr(bad_server, behaviour))
    code, e = event(f"GET {server.url}\nHTTP 200\n", memory_mb=400)
    assert code == 10 and e["outcome"] in ("failed", "unreachable"), e
    assert e["reason"] and len(json.dumps(e)) < 300_000


def test_a_body_that_is_cut_off_is_no_answer(event, serve):
    """The connection closes in the middle of the body."""
    server = serve(bad_server.raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"))
    code, e = event(f"GET {server.url}\nHTTP 200\n")
    assert (code, e["outcome"]) == (10, "unreachable"), e


def test_redirects_without_end_are_followed_50_times(event, serve):
    """Then the run fails."""
    server = serve(bad_server.answer(status=302, headers="Location: /x\r\n"))
    code, e = event(f"GET {server.url}\n[Options]\nlocation: true\n"
                    "HTTP 200\n")
    assert code == 10 and e["outcome"] == "failed", e
    assert len(server.requests) == 51


def make_certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_certificate_that_nobody_signed_is_refused(event, serve, tmp_path):
    """Unreachable, unless it is trusted by --cacert, or by -k anything."""
    server = serve(bad_server.answer(),
                   make_certificate(tmp_path, "localhost"))
    flow = f"GET https://localhost:{server.port}\nHTTP 200\n"
    code, e = event(flow)
    assert (code, e["outcome"]) == (10, "unreachable"), e
    assert "certificate" in e["reason"].lower()
    assert event(flow, "--cacert", tmp_path / "cert.pem")[0] == 0
    assert event(flow, "-k")[0] == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_second_answer_is_none_to_the_next_request(event, serve, tmp_path,
                                                     scheme):
    """It came before anything was asked: a payment is not judged by it, but
    sent on another connection."""
    async def twice(request, _reader, writer):
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 5000\r\n\r\n" +
                     b"x" * 5000 + (b"HTTP/1.1 201 X\r\nContent-Length: 0"
                                    b"\r\n\r\n" if " /1 " in request else b""))
        await writer.drain()
        return True

    server = serve(twice, make_certificate(tmp_path, "localhost")
                   if scheme == "https" else None)
    url = f"{scheme}://localhost:{server.port}"
    code, e = event(f"GET {url}/1\nHTTP 200\nPOST {url}/2\n{{}}\nHTTP 200\n"
                    f"GET {url}/3\nHTTP 200\n", "-k")
    assert code == 0, e
    assert ["connect_us" in s for s in e["steps"]] == [True, True, False]
    assert server.connections == 2 and len(server.requests) == 3


def test_a_connection_on_which_the_server_said_good_bye_is_not_used(
        event, serve, tmp_path):
    """By TLS, before a payment was sent: nothing about it is unknown."""
    gone = threading.Event()

    async def once(request, reader, writer):
        await bad_server.answer()(request, reader, writer)
        if "GET" in request:
            writer.close()
            await asyncio.sleep(0.05)
            gone.set()
        return "POST" in request

    server = serve(once, make_certificate(tmp_path, "localhost"))
    other = serve(bad_server.held(gone))
    url = f"https://localhost:{server.port}"
    code, e = event(f"GET {url}\nHTTP 200\nGET {other.url}\nHTTP 200\n"
                    f"POST {url}\n{{}}\nHTTP 200\n", "-k")
    assert code == 0, e


def test_the_phases_of_a_request_that_is_not_sent_twice_sum_up(
        event, serve, tmp_path):
    """The server hangs up on the second of a connection's requests."""
    async def once(request, reader, writer):
        return "GET" in request and await bad_server.answer()(
            request, reader, writer)

    server = serve(once, make_certificate(tmp_path, "localhost"))
    url = f"https://localhost:{server.port}"
    code, e = event(f"GET {url}\nHTTP 200\nPOST {url}\n{{}}\n", "-k")
    assert code == 10 and e["outcome"] == "unknown"
    step = e["steps"][1]
    assert step["total_us"] == sum(step.get(f"{phase}_us", 0) for phase in (
        "dns", "connect", "tls", "wait", "transfer"))


def test_a_run_that_has_no_time_to_ask_anybody_is_lost(event):
    """Ours, and no failure of the service."""
    code, e = event("GET http://127.0.0.1:1/\n", "--timeout=1us")
    assert (code, e["outcome"], e["steps"]) == (30, "lost", [])
    assert "the run's time of 1us is over" in e["reason"]


@pytest.mark.parametrize("option", ["--timeout", "--max-time"])
def test_a_server_that_hangs_in_tls_is_not_slow_to_connect(event, option):
    """The phase that took the time is the one that did not end."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        for time_s in 0.2, 2, 20:
            code, e = event(f"GET https://localhost:{s.getsockname()[1]}\n",
                            f"{option}={time_s * 1000:.0f}ms")
            step = e["steps"][0]
            if "tls_us" in step:  # the machine was quick enough to connect
                break
    assert code == 10 and "wait_us" not in step
    assert step["total_us"] == step["dns_us"] + step["connect_us"] + \
        step["tls_us"]


def test_nobody_there_is_unreachable(event):
    """A closed port: exit 10, not ours."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        code, e = event(f"GET http://127.0.0.1:{port}\nHTTP 200\n")
    assert (code, e["outcome"]) == (10, "unreachable"), e


def test_a_reader_that_goes_away_ends_it(build, serve, tmp_path):
    """A closed pipe is no pass."""
    server = serve(bad_server.answer())
    flow = tmp_path / "f.hurl"
    flow.write_text(f"GET {server.url}\nHTTP 200\n")
    done = subprocess.run(
        f"{build}/e2e-run --repeat=2000 {flow} | head -1 >/dev/null; "
        "echo ${PIPESTATUS[0]}", shell=True, executable="/bin/bash",
        capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "30"
    assert len(server.requests) < 2000


def test_reports_name_every_run(run, serve, tmp_path):
    """JUnit and TAP, with what did not hold, masked and well-formed."""
    server = serve(bad_server.answer(body=b"<&>\x01 topsecret9"))
    junit, tap = tmp_path / "j.xml", tmp_path / "t.tap"
    done = run(f"GET {server.url}?k={{{{k}}}}\nHTTP 200\n[Asserts]\n"
               'body == "a"\n', "--repeat=2", f"--report-junit={junit}",
               f"--report-tap={tap}", "--secret=k=topsecret9")
    assert done.returncode == 10
    suite = xml.etree.ElementTree.parse(junit).getroot()[0]
    assert suite.get("tests") == suite.get("failures") == "2"
    assert suite[0][0].tag == "failure" and "flow.hurl:4" in suite[0][0].text
    lines = tap.read_text().splitlines()
    assert lines[:2] == ["TAP version 13", "1..2"]
    assert lines[2].startswith("not ok 1 - ")
    assert "topsecret9" not in junit.read_text() + tap.read_text()


def test_progress_is_gone_when_a_result_is_printed(build, serve, tmp_path):
    """On a terminal: a line that is erased before anything else."""
    server = serve(bad_server.answer())
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.hurl").write_text(f"GET {server.url}\n")
    master, slave = os.openpty()
    done = subprocess.run(
        [build / "e2e-run", "--test", "--jobs=1", tmp_path], stdout=slave,
        stderr=slave, timeout=60, env={**os.environ, "NO_COLOR": "1",
                                       "TERM": "xterm"})
    os.close(slave)
    shown = b""
    while True:
        try:
            shown += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    assert done.returncode == 0
    lines = shown.decode().replace("\r\n", "\n").split("\n")
    erased = [line.split("\r\x1b[K")[-1] for line in lines]
    assert re.search(r"2 of 3 runs, running (\S*/)?c\.hurl\r",
                     shown.decode())
    assert [line for line in erased if ".hurl: passed (1 request in " in
            line and line.startswith(str(tmp_path))] == erased[:3]
