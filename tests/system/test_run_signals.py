# SPDX-License-Identifier: ISC
"""e2e-run, interrupted: what was under way is ours, and nothing that was done
is lost."""
import http.server
import json
import signal
import threading

import pytest

from conftest import wait_until

LOST = 30  # the exit code when not all was measured


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with a cookie; what begins with /hang never."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(self.path)
        if self.path.startswith("/hang"):
            self.server.end.wait()
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Set-Cookie", "session=s; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    """A server with .url, and .seen: the paths asked for."""
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.seen, httpd.end = [], threading.Event()
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    threading.Thread(target=httpd.serve_forever, args=(0.01,),
                     daemon=True).start()
    yield httpd
    httpd.end.set()
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def begin(build, start, server, tmp_path):
    """begin({name: flow}, options...) -> the process, with .out() for all it
    printed."""
    def begin_flows(flows, *options):
        for name, text in flows.items():
            (tmp_path / name).write_text(text.replace("@", server.url))
        process = start(build / "e2e-run", *options,
                        *(tmp_path / name for name in flows))
        process.out = lambda: process.process.stdout.read().decode()
        return process

    return begin_flows


FLOWS = {"a.hurl": "GET @/a\nHTTP 200\n", "b.hurl": "GET @/hang\nHTTP 200\n",
         "c.hurl": "GET @/c\nHTTP 200\n"}


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM])
def test_reports_have_what_was_done_and_what_was_cut_off(begin, server, signo,
                                                         tmp_path):
    """The run under way is lost, not unreachable; what was not begun is not
    there but counted."""
    process = begin(FLOWS, "--test", "--jobs=1", *(
        f"--{name}={tmp_path}/{file}" for name, file in (
            ("report-junit", "j.xml"), ("report-tap", "t.tap"),
            ("report-json", "json"), ("report-html", "html"),
            ("cookie-jar", "jar.txt"), ("curl", "curl.txt"))))
    wait_until(lambda: "/hang" in server.seen, "the request that hangs")
    process.kill(signo)
    assert process.wait() == LOST
    assert server.seen == ["/a", "/hang"]
    assert "interrupted: 1 run was cut off, 1 was not begun" in \
        process.errors()
    out = process.out()
    assert "a.hurl: passed" in out and "b.hurl: lost" in out
    assert "b.hurl:1:5: no answer came; interrupted" in out
    junit = (tmp_path / "j.xml").read_text()
    assert 'tests="2" failures="0" errors="1"' in junit
    assert '<error type="lost"' in junit
    tap = (tmp_path / "t.tap").read_text()
    assert "1..2\nok 1 - " in tap and "not ok 2 - " in tap
    runs = json.loads((tmp_path / "json/report.json").read_text())
    assert [r["outcome"] for r in runs] == ["passed", "lost"]
    index = (tmp_path / "html/index.html").read_text()
    assert "a.hurl" in index and '"lost"' in index
    assert "\tsession\ts" in (tmp_path / "jar.txt").read_text()
    assert (tmp_path / "curl.txt").read_text().count("curl") == 2
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix != ".html":
            assert "unreachable" not in path.read_text()


def test_a_payment_under_way_is_unknown(begin, server):
    """It may have changed something: that is no lesser after Ctrl-C."""
    process = begin({"a.hurl": "POST @/hang\nHTTP 200\n"}, "--format=json")
    wait_until(lambda: server.seen, "the request")
    process.kill(signal.SIGINT)
    assert process.wait() == 10
    event = json.loads(process.out())
    assert event["outcome"] == "unknown"
    assert event["reason"] == "no answer came; interrupted"


@pytest.mark.parametrize("flow", [
    "GET @/a\nHTTP 200\nGET @/b\n[Options]\ndelay: 30m\nHTTP 200\n",
    "GET @/a\n[Options]\nretry: 9\nretry-interval: 30m\nHTTP 500\n"])
def test_a_pause_is_cut_off_as_well(begin, server, flow):
    """A delay, and the time before another attempt."""
    process = begin({"a.hurl": flow})
    assert process.read_line().endswith("a.hurl")
    process.read_line()
    assert " 200 " in process.read_line()
    process.kill(signal.SIGINT)
    assert process.wait() == LOST
    out = process.out()
    assert "interrupted" in out and "lost: 1 request" in out


def test_what_failed_before_stays_failed(begin, server):
    """The verdict of a run is the first, an interrupt comes after it."""
    process = begin({"a.hurl": "GET @/a\nHTTP 500\nGET @/hang\nHTTP 200\n"},
                    "--continue-on-error", "--format=json")
    wait_until(lambda: "/hang" in server.seen, "the request that hangs")
    process.kill(signal.SIGINT)
    assert process.wait() == 10
    event = json.loads(process.out())
    assert event["outcome"] == "failed" and event["place"]["line"] == 2
    assert [s["outcome"] for s in event["steps"]] == ["failed", "lost"]


def test_what_always_runs_runs_and_a_second_signal_ends_it(begin, server,
                                                           tmp_path):
    """Clean-up comes after the interrupt, and its report is written too."""
    always = "[Options]\nalways: true\nHTTP 200\n"
    process = begin({"a.hurl": "GET @/hang/1\nHTTP 200\nGET @/clean\n" +
                     always + "GET @/hang/2\n" + always},
                    "--report-json", tmp_path / "json")
    wait_until(lambda: "/hang/1" in server.seen, "the first request")
    process.kill(signal.SIGINT)
    wait_until(lambda: "/hang/2" in server.seen, "the clean-up")
    process.kill(signal.SIGINT)
    assert process.wait() == LOST
    assert server.seen == ["/hang/1", "/clean", "/hang/2"]
    entries = json.loads((tmp_path / "json/report.json").read_text())[0]
    assert entries["outcome"] == "lost"
    assert len(entries["entries"]) == 3
    assert "1 run was cut off\n" in process.errors()


@pytest.mark.parametrize("signo,code", [(signal.SIGINT, 130),
                                        (signal.SIGTERM, 143)])
def test_hurl_s_codes_are_those_of_the_signal(begin, server, signo, code):
    """As of any program that a signal ends."""
    process = begin(FLOWS, "--test", "--exit-codes=hurl")
    wait_until(lambda: "/hang" in server.seen, "the request that hangs")
    process.kill(signo)
    assert process.wait() == code
