#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every option and HURL_* variable of hurl, with hurl and with e2e-run.

usage: options.py [--record] [--real] [--generate N] [--seed S]
                  [--run PROGRAM] [NAME...]

The cases are in options_cases.py. Compared are: the exit code, the requests
as the servers saw them, the places that failed, the answer on standard output
or the document of --json, what --test says of each file, the heads that -v
shows, and the files that were written (reports by what they hold). With
--record the real hurl runs them and options.json keeps what came of it, with
its version and the names of all its options; with --real it runs beside
e2e-run; with neither, e2e-run is compared with what was recorded. --generate
adds N random command lines, which need the real program. A case says what is
apart on purpose and why; what no longer differs is an error, too.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from options_cases import CASES, random_cases  # noqa: E402
from server import Handler, Server  # noqa: E402

RECORD = HERE / "options.json"
FILES = HERE / "corpus" / "files"
MASK = "***"
CREDENTIALS = {"authorization", "proxy-authorization", "cookie",
               "set-cookie"}
OURS_ALONE = {"outcome", "reason", "errors"}
CLOCKS = {"time", "timings"}
# What depends on the time of day.
SIGNED = re.compile(r"^AWS4-HMAC.*|^\d{8}T\d{6}Z$")
COUNTED = {"Executed files": "files", "Executed requests": "requests",
           "Succeeded files": "passed", "Failed files": "not passed"}


class UnixServer(socketserver.ThreadingUnixStreamServer):
    """The same answers, on a socket in the file system."""
    daemon_threads = True
    server_name, server_port = "unix", 0

    def __init__(self, path):
        class UnixHandler(Handler):
            disable_nagle_algorithm = False

            def address_string(self):
                return "unix"

        super().__init__(str(path), UnixHandler)
        self.seen, self.counters = [], {}
        threading.Thread(target=self.serve_forever, args=(0.01,),
                         daemon=True).start()

    def get_request(self):
        request, _ = super().get_request()
        return request, ("unix", 0)

    take = Server.take


def masked(name, value):
    return MASK if name.lower() in CREDENTIALS else value


def is_noise(name, value, hosts):
    """What no case means: the client's name, tracing, the usual host."""
    name = name.lower()
    return (name in ("traceparent", "connection") or
            (name == "user-agent" and value.startswith(("hurl/", "e2e/"))) or
            (name == "host" and value in hosts))


class Bench:
    """The servers that both programs meet, and a folder for each run."""

    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="options"))
        tls = FILES / "tls-cert.pem", FILES / "tls-key.pem"
        self.servers = {"HOST": Server(), "OTHER": Server(),
                        "SECURE": Server(*tls),
                        "SOCKET": UnixServer(self.top / "s")}
        self.ports = {k: s.port for k, s in self.servers.items()
                      if k != "SOCKET"}
        self.closed = socket.socket()  # bound, so that nobody else has it
        self.closed.bind(("127.0.0.1", 0))
        self.ports["CLOSED"] = self.closed.getsockname()[1]

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
        self.closed.close()
        shutil.rmtree(self.top)

    def fill(self, text, folder):
        """Put in where things are: %HOST% and so on."""
        for name, port in self.ports.items():
            scheme = "https" if name == "SECURE" else "http"
            host = "localhost" if name == "SECURE" else "127.0.0.1"
            text = text.replace(f"%{name}%", f"{scheme}://{host}:{port}")
            text = text.replace(f"%{name}.PORT%", str(port))
        return (text.replace("%SOCKET%", str(self.top / "s"))
                .replace("%FILES%", str(FILES)).replace("%DIR%", str(folder)))

    def clean(self, text, folder):
        """The reverse of it, for what was seen."""
        for name, port in self.ports.items():
            text = re.sub(rf"(?<!\d){port}(?!\d)", f"{name}.PORT", text)
        return text.replace(str(folder), "%DIR%").replace(
            str(self.top), "%TOP%").replace(str(FILES), "%FILES%")

    def seen(self, is_ordered):
        hosts = {f"{h}:{p}" for p in self.ports.values()
                 for h in ("127.0.0.1", "localhost")}
        found = []
        for name, server in self.servers.items():
            found += [[name, r["method"], r["path"], r["version"],
                       sorted([k.lower(), SIGNED.sub("AWS4", v)]
                              for k, v in r["headers"]
                              if not is_noise(k, v, hosts)), r["body"]]
                      for r in server.take()]
        return found if is_ordered else sorted(found)


