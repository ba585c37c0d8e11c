# SPDX-License-Identifier: ISC
"""What the system tests share: where the programs are, and how they are
started, waited for and ended. Nothing sleeps for a fixed time."""
import json
import os
import pathlib
import selectors
import signal
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_S = 60  # for a loaded machine; nothing normally takes a second

# What somebody set for programs of their own is not for those under test.
for name in list(os.environ):
    if name.lower().endswith("_proxy") or name == "NO_COLOR" or (
            name.startswith(("HURL_", "E2E_")) and name != "E2E_BUILD"):
        del os.environ[name]
# Nor does anything wait for a name server that does not answer.
os.environ["RES_OPTIONS"] = "timeout:1 attempts:1"


@pytest.fixture(scope="session")
def build():
    """The folder of the built programs: $E2E_BUILD, or ./build."""
    return pathlib.Path(os.environ.get("E2E_BUILD", TOP / "build")).resolve()


def is_sanitized(build):
    """Sanitizers make a program ten times slower, and its memory large."""
    return b"__asan_init" in (build / "e2e-run").read_bytes()


def wait_until(condition, what, patience_s=PATIENCE_S):
    """Return the condition's first true value; fail with what after a while."""
    end = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"not within {patience_s} s: {what}")
        time.sleep(0.01)


def try_until(is_fair, attempt, most=5):
    """The result of an attempt for which the machine was quick enough, or
    of the last one."""
    for _ in range(most):
        result = attempt()
        if is_fair(result):
            break
    return result


class Process:
    """A program under test; its output is kept and shown when a test fails."""

    def __init__(self, argv, log, env=None, pass_fds=()):
        self.name = pathlib.Path(argv[0]).name
        self.log = log
        self.stderr = open(log, "wb")
        self.process = subprocess.Popen(
            [str(a) for a in argv], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.stderr, env=env,
            pass_fds=pass_fds)
        self.pid = self.process.pid

    def read_line(self, patience_s=PATIENCE_S):
        """The next line of stdout; fails when the process ends first."""
        out = self.process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            line = b""
            while not line.endswith(b"\n"):
                if not selector.select(patience_s):
                    pytest.fail(f"{self.name} said nothing")
                byte = os.read(out.fileno(), 1)
                if not byte:
                    pytest.fail(f"{self.name} ended: {self.errors()}")
                line += byte
        return line.decode().rstrip("\n")

    def errors(self):
        return pathlib.Path(self.log).read_text(errors="replace")

    def kill(self, signo=signal.SIGKILL):
        self.process.send_signal(signo)

    def wait(self, patience_s=PATIENCE_S):
        return self.process.wait(patience_s)

    def stop(self):
        """End it as an operator would; returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process.stdout.close()
        self.stderr.close()
        return code


@pytest.fixture
def start(tmp_path):
    """start(argv...) -> Process. All are ended with the test."""
    processes = []

    def start_one(*argv, **options):
        log = tmp_path / f"log-{len(processes)}"
        processes.append(Process(argv, log, **options))
        return processes[-1]

    yield start_one
    for process in reversed(processes):
        code = process.stop()
        print(f"--- {process.name}, exit {code}:\n{process.errors()}")
        assert "Sanitizer" not in process.errors()


@pytest.fixture
def paysim(build, start):
    """paysim("good=0", "bad=0,error_rate=1", "--seed=1") -> {label: url}."""

    def start_paysim(*arguments):
        options = [a for a in arguments if a.startswith("--")]
        releases = [a for a in arguments if not a.startswith("--")]
        argv = [build / "paysim", *options]
        for release in releases or ["good=0"]:
            argv += ["--release", release]
        process = start(*argv)
        lines = [json.loads(process.read_line())
                 for _ in releases or ["good=0"]]
        urls = {line["release"]: line["url"] for line in lines}
        start_paysim.process = process
        return urls

    return start_paysim
