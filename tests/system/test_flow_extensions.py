# SPDX-License-Identifier: ISC
"""What flows have here besides Hurl: always, idempotent, [Include]."""
import json
import os
import shutil
import subprocess
import time

import pytest

import bad_server
import probe_channel
from conftest import TOP, try_until


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
    def run_flow(text, *options):
        path = tmp_path / "flow.hurl"
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
    def run_in_1s(*silent):
        server = serve(shop(silent=silent))
        return server, *try_until(
            lambda result: len(result[1]["steps"]) == 3,
            lambda: run(CUSTOMER.format(url=server.url), "--timeout=1s"))

    server, code, event = run_in_1s("/pay")
    assert (code, event["outcome"]) == (10, "unknown")
    assert "the run's time of 1.00s is over" in event["reason"]
    assert asked(server)[-1] == "DELETE /customers/c1"
    assert event["steps"][-1]["outcome"] == "passed"

    begin = time.monotonic()
    _, code, event = run_in_1s("/pay", "/customers/c1")
    assert time.monotonic() - begin < 60
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
    server = serve(bad_server.raw(b""))  # hangs up without an answer
    code, event = run(
        f"{method} {server.url}/x\n[Options]\nretry: 2\nretry-interval: 1ms\n"
        f"{option}HTTP 200\n")
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


# [Include]

LOGIN = """\
# What every flow begins with.
POST {{base_url}}/login
HTTP 200
[Captures]
token: jsonpath "$.id"
"""


def test_included_entries_run_in_place_with_shared_variables(
        run, serve, tmp_path):
    """Log in once, use the token, clean up: three files, one run."""
    server = serve(shop())
    (tmp_path / "steps").mkdir()
    (tmp_path / "login.hurl").write_text(LOGIN)
    (tmp_path / "steps" / "end.hurl").write_text(
        "DELETE {{base_url}}/{{token}}\n[Options]\nalways: true\nHTTP 200\n")
    code, event = run(
        "# First the token.\n[Include]\nfile,login.hurl; # once\n\n"
        "GET {{base_url}}/a/{{token}}\n"
        "[Include]\nfile,login.hurl;\nfile,steps/end.hurl;\n",
        "--variable", f"base_url={server.url}")
    assert (code, event["outcome"]) == (0, "passed")
    assert asked(server) == ["POST /login", "GET /a/c1", "POST /login",
                             "DELETE /c1"]
    folder = str(tmp_path)
    assert [(s["entry"], s.get("file"), s["line"]) for s in event["steps"]
            ] == [(1, f"{folder}/login.hurl", 2), (2, None, 5),
                  (3, f"{folder}/login.hurl", 2),
                  (4, f"{folder}/steps/end.hurl", 1)]


def test_a_failure_points_into_the_included_file(build, run, serve, tmp_path):
    """Place, caret, reason: all of the file in which the line stands."""
    server = serve(shop(refused=["/login"]))
    (tmp_path / "login.hurl").write_text(LOGIN)
    text = f"[Include]\nfile,login.hurl;\nGET {server.url}/a\n"
    code, event = run(text, "--variable", f"base_url={server.url}")
    assert (code, event["outcome"]) == (10, "failed")
    assert event["place"] == {"file": f"{tmp_path}/login.hurl", "line": 3,
                              "column": 6}
    assert event["reason"].startswith("HTTP 200: ")
    done = subprocess.run(
        [build / "e2e-run", "--variable", f"base_url={server.url}",
         tmp_path / "flow.hurl"], capture_output=True, text=True, timeout=60)
    assert f"{tmp_path}/login.hurl:3:6: " in done.stdout
    assert "    3 | HTTP 200\n      |      ^~~\n" in done.stdout


def test_an_included_file_reads_from_its_own_folder(run, serve, tmp_path):
    """Names in a file are meant from where it lies, whoever includes it."""
    server = serve(shop())
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "body.txt").write_text("below")
    (tmp_path / "body.txt").write_text("above")
    (tmp_path / "steps" / "post.hurl").write_text(
        f"POST {server.url}/\nfile,body.txt;\n[Include]\nfile,more.hurl;\n")
    (tmp_path / "steps" / "more.hurl").write_text(f"GET {server.url}/more\n")
    code, _ = run(f"[Include]\nfile,steps/post.hurl;\n"
                  f"POST {server.url}/\nfile,body.txt;\n")
    assert code == 0
    assert [body for _, _, body in server.requests] == [
        b"below", b"", b"above"]


