#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compare what e2e-lint accepts and where it refuses with the real hurlfmt.

usage: parse.py [--record] [--lint PROGRAM] [--corpus parse.json]

Without --record: runs every text of the corpus through hurlfmt (when it is on
PATH) and through e2e-lint, and prints every difference. With --record: writes
hurlfmt's answers into the corpus, from which tests/unit/test_flow_corpus
proves the parser without Rust. "hurl" is "ok" or line:column; "here", where
there is one, is a better place on the same line that this parser names, or
an answer that differs for a reason which "why" gives.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def answer(argv, path, pattern):
    done = subprocess.run([*argv, str(path)], capture_output=True, text=True,
                          errors="replace")
    if done.returncode == 0:
        return "ok"
    for line in (done.stderr + done.stdout).splitlines():
        found = re.search(pattern, line)
        if found and "warning" not in line:
            return f"{found[1]}:{found[2]}"
    return f"exit {done.returncode}: {done.stderr[:200]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--lint", default="./e2e-lint")
    parser.add_argument("--corpus", default=HERE / "parse.json")
    args = parser.parse_args()
    corpus = json.loads(pathlib.Path(args.corpus).read_text())
    if shutil.which("hurlfmt") is None:
        sys.exit("parse: hurlfmt is not on PATH")
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "flow.hurl"
        for case in corpus["cases"]:
            path.write_bytes(case["text"].encode())
            hurl = answer(["hurlfmt", "--no-color", "--out", "json"], path,
                          r"-->.*:(\d+):(\d+)")
            if args.record:
                case["hurl"] = hurl
                continue
            here = answer([args.lint], path, r"flow\.hurl:(\d+):(\d+): ")
            if hurl == case["hurl"] and here == case.get("here", hurl):
                continue
            different += 1
            print(f"{case['text']!r}: recorded {case['hurl']}, "
                  f"hurl {hurl}, here {here}")
    if args.record:
        version = subprocess.run(["hurlfmt", "--version"],
                                 capture_output=True, text=True).stdout
        corpus["recorded"] = version.strip()
        pathlib.Path(args.corpus).write_text(
            json.dumps(corpus, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(corpus['cases'])} texts, {different} different")
    sys.exit(10 if different else 0)


if __name__ == "__main__":
    main()
