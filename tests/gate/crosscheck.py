#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The engine beside the reference scripts of its statistics.

usage: crosscheck.py BENCH_GATE [--gates N] [--rates RUNS] [--write FILE]

BENCH_GATE is the built tests/bench/bench_gate. Rounds: gates of every truth,
from the generator in C and from the one of the scripts, go through the engine
and through gate_core.py; evidence, streams, verdicts, their rounds and the
names must agree to 1e-9. Rates: each side simulates RUNS gates of every truth
by itself; blocks, passes and mean rounds must agree within 4.5 standard
errors. --write keeps what the scripts say of the C generator's gates, for
tests/unit/test_gate_reference.c.

The scripts (gate_core.py, gen.py) are looked for in $E2E_SHARED/gate, else in
../shared/gate beside this tree. They need numpy and scipy. Without either
there is nothing to compare with: one line says so, and the exit code is 77.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
NEAR = 1e-9
SIGMAS_MOST = 4.5
SKIPPED = 77
MS = 1e6
ALPHA, BETA = .01, .05


def load_reference():
    """The scripts as (numpy, gate_core, gen), or why they cannot be had."""
    shared = pathlib.Path(os.environ.get("E2E_SHARED", TOP.parent / "shared"))
    if not (shared / "gate" / "gate_core.py").exists():
        return f"no {shared / 'gate' / 'gate_core.py'} to compare with"
    sys.path.insert(0, str(shared / "gate"))
    sys.dont_write_bytecode = True
    try:
        import numpy
        import gate_core
        import gen
    except ImportError as e:
        return f"the reference scripts want {e.name}"
    return numpy, gate_core, gen


