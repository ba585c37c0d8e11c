# SPDX-License-Identifier: ISC
"""A short slice of the benchmarks that are scripts: they work and find what
they should, whatever time it takes. Those in C have theirs in make check."""
import os
import subprocess
import sys

from conftest import PATIENCE_S, TOP


def bench(*argv):
    """What a benchmark printed; it must have ended well."""
    # Without the real hurl, wherever that is.
    env = dict(os.environ, PATH="/usr/bin:/bin")
    done = subprocess.run([sys.executable, *map(str, argv)], env=env,
                          capture_output=True, text=True, timeout=PATIENCE_S,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_benchmark_of_e2e_run_executes_every_request(build):
    out = bench(TOP / "tests" / "bench" / "bench_run.py", "--bin", build,
                "--flows", 3, "--entries", 4, "--rounds", 1)
    assert "3 flows x 4 entries" in out
    assert "us of cpu per request" in out


def test_the_benchmark_of_whole_gates_blocks_what_always_fails(build):
    out = bench(TOP / "tests" / "bench" / "gate_demo.py", build,
                "--repetitions", 1, "--jobs", 1, "--median", 2,
                "--release", "always fails")
    row = next(line for line in out.splitlines()
               if line.startswith("always fails"))
    assert row.split()[2:5] == ["1", "of", "1"]
    assert "0 gates missed" in out
