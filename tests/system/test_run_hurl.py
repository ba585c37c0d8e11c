# SPDX-License-Identifier: ISC
"""e2e-run in the hands of a Hurl user: its options, beside the real program
where that is on PATH."""
import html.parser
import http.server
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import threading

import pytest

from conftest import wait_until

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
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
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


FAILING = """\
GET @/1
HTTP 500
GET http://127.0.0.1:1/
HTTP 200
GET @/{{nowhere}}
HTTP 200
GET @/4
[Options]
http3: true
HTTP 200
GET @/5
HTTP 200
[Captures]
z: jsonpath "$.zz"
GET @/6
[Options]
repeat: 2
HTTP 201
GET @/7
HTTP 200
"""


def test_it_continues_on_errors_and_the_first_is_the_outcome(run, server):
    """--continue-on-error: all entries run, the first failure decides."""
    done = run(FAILING, "--continue-on-error", "--format=json")
    event = json.loads(done.stdout)
    assert done.returncode == 10
    assert event["outcome"] == "failed"
    assert event["place"]["line"] == 2
    assert [(s["entry"], s["outcome"]) for s in event["steps"]] == [
        (1, "failed"), (2, "unreachable"), (3, "invalid"), (4, "invalid"),
        (5, "failed"), (6, "failed"), (6, "failed"), (7, "passed")]
    assert paths(server) == ["/1", "/5", "/6", "/6", "/7"]


@pytest.mark.skipif(HURL is None, reason="the real program is not here")
def test_it_continues_on_errors_as_hurl_does(run, server):
    """The same requests and exit code as the real program."""
    flow = FAILING.replace("http3: true", "retry: 1\nretry-interval: 1ms")
    ours = run(flow, "--continue-on-error", "--exit-codes=hurl")
    asked = paths(server)
    server.seen.clear()
    real = run(flow, "--continue-on-error", program=HURL)
    assert asked == paths(server)
    assert ours.returncode == real.returncode == 3


def test_continuing_ends_with_the_time_of_the_run(run):
    """An endless entry that always fails ends with the run's time."""
    done = run("GET @/\n[Options]\nrepeat: -1\ndelay: 20ms\nHTTP 500\n",
               "--continue-on-error", "--timeout=500ms", "--format=json")
    event = json.loads(done.stdout)
    assert event["outcome"] == "failed"
    assert event["place"]["line"] == 5
    assert 1 < len(event["steps"]) < 30


def test_asserts_can_be_ignored_captures_are_not(run, server):
    """--no-assert: what is captured is there, nothing else is looked at."""
    done = run('GET @/1\nHTTP 500\nX-None: 1\n[Captures]\nv: jsonpath "$.a"\n'
               '[Asserts]\njsonpath "$.a" == 7\n\nGET @/{{v}}x\nHTTP 500\n'
               '```\nother```\n', "--no-assert")
    assert done.returncode == 0
    assert paths(server) == ["/1", "/1x"]
    done = run('GET @/\nHTTP 500\n[Captures]\nv: jsonpath "$.none"\n',
               "--no-assert")
    assert done.returncode == 10


def cookie_of(server, index):
    """The Cookie header of a request as a set of pairs."""
    return set(filter(None, server.seen[index][2].get("Cookie", "")
                      .split("; ")))


TWO = "GET @/1\nHTTP 200\nGET @/2\nHTTP 200\n"


