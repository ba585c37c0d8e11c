# SPDX-License-Identifier: ISC
"""A gate on a machine with faults of its own: its clock, its disk."""
import concurrent.futures
import http.server
import json
import os
import struct
import subprocess
import threading

import pytest

from gate_driver import checks, gate  # noqa: F401 (fixtures)
from gate_driver import GATE_PATIENCE_S

FLOW = "GET {{base_url}}\nHTTP 200\n"
MANIFEST = """\
service: s
environments: {e: {base_url: "http://127.0.0.1:1"}}
hosts: ["127.0.0.1"]
checks:
  - {name: c, flow: c.hurl, environment: e, every: 1m}
"""


class Stepper(http.server.ThreadingHTTPServer):
    """Steps a clock by an hour before each of its first answers, forward and
    back in turns."""

    def __init__(self, clock, steps):
        clock.write_bytes(struct.pack("=q", 0))
        self.clock, self.answers = clock, 0
        stepper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                stepper.answers += 1
                if stepper.answers <= steps:
                    with open(clock, "r+b") as file:
                        file.write(struct.pack(
                            "=q", 3600 * (stepper.answers % 2)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(name="stepped_gate")
def stepped_gate_fixture(build, tmp_path):
    """stepped_gate(steps) -> exit code and document of a gate whose clock is
    stepped during that many of its runs."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "c.hurl").write_text(FLOW)
    (tmp_path / "checks" / "s.yaml").write_text(MANIFEST)

    def judge(steps):
        server = Stepper(tmp_path / f"clock-{steps}", steps)
        try:
            done = subprocess.run(
                [build / "e2e-gate", "--checks", tmp_path / "checks",
                 "--candidate", f"base_url={server.url}/next", "--baseline",
                 f"base_url={server.url}/good", "--rounds=20",
                 "--format=json"],
                capture_output=True, text=True, timeout=GATE_PATIENCE_S,
                check=False, env=dict(
                    os.environ, E2E_TEST_CLOCK=str(server.clock),
                    LD_PRELOAD=str(build / "tests/system/stepped_clock.so"),
                    ASAN_OPTIONS="verify_asan_link_order=0"))
        finally:
            server.shutdown()
            server.server_close()
        print(done.stdout, done.stderr)
        assert "Sanitizer" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    return judge


def test_runs_during_which_the_clock_was_stepped_do_not_count(stepped_gate):
    """Once: that round is void, the others count. All the time: nothing was
    measured, whatever was answered."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        once, always = pool.map(stepped_gate, (1, 1000))
    code, document = once
    assert code in (20, 30)
    assert document["rounds"][0]["void"]
    assert document["counts"]["counted"] > 0
    if document["counts"]["void"] == 1:  # no probe was late besides
        assert document["void_reason"] == \
            "the clock was stepped forward by 1h00m meanwhile"
    code, document = always
    assert code == 30 and document["cause"] == "infrastructure"
    assert document["counts"]["counted"] == 0


# Bytes that a file may have: the store's writer cannot even start; it has what
# SQLite wants to begin with, and no room for a gate.
@pytest.mark.parametrize("most", [4096, 32768])
def test_gate_that_the_store_has_no_room_for_keeps_its_verdict(
        gate, paysim, build, tmp_path, most):
    """The disk is full: that is told, a few times at most, the verdict
    stands, and the store is as it was."""
    urls = paysim("good=0", "bad=0,error_rate=1")
    store = tmp_path / "store"
    subprocess.run([build / "e2e-store", "migrate", "--store", store],
                   check=True)
    verdict = gate(urls["bad"], urls["good"], "--store", store,
                   prefix=["prlimit", f"--fsize={most}:unlimited"])
    assert verdict.code == 10 and verdict.out.startswith("BLOCK")
    assert "not recorded in the store; the verdict stands" in verdict.err
    assert 0 < verdict.err.count("disk I/O error") < 10
    done = subprocess.run([build / "e2e-store", "check", "--store", store],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
