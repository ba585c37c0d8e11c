#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Whole gates against the demo payments API: a good release and four bad ones.

usage: gate_demo.py BUILD [--repetitions N] [--jobs N] [--median MS]
Prints for each release how many of its gates said what they should, the
rounds that they took, and the pairs of all of them that were void because a
probe could not measure. Exits 10 when one did not.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
CHECKS = ["card-payment", "decline", "login"]


def make_releases(ms):
    """name: (candidate's faults, baseline's faults, exit code)"""
    base = f"latency=lognormal:{ms}:0.2"
    slow = f"latency=bimodal:{ms}:{4 * ms}:"
    return {
        "good": (base, base, 0),
        "always fails": (f"{base},error_rate=1", base, 10),
        # About five requests a run, so a fifth of the runs.
        "fails 20 %": (f"{base},error_rate=0.045", base, 10),
        "+50 % latency": (f"latency=lognormal:{1.5 * ms}:0.2", base, 10),
        "slow share 5 -> 20 %": (slow + "0.2", slow + "0.05", 10),
    }


def start_paysim(build, candidate, baseline):
    argv = [build / "paysim", "--release", f"candidate=0,{candidate}",
            "--release", f"baseline=0,{baseline}"]
    process = subprocess.Popen([str(a) for a in argv], text=True,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    lines = [json.loads(process.stdout.readline()) for _ in range(2)]
    return process, {line["release"]: line["url"] for line in lines}


def judge(build, checks, names, release):
    """One gate in one paysim of its own: (exit code, gate document)."""
    candidate, baseline, _ = release
    process, urls = start_paysim(build, candidate, baseline)
    argv = [build / "e2e-gate", "--checks", checks, "--format=json", "--quiet",
            "--rounds=3000", "--time=10m",
            "--candidate", f"base_url={urls['candidate']}",
            "--baseline", f"base_url={urls['baseline']}"]
    argv += [f"--check={check}" for check in names]
    try:
        done = subprocess.run([str(a) for a in argv], capture_output=True,
                              text=True, check=False)
        return done.returncode, json.loads(done.stdout), done.stderr
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--median", type=float, default=40,
                        help="latency of a request in milliseconds")
    parser.add_argument("--check", action="append", help="of these only")
    parser.add_argument("--release", action="append", help="of these only")
    arguments = parser.parse_args()
    os.environ.setdefault("PAYMENTS_TEST_KEY", "sk_test_demo")
    os.environ.pop("E2E_STORE", None)
    missed = 0
    with tempfile.TemporaryDirectory(prefix="e2e-gate-demo-") as directory:
        checks = pathlib.Path(directory) / "checks"
        shutil.copytree(TOP / "contrib" / "examples", checks)
        print(f"{'release':<22} {'as expected':>12} {'rounds':>8} "
              f"{'least':>6} {'most':>6} {'seconds':>8} {'void':>5}")
        names = arguments.check or CHECKS
        releases = make_releases(arguments.median)
        for name in arguments.release or releases:
            code = releases[name][2]
            with concurrent.futures.ThreadPoolExecutor(
                    arguments.jobs) as pool:
                gates = list(pool.map(
                    lambda _, n=name: judge(arguments.build, checks, names,
                                            releases[n]),
                    range(arguments.repetitions)))
            right = sum(gate[0] == code for gate in gates)
            rounds = [gate[1]["round_count"] for gate in gates]
            spent = [gate[1]["spent_us"] / 1e6 for gate in gates]
            void = sum(gate[1]["counts"]["void"] for gate in gates)
            print(f"{name:<22} {right:>5} of {len(gates):>3} "
                  f"{sum(rounds) / len(rounds):>8.1f} {min(rounds):>6} "
                  f"{max(rounds):>6} {sum(spent) / len(spent):>8.1f} "
                  f"{void:>5}", flush=True)
            for got, document, err in gates:
                if got != code:
                    print(f"  exit {got}: {document['reason']} {err}")
            missed += len(gates) - right
    print(f"{missed} gates missed")
    return 10 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
