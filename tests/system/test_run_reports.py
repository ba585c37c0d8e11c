# SPDX-License-Identifier: ISC
"""The reports of e2e-run: JUnit, TAP, Hurl's documents, command lines of curl
and pages, beside the real program's where that is on PATH."""
import json
import re
import shutil
import subprocess

import pytest

from run_flows import HURL, TWO, Page, run, server  # noqa: F401


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


def test_reports_are_in_the_order_of_the_command_line(run, tmp_path):
    """Whichever run ends first; on the page below those that did not pass."""
    flows = {name: f"GET @/\n[Options]\ndelay: {delay}\nHTTP {status}\n"
             for name, delay, status in (("slow.hurl", 200, 200),
                                         ("fast.hurl", 0, 500),
                                         ("last.hurl", 100, 200))}
    run(flows, "--jobs", 6, "--repeat", 2, "--report-junit", "j.xml",
        "--report-tap", "t.tap", "--report-json", "json", "--report-html",
        "html", "--curl", "curl", "--cookie-jar", "jar")
    want = ["slow.hurl", "fast.hurl", "last.hurl"] * 2
    xml = (tmp_path / "j.xml").read_text()
    assert re.findall('name="([a-z.]+hurl)"', xml) == want
    assert "<failure" in xml[xml.index("fast"):xml.index("last")]
    tap = (tmp_path / "t.tap").read_text()
    assert re.findall("^(?:not )?ok ([0-9]+ - .*)", tap, re.M) == [
        f"{i + 1} - {name}" for i, name in enumerate(want)]
    documents = json.loads((tmp_path / "json" / "report.json").read_text())
    assert [d["filename"] for d in documents] == want
    jar = (tmp_path / "jar").read_text()
    assert re.findall("[a-z]+[.]hurl", jar) == want
    index = (tmp_path / "html" / "index.html").read_text()
    assert re.findall('[.]html">([a-z.]+)</a>', index) == (
        want[1:2] * 2 + ["slow.hurl", "last.hurl"] * 2)
    assert len((tmp_path / "curl").read_text().splitlines()) == 6


def test_reports_of_many_mistakes_take_no_longer_for_each(run, tmp_path):
    """5,000 of them; what takes a square of their number takes minutes."""
    done = run("GET @/\nHTTP 200\n[Asserts]\n" + "".join(
        f'body == "{i}"\n' for i in range(5000)), "--json",
        "--report-html", "html", "--report-json", "json")
    assert done.returncode == 10
    entry = json.loads(done.stdout)["entries"][0]
    asserts = [a for a in entry["asserts"] if not a["success"]]
    assert [a["line"] for a in asserts] == list(range(4, 5004))
    assert "errors" not in entry or entry["errors"] == []
    page = next(p for p in (tmp_path / "html").glob("*/*.html")).read_text()
    assert page.count("Assert failure") >= 5000


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