class Program:
    """What one of the two makes of a case, in the same words."""

    def __init__(self, bench, case):
        self.bench, self.case = bench, case
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=bench.top))
        for name, text in case.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(bench.fill(text, self.folder))
        self.given = {p for p in self.folder.rglob("*")}
        self.argv = shlex.split(bench.fill(case.argv, self.folder))

    def run(self):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("HURL_", "E2E_", "NO_COLOR", "XDG_"))
               and not k.lower().endswith("_proxy")}
        env |= {k: self.bench.fill(v, self.folder)
                for k, v in self.case.env.items()}
        env["HOME"] = str(self.folder)
        self.bench.seen(True)
        begun = time.monotonic()
        done = subprocess.run(
            [*self.program, *self.more(), *self.argv], cwd=self.folder,
            env=env, capture_output=True, text=True, errors="replace",
            input=self.bench.fill(self.case.stdin, self.folder)
            if self.case.stdin is not None else None, timeout=120,
            **({} if self.case.stdin is not None
               else {"stdin": subprocess.DEVNULL}))
        took = time.monotonic() - begun
        assert "Sanitizer" not in done.stderr, done.stderr
        self.out, self.err = (
            self.bench.clean(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", t),
                             self.folder)
            for t in (done.stdout, done.stderr))
        facts = {"exit": done.returncode,
                 "requests": self.bench.seen(self.case.is_ordered),
                 "failed": sorted({re.sub(r":\d+$", "", place)
                                   for place in self.failed()}),
                 "files": self.files()}
        if self.case.least_s:
            facts["took its time"] = took >= self.case.least_s
        if self.case.shows("--json"):
            facts["documents"] = [self.document(json.loads(line), None)
                                  for line in self.out.splitlines()]
        elif self.case.shows("--test", "HURL_TEST"):
            facts["test"] = self.test()
        elif not self.case.shows("-o", "--output"):
            facts["answer"] = self.answer()
        if self.case.is_shown:
            facts["heads"] = self.heads()
            facts["a body is shown"] = bool(
                re.search(r"^(\* |  < )line 2$", self.both(), re.M))
        shutil.rmtree(self.folder)
        text = re.sub("boundary=-+[0-9a-f]+", "boundary=B",
                      json.dumps(facts))
        return json.loads(self.bench.clean(text, self.folder))

    def more(self):
        return []

    def both(self):
        return self.out + "\n" + self.err

    def answer(self):
        return self.out

    def heads(self):
        """Lines of requests and answers, the noise apart."""
        lines = []
        for mark, line in self.head_lines():
            name, colon, value = line.partition(": ")
            if not colon and line.startswith("HTTP/"):
                line = " ".join(line.split(" ")[:2])
            if not colon and not re.match(r"HTTP/|[A-Z]+ \S+ HTTP/", line):
                continue
            if colon and (
                    not re.fullmatch(r"[\w-]+", name) or
                    is_noise(name, value, ()) or
                    name in ("Host", "Date", "Server")):
                continue
            lines.append(f"{mark} {name}: {masked(name, value)}"
                         if colon else f"{mark} {line}")
        return lines

    # Files.

    def files(self):
        """By name, what is written: the folder of a report as a whole."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            if path.is_dir() or path in self.given or "/store/" in name:
                continue
            reader = {".xml": self.junit, ".tap": self.tap, ".jar":
                      self.jar, ".curl": self.curl, ".html": self.html}.get(
                          path.suffix)
            if path.name == "report.json":
                found[name] = [self.document(run, path.parent) for run in
                               json.loads(path.read_text())]
            elif path.suffix == ".html" and path.name != "index.html":
                continue
            else:
                text = path.read_text(errors="replace")
                found[name] = reader(text) if reader else text
        return found

    def junit(self, text):
        """Of each suite its figures, of each case what became of it."""
        return [[{k: suite.get(k) for k in ("tests", "failures", "errors")},
                 sorted([case.get("name"), *(c.tag for c in case)]
                        for case in suite)]
                for suite in xml.etree.ElementTree.fromstring(text)]

    def tap(self, text):
        lines = [line for line in text.splitlines()
                 if not line.startswith("#")]
        return sorted(re.sub(r"ok \d+", "ok", line) for line in lines)

    def jar(self, text):
        rows = [line.split("\t") for line in text.splitlines()
                if line.count("\t") == 6]
        return sorted({"\t".join([*row[:4], str(row[4] != "0"), *row[5:]])
                       for row in rows})

    def curl(self, text):
        return [self.curl_line(line) for line in text.splitlines()]

    def curl_line(self, line):
        """Its words as pairs of option and value in no order."""
        words, found, i = [w[2:-1].replace("\\'", "'") if w[0] == "$" else
                           w.strip("'") for w in WORD.findall(line)], [], 1
        while i < len(words):
            option = words[i]
            value = ""
            if option.startswith("--") and option not in CURL_FLAGS:
                i += 1
                value = words[i]
            if option == "--cookie":
                value = "; ".join(sorted(
                    re.sub("=.*", "=" + MASK, pair)
                    for pair in value.split("; ")))
            elif option == "--user":
                value = value.partition(":")[0] + ":" + MASK
            elif option == "--header":
                name, _, text = value.partition(": ")
                value = f"{name}: {masked(name, text)}" if text else name
            found.append(f"{option} {value}".strip())
            i += 1
        return sorted(found)

    def html(self, text):
        """The flows that the index names; ours has those that failed first."""
        return sorted(re.findall(r"[\w./-]+\.hurl(?=<)", text))

    # Documents.

    def document(self, value, folder, key=None):
        if isinstance(value, dict):
            if {"name", "value"} == value.keys():
                if key in ("headers", "cookies"):
                    value = dict(value, value=MASK if key == "cookies" else
                                 masked(value["name"], value["value"]))
            if key == "cookies" and "value" in value:
                value = dict(value, value=MASK)
            return {k: self.document(v, folder, k)
                    for k, v in sorted(value.items())
                    if k not in OURS_ALONE | CLOCKS | {"message"} and
                    (folder or k != "body")}
        if isinstance(value, list):
            items = [self.document(v, folder, key) for v in value
                     if not (key == "headers" and
                             is_noise(v["name"], v["value"], ()))]
            return sorted(items, key=json.dumps) if key == "cookies" \
                else items
        if key == "curl_cmd":
            return self.curl_line(value)
        if key == "body":
            return (folder / value).read_text(errors="replace")
        if key == "expires" and isinstance(value, int):
            return value != 0
        return value


WORD = re.compile(r"\$'(?:\\.|[^'\\])*'|'[^']*'|\S+")
CURL_FLAGS = {"--head", "--compressed", "--location", "--location-trusted",
              "--digest", "--ntlm", "--negotiate", "--insecure", "--ipv4",
              "--ipv6", "--http1.0", "--http1.1", "--http2", "--netrc",
              "--netrc-optional", "--path-as-is"}


class Hurl(Program):
    program = ["hurl"]

    def failed(self):
        return re.findall(r"^(?: +--> |error: )(\S+:\d+:\d+)(?:$|: )",
                          self.err, re.M)

    def test(self):
        found = dict(re.findall(r"^(Executed \w+|Succeeded files|Failed "
                                r"files): +(\d+)", self.err, re.M))
        return {"figures": {COUNTED[k]: int(v) for k, v in found.items()},
                "files": sorted([name, word == "Success"] for word, name in
                                re.findall(r"^(Success|Failure) (\S+) \(",
                                           self.err, re.M))}

    def head_lines(self):
        return re.findall(r"^([<>]) ?(.*)$", self.err, re.M)


class Ours(Program):
    def __init__(self, bench, case, program):
        super().__init__(bench, case)
        self.program = [str(program), "--exit-codes=hurl"]

    def more(self):
        """The table is not wanted here, but the answer; and no evidence."""
        short = [] if self.case.shows(
            "--error-format", "HURL_ERROR_FORMAT") else [
                "--error-format=short"]
        return short if self.case.shows(
            "--json", "--test", "HURL_TEST", "-o", "--output", "--no-output",
            "HURL_NO_OUTPUT", "-i", "--include") else [*short, "--output=-"]

    def failed(self):
        text = self.err if self.case.shows("--json") else self.both()
        return re.findall(r"^(\S+:\d+:\d+): (?!warning)", text, re.M)

    def test(self):
        text = self.both()
        found = dict(re.findall(r"^(Executed \w+|Succeeded files|Failed "
                                r"files): +(\d+)", text, re.M))
        return {"figures": {COUNTED[k]: int(v) for k, v in found.items()},
                "files": sorted([name, word == "passed"] for name, word in
                                re.findall(r"^(\S+): (\w+) \(\d+ request",
                                           text, re.M))}

    def head_lines(self):
        return re.findall(r"^  ([<>]) ?(.*)$", self.both(), re.M)


def differences(case, ours, hurl):
    """The facts that differ, and reasons that are none any more."""
    found = []
    for key in sorted(ours.keys() | hurl.keys()):
        if ours.get(key) == hurl.get(key):
            if key in case.apart:
                found.append(f"{key}: is apart no longer")
        elif key not in case.apart:
            found.append(f"{key}: {json.dumps(ours.get(key))}\n"
                         f"  hurl: {json.dumps(hurl.get(key))}")
    return found


def run_all(make, cases):
    """What comes of cases, on as many benches as there are processors."""
    local, benches = threading.local(), []

    def run_one(case):
        if not hasattr(local, "bench"):
            local.bench = Bench()
            benches.append(local.bench)
        return make(local.bench, case).run()

    with concurrent.futures.ThreadPoolExecutor(
            min(4, os.cpu_count() or 1)) as pool:
        facts = list(pool.map(run_one, cases))
    for bench in benches:
        bench.close()
    return {case.name: f for case, f in zip(cases, facts)}


def recorded():
    return json.loads(RECORD.read_text())


def record():
    text = subprocess.run(["hurl", "--help"], capture_output=True,
                          text=True).stdout
    version = subprocess.run(["hurl", "--version"], capture_output=True,
                             text=True).stdout.split()[1]
    facts = {"version": version,
             "options": re.findall(r"^ +(?:-., )?--([\w.-]+)", text, re.M),
             "cases": run_all(Hurl, CASES)}
    RECORD.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--generate", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", default="./e2e-run")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if args.record:
        return record()
    cases = [c for c in CASES if not args.names or c.name in args.names]
    cases += random_cases(random.Random(args.seed), args.generate)
    program = pathlib.Path(args.run).resolve()
    ours = run_all(lambda b, c: Ours(b, c, program), cases)
    hurl = run_all(Hurl, cases) if args.real else recorded()["cases"]
    count = 0
    for case in cases:
        found = differences(case, ours[case.name], hurl[case.name])
        count += bool(found)
        for text in found:
            print(f"{case.name} ({case.argv}): {text}")
    print(f"{len(cases)} cases, {count} different")
    sys.exit(10 if count else 0)


if __name__ == "__main__":
    main()