def test_cookies_are_read_from_a_file_and_written_to_one(run, server,
                                                         tmp_path):
    """--cookie begins every run, --cookie-jar has what they ended with."""
    (tmp_path / "in.txt").write_text(
        "# Netscape HTTP Cookie File\n\n"
        "127.0.0.1\tFALSE\t/\tFALSE\t0\tgiven\tv\n"
        "#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\thidden\th\n"
        "elsewhere.example\tFALSE\t/\tFALSE\t0\tother\to\n")
    done = run({"a.hurl": TWO, "b.hurl": TWO}, "--cookie", "in.txt",
               "--cookie-jar", "out.txt")
    assert done.returncode == 0
    for i in 0, 2:
        assert cookie_of(server, i) == {"given=v", "hidden=h"}
        assert cookie_of(server, i + 1) == {"given=v", "hidden=h",
                                            "session=s3cr3t"}
    jar = (tmp_path / "out.txt").read_text()
    assert jar.startswith("# Netscape HTTP Cookie File\n")
    assert jar.count("\tsession\ts3cr3t\n") == 2
    assert jar.count("\tgiven\tv\n") == 2
    mode = stat.S_IMODE((tmp_path / "out.txt").stat().st_mode)
    assert mode == 0o600
    server.seen.clear()
    assert run(TWO, "-b", "out.txt").returncode == 0
    assert "session=s3cr3t" in cookie_of(server, 0)
    assert run(TWO, "-b", "none.txt").returncode == 78


def test_cookies_of_answers_can_be_dropped(run, server):
    """--no-cookie-store: neither the next entry nor a redirect sends them."""
    done = run("GET @/redirect\n[Options]\nlocation: true\nHTTP 200\n"
               "GET @/2\n[Cookies]\nown: 1\nHTTP 200\n", "--no-cookie-store")
    assert done.returncode == 0
    assert paths(server) == ["/redirect", "/there", "/2"]
    assert [cookie_of(server, i) for i in range(3)] == [set(), set(),
                                                        {"own=1"}]


def test_hurl_s_variables_are_read_where_no_e2e_variable_is(run, server):
    """HURL_HEADER has many, and adds them to the command line's."""
    env = {"HURL_HEADER": "A: 1|B: 2", "HURL_USER_AGENT": "me",
           "HURL_CONTINUE_ON_ERROR": "1", "HURL_NO_ASSERT": "1",
           "HURL_VARIABLE_p": "x", "HURL_USER": "u:p"}
    assert run("GET @/{{p}}\nHTTP 500\n", env=env).returncode == 0
    headers = server.seen[0][2]
    assert (headers["A"], headers["B"]) == ("1", "2")
    assert headers["User-Agent"] == "me"
    assert headers["Authorization"] == "Basic dTpw"
    env["E2E_USER_AGENT"] = "other"
    run("GET @/{{p}}\nHTTP 500\n", "-H", "C: 3", env=env)
    headers = server.seen[1][2]
    assert headers["A"] == "1" and headers["C"] == "3"
    assert headers["User-Agent"] == "other"


@pytest.mark.parametrize("option", ["--http3", "--aws-sigv4=aws:amz"])
def test_what_is_not_supported_is_said(run, server, option):
    """Such an option is known, and refused with a sentence."""
    done = run(TWO, option)
    assert done.returncode == 64
    assert option.split("=")[0] in done.stderr
    assert not server.seen


def test_digest_is_answered_when_it_is_asked_for(run, server):
    """--digest with --user, on every entry; without it there is a 401."""
    flow = "GET @/digest\nHTTP 200\n"
    assert run(flow, "--digest", "-u", "me:pw").returncode == 0
    assert 'username="me"' in server.seen[-1][2]["Authorization"]
    assert run(flow, "-u", "me:pw").returncode == 10


def test_a_proxy_is_left_out_for_some_hosts(run, server):
    """--no-proxy, and curl's --noproxy."""
    for option in "--no-proxy", "--noproxy":
        server.seen.clear()
        assert run("GET @/\nHTTP 200\n", "-x", "http://127.0.0.1:1", option,
                   "127.0.0.1").returncode == 0
        assert len(server.seen) == 1
    assert run("GET @/\nHTTP 200\n", "-x", "http://127.0.0.1:1",
               "--no-proxy", "example.com").returncode == 10