REFUSED = {
    "above": ("file,../login.hurl;", "relative"),
    "absolute": ("file,/etc/passwd;", "relative"),
    "dots": ("file,a/../login.hurl;", "relative"),
    "link": ("file,out.hurl;", "not below the flow's folder"),
    "gone": ("file,gone.hurl;", "there is no such file"),
    "folder": ("file,folder;", "not a regular file"),
    "itself": ("file,flow.hurl;", "includes itself"),
    "variable": ("file,{{name}}.hurl;", "without {{placeholders}}"),
    "cycle": ("file,cycle.hurl;", "never end"),
    "nothing": ("# nothing", "expected a file such as file,login.hurl;"),
    "no-end": ("file,login.hurl", "';'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_included_is_told_at_its_place(build, tmp_path, case):
    """Each with its file, line and column, before anything is sent."""
    line, sentence = REFUSED[case]
    below = tmp_path / "flows"
    (below / "folder").mkdir(parents=True)
    (below / "login.hurl").write_text(LOGIN)
    (tmp_path / "login.hurl").write_text(LOGIN)
    os.symlink(tmp_path / "login.hurl", below / "out.hurl")
    (below / "cycle.hurl").write_text("[Include]\nfile,flow.hurl;\n")
    flow = below / "flow.hurl"
    flow.write_text(f"GET http://127.0.0.1:1/\n\n[Include]\n{line}\n")
    for program in "e2e-lint", "e2e-run":
        done = subprocess.run([build / program, flow], capture_output=True,
                              text=True, timeout=60)
        text = done.stdout + done.stderr
        assert done.returncode == 78, text
        assert sentence in text, text
        where = "cycle.hurl:2:6: " if case == "cycle" else "flow.hurl:"
        assert f"{below}/{where}" in text


def test_mistakes_of_a_flow_and_of_what_it_includes_are_told_at_once(
        build, tmp_path):
    """Also of what is included before, between and behind mistakes, and by
    what has mistakes itself; of each file once."""
    bad = "GET http://127.0.0.1:1/\nHTTP twohundred\n"
    (tmp_path / "login.hurl").write_text(bad)
    (tmp_path / "pay.hurl").write_text(
        f"[Include]\nfile,more.hurl;\n{bad}[Include]\nfile,login.hurl;\n")
    (tmp_path / "more.hurl").write_text(bad)
    flow = tmp_path / "flow.hurl"
    flow.write_text(f"[Include]\nfile,login.hurl;\n{bad}[Include]\n"
                    f"file,pay.hurl;\nfile,gone.hurl;\n{bad}[Include]\n"
                    "file,login.hurl;\n")
    for program in "e2e-lint", "e2e-run":
        done = subprocess.run([build / program, flow], capture_output=True,
                              text=True, timeout=60)
        text = done.stdout + done.stderr
        assert done.returncode == 78, text
        found = sorted(line[len(str(tmp_path)) + 1:].split(": ")[0]
                       for line in text.splitlines()
                       if line.startswith(str(tmp_path)))
        assert found == ["flow.hurl:4:6", "flow.hurl:7:6", "flow.hurl:9:6",
                         "login.hurl:2:6", "more.hurl:2:6", "pay.hurl:4:6"]


def test_includes_are_bounded_in_depth_and_number(build, tmp_path):
    """Links that lead on for ever, files that include a thousand others."""
    os.symlink(".", tmp_path / "d")
    deep = tmp_path / "deep.hurl"
    deep.write_text("[Include]\nfile,d/deep.hurl;\n")
    (tmp_path / "wide0.hurl").write_text("GET http://127.0.0.1:1/\n")
    for i in range(1, 5):
        (tmp_path / f"wide{i}.hurl").write_text(
            "[Include]\n" + f"file,wide{i - 1}.hurl;\n" * 10)
    for name, sentence in ("deep", "more than 8 deep"), (
            "wide4", "includes more than 1000 files"):
        done = subprocess.run([build / "e2e-lint", tmp_path / f"{name}.hurl"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 78 and sentence in done.stdout, done.stdout


MANIFEST = """\
service: shop
environments:
  test: {{base_url: "{url}"}}
hosts: ["127.0.0.1"]
checks:
  - name: buy
    flow: buy.hurl
    every: 1m
"""


@pytest.fixture
def checks(tmp_path):
    """A folder with a manifest, its flow and what the flow includes."""
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "shop.yaml").write_text(
        MANIFEST.format(url="http://127.0.0.1:1"))
    (folder / "buy.hurl").write_text(
        "[Include]\nfile,login.hurl;\nGET {{base_url}}/buy\n")
    (folder / "login.hurl").write_text(LOGIN)
    return folder


def lint(build, folder):
    done = subprocess.run([build / "e2e-lint", folder], capture_output=True,
                          text=True, timeout=60)
    print(done.stdout)
    return done.returncode, done.stdout


def test_lint_reads_a_flow_with_all_it_includes(build, checks):
    """Shared steps are used flows; what they lack is told where they stand;
    a mistake in them is told once."""
    code, text = lint(build, checks)
    assert code == 0 and text.endswith("0 mistakes, 0 warnings\n")
    (checks / "login.hurl").write_text(
        LOGIN + "GET http://other.example/{{missing}}\nfile,none.json;\n")
    code, text = lint(build, checks)
    assert code == 78
    assert "reads {{missing}} in line 6 of" in text
    assert "reaches 'other.example' in line 6 of" in text
    assert f"{checks}/login.hurl:7:6: cannot use the file" in text
    (checks / "login.hurl").write_text("POST {{base_url}}\n[Optoins]\n")
    (checks / "two.hurl").write_text("[Include]\nfile,login.hurl;\n")
    code, text = lint(build, checks)
    assert code == 78 and text.count("[Optoins]'") + text.count(
        "unknown section [Optoins]") == 1
    assert f"{checks}/login.hurl:2:2: unknown section [Optoins]" in text


def test_a_probe_gets_the_included_texts_with_the_definition(
        build, checks, serve, tmp_path):
    """The hash covers them; a probe without the folder runs them."""
    server = serve(shop(refused=["/login"]))
    (checks / "shop.yaml").write_text(MANIFEST.format(url=server.url))

    def run_check():
        done = subprocess.run(
            [build / "e2e-run", "--checks", checks, "--format=json", "buy"],
            capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout)

    first = run_check()
    assert first["place"] == {"file": "login.hurl", "line": 3, "column": 6}
    (checks / "login.hurl").write_text(LOGIN + "# more\n")
    assert run_check()["definition"] != first["definition"]

    text = "[Include]\nfile,steps/login.hurl;\nGET {{base_url}}/buy\n"
    probe = probe_channel.Probe(build / "e2e-probe", tmp_path / "log")
    more = {"root": "/nonexistent", "hosts": ["127.0.0.1"],
            "variables": {"base_url": server.url}}
    event = probe.run(text, includes={"steps/login.hurl": LOGIN}, **more)
    assert event["outcome"] == "failed"
    assert event["place"]["file"] == "steps/login.hurl"
    event = probe.run(text, extra=2, **more)
    assert event["outcome"] == "invalid"
    assert "did not come with the definition" in event["reason"]
    assert probe.end() == 0


def test_hurl_refuses_a_flow_that_includes(tmp_path):
    """Other tools say so at the line, rather than leave the steps out."""
    if shutil.which("hurl") is None:
        pytest.skip("hurl is not installed")
    flow = tmp_path / "flow.hurl"
    (tmp_path / "login.hurl").write_text("GET http://127.0.0.1:1/\n")
    for text, line in (("[Include]\nfile,login.hurl;\n", 1),
                       ("GET http://127.0.0.1:1/\n[Include]\n"
                        "file,login.hurl;\n", 2),
                       ("GET http://127.0.0.1:1/\nHTTP 200\n[Include]\n"
                        "file,login.hurl;\n", 3)):
        flow.write_text(text)
        done = subprocess.run(["hurl", flow], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 2, done.stderr
        assert f"flow.hurl:{line}:" in done.stderr


def test_the_annotated_example_runs(build, paysim):
    """It passes; on a release that fails it still cancels what it made."""
    flow = TOP / "contrib/examples/extensions/reserve-and-cancel.hurl"
    urls = paysim("good=0", "bad=0,error_rate=1")

    def run_example(url):
        done = subprocess.run(
            [build / "e2e-run", "--format=json", "--variable",
             f"base_url={url}", "--secret", "api_key=sk_test_x", flow],
            capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout)

    event = run_example(urls["good"])
    assert event["outcome"] == "passed" and len(event["steps"]) == 3
    assert event["steps"][0]["file"].endswith("steps/reserve.hurl")
    event = run_example(urls["bad"])
    assert event["outcome"] == "failed"
    assert event["place"]["file"].endswith("steps/reserve.hurl")
    assert event["steps"][-1]["clean_up"] is True
