# SPDX-License-Identifier: ISC
"""What e2e-run shows of requests and answers is what was on the wire."""
import json
import re

import pytest

from run_flows import HURL, Handler, run, server  # noqa: F401

FLOW = """\
GET @/set
HTTP 200
POST @/form?a=b%20c&d
[Cookies]
mine: 1
[BasicAuth]
bob: wordpass
[Form]
a: b c
HTTP 200
POST @/multi
[Multipart]
a: b
HTTP 200
GET @/own
Host: other.example
User-Agent: me
Accept:
HTTP 200
POST @/body
`text`
GET @/digest
[Options]
user: bob:wordpass
digest: true
HTTP 200
"""
MASKED = ("Authorization", "Cookie")


def seen_headers(request):
    """The headers of a request as the server had them, credentials masked."""
    return {k: "***" if k in MASKED else v for k, v in request[2].items()}


def last_of_each(server):
    """Without the one that asks how to authenticate."""
    return [r for r in server.seen
            if r[1] != "/digest" or "Authorization" in r[2]]


def test_a_document_has_the_headers_that_were_sent(run, server):  # noqa
    """Those of libcurl too, in --json; the names of cookies."""
    done = run(FLOW, "--json")
    assert done.returncode == 0
    entries = json.loads(done.stdout)["entries"]
    assert len(entries) == len(last_of_each(server)) == 6
    for entry, seen in zip(entries, last_of_each(server)):
        request = entry["calls"][0]["request"]
        assert [(h["name"], h["value"]) for h in request["headers"]] == \
            list(seen_headers(seen).items())
        sent = re.findall(r"(\w+)=", seen[2].get("Cookie", ""))
        assert [c["name"] for c in request["cookies"]] == sent
    assert "wordpass" not in done.stdout


@pytest.mark.parametrize("options,mark", [
    (["-v"], "  > "), (["--test", "-v"], "  > "),
    (["--no-output", "-v"], "  > ")])
def test_heads_are_shown_as_they_were_sent(run, server, options,  # noqa
                                           mark):
    """Line by line, credentials masked."""
    done = run(FLOW, *options)
    assert done.returncode == 0
    lines = [line[len(mark):] for line in
             (done.stdout + done.stderr).splitlines()
             if line.startswith(mark)]
    want = []
    for method, path, headers, _ in last_of_each(server):
        want.append(f"{method} {path} HTTP/1.1")
        for name, value in headers.items():
            value = re.sub(r"(\w+)=[^;]*", r"\1=***", value) \
                if name == "Cookie" else value
            want.append(f"{name}: " + ("***" if name == "Authorization"
                                       else value))
    assert [line.rstrip() for line in lines] == [w.rstrip() for w in want]


def test_the_evidence_has_the_head_that_was_sent(run, server):  # noqa
    """What decided a run is shown as it went out."""
    done = run("GET @/\nHTTP 500\n")
    assert done.returncode == 10
    assert "  > GET / HTTP/1.1\n" in done.stdout
    assert "  > Accept: */*\n" in done.stdout


def test_command_lines_have_the_cookies_that_went_along(run, server,  # noqa
                                                        tmp_path):
    """None for another host, though the jar has some for the address."""
    assert run(FLOW, "--curl", "c.txt").returncode == 0
    cookies = [re.search(r"--cookie '([^']*)'", line)
               for line in (tmp_path / "c.txt").read_text().splitlines()]
    assert [c and c[1] for c in cookies] == [
        None, "session=***; mine=***", "session=***", None, "session=***",
        "session=***"]


def test_verbose_shows_the_line_for_curl_and_what_is_captured(run):  # noqa
    """Secrets masked; heads alone with --verbosity=brief."""
    flow = ('POST @/\nHTTP 200\n[Captures]\na: jsonpath "$.a"\n'
            't: jsonpath "$.text" redact\n')
    done = run(flow, "-v")
    assert re.search(r"^  \* curl --request POST 'http://\S+/'$", done.stdout,
                     re.M)
    assert "\n  * a: 1\n  * t: ***\npassed:" in done.stdout
    assert "  * " not in run(flow, "--verbosity=brief").stdout
    failed = run(flow + "[Asserts]\nstatus == 201\n", "-v",
                 "--error-format=short").stdout
    assert failed.index("  < HTTP/1.1 200") < failed.index("actual:")