def test_credentials_come_from_a_netrc_file(run, server, tmp_path):
    """--netrc-file stands anywhere, not only below the flow's folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "rc").write_text("machine 127.0.0.1 login me password pw\n")
    assert run("GET @/\nHTTP 200\n", "--netrc-file",
               folder / "rc").returncode == 0
    assert server.seen[0][2]["Authorization"] == "Basic bWU6cHc="


def test_a_variable_without_a_value_is_named_with_its_place(run):
    """An undefined variable: line, column, caret and its name."""
    done = run("GET @/{{base}}\nHTTP 200\n")
    assert done.returncode == 78
    assert re.search(r"flow\.hurl:1:\d+: .*you must set the variable base",
                     done.stdout)
    assert "^~~~" in done.stdout


def test_a_flow_is_read_from_standard_input(run, server):
    """- is a flow of its own, with its exit code."""
    flow = TWO.replace("@", server.url)
    assert run({}, "-", stdin=flow).returncode == 0
    assert paths(server) == ["/1", "/2"]
    assert run({}, "-", stdin="GET @\nHTTP x\n",
               **{}).returncode == 78


FILES = {"good.hurl": TWO, "assert.hurl": "GET @/\nHTTP 500\n",
         "run.hurl": "GET http://127.0.0.1:1/\n", "wrong.hurl": "GET\n"}


@pytest.mark.parametrize("names", [
    ["good"], ["good", "assert"], ["assert", "run"], ["run", "good"],
    ["good", "wrong"], ["good", "nowhere"]])
def test_exit_codes_of_hurl_for_several_files(run, names):
    """--exit-codes=hurl: as the real one for each mixture (recorded)."""
    recorded = {"good": 0, "good assert": 4, "assert run": 3, "run good": 3,
                "good wrong": 2, "good nowhere": 1}
    run(FILES, "--help")
    names = [name + ".hurl" for name in names]
    ours = run({}, "--exit-codes=hurl", *names)
    key = " ".join(names).replace(".hurl", "")
    assert ours.returncode == recorded[key]
    if HURL is not None:
        real = run({}, *names, program=HURL)
        assert real.returncode == recorded[key]


def test_reports_are_extended(run, tmp_path):
    """A second call adds a suite to JUnit and goes on counting in TAP."""
    flows = {"good.hurl": TWO, "assert.hurl": "GET @/\nHTTP 500\n"}
    for _ in range(2):
        run(flows, "--report-junit", "j.xml", "--report-tap", "t.tap")
    xml = (tmp_path / "j.xml").read_text()
    assert xml.count("<testsuite ") == 2 and xml.count("<testcase ") == 4
    tap = (tmp_path / "t.tap").read_text().splitlines()
    assert tap[:2] == ["TAP version 13", "1..4"]
    assert [line for line in tap if "ok " in line[:7]] == [
        "ok 1 - good.hurl", "not ok 2 - assert.hurl",
        "ok 3 - good.hurl", "not ok 4 - assert.hurl"]
    (tmp_path / "j.xml").write_text("something else")
    done = run(flows["good.hurl"], "--report-junit", "j.xml")
    assert done.returncode == 30 and "another format" in done.stderr
    assert (tmp_path / "j.xml").read_text() == "something else"


@pytest.mark.skipif(HURL is None, reason="the real program is not here")
def test_reports_of_the_real_program_are_extended(run, tmp_path):
    """A pipeline may go over from one to the other in the middle."""
    options = ["--report-junit", "j.xml", "--report-tap", "t.tap"]
    run({"good.hurl": TWO}, *options, program=HURL)
    run({"good.hurl": TWO}, *options)
    run({"good.hurl": TWO}, *options, program=HURL)
    assert (tmp_path / "j.xml").read_text().count("<testcase ") == 3
    assert "1..3\n" in (tmp_path / "t.tap").read_text()


DOCUMENT = """\
# The first line is none of an entry.
POST @/redirect?q=a%20b&empty
X-Case: kept
Authorization: Bearer t0ken
[Options]
location: true
[Cookies]
own: c0okie
[Form]
a: b&c
HTTP 200
Content-Type: application/json
X-None: 1
[Captures]
number: jsonpath "$.a"
text: jsonpath "$.text"
hidden: jsonpath "$.text" redact
list: jsonpath "$[*]"
[Asserts]
jsonpath "$.a" == 1
jsonpath "$.a" == 2
status < 300

