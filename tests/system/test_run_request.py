# SPDX-License-Identifier: ISC
"""What e2e-run sends and where it finds files, beside the real program where
that is on PATH."""
import gzip
import http.server
import json
import os
import shutil
import subprocess
import threading

import pytest

HURL = shutil.which("hurl")
PROGRAMS = [None, pytest.param(HURL, marks=pytest.mark.skipif(
    not HURL, reason="hurl is not on PATH"))]


class Handler(http.server.BaseHTTPRequestHandler):
    """Remembers the headers of every request; asks /private for bob, sends
    /moved elsewhere, and has HTML and a cookie for everybody; /gzip has it
    compressed, /wrong says that it is."""
    body = b"<p>a</p><p>b</p>"

    def do_GET(self):
        self.server.seen.append(self.headers)
        known = self.headers.get("Authorization") == "Basic Ym9iOnNlY3JldA=="
        private = self.path == "/private" and not known
        moved = self.path == "/moved"
        self.send_response(401 if private else 302 if moved else 200)
        if moved:
            self.send_header("Location", "/there")
        self.send_header("Content-Type", "text/html")
        self.send_header("Set-Cookie", "a=1; HttpOnly")
        if self.path in ("/gzip", "/wrong"):
            self.send_header("Content-Encoding", "gzip")
        body = gzip.compress(self.body) if self.path == "/gzip" else self.body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.seen = []
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    threading.Thread(target=httpd.serve_forever, args=(0.01,),
                     daemon=True).start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def run(build, tmp_path, server):
    """run(program, flow, options...): the flow stands in a folder of its
    own, below the one that the program runs in."""
    def run_flow(program, flow, *options):
        (tmp_path / "flows").mkdir(exist_ok=True)
        (tmp_path / "flows" / "flow.hurl").write_text(
            flow.replace("@", server.url))
        argv = [program] if program else [
            build / "e2e-run", "--exit-codes=hurl"]
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("HURL_", "E2E_"))}
        return subprocess.run([*argv, *options, "flows/flow.hurl"],
                              capture_output=True, text=True, timeout=60,
                              cwd=tmp_path, env=env)
    return run_flow


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_request_s_own_user_agent_is_sent_alone(run, server, program):
    """--user-agent is for the requests that do not name theirs."""
    flow = "GET @/a\n\nGET @/b\nUser-Agent: own\n"
    assert run(program, flow, "--user-agent", "given").returncode == 0
    assert [h.get_all("User-Agent") for h in server.seen] == [
        ["given"], ["own"]]


@pytest.mark.parametrize("program", PROGRAMS)
def test_files_of_options_are_found_where_it_runs(run, tmp_path, program):
    """A netrc file, as a certificate, is named relative to the directory
    that the program runs in."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "netrc").write_text(
        "machine 127.0.0.1 login bob password secret\n")
    flow = ("GET @/private\n[Options]\nnetrc-file: keys/netrc\nHTTP 200\n")
    assert run(program, flow).returncode == 0


def test_files_of_options_are_found_beside_the_flow_first(run, tmp_path):
    """So that a flow means the same here and in a fleet."""
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login eve password wrong\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "netrc").write_text(
        "machine 127.0.0.1 login bob password secret\n")
    flow = "GET @/private\n[Options]\nnetrc-file: netrc\nHTTP 200\n"
    assert run(None, flow).returncode == 0


def test_a_file_that_is_nowhere_is_named_at_its_option(run):
    done = run(None, "GET @/\n[Options]\ncacert: nowhere.pem\n")
    assert done.returncode == 3
    assert ("flows/flow.hurl:3:9: file 'nowhere.pem' cannot be read"
            in done.stdout)


@pytest.mark.parametrize("program", PROGRAMS)
def test_documents_have_captures_of_every_kind(run, server, program):
    """What JSON has no form for has the real program's."""
    flow = ("GET @/moved\n[Options]\nlocation: true\nHTTP 200\n[Captures]\n"
            "nodes: xpath \"//p\"\nunit: cookie \"a[HttpOnly]\"\n"
            "raw: bytes\nhops: redirects\nlist: body split \"<p>b\"\n"
            "day: variable \"text\" toDate \"%Y-%m-%d\"\n"
            "price: bytes count\n")
    done = run(program, flow, "--json", "--variable", "text=2024-02-29")
    entry, = json.loads(done.stdout)["entries"]
    assert {c["name"]: c["value"] for c in entry["captures"]} == {
        "nodes": {"type": "nodeset", "size": 2}, "unit": {"type": "unit"},
        "raw": "PHA+YTwvcD48cD5iPC9wPg==",
        "hops": [{"location": server.url + "/there", "status": 302}],
        "list": ["<p>a</p>", "</p>"], "price": 16,
        "day": "2024-02-29 00:00:00 UTC"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_entry_shows_its_answer_on_standard_output(run, program):
    """output: - is for its entry, decoded where that asks for compression,
    and when it passes; --no-output is for the last answer."""
    flow = ("GET @/a\n[Options]\noutput: -\nrepeat: 2\nHTTP 200\n\n"
            "GET @/b\nHTTP 200\n\n"
            "GET @/gzip\n[Options]\ncompressed: true\noutput: -\n\n"
            "GET @/c\n[Options]\noutput: -\nHTTP 404\n")
    done = run(program, flow, "--no-output")
    assert done.stdout == "<p>a</p><p>b</p>" * 3
    assert done.returncode == 4


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("path, code, answer", [
    ("/gzip", 0, "<p>a</p><p>b</p>"), ("/wrong", 3, "")])
def test_an_answer_is_written_decoded(run, tmp_path, program, path, code,
                                      answer):
    """The entry's own compressed counts; what cannot be decoded is an
    error, and nothing is written."""
    flow = f"GET @{path}\n[Options]\ncompressed: true\nHTTP 200\n"
    done = run(program, flow, "--output", "answer")
    assert done.returncode == code
    assert ("gzip" in done.stderr) == (code != 0)
    written = tmp_path / "answer"
    assert (written.read_text() if written.exists() else "") == answer
    assert run(program, flow, "-o", "-").stdout == answer