def test_verbose_tells_why_an_attempt_is_followed_by_another(run):  # noqa
    """In lines of its own; what did not hold at last is told as ever."""
    flow = ('GET @/\n[Options]\nretry: 1\nretry-interval: 1\nHTTP 200\n'
            '[Asserts]\njsonpath "$.text" == "two\\nlines"\nstatus == 201\n')
    done = run(flow, "-v")
    assert done.stdout.count(", actual string <<b>&amp;>\n  * ") == 1
    assert ("\n  * flow.hurl:8:1: Assert failure, actual integer <200>\n"
            "  * attempt 1: failed, tried again\n") in done.stdout
    assert done.stdout.count("flow.hurl:8:1") == 2
    assert "tried again\n  * " not in done.stdout.split("  * curl")[2]
    assert "  * " not in run(flow, "--verbosity=brief").stdout


def test_an_entry_says_how_much_is_shown_of_it(run, server):  # noqa: F811
    """Its own option wins over the command line's, false over true."""
    entry = "GET @/{}\n[Options]\n{}\nHTTP 200\n"
    flow = entry.format(1, "very-verbose: true") + entry.format(
        2, "skip: false") + entry.format(3, "verbosity: brief")
    shown = run(flow, "--test").stdout
    assert re.findall("  > GET /(.)", shown) == ["1", "3"]
    assert shown.count('"text"') == 1
    flow = entry.format(1, "verbose: {{no}}") + entry.format(2, "skip: false")
    shown = run(flow, "-vv", "--variable=no=false").stdout
    assert re.findall("  > GET /(.)", shown) == ["2"]


def test_a_header_without_a_colon_is_told_before_anything_is_sent(
        run, server):  # noqa: F811
    """On the command line as in the environment."""
    done = run("GET @/\n", "-H", "X-A")
    assert done.returncode == 64 and "not 'X-A'" in done.stderr
    done = run("GET @/\n", env={"HURL_HEADER": "A:b|X-B"})
    assert done.returncode == 64 and "not 'X-B'" in done.stderr
    assert server.seen == []


def colored(run, *options, program=None):
    """Standard output without the line that has the date."""
    done = run("GET @/\nHTTP 200\n", *options, program=program)
    return [line for line in done.stdout.split("\n") if "Date" not in line]


def test_answers_are_shown_in_colours(run):  # noqa: F811
    """Names of the head, tokens of JSON that is indented; a secret is masked
    across tokens, too."""
    lines = colored(run, "--color", "-i", "--pretty", "--secret", 'y=: "<b')
    assert lines[0] == "\033[1;32mHTTP/1.1 200"
    assert "\033[1;36mContent-Type\033[0m: application/json" in lines
    assert lines[-5:] == [
        "\033[1;39m{\033[0m",
        '  \033[1;34m"a"\033[0m\033[1;39m:\033[0m \033[0;36m1\033[0m'
        "\033[1;39m,\033[0m",
        '  \033[0;32m"text"\033[0m\033[0;36m***>&amp;\033[0m'
        '\033[0;32m"\033[0m', "\033[1;39m}\033[0m", ""]
    assert "\033[1;36m" in "".join(colored(run, "--color", "-i"))
    assert "\033" not in "".join(colored(run, "-i", "--pretty"))
    assert "\033" not in "".join(colored(run, "--color", "--no-output"))


@pytest.mark.skipif(HURL is None, reason="the real program is not here")
@pytest.mark.parametrize("options", [["-i"], ["-i", "--pretty"]])
def test_the_colours_are_those_of_the_real_program(run, options):  # noqa
    """Of an answer without a cookie, whose value is masked here."""
    theirs, ours = [
        [line for line in colored(run, "--color", *options, program=program)
         if "Set-Cookie" not in line] for program in (HURL, None)]
    assert ours == theirs


def test_no_part_of_a_secret_is_shown_where_a_text_is_cut(run, server,  # noqa
                                                          tmp_path):
    """In a long value, in what is tried again and in a long reason."""
    secret = "TOPSECRETVALUE0123456789"
    options = ["-v", f"--secret=s={secret}", "--report-junit=r/j.xml",
               "--report-html=r", "--report-json=r"]
    for before in 185, 3985:
        server.RequestHandlerClass = type("Long", (Handler,), {
            "body": b"p" * before + secret.encode() + b"q" * 99})
        done = run("GET @/\n[Options]\nretry: 1\nretry-interval: 1ms\n"
                   "HTTP 200\n[Asserts]\nbody == 'x'\n".replace("'", '"'),
                   *options)
        assert done.returncode == 10 and "ppppp" in done.stdout
        assert secret[:6] not in done.stdout + done.stderr
    fill = "p" * (385 - len(f"invalid URL <{server.url}/ "))
    for more in ["--test"], ["--json"]:
        done = run({name: "GET @/ " + fill + "{{s}}\n"
                    for name in ("a.hurl", "b.hurl")}, *options, *more)
        assert done.returncode == 78 and fill in done.stdout
        assert secret[:6] not in done.stdout + done.stderr
    for path in (tmp_path / "r").rglob("*.*"):
        assert secret[:6] not in path.read_text(), path