class Reference:
    """What gate_core.py says of many gates of one truth at once."""

    def __init__(self, np, core, truth, checks):
        """checks: of each a dict of arrays with a row for each gate."""
        self.np, self.core, self.truth = np, core, truth
        self.rounds = truth["rounds"]
        self.gates = len(checks[0]["failures"])
        self.blocks, self.passes = [], []     # in the engine's order
        self.keys = []                        # (check, step or -1) of blocks
        self.pass_round = np.zeros(self.gates, int)
        steps = truth["checks"] * truth["steps"]
        share = 0 if truth["latency_only"] else .5 if steps else 1
        self.log_weights = []
        self.streams = []                     # at the end, engine's order
        with np.errstate(divide="ignore"):
            weight_check = np.log(share / truth["checks"])
            weight_step = np.log((1 - share) / max(steps, 1))
        for number, check in enumerate(checks):
            self.add_check(number, check, weight_check, weight_step)
        self.judge()

    def wait_for(self, rounds):
        self.pass_round = self.np.maximum(self.pass_round, rounds)

    def add_block(self, key, path, weight):
        self.keys.append(key)
        self.blocks.append(path)
        self.log_weights.append(weight)
        self.streams.append(path[:, -1])

    def add_check(self, number, check, weight_check, weight_step):
        np, core, steps = self.np, self.core, self.truth["steps"]
        bound = core.hist_bound(check["failures"], check["runs"])
        least = .9 if self.truth["latency_only"] else .05
        path = np.zeros((self.gates, self.rounds))
        ceil = np.maximum(least, bound + least)
        _, passed, when = core.fail_gate(
            check["baseline_failed"], check["candidate_failed"], bound,
            alpha=1e-300, beta=BETA, ceil=ceil, path=path)
        self.wait_for(np.where(passed, when, self.rounds + 1))
        self.add_block((number, -1), path, weight_check)
        aa, medians, tails, aa_tails = [], [], 0, 0
        for s in range(steps):
            base, cand = check["aa_baseline"][s], check["aa_candidate"][s]
            aa.append([core.phi0_from_aa(x)
                       for x in core.block_streams(base, cand, 0., 0.)])
            aa_tails = aa_tails + core.tail_pass_stream(base, cand) / steps
            base, cand = check["baseline"][s], check["candidate"][s]
            self.add_block((number, s), core.latency_block(
                base, cand, .05, 10 * MS, phi0=aa[s]), weight_step)
            median = core.bulk_pass(base, cand, .20, 40 * MS, phi0=aa[s][:2])
            self.wait_for(core.first(median >= np.log(1 / BETA)))
            medians.append(np.maximum(median.max(1), 0))
            tails = tails + core.tail_pass_stream(base, cand) / steps
        self.streams.append(self.pass_failures(check, ceil))
        self.streams += medians
        if steps:
            tail = core.tempered(tails, core.LAMT,
                                 core.phi0_from_aa(aa_tails))
            self.wait_for(core.first(tail >= np.log(1 / BETA)))
            self.streams.append(np.maximum(tail.max(1), 0))

    def pass_failures(self, check, ceil):
        """The largest evidence that the rate is below its margin."""
        np = self.np
        fail = check["candidate_failed"].astype(bool)
        counts = ~check["baseline_failed"].astype(bool)
        shares, weights = np.array([0, .1, .4]), np.array([.5, .25, .25])
        rate = shares[None] * ceil[:, None]
        logs, most = np.zeros((self.gates, 3)), np.zeros(self.gates)
        with np.errstate(divide="ignore"):
            bad = np.log(rate / ceil[:, None])
            good = np.log((1 - rate) / (1 - ceil[:, None]))
        for r in range(self.rounds):
            bet = np.where(fail[:, r:r + 1], bad, good)
            logs = np.maximum(logs + np.where(counts[:, r:r + 1], bet, 0),
                              -700)
            most = np.maximum(most, self.core.lse(logs, weights))
        return most

    def judge(self):
        np = self.np
        evidence = np.full((self.gates, self.rounds), -np.inf)
        for path, weight in zip(self.blocks, self.log_weights):
            if weight > -np.inf:
                evidence = np.logaddexp(evidence, path + weight)
        self.evidence = evidence
        block = self.core.first(evidence >= np.log(1 / ALPHA))
        self.is_block = (block <= self.rounds) & (block <= self.pass_round)
        self.is_pass = (self.pass_round <= self.rounds) & ~self.is_block
        self.round = np.minimum(np.minimum(block, self.pass_round),
                                self.rounds)

    def verdict(self, gate):
        return ("block" if self.is_block[gate] else
                "pass" if self.is_pass[gate] else "inconclusive")

    def named(self, gate):
        """By e-BH at 0.1 when it blocks."""
        if not self.is_block[gate]:
            return []
        at = self.round[gate] - 1
        e = sorted(((p[gate, at], key) for p, key in
                    zip(self.blocks, self.keys)), reverse=True)
        most = 0
        for i, (log_e, _) in enumerate(e, 1):
            if log_e >= math.log(len(e) / (.1 * i)):
                most = i
        return [list(key) for _, key in e[:most]]


def gather(np, gates):
    """Gates of one truth, as read from lines, to a dict of arrays a check."""
    def rows(k, name, steps):
        return [np.array([g["checks"][k][name][s] for g in gates], float)
                for s in range(steps)]
    checks = []
    for k, check in enumerate(gates[0]["checks"]):
        steps = len(check["baseline"])
        checks.append({
            name: np.array([g["checks"][k][name] for g in gates])
            for name in ("runs", "failures", "baseline_failed",
                         "candidate_failed")} | {
            name: rows(k, name, steps)
            for name in ("aa_baseline", "aa_candidate", "baseline",
                         "candidate")})
    return checks


def quantile(gen, m):
    if m["shape"] == "lognormal":
        return gen.q_lognormal(m["scale"], sig=m["sigma"])
    if m["shape"] == "bimodal":
        return gen.q_bimodal(m["scale"], m["slow_share"], sig=m["sigma"])
    return gen.q_pareto(m["scale"])


def concerns(where, number):
    return where == -2 or where == number


