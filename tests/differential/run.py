#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run the flows of flows/ against one server and compare what came of them.

usage: run.py [--record] [--run PROGRAM] [NAME...]

With --record the real hurl runs them (it must be on PATH) and its answers
are written to expected.json, with its version. Without, e2e-run runs them and
is compared with that file: the exit code of Hurl's, the lines of the flow
that failed, the requests as the server saw them. known.json lists the flows
that differ, each with its reason.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from server import Server  # noqa: E402

# Not of the flow: the client's name, its tracing, its connection.
HEADERS_APART = {"host", "user-agent", "traceparent", "connection"}


def normal_request(request, servers):
    headers = sorted([k.lower(), v] for k, v in request["headers"]
                     if k.lower() not in HEADERS_APART or v == "mine")
    text = json.dumps([request["method"], request["path"], headers,
                       request["body"]])
    for name, server in servers.items():
        text = text.replace(str(server.port), name)
    kind = dict(headers).get("content-type", "")
    boundary = re.search(r"boundary=(\S+)", kind)
    method, path, headers, body = json.loads(text)
    if boundary:
        body = body.replace(boundary[1], "BOUNDARY")
        headers = [[k, v.replace(boundary[1], "BOUNDARY")]
                   for k, v in headers if k != "content-length"]
    return {"method": method, "path": path, "headers": headers, "body": body}


class Bench:
    """Two servers and a program; one flow after another."""

    def __init__(self, argv, places):
        self.argv, self.places = argv, places
        # A copy: flows write files beside themselves.
        self.folder = tempfile.TemporaryDirectory()
        self.flows = pathlib.Path(self.folder.name) / "flows"
        shutil.copytree(HERE / "flows", self.flows)
        self.servers = {"PORT": Server(), "OTHER": Server()}

    def run(self, name):
        """Run the flow of this name; what came of it."""
        for server in self.servers.values():
            server.take()
        done = subprocess.run(
            [*self.argv, "--variable",
             f"host=http://127.0.0.1:{self.servers['PORT'].port}",
             "--variable",
             f"other=http://127.0.0.1:{self.servers['OTHER'].port}",
             "--variable", f"port={self.servers['PORT'].port}",
             str(self.flows / f"{name}.hurl")], capture_output=True, text=True, errors="replace",
            timeout=60)
        lines = sorted({int(n) for n in re.findall(
            self.places, done.stdout + done.stderr, re.M)})
        seen = [normal_request(r, self.servers)
                for server in self.servers.values() for r in server.take()]
        return {"exit": done.returncode, "lines": lines, "requests": seen}


def hurl():
    return Bench(["hurl", "--test", "--no-color", "--jobs", "1"],
                 r"^ +--> .*?\.hurl:(\d+):\d+$")


def e2e_run(program):
    return Bench([str(program), "--test", "--no-color", "--exit-codes=hurl"],
                 r"^\S+\.hurl:(\d+):\d+: ")


def flows(names=()):
    return [p for p in sorted((HERE / "flows").glob("*.hurl"))
            if not names or p.stem in names]


def differences(got, want):
    """Sentences about how two answers differ."""
    found = [f"{key}: want {want[key]}, got {got[key]}"
             for key in ("exit", "lines") if got[key] != want[key]]
    if len(got["requests"]) != len(want["requests"]):
        found.append(f"requests: want {len(want['requests'])}, "
                     f"got {len(got['requests'])}")
    for i, (g, w) in enumerate(zip(got["requests"], want["requests"]), 1):
        found += [f"request {i} {key}: want {w[key]!r}, got {g[key]!r}"
                  for key in w if g[key] != w[key]]
    return found


def expected():
    return json.loads((HERE / "expected.json").read_text())


def known():
    return json.loads((HERE / "known.json").read_text())


def record(names):
    bench = hurl()
    version = subprocess.run(["hurl", "--version"], capture_output=True,
                             text=True).stdout.split("\n")[0]
    answers = {} if not names else expected()["flows"]
    answers.update({p.stem: bench.run(p.stem) for p in flows(names)})
    (HERE / "expected.json").write_text(json.dumps(
        {"recorded": " ".join(version.split()[:2]), "flows": answers},
        indent=1, sort_keys=True) + "\n")
    print(f"{len(answers)} flows recorded")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--run", default="./e2e-run")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if args.record:
        return record(args.names)
    bench, want, different = e2e_run(args.run), expected()["flows"], 0
    for path in flows(args.names):
        found = differences(bench.run(path.stem), want[path.stem])
        if not found:
            continue
        different += path.stem not in known()
        print(f"{path.stem}: " + known().get(path.stem, "DIFFERENT"))
        for sentence in found:
            print("   ", sentence)
    print(f"{len(flows(args.names))} flows, {different} different")
    sys.exit(10 if different else 0)


if __name__ == "__main__":
    main()