GET @/status
HTTP/2 200
[Captures]
never: jsonpath "$.a"

GET @/both
HTTP/1.0 500

GET @/any
HTTP *
[Asserts]
status == 404

GET @/status
HTTP 404
[Asserts]
status == 404

GET @/capture
HTTP 200
[Captures]
first: jsonpath "$.a"
none: jsonpath "$.none"
later: jsonpath "$.a"
[Asserts]
status == 200

GET @/body
HTTP 200
[Asserts]
status == 200
{"a":2}

GET http://127.0.0.1:1/
HTTP 200

GET @/no-response

GET @/again
[Options]
retry: 1
retry-interval: 1ms
HTTP 500

GET @/{{undefined}}
HTTP 200
"""


def outline(document):
    """What of a document is the same in every run and program."""
    return [(e["index"], e["line"], len(e["calls"]),
             [(a["line"], a["success"]) for a in e["asserts"]],
             [c["name"] for c in e["captures"]],
             [(c["request"]["method"], c["request"]["url"],
               c["response"]["status"] if "response" in c else None,
               [h["name"] for h in c["response"]["headers"]]
               if "response" in c else None,
               c["request"]["query_string"],
               sorted(k["name"] for k in c["request"]["cookies"]))
              for c in e["calls"]]) for e in document["entries"]]


def test_a_document_in_hurl_s_form_is_printed(run, server):
    """--json: calls, asserts, captures and timings; credentials are not."""
    done = run(DOCUMENT, "--json", "--continue-on-error",
               "--secret", "s=kept")
    assert done.returncode == 10
    document = json.loads(done.stdout)
    first = document["entries"][0]
    assert [(c["name"], c["value"]) for c in first["captures"]] == [
        ("number", 1), ("text", "***"), ("hidden", "***"),
        ("list", '[1,"***"]')]
    assert [a for a in first["asserts"] if not a["success"]][0]["message"] \
        .startswith("flow.hurl:13:")
    assert document["filename"] == "flow.hurl"
    assert document["success"] is False
    for secret in "s3cr3t", "t0ken", "c0okie", "kept", "<b>":
        assert secret not in done.stdout
    timings = first["calls"][0]["timings"]
    assert (timings["name_lookup"] <= timings["connect"] <=
            timings["pre_transfer"] <= timings["start_transfer"] <=
            timings["total"])
    errors = [e["line"] for e in document["entries"] if e["errors"]]
    assert len(errors) == 3
    assert "you must set the variable undefined" in done.stderr


@pytest.mark.skipif(HURL is None, reason="the real program is not here")
def test_documents_have_what_those_of_the_real_program_have(run):
    """Calls, asserts and captures agree, entry by entry."""
    ours = run(DOCUMENT, "--json", "--continue-on-error")
    real = run(DOCUMENT, "--json", "--continue-on-error", program=HURL)
    for a, b in zip(outline(json.loads(ours.stdout)),
                    outline(json.loads(real.stdout)), strict=True):
        assert a == b


def test_a_json_report_is_extended_and_has_the_bodies(run, tmp_path):
    """--report-json: an array of all runs, bodies beside it, masked."""
    for text in "one", "two":
        run({f"{text}.hurl": TWO}, "--report-json", "report", "--secret",
            "s=&amp;")
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert [r["filename"] for r in report] == ["one.hurl", "two.hurl"]
    bodies = [c["response"]["body"] for r in report for e in r["entries"]
              for c in e["calls"]]
    assert len(set(bodies)) == 4
    assert (tmp_path / "report" / bodies[0]).read_text() == \
        '{"a":1,"text":"<b>***"}'
    assert run(TWO, "--report-json", "flow.hurl").returncode == 30


CURL = """\
GET @/plain
HTTP 200
POST @/json?a=it%27s
X-Quote: it's "that" \\\\ \\u{24}HOME
X-Empty:
```json
{"a": "it's", "b": "\\n"}
```
HTTP 200
PUT @/text
`line
of {{v}}`
HTTP 200
POST @/form
[Form]
a: b&c
x: @y
HTTP 200
DELETE @/gone
[Cookies]
k: v
HTTP 200
POST @/at
Content-Type: text/x
`@file`
HTTP 200
""".replace("`line\nof {{v}}`", "`line of {{v}}`")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_requests_are_written_as_command_lines_of_curl(run, server, tmp_path):
    """--curl: a shell that runs them sends the same requests again."""
    done = run(CURL, "--curl", "curl.txt", "--variable", "v=$HOME 'x'",
               "--no-trace", "--no-cookie-store")
    assert done.returncode == 0
    sent = list(server.seen)
    server.seen.clear()
    lines = (tmp_path / "curl.txt").read_text().splitlines()
    assert len(lines) == len(sent)
    for line in lines:
        subprocess.run(["bash", "-c", line + " --silent"], check=True,
                       stdout=subprocess.DEVNULL)
    for ours, curls in zip(sent, server.seen, strict=True):
        assert ours[:2] == curls[:2] and ours[3] == curls[3]
        for name in "Content-Type", "X-Quote", "X-Empty":
            assert ours[2].get(name) == curls[2].get(name), line


def test_command_lines_of_curl_hold_no_secret(run, tmp_path):
    """Secrets, credentials and cookies are masked in them."""
    run("POST @/x?k={{key}}\nAuthorization: Bearer t0ken\n[Options]\n"
        "user: me:passw0rd\n[Cookies]\nc: c0okie\n[Form]\nf: {{key}}\n"
        "HTTP 200\n", "--curl", "curl.txt", "--secret", "key=k3y")
    line = (tmp_path / "curl.txt").read_text()
    for secret in "t0ken", "passw0rd", "c0okie", "k3y":
        assert secret not in line
    assert "--user 'me:***'" in line and "--cookie 'c=***'" in line


def test_the_last_answer_is_written_where_it_is_asked_for(run, tmp_path):
    """--output FILE has the bytes of every run, - and --include print."""
    flows = {"a.hurl": TWO, "b.hurl": TWO, "c.hurl": "GET @/\nHTTP 500\n"}
    run(flows, "-o", "out.bin")
    assert (tmp_path / "out.bin").read_bytes() == BODY * 2
    done = run(TWO, "-o", "-", "--secret", "s=&amp;")
    assert done.stdout == '{"a":1,"text":"<b>***"}' and done.stderr == ""
    done = run(TWO, "-i")
    assert done.stdout.startswith("HTTP/1.1 200\n")
    assert done.stdout.endswith("\n\n" + BODY.decode())
    done = run(flows["c.hurl"], "-i")
    assert done.stdout == "" and "flow.hurl:2:6" in done.stderr
    assert run(TWO, "-o", "no/where").returncode == 30


@pytest.mark.skipif(HURL is None, reason="the real program is not here")
def test_the_answer_is_the_real_program_s(run):
    """--include prints what the real one prints, but for the date."""
    ours, real = (re.sub("Date: .*", "", run(TWO, "-i", program=p).stdout)
                  for p in (None, HURL))
    assert ours == real


def test_nothing_is_printed_but_what_did_not_hold(run):
    """--no-output, and the forms of errors."""
    done = run(TWO, "--no-output")
    assert (done.stdout, done.stderr) == ("", "")
    flow = "GET @/\nHTTP 500\n"
    done = run(flow, "--no-output", "--error-format=short")
    assert done.stdout == "" and "flow.hurl:2:6" in done.stderr
    assert "> GET /" not in done.stderr
    assert "> GET /" in run(flow, "--test", "--error-format=long").stdout
    assert "> GET /" not in run(flow, "--test").stdout
    assert "> GET /" in run(flow).stdout
    assert "> GET /" not in run(
        flow, env={"HURL_ERROR_FORMAT": "short"}).stdout


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


def test_an_html_report_has_a_page_for_each_run(run, tmp_path):
    """--report-html: a list of runs, and pages whose links all lead
    somewhere; nothing of the flow or the answer becomes markup."""
    evil = "</pre><script>alert(1)</script>&"
    flows = {"a&b.hurl": TWO,
             "bad.hurl": DOCUMENT + f"# {evil} k3y\nGET @/x?{{{{s}}}}\n"
             "HTTP 200\n[Asserts]\n" + 'jsonpath "$.text" == "<i>"\n'}
    for _ in range(2):
        run(flows, "--report-html", "report", "--continue-on-error",
            "--secret", "s=k3y")
    index = Page(tmp_path / "report/index.html")
    assert "4 runs, 2 passed, 2 did not." in index.text
    assert index.text.count("a&b.hurl") == 2
    assert len(set(index.links)) == 4
    for link in index.links:
        path = tmp_path / "report" / link
        page = Page(path)
        for target in page.links:
            if target.startswith("#"):
                assert target[1:] in page.ids
            else:
                assert (path.parent / target).exists()
        assert "script" not in {tag for tag, _ in page.tags}
        assert not {name for _, attrs in page.tags for name in attrs
                    if name == "src" or name.startswith("on")}
        for secret in "k3y", "s3cr3t":
            assert secret not in path.read_text()
    assert index.text.index("bad.hurl") < index.text.index("a&b.hurl")
    assert "Line 13: X-None: 1: Header not found" in index.text
    bad = tmp_path / "report" / index.links[0]
    page = Page(bad)
    assert "# </pre><script>alert(1)</script>& ***" in page.text
    assert '"<i>"' in page.text and "string <***>" in page.text
    marked = {a["id"] for tag, a in page.tags if a.get("class") == "bad"}
    assert {"f0-l13", "f0-l21"} <= marked and "f0-l20" not in marked
    assert "What decided it" in page.text and "> GET /there" in page.text


def test_an_html_report_of_others_is_left_alone(run, tmp_path):
    """A folder with another index.html is not touched."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("<h1>mine</h1>")
    done = run(TWO, "--report-html", "site")
    assert done.returncode == 30 and "another format" in done.stderr
    assert (tmp_path / "site/index.html").read_text() == "<h1>mine</h1>"


