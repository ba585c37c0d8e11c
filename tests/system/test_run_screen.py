# SPDX-License-Identifier: ISC
"""What e2e-run says to people: progress, the list at the end, and why it
cannot do what it is asked for."""
import fcntl
import os
import re
import struct
import subprocess
import termios

import pytest

from run_flows import run, server  # noqa: F401

NOBODY = "GET http://127.0.0.1:1/\nHTTP 200\n"


def on_terminal(argv, cwd, columns=80, **env):
    """What a terminal of that width is shown."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    subprocess.run(argv, stdin=slave, stdout=slave, stderr=slave, cwd=cwd,
                   timeout=60, env={**os.environ, "TERM": "xterm", **env})
    os.close(slave)
    shown = b""
    while True:
        try:
            shown += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def flows(tmp_path, server):  # noqa: F811
    """Three flows: one passes, one fails, one finds nobody."""
    for name, text in ("a", "GET @/\nHTTP 200\n"), \
            ("b", "GET @/\nHTTP 500\n"), ("c", NOBODY):
        (tmp_path / f"{name}.hurl").write_text(text.replace("@", server.url))
    return tmp_path


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_progress_names_what_runs_and_fits_the_terminal(build, flows,
                                                        columns):
    """No line of it is as wide as the terminal, or it would stay."""
    shown = on_terminal([build / "e2e-run", "--test", "--jobs=1", "."], flows,
                        columns)
    progress = re.findall(r"\x1b\[K(\d of 3 runs[^\r]*)\r", shown)
    assert max(map(len, progress)) < columns
    if columns > 50:
        assert any(re.fullmatch(
            r"2 of 3 runs, 1 did not pass, running (\./)?c\.hurl", line)
            for line in progress)


def test_progress_fits_with_letters_of_two_columns(build, flows):
    """They take twice the room of others."""
    for i in range(3):
        (flows / f"\u65e5{i}{chr(0x672c) * 50}.hurl").write_text(NOBODY)
    shown = on_terminal([build / "e2e-run", "--test", "--jobs=1", "."], flows)
    progress = re.findall(r"\x1b\[K(\d of 6 runs[^\r]*)\r", shown)
    wide = [sum(2 if c > "\u2e80" else 1 for c in line) for line in progress]
    assert len(progress) >= 3 and max(wide) in (78, 79)


def test_progress_is_not_drawn_where_it_could_not_be_erased(build, flows):
    argv = [build / "e2e-run", "--test", "--jobs=1", "."]
    shown = on_terminal(argv, flows, TERM="dumb")
    assert "\x1b" not in shown and "of 3 runs" not in shown
    shown = on_terminal([*argv, "--progress-bar"], flows, TERM="dumb")
    assert "\x1b" not in shown
    assert "\n1 of 3 runs, running ./b.hurl\n" in shown


def test_progress_in_a_log_has_plain_lines(build, flows):
    """Where it is asked for, and standard error is no terminal."""
    done = subprocess.run(
        [build / "e2e-run", "--test", "--jobs=1", "--progress-bar", "."],
        cwd=flows, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines() == [
        "0 of 3 runs, running ./a.hurl", "1 of 3 runs, running ./b.hurl",
        "2 of 3 runs, 1 did not pass, running ./c.hurl"]


@pytest.mark.parametrize("letters,columns", [
    ("ab", 2), ("\u65e5\u672c", 4), ("e\u0301", 1)])
@pytest.mark.parametrize("before,after", [
    ("[Query]\na: ", "{{b}}\n"),
    ("HTTP 200\n[Asserts]\njsonpath \"$.", "\" = 1\n")])
def test_a_caret_stands_below_its_place(build, tmp_path, letters, columns,
                                        before, after):
    """Letters may take two columns or none; while parsing or running."""
    flow = tmp_path / "a.hurl"
    flow.write_text(f"GET http://127.0.0.1:1/\n{before}{letters}{after}")
    done = subprocess.run([build / "e2e-run", flow], timeout=60,
                          capture_output=True, text=True)
    caret = re.search(r"\n      \| ( *)\^\n", done.stdout + done.stderr)
    assert len(caret[1]) == columns + len(before.split("\n")[-1]) + 2


def test_what_did_not_pass_is_named_at_the_end(build, flows):
    """Each with its place, outcome and reason; nothing when all passed."""
    done = subprocess.run([build / "e2e-run", "--test", "."], cwd=flows,
                          capture_output=True, text=True, timeout=60)
    tail = done.stdout[done.stdout.index("Did not pass:"):]
    lines = tail[:tail.index("-" * 80)].splitlines()[1:]
    assert sorted(lines) == [
        "  ./b.hurl:2:6: failed: HTTP 500: Assert status code, actual 200",
        "  ./c.hurl:1:5: unreachable: cannot connect to 127.0.0.1 port 1: "
        "Connection refused"]
    assert "Outcomes:          1 failed, 1 unreachable\n" in tail
    done = subprocess.run([build / "e2e-run", "--test", "a.hurl", "a.hurl"],
                          cwd=flows, capture_output=True, text=True)
    assert "Did not pass" not in done.stdout and done.returncode == 0


def test_a_long_list_is_cut(build, tmp_path):
    """Fifty are named, the others counted."""
    (tmp_path / "f.hurl").write_text(NOBODY)
    done = subprocess.run([build / "e2e-run", "--test", "--repeat=60",
                           "f.hurl"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=60)
    tail = done.stdout[done.stdout.index("Did not pass:"):]
    assert tail.count("  f.hurl:1:5: unreachable") == 50
    assert "  and 10 more\n-" in tail


@pytest.mark.parametrize("env,options,is_coloured", [
    ({}, [], True), ({"NO_COLOR": "1"}, [], False), ({"NO_COLOR": ""}, [],
                                                     True),
    ({"TERM": "dumb"}, [], False), ({}, ["--no-color"], False),
    ({"HURL_NO_COLOR": "1"}, [], False), ({"NO_COLOR": "1"}, ["--color"],
                                          True)])
def test_colours_are_for_terminals(build, flows, env, options, is_coloured):
    """Unless NO_COLOR says no, and the command line wins."""
    argv = [build / "e2e-run", *options, "b.hurl"]
    assert ("\x1b[31m" in on_terminal(argv, flows, **env)) == is_coloured
    piped = subprocess.run(argv, cwd=flows, capture_output=True,
                           env={**os.environ, **env}, timeout=60)
    assert (b"\x1b[" in piped.stdout) == ("--color" in options)


def test_what_was_not_sent_is_not_shown(run):  # noqa: F811
    """Where nobody listens there is no request to look at."""
    done = run(NOBODY)
    assert "cannot connect to 127.0.0.1 port 1: Connection refused" in \
        done.stdout
    assert "  > " not in done.stdout


@pytest.mark.parametrize("options", [
    ["--report-junit", "flow.hurl/x"], ["--report-tap", "flow.hurl/x"],
    ["--report-json", "flow.hurl/x"], ["--report-html", "flow.hurl/x"],
    ["--curl", "flow.hurl/x"], ["--cookie-jar", "flow.hurl/x"],
    ["--report-junit", "."]])
def test_a_report_that_cannot_be_written_is_told_before_anything_is_sent(
        run, server, options):  # noqa: F811
    """It would be a pity afterwards."""
    done = run("GET @/\nHTTP 200\n", *options)
    assert done.returncode == 30 and done.stdout == ""
    assert re.search(r"e2e-run: .* cannot be (written|made): (Not|Is) a",
                     done.stderr)
    assert run("GET @/\n", *options, "--exit-codes=hurl").returncode == 3
    assert server.seen == []


def test_the_folder_of_a_report_is_made(run, tmp_path):  # noqa: F811
    """As Hurl makes it."""
    options = [f"--{name}=new/{i}/file" for i, name in enumerate(
        ("report-junit", "report-tap", "curl", "cookie-jar"))]
    assert run("GET @/\n", *options).returncode == 0
    assert len(list((tmp_path / "new").glob("*/file"))) == 4


def test_a_report_may_go_to_a_device_or_behind_a_link(run, tmp_path):  # noqa
    """Neither is replaced by a file."""
    done = run("GET @/\n", "--no-output", "--report-tap=/dev/stdout")
    assert done.stdout == "TAP version 13\n1..1\nok 1 - flow.hurl\n"
    assert os.path.islink("/dev/stdout")
    (tmp_path / "real.xml").write_text("")
    (tmp_path / "link.xml").symlink_to("real.xml")
    run("GET @/\n", "--report-junit=link.xml")
    run("GET @/\n", "--report-junit=link.xml")
    assert (tmp_path / "link.xml").is_symlink()
    assert (tmp_path / "real.xml").read_text().count("<testcase") == 2


def test_mistakes_end_with_a_count(run, server):  # noqa: F811
    """So that nobody wonders why a good flow was not run."""
    done = run({"a.hurl": "GET @/\n", "b.hurl": "GET @/\nHTTP x\n"},
               "none.hurl")
    assert done.returncode == 78 and server.seen == []
    assert done.stderr.endswith("e2e-run: 2 mistakes, nothing was run\n")