def simulate(np, gen, truth, count, seed):
    """Gates of a truth from the scripts' generator, in nanoseconds."""
    rng = np.random.default_rng([29, seed])
    weather = truth["rho"], truth["shared"], truth["own"]
    before = quantile(gen, truth["baseline"])
    n, checks = truth["rounds"], []
    for k in range(truth["checks"]):
        check = {"runs": np.full(count, 5000), "failures": rng.binomial(
            5000, truth["history_rate"], count),
            "aa_baseline": [], "aa_candidate": [], "baseline": [],
            "candidate": []}
        for s in range(truth["steps"]):
            is_changed = concerns(truth["changed_check"], k) and \
                concerns(truth["changed_step"], s)
            after = quantile(gen, truth["candidate"]) if is_changed \
                else before
            aa = gen.gen(rng, count, truth["aa_rounds"], before, before,
                         *weather)
            now = gen.gen(rng, count, n, before, after, *weather)
            for name, x in zip(("aa_baseline", "aa_candidate", "baseline",
                                "candidate"), (*aa, *now)):
                check[name].append(np.rint(x * MS))
        rate = truth["candidate_rate"] if concerns(
            truth["failing_check"], k) else truth["baseline_rate"]
        check["baseline_failed"] = (
            rng.random((count, n)) < truth["baseline_rate"]).astype(int)
        check["candidate_failed"] = (
            rng.random((count, n)) < rate).astype(int)
        checks.append(check)
    return checks


def to_line(truth, checks, gate):
    def values(value):
        if isinstance(value, list):
            return [[int(x) for x in row[gate]] for row in value]
        return [int(x) for x in value[gate]] if value.ndim > 1 \
            else int(value[gate])
    return json.dumps({"name": truth["name"], "checks": [
        {name: values(value) for name, value in check.items()}
        for check in checks]})


class Comparison:
    def __init__(self):
        self.gates, self.furthest, self.wrong = 0, 0., []

    def say(self, name, text):
        self.wrong.append(f"{name}: {text}")

    def numbers(self, name, what, got, want):
        if len(got) != len(want):
            self.say(name, f"{len(got)} {what}, want {len(want)}")
            return
        for i, (g, w) in enumerate(zip(got, want)):
            off = abs(g - w) / max(1, abs(w)) if g is not None else math.inf
            self.furthest = max(self.furthest, off)
            if off > NEAR:
                self.say(name, f"{what} {i}: {g}, want {w}")
                return

    def gate(self, name, got, reference, gate):
        self.gates += 1
        self.numbers(name, "evidence", got["evidence"],
                     reference.evidence[gate])
        self.numbers(name, "stream", [s["log_e"] for s in got["streams"]],
                     [s[gate] for s in reference.streams])
        for what, want in (("verdict", reference.verdict(gate)),
                           ("round", int(reference.round[gate])),
                           ("named", reference.named(gate))):
            if got[what] != want:
                self.say(name, f"{what} {got[what]}, want {want}")