def test_printed_json_is_indented_when_asked_for(run, server, tmp_path):
    """--pretty changes blanks around tokens, and nothing that is no JSON."""
    flow = 'GET @/\n[Options]\nskip: {{skip}}\nHTTP 200\n'
    done = run(flow, "-i", "--pretty", "--variable", "skip=false")
    assert done.stdout.endswith(
        '\n\n{\n  "a": 1,\n  "text": "<b>&amp;"\n}\n')
    assert run(flow, "-o", "-", "--no-pretty", "--variable", "skip=false",
               env={"HURL_PRETTY": "1"}).stdout == BODY.decode()
    for body, pretty in [
            (b'[]', '[]\n'), (b'[ { } ,1.50]\n', '[\n  {},\n  1.50\n]\n'),
            (b'"a\\"[,:"', '"a\\"[,:"\n'), (b'{"a":1', '{"a":1'),
            (b'{"a":1} x', '{"a":1} x'), (b'', '')]:
        server.RequestHandlerClass = type("Other", (Handler,), {
            "body": body})
        done = run(flow, "-o", "-", "--pretty", "--variable", "skip=false")
        assert done.stdout == pretty


def test_a_url_s_password_is_shown_nowhere(run, server, tmp_path):
    """It is sent, and left out of tables, documents, reports, commands."""
    flow = {"flow.hurl": "GET {{base}}/x:y\nHTTP 500\n"}
    base = server.url.replace("//", "//me:p%40ss@")
    options = ["--variable", f"base={base}", "--report-html", "html",
               "--report-json", "json", "--curl", "curl.txt"]
    shown = run(flow, *options).stdout
    shown += run(flow, "--format=json", *options).stdout
    shown += run(flow, "--json", *options).stdout
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "flow.hurl":
            shown += path.read_text()
    assert server.seen[0][2]["Authorization"] == "Basic bWU6cEBzcw=="
    assert "p%40ss" not in shown and "p@ss" not in shown
    assert "//***@127.0.0.1" in shown and "/x:y" in shown


