# SPDX-License-Identifier: ISC
"""e2e-run in the hands of a Hurl user: its options, beside the real program
where that is on PATH."""
import json
import re
import signal
import stat

import pytest

from conftest import try_until, wait_until
from run_flows import (BODY, HURL, TWO, Handler, Page, paths, run,  # noqa
                       server)

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
    event = try_until(lambda e: len(e["steps"]) > 2, lambda: json.loads(run(
        "GET @/\n[Options]\nrepeat: -1\ndelay: 40ms\nHTTP 500\n",
        "--continue-on-error", "--timeout=1s", "--format=json").stdout))
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


def test_what_is_not_supported_is_said(run, server):
    """Such an option is known, and refused with a sentence."""
    done = run(TWO, "--http3")
    assert done.returncode == 64
    assert "--http3" in done.stderr
    assert not server.seen


def test_requests_are_signed_and_signatures_masked(run, server, tmp_path):
    """--aws-sigv4 with --user, on every hop; what cannot be signed is said."""
    done = run("GET @/redirect\nx-amz-date: 20150830T123600Z\n[Options]\n"
               "aws-sigv4: aws:amz:r:s\nHTTP 200\n", "-L", "-v",
               "-u", "AKID:topsecret", "--curl", "curl.txt")
    assert done.returncode == 0
    signed = [seen[2]["Authorization"] for seen in server.seen]
    assert len(set(signed)) == 2
    for text in signed:
        assert text.startswith("AWS4-HMAC-SHA256 Credential=AKID/20150830/r/"
                               "s/aws4_request, SignedHeaders=host;x-amz-date")
    assert "Signature=" not in done.stdout + done.stderr
    assert "topsecret" not in done.stdout + done.stderr
    assert "--aws-sigv4 'aws:amz:r:s'" in (
        tmp_path / "curl.txt").read_text()
    done = run("GET @/\n[Multipart]\na: b\nHTTP 200\n", "--aws-sigv4",
               "aws:amz", "-u", "AKID:topsecret")
    assert done.returncode == 78 and "[Multipart]" in done.stdout


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


def test_what_a_proxy_refuses_was_not_sent(run, server):
    """A payment that finds no way to its server moves no money: it may be
    tried again. The proxy's password is shown nowhere."""
    flow = ("POST https://pay.test/\n[Options]\nretry: 1\n"
            "retry-interval: 1ms\n{}\n")
    proxy = server.url.replace("//", "//me:hunter2@")
    for x in proxy, proxy[len("http://"):]:
        done = run(flow, "-v", "-x", x, "--curl=lines", "--report-json=r")
        assert done.returncode == 10 and "(attempt 2)" in done.stdout
        assert "--proxy '" in done.stdout and "***@127.0.0.1" in done.stdout
        assert "unreachable: 2 requests" in done.stdout
        assert "hunter2" not in done.stdout + done.stderr
    done = run(flow, "--json", "-x", proxy.replace("http", "foo"))
    assert done.returncode == 78 and '"outcome":"invalid"' in done.stdout
    assert "the proxy's scheme is not supported" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


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


@pytest.mark.parametrize("size", [10, 4096, 100000])
def test_what_a_full_disk_did_not_take_is_told(run, server, tmp_path, size):
    """Of the last answer, and of the cookies."""
    (tmp_path / "body").write_bytes(b"x" * size)
    flow = "POST @/\nfile,body;\nHTTP 200\n"
    (tmp_path / "jar").write_text(
        f"127.0.0.1\tFALSE\t/\tFALSE\t0\tname\t{'x' * size}\n"[:4200])
    server.RequestHandlerClass = type("Big", (Handler,), {
        "body": b"x" * size})
    for options in ["-o", "/dev/full"], ["-b", "jar", "-c", "/dev/full"]:
        done = run(flow, *options)
        assert done.returncode == 30
        assert "No space left on device" in done.stderr


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
    done = run({"flow.hurl": "GET {{base}}/ x\nHTTP 200\n"}, "-v", *options)
    assert done.returncode == 78
    shown += done.stdout
    (tmp_path / "flow.hurl").write_text(f"GET {base}/{{{{nobody}}}}\n")
    done = run({}, "--continue-on-error", "--format=json", "flow.hurl")
    assert "/{{nobody}}" in done.stdout
    shown += done.stdout
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
