# SPDX-License-Identifier: ISC
"""The engine beside the reference scripts of its statistics."""
import subprocess
import sys

import pytest

from conftest import TOP

SKIPPED = 77  # of crosscheck.py


def test_engine_says_what_the_reference_scripts_say(build):
    """The same simulated rounds, the same evidence, verdicts and names."""
    bench = build / "tests" / "bench" / "bench_gate"
    if not bench.exists():
        pytest.skip("bench_gate is not built: make check builds it")
    done = subprocess.run(
        [sys.executable, str(TOP / "tests" / "gate" / "crosscheck.py"),
         "--gates=2", str(bench)],
        capture_output=True, text=True, timeout=1200, check=False)
    print(done.stdout, done.stderr)
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0
    assert done.stdout.count(": 0 differences") == 2