def test_what_always_runs_and_what_is_included_continue_too(run, server,
                                                            tmp_path):
    """--continue-on-error goes through our extensions, in order, once; a
    document and a page say where an included entry stands."""
    (tmp_path / "shared.hurl").write_text(
        f"GET {server.url}/shared\nHTTP 404\n")
    done = run("GET @/1\nHTTP 500\n\n[Include]\nfile,shared.hurl;\n\n"
               "GET @/3\n[Options]\nalways: true\nHTTP 200\n\n"
               "GET @/4\nHTTP 200\n", "--continue-on-error", "--json",
               "--report-html", "html")
    assert paths(server) == ["/1", "/shared", "/3", "/4"]
    entries = json.loads(done.stdout)["entries"]
    assert [e.get("filename", "")[-11:] for e in entries] == [
        "", "shared.hurl", "", ""]
    page = Page(next((tmp_path / "html/store").iterdir()))
    bad = {a["id"] for tag, a in page.tags if a.get("class") == "bad"}
    assert bad == {"f0-l2", "f1-l2"}


def test_a_signal_ends_a_run_that_continues_on_errors(build, start, server,
                                                      tmp_path):
    """The reports are written with what there is."""
    (tmp_path / "flow.hurl").write_text(
        f"GET {server.url}/1\nHTTP 500\nGET {server.url}/2\n[Options]\n"
        f"delay: 30m\nHTTP 200\nGET {server.url}/3\n")
    process = start(build / "e2e-run", "--continue-on-error",
                    "--report-junit", tmp_path / "j.xml",
                    tmp_path / "flow.hurl")
    while "expected: 500" not in process.read_line():
        pass  # the first answer was looked at
    process.kill(signal.SIGINT)
    assert process.wait() == 10
    assert "HTTP 500" in (tmp_path / "j.xml").read_text()
    assert paths(server) == ["/1"]


@pytest.mark.parametrize("option, shows", [
    (["-v"], "head"), (["-vv"], "body"), (["--very-verbose"], "body"),
    (["--verbosity=verbose"], "head"), (["--verbosity=debug"], "body"),
    (["--verbosity=brief"], "head"), ([], None)])
def test_what_is_shown_of_requests(run, option, shows):
    """-v and its kin: heads, or bodies as well."""
    shown = run("GET @/\nHTTP 200\n", *option).stdout
    assert ("> GET /" in shown) == (shows is not None)
    assert ('"text"' in shown) == (shows == "body")


def test_everything_runs_again_and_again(run, server, build, tmp_path, start):
    """--repeat -1 ends with a signal only."""
    (tmp_path / "flow.hurl").write_text(f"GET {server.url}/\nHTTP 200\n")
    process = start(build / "e2e-run", "--repeat=-1", "--no-output",
                    "--parallel", tmp_path / "flow.hurl")
    wait_until(lambda: len(server.seen) > 30, "30 runs")
    process.kill(signal.SIGINT)
    assert process.wait() in (10, 30)
    assert run("GET @/\n", "--repeat=0").returncode == 64