def run(bench, *argv):
    done = subprocess.run([bench, *map(str, argv)], text=True,
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def judge(bench, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        return run(bench, "judge", file.name)


def compare_rounds(np, core, gen, bench, truths, count):
    """Both generators' gates through both engines."""
    for where in "engine's", "scripts'":
        seen = Comparison()
        for i, truth in enumerate(truths):
            n = max(2, count // 10) if truth["checks"] > 1 else count
            if where == "engine's":
                gates = run(bench, "gates", truth["name"], 0, n)
                checks = gather(np, gates)
                lines = [json.dumps(g) for g in gates]
            else:
                checks = simulate(np, gen, truth, n, i)
                lines = [to_line(truth, checks, g) for g in range(n)]
            reference = Reference(np, core, truth, checks)
            for g, got in enumerate(judge(bench, lines)):
                seen.gate(f"{truth['name']}, gate {g}", got, reference, g)
        print(f"{seen.gates} gates of the {where} generator: "
              f"{len(seen.wrong)} differences, furthest {seen.furthest:.1e}")
        for text in seen.wrong[:20]:
            print(f"  {text}")
        if seen.wrong:
            return False
    return True


def boundary_rates(np, core, checks):
    """Blocked at the tolerance, passed at the margin."""
    c = checks[0]
    phi0 = [core.phi0_from_aa(x) for x in core.block_streams(
        c["aa_baseline"][0], c["aa_candidate"][0], 0., 0.)]
    base, cand = c["baseline"][0], c["candidate"][0]
    blocked = core.latency_block(
        base, core.margin(cand, .05, 10 * MS), .05, 10 * MS, phi0=phi0)
    passed = core.bulk_pass(
        base, core.margin(cand, .20, 40 * MS), .20, 40 * MS, phi0=phi0[:2])
    return ((blocked.max(1) >= np.log(1 / ALPHA)).mean(),
            (passed.max(1) >= np.log(1 / BETA)).mean())


def sigmas(a, b, var_a, var_b):
    spread = math.sqrt(var_a + var_b)
    return (a - b) / spread if spread > 0 else 0. if a == b else math.inf


def share_sigmas(p, n, q, m):
    both = (p * n + q * m) / (n + m)
    return sigmas(p, q, both * (1 - both) / n, both * (1 - both) / m)


def compare_rates(np, core, gen, bench, truths, runs):
    """Each side's own gates: the same rates, but for chance."""
    rates = {r["name"]: r for r in run(bench, "rates", runs)}
    print(f"{'truth':<46} {'engine: block':>13} {'pass':>6} {'rounds':>7}   "
          f"{'scripts: block':>14} {'pass':>6} {'rounds':>7}  sigmas")
    furthest = 0.
    for i, truth in enumerate(truths):
        r = rates[truth["name"]]
        n = r["runs"]
        checks = simulate(np, gen, truth, n, 1000 + i)
        if truth["boundary"]:
            block, passed = boundary_rates(np, core, checks)
            rounds = np.full(n, truth["rounds"])
        else:
            reference = Reference(np, core, truth, checks)
            block, passed = reference.is_block.mean(), \
                reference.is_pass.mean()
            rounds = reference.round
        mean = r["rounds"] / n
        variance = r["rounds_squared"] / n - mean * mean
        off = (share_sigmas(r["blocks"] / n, n, block, n),
               share_sigmas(r["passes"] / n, n, passed, n),
               sigmas(mean, rounds.mean(), variance / n, rounds.var() / n))
        furthest = max(furthest, *map(abs, off))
        print(f"{truth['name']:<46} {r['blocks'] / n:13.3f} "
              f"{r['passes'] / n:6.3f} {mean:7.1f}   {block:14.3f} "
              f"{passed:6.3f} {rounds.mean():7.1f}  " +
              " ".join(f"{x:+.1f}" for x in off), flush=True)
    print(f"furthest {furthest:.1f} sigmas, at most {SIGMAS_MOST}")
    return furthest <= SIGMAS_MOST


def write_reference(np, core, bench, truths, path, count):
    """What the scripts say of the C generator's first gates."""
    kept = []
    for truth in truths:
        n = 2 if truth["checks"] > 1 else count
        reference = Reference(np, core, truth, gather(
            np, run(bench, "gates", truth["name"], 0, n)))
        kept.append({"name": truth["name"], "gates": [{
            "verdict": reference.verdict(g),
            "round": int(reference.round[g]),
            "evidence": [float(f"{x:.12g}")
                         for x in reference.evidence[g, 19::20]],
            "streams": [float(f"{s[g]:.12g}") for s in reference.streams],
        } for g in range(n)]})
    lines = ",\n".join(json.dumps(x, separators=(",", ":")) for x in kept)
    pathlib.Path(path).write_text('{"truths":[\n' + lines + "\n]}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("--gates", type=int, default=10,
                        help="of each truth and generator")
    parser.add_argument("--rates", type=int, metavar="RUNS", default=0)
    parser.add_argument("--truth", help="the names that contain this only")
    parser.add_argument("--write", metavar="FILE")
    arguments = parser.parse_args()
    found = load_reference()
    if isinstance(found, str):
        print(f"crosscheck: skipped: {found}")
        return SKIPPED
    np, core, gen = found
    truths = [t for t in run(arguments.bench, "figures")
              if (arguments.truth or "") in t["name"]]
    if arguments.write:
        write_reference(np, core, arguments.bench, truths, arguments.write,
                        arguments.gates)
        return 0
    good = arguments.gates == 0 or compare_rounds(
        np, core, gen, arguments.bench, truths, arguments.gates)
    if arguments.rates > 0:
        good = compare_rates(np, core, gen, arguments.bench, truths,
                             arguments.rates) and good
    return 0 if good else 10


if __name__ == "__main__":
    sys.exit(main())
