# SPDX-License-Identifier: ISC
"""What a gate shows while it runs: on terminals of several sizes, on one
that is resized, and where there is none."""
import codecs
import fcntl
import os
import re
import selectors
import signal
import struct
import subprocess
import termios

import pytest

from conftest import PATIENCE_S
from gate_driver import checks, children  # noqa: F401 (a fixture)

DRAWN = re.compile(r"\r\x1b\[K([^\r]+)(?=\r\x1b)")
COLOUR = re.compile(r"\x1b\[\d*m")


class Terminal:
    """A terminal of so many columns, with a gate on it."""

    def __init__(self, argv, columns, **env):
        self.master, slave = os.openpty()
        self.resize(columns)
        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave,
            env={**os.environ, "TERM": "xterm", **env})
        os.close(slave)
        self.shown = ""
        self.decode = codecs.getincrementaldecoder("utf-8")().decode

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))

    def read(self):
        """Some more, or False at the end."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.master, selectors.EVENT_READ)
            assert selector.select(PATIENCE_S), self.shown
        try:
            self.shown += self.decode(os.read(self.master, 65536))
        except OSError:
            return False
        return True

    def read_until(self, condition):
        while not condition(self):
            assert self.read(), self.shown

    def drawn(self):
        """The lines of progress, without their colours."""
        return [COLOUR.sub("", line) for line in DRAWN.findall(self.shown)]

    def end(self):
        while self.read():
            pass
        os.close(self.master)
        return self.process.wait(PATIENCE_S)


@pytest.fixture(name="argv")
def argv_fixture(build, checks, paysim):  # noqa: F811
    urls = paysim("good=0", "bad=0,error_rate=1", "next=0,latency=fixed:20")
    return lambda label, *options: [
        build / "e2e-gate", "--checks", checks, "--service", "payments",
        "--check", "login", "--candidate", f"base_url={urls[label]}",
        "--baseline", f"base_url={urls['good']}", *options]


def test_progress_fits_a_terminal_that_is_resized(argv):
    """It makes room for the log, and is gone when the verdict is printed."""
    terminal = Terminal(argv("next", "--alpha=1e-9", "--rounds=1000"), 120)
    terminal.read_until(lambda t: any("block" in d for d in t.drawn()))
    assert max(map(len, terminal.drawn())) < 120
    assert "[--------]" in terminal.drawn()[0]
    before = len(terminal.drawn())
    terminal.resize(40)
    # One may have been on its way.
    terminal.read_until(lambda t: len(t.drawn()) >= before + 3)
    assert max(map(len, terminal.drawn()[before + 1:])) < 40
    # What is logged begins a line of its own.
    os.kill(children(terminal.process.pid, "e2e-probe")[0], signal.SIGKILL)
    terminal.read_until(lambda t: re.search(
        r"\r\x1b\[K20\d\d-[^\r]* fleet\.probe\.down[^\r]*\r\n"
        r"\r\x1b\[K\d+s ", t.shown))
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 20
    verdict = terminal.shown.index("INCONCLUSIVE")
    assert re.search(r"\r\x1b\[K(\x1b\[[\d;]*m)?$", terminal.shown[:verdict])
    assert "it was interrupted" in " ".join(terminal.shown.split())


@pytest.mark.parametrize("env,is_coloured", [
    ({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True),
    ({"TERM": "dumb"}, False)])
def test_colours_are_for_terminals_that_want_them(argv, tmp_path, env,
                                                  is_coloured):
    """A report in a file never has them."""
    report = tmp_path / "gate.txt"
    terminal = Terminal(argv("bad", f"--report={report}"), 80, **env)
    assert terminal.end() == 10
    assert bool(COLOUR.search(terminal.shown)) == is_coloured
    if "TERM" in env:
        assert "\x1b" not in terminal.shown
    assert report.read_text().startswith("BLOCK  payments: ")


@pytest.mark.parametrize("columns", [30, 80])
def test_a_verdict_is_broken_between_words(argv, tmp_path, columns):
    """On a terminal; what is too wide for a line of its own stays."""
    report = tmp_path / "gate.txt"
    terminal = Terminal(argv("bad", "--quiet", f"--report={report}"), columns)
    assert terminal.end() == 10
    shown = COLOUR.sub("", terminal.shown).replace("\r\n", "\n")
    shown = shown[shown.index("BLOCK"):]
    assert shown.split() == report.read_text().split()
    lines = shown.splitlines()
    assert max(len(line) for line in report.read_text().splitlines()) > 80
    for line in lines:
        indent = len(line) - len(line.lstrip())
        assert len(line) <= columns or len(
            line.split()[-1]) > columns - indent - 4, line
    # A line is as long as can be, and goes on further right.
    at = next(i for i, line in enumerate(lines)
              if line.startswith("  evidence against"))
    assert lines[at + 1].startswith("      ")
    assert len(lines[at]) + 1 + len(lines[at + 1].split()[0]) > columns


def test_a_log_has_no_lines_that_are_drawn(argv):
    """Nor an escape of any kind."""
    done = subprocess.run(argv("bad"), capture_output=True, timeout=PATIENCE_S,
                          env={**os.environ, "TERM": "xterm"}, check=False)
    assert done.returncode == 10
    assert not re.search(rb"[\r\x1b]", done.stdout + done.stderr)
