#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compare what e2e-lint accepts and where it refuses with the real hurlfmt.

usage: parse.py [--record | --mutate N [--seed S]] [--lint PROGRAM]

Without --record: runs every text of the corpus through hurlfmt (when it is on
PATH) and through e2e-lint, and prints every difference. With --record: writes
hurlfmt's answers into the corpus, from which tests/unit/test_flow_corpus
proves the parser without Rust. "hurl" is "ok" or line:column; "here", where
there is one, is a better place that this parser names, on the same line.
With --mutate: N texts made of the corpus by random changes, nearly valid ones
among them, are compared with the live hurlfmt; a better place is no
difference there.
"""
import argparse
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
# What e2e-lint looks at besides the syntax.
NO_SYNTAX = re.compile(r": cannot use the file ")
PIECES = """not |==|!=|>=|{{|}}|{{a}}|"|`|```|/|\\|\\u{41}|\\n|#|:|;|,|[Asserts]
|[Captures]
|[Options]
|[Query]
|[Form]
|[BasicAuth]
|HTTP 200
|GET http://x
|
| |\t|<a/>|<a>|</a>|{|}|[|]|0|01|-1|1.5|true|null|file,a;|hex,ff;|base64,YQ==;\
|jsonpath "$.a"|count|nth 1|exists|retry: 1
|delay: 1s
|variable: a=1
|status|header "a"|cookie "a[Path]"|regex /a/|variables {|graphql|json|redact\
|replace "a" "b"|matches /x/|e5|\u00e9|\u0301|\u65e5|\r|\r\n|\x07""".split("|")


def answer(argv, path, pattern):
    done = subprocess.run([*argv, str(path)], capture_output=True, text=True,
                          errors="replace")
    if done.returncode == 0:
        return "ok"
    for line in (done.stderr + done.stdout).splitlines():
        found = re.search(pattern, line)
        if found and ": warning: " not in line and not NO_SYNTAX.search(line):
            return f"{found[1]}:{found[2]}"
    if NO_SYNTAX.search(done.stdout):
        return "ok"
    return f"exit {done.returncode}: {done.stderr[:200]}"


def mutate(rng, texts):
    """A text of the corpus with a few random changes."""
    text = rng.choice(texts)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.randint(1, 8):]
        elif kind == 2:
            text = text[:at] + rng.choice(PIECES) + text[at + 1:]
        else:
            lines, other = text.split("\n"), rng.choice(texts).split("\n")
            start = rng.randrange(len(other))
            where = rng.randrange(len(lines) + 1)
            lines[where:where] = other[start:start + rng.randint(1, 4)]
            text = "\n".join(lines)
    return text


def is_better_place(here, hurl):
    """On the same line, behind the place that hurl names."""
    if ":" not in here or ":" not in hurl or "exit" in here + hurl:
        return False
    (line, column), (hurl_line, hurl_column) = (
        map(int, a.split(":")) for a in (here, hurl))
    return line == hurl_line and column > hurl_column


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--lint", default="./e2e-lint")
    parser.add_argument("--mutate", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    path = HERE / "parse.json"
    corpus = json.loads(path.read_text())
    cases = corpus["cases"]
    if args.mutate:
        rng = random.Random(args.seed)
        texts = [case["text"] for case in cases]
        cases = [{"text": mutate(rng, texts)} for _ in range(args.mutate)]
    if shutil.which("hurlfmt") is None:
        sys.exit("parse: hurlfmt is not on PATH")
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        flow = pathlib.Path(folder) / "flow.hurl"
        for case in cases:
            flow.write_bytes(case["text"].encode())
            hurl = answer(["hurlfmt", "--no-color", "--out", "json"], flow,
                          r"-->.*:(\d+):(\d+)")
            if args.record:
                case["hurl"] = hurl
                continue
            here = answer([args.lint], flow, r"flow\.hurl:(\d+):(\d+): ")
            if hurl == case.get("hurl", hurl) and (
                    here == case.get("here", hurl) or
                    (args.mutate and is_better_place(here, hurl))):
                continue
            different += 1
            print(f"{case['text']!r}: hurl {hurl}, here {here}")
    if args.record:
        version = subprocess.run(["hurlfmt", "--version"],
                                 capture_output=True, text=True).stdout
        corpus["recorded"] = version.strip()
        path.write_text(
            json.dumps(corpus, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(cases)} texts, {different} different")
    sys.exit(10 if different else 0)


if __name__ == "__main__":
    main()
