# SPDX-License-Identifier: ISC
"""What the tests of e2e-run share: a server that remembers, and a way to run
flows against it."""
import html.parser
import http.server
import os
import shutil
import subprocess
import threading

import pytest

HURL = shutil.which("hurl")
BODY = b'{"a":1,"text":"<b>&amp;"}'


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers 200 with BODY and a cookie; /redirect leads to /there."""
    protocol_version = "HTTP/1.1"
    body = BODY

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append((self.command, self.path,
                                 dict(self.headers), self.rfile.read(length)))
        moved = self.path.startswith("/redirect")
        asks = self.path.startswith("/digest") and not self.headers.get(
            "Authorization", "").startswith("Digest ")
        self.send_response(302 if moved else 401 if asks else 200)
        if asks:
            self.send_header("WWW-Authenticate",
                             'Digest realm="r", nonce="n", qop="auth"')
        if moved:
            self.send_header("Location", "/there")
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "session=s3cr3t; Path=/; HttpOnly; "
                         "Max-Age=1000; SameSite=Lax")
        self.send_header("Content-Length", str(0 if moved else len(self.body)))
        self.end_headers()
        if not moved:
            self.wfile.write(self.body)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    """A server with .url, and .seen: (method, path, headers, body)."""
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
    """run({name: flow, ...} or flow, options...) -> the finished process. @
    in a flow is the server; program="hurl" runs the real one."""
    def run_flows(flows, *options, env=None, stdin=None, program=None):
        if isinstance(flows, str):
            flows = {"flow.hurl": flows}
        for name, text in flows.items():
            (tmp_path / name).write_text(text.replace("@", server.url))
        done = subprocess.run(
            [program or build / "e2e-run", *map(str, options), *flows],
            capture_output=True, text=True, timeout=60, cwd=tmp_path,
            input=stdin, env={**os.environ, **(env or {})})
        assert "Sanitizer" not in done.stderr, done.stderr
        print(done.stdout, done.stderr)
        return done

    return run_flows


def paths(server):
    """What was asked for, in order."""
    return [path for _, path, _, _ in server.seen]


TWO = "GET @/1\nHTTP 200\nGET @/2\nHTTP 200\n"


class Page(html.parser.HTMLParser):
    """A page's elements, ids, links and text; it must nest well."""
    VOID = {"meta"}

    def __init__(self, path):
        super().__init__()
        self.tags, self.ids, self.links, self.text = [], set(), [], ""
        self.open = []
        self.feed(path.read_text())
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids |= {attrs["id"]} if "id" in attrs else set()
        self.links += [attrs["href"]] if "href" in attrs else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
