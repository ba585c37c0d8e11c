#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run the flows of corpus/ against one server and compare what came of them.

usage: differential.py [--record | --real] [--generate N] [--seed S]
                       [--run PROGRAM] [NAME...]

Compared are: accepted or refused and where (line and column), the exit code
(Hurl's: 0, 2 a wrong file, 3 could not be run, 4 an assert), the lines that
failed and the values found there, captured values, files written, and every
request as the server saw it. With --record the real hurl (on PATH) runs the
flows and its answers are written to corpus/expected.json, with its version.
With --real it runs beside e2e-run; with neither, e2e-run is compared with
what was recorded. --generate adds N random files (see generate.py), which
need the real program. known.json lists the flows that differ, each with its
reason; a row there that no longer differs is an error as well.
"""
import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from generate import Generator  # noqa: E402
from server import Server  # noqa: E402

CORPUS = HERE / "corpus"
# Values whose type the command line guesses: the variables v0, v1, ...
TYPED = ["-5", "007", "1e3", "+5", "1.", ".5", "0x10", "inf", "NaN",
         "-12345678901234567890", "", "abc\"", "True", " 5", "\"\"", "1.0",
         "-0", "-0.0", "\"a\"b\"", "9223372036854775807",
         "9223372036854775808", "-9223372036854775808", "1_000", "1,5",
         "null ", "a=b=c", "\u00e9", "\"true\"", "1e400", "1.5e3", "-",
         "00", "{{number}}", "\\n", "infinity", "5 ", "1E5", "--1", "0.10"]
PANIC, TOO_LONG = 101, 124
# Not of the flow: the client's name, its tracing, its connection.
HEADERS_APART = {"host", "user-agent", "traceparent", "connection"}
PLACE = re.compile(r"^ +--> .*?flow\.hurl:(\d+):(\d+)$", re.M)
OUR_PLACE = re.compile(r"^\S*flow\.hurl:(\d+):(\d+): (?!warning)", re.M)
ACTUAL = re.compile(r"^ *(\d+) \| [^\n]*\n((?: +\| [^\n]*\n)*?)"
                    r" +\|   actual:   (.*?)\n +\|   (?:expected:|>>>)",
                    re.M | re.S)
CLOCK_WORDS = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+")
# The last entry of a flow that captures asks for each of the values, by an
# assert that fails: both programs then show type and value.
ASK = "variable \"{}\" == \"\\u{{7f}}\""


def without_ports(text, ports):
    for name, port in ports.items():
        text = re.sub(rf"((?<![0-9A-Za-z])|(?<=%3A)){port}(?![0-9A-Za-z])",
                      name, text)
        text = text.replace(",".join(str(port)), name)  # split by ""
        text = text.replace(f":{port}".encode().hex(),
                            f":{name}".encode().hex())
    return text


def normal_request(request, ports):
    """A request without what changes from run to run."""
    headers = sorted([k.lower(), v] for k, v in request["headers"]
                     if k.lower() not in HEADERS_APART or v == "mine")
    text = json.dumps([request["method"], request["path"], headers,
                       request["body"]])
    text = without_ports(text, ports)
    method, path, headers, body = json.loads(text)
    return {"method": method, "path": path, "headers": headers, "body": body}


def captures_of(source):
    """The names that a flow captures; those of templates are left out."""
    names, inside = [], False
    for line in source.splitlines():
        if line.startswith("["):
            inside = line.startswith("[Captures]")
        found = re.match(r"([A-Za-z_]\w*) *:", line)
        if inside and found and found[1] not in names:
            names.append(found[1])
    return names


def with_question(source):
    """The flow's text with its last entry, and that entry's names by line."""
    names = captures_of(source)
    if not names:
        return source, {}
    if not source.endswith("\n"):
        source += "\n"
    first = source.count("\n") + 4
    source += "GET {{host}}/captured\nHTTP 200\n[Asserts]\n"
    source += "".join(ASK.format(name) + "\n" for name in names)
    return source, {str(first + i): name for i, name in enumerate(names)}


def one_text(text):
    """Without blank lines, which get lost in what Hurl shows."""
    return "\n".join(line.strip() for line in text.split("\n")
                     if line.strip())


class Hurl:
    """The real program."""

    argv = ["hurl", "--no-color", "--no-output"]

    def read(self, done):
        places = PLACE.findall(done.stderr)
        text = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
        values = {}
        for line, _, actual in ACTUAL.findall(text):
            actual = re.sub(r"\n +\| ?", "\n", actual)
            values[line] = one_text(actual)
        return done.returncode, places, values


class Ours:
    """e2e-run, with Hurl's exit codes."""

    def __init__(self, program):
        self.argv = [str(program), "--format=json", "--exit-codes=hurl"]

    def read(self, done):
        if done.returncode == 2:
            return 2, OUR_PLACE.findall(done.stderr), {}
        try:
            event = json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.returncode, [], {"0": done.stderr[-500:]}
        places, values = [], {}
        steps = event.get("steps", [])
        for i, step in enumerate(steps):
            if (i + 1 < len(steps) and step["entry"] ==
                    steps[i + 1]["entry"] and steps[i + 1]["attempt"] > 1):
                continue
            for f in step["failures"]:
                places.append((str(f["line"]), str(f["column"])))
                if f.get("actual") is not None:
                    values[str(f["line"])] = one_text(f["actual"])
        if not places and "place" in event:
            places.append((str(event["place"]["line"]),
                           str(event["place"]["column"])))
        return done.returncode, places, values


class Bench:
    """A program, two servers and a folder of its own: flow after flow."""

    def __init__(self, program):
        self.program = program
        files = CORPUS / "files"
        self.servers = {
            "PORT": Server(), "OTHER": Server(),
            "SECURE": Server(files / "tls-cert.pem", files / "tls-key.pem")}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="differential"))
        for path in files.iterdir():
            shutil.copy(path, self.folder / path.name)
        self.given = {p.name for p in self.folder.iterdir()} | {"flow.hurl"}
        ports = {k: s.port for k, s in self.servers.items()}
        self.ports = ports
        self.variables = [
            f"host=http://127.0.0.1:{ports['PORT']}",
            f"other=http://127.0.0.1:{ports['OTHER']}",
            f"named=http://localhost:{ports['PORT']}",
            f"secure=https://localhost:{ports['SECURE']}",
            f"port={ports['PORT']}", "text=some text", "number=42",
            "float=1.5", "yes=true", "nothing=null",
            "big=12345678901234567890", "quoted=\"7\"", "space=a b",
            *(f"v{i}={text}" for i, text in enumerate(TYPED))]

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
        shutil.rmtree(self.folder)

    def argv(self):
        given = [word for v in self.variables for word in ("--variable", v)]
        return [*self.program.argv, *given, "flow.hurl"]

    def run(self, source):
        """What comes of one flow, given as bytes."""
        for server in self.servers.values():
            server.take()
        text, asked = source.decode("utf-8", "surrogateescape"), {}
        if "[Captures]" in text:
            text, asked = with_question(text)
            source = text.encode("utf-8", "surrogateescape")
        (self.folder / "flow.hurl").write_bytes(source)
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("HURL_", "E2E_"))}
        env["HURL_VARIABLE_from_env"] = "env"
        try:
            done = subprocess.run(self.argv(), capture_output=True,
                                  timeout=120, env=env,
                                  stdin=subprocess.DEVNULL, cwd=self.folder)
        except subprocess.TimeoutExpired:
            return {"exit": TOO_LONG, "requests": []}
        # Not as text: a carriage return in a value is no line break.
        done.stdout = done.stdout.decode("utf-8", "replace")
        done.stderr = done.stderr.decode("utf-8", "replace")
        return self.answer(self.program.read(done), asked)

    def answer(self, read, asked):
        code, places, values = read
        if code == 2:
            answer = {"exit": 2, "place": ":".join(places[0])
                      if places else "?"}
        else:
            lines = sorted({int(line) for line, _ in places
                            if line not in asked})
            answer = {"exit": code, "failed": lines, "values": {
                k: self.normal(v) for k, v in values.items()
                if k not in asked}}
            if asked:
                answer["captures"] = {
                    asked[k]: self.normal(v) for k, v in values.items()
                    if k in asked}
                if not lines and code == 4:
                    answer["exit"] = 0
        answer["requests"] = [
            normal_request(r, self.ports)
            for server in self.servers.values() for r in server.take()
            if r["path"] != "/captured"]
        files = {}
        for path in sorted(self.folder.iterdir()):
            if path.name not in self.given:
                files[path.name] = path.read_bytes().decode("latin-1")
                path.unlink()
        if files:
            answer["files"] = files
        return answer

    def normal(self, text):
        return CLOCK_WORDS.sub("NOW", without_ports(text, self.ports))


class Pool:
    """Benches of one program, as many as there are threads."""

    def __init__(self, program, threads=4):
        self.program, self.benches = program, []
        self.local = threading.local()
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)

    def one(self, source):
        if not hasattr(self.local, "bench"):
            self.local.bench = Bench(self.program)
            self.benches.append(self.local.bench)
        return self.local.bench.run(source)

    def map(self, sources):
        return list(self.pool.map(self.one, sources))

    def close(self):
        self.pool.shutdown()
        for bench in self.benches:
            bench.close()


def flows(names=()):
    """Name -> text of the corpus' flows: all, or those named."""
    found = {}
    for path in sorted(CORPUS.glob("*/*.hurl")):
        name = f"{path.parent.name}/{path.stem}"
        if path.parent.name != "files" and (not names or any(
                name == n or path.parent.name == n for n in names)):
            found[name] = path.read_bytes()
    return found


def is_same_place(got, want):
    """A mistake has the same line, and its column or a nearer one further
    right: Hurl goes back to where it began to try."""
    if got is None or want is None or "?" in (got, want):
        return got == want or want == "?"
    (line, column), (at_line, at) = got.split(":"), want.split(":")
    return line == at_line and int(column) >= int(at)


def is_same_value(got, want):
    """A NUL is shown as a symbol; what looks like a card number is masked."""
    pattern = re.escape(got).replace(r"\*\*\*\*", r"\d[\d -]{8,17}")
    return re.fullmatch(pattern, want.replace("\0", "\u2400")) is not None


def differences(got, want):
    """Sentences about how two answers differ; none when Hurl panicked or
    took too long."""
    if want["exit"] in (PANIC, TOO_LONG):
        return []
    found = [f"{key}: want {want.get(key)}, got {got.get(key)}"
             for key in ("exit", "failed", "captures", "files")
             if got.get(key) != want.get(key)]
    if not is_same_place(got.get("place"), want.get("place")):
        found.append(f"place: want {want['place']}, got {got['place']}"
                     if "place" in want and "place" in got else
                     f"accepted by one: want {want}, got {got}")
    for line, value in want.get("values", {}).items():
        here = got.get("values", {}).get(line)
        if here is not None and "<" in value and not is_same_value(
                here, value):
            found.append(f"value at {line}: want {value!r}, got {here!r}")
    if len(got["requests"]) != len(want["requests"]):
        found.append(f"requests: want {len(want['requests'])}, "
                     f"got {len(got['requests'])}")
    for i, (g, w) in enumerate(zip(got["requests"], want["requests"]), 1):
        found += [f"request {i} {key}: want {w[key]!r}, got {g[key]!r}"
                  for key in w if g[key] != w[key]]
    return found


@functools.cache
def expected():
    return json.loads((CORPUS / "expected.json").read_text())


@functools.cache
def known():
    return json.loads((HERE / "known.json").read_text())


def run_all(program, sources):
    pool = Pool(program)
    try:
        return dict(zip(sources, pool.map(sources.values())))
    finally:
        pool.close()


def record(names):
    version = subprocess.run(["hurl", "--version"], capture_output=True,
                             text=True).stdout.split("\n")[0]
    answers = expected()["flows"] if names else {}
    answers.update(run_all(Hurl(), flows(names)))
    (CORPUS / "expected.json").write_text(json.dumps(
        {"recorded": " ".join(version.split()[:2]), "flows": answers},
        indent=1, sort_keys=True) + "\n")
    print(f"{len(answers)} flows recorded")


def report(name, found, reason):
    print(f"{name}: " + (reason or "DIFFERENT"))
    for sentence in found:
        print("   ", sentence[:600])


def compare(sources, got, want, reasons):
    """Print what differs; return how many do without a reason."""
    different = 0
    for name in sources:
        found = differences(got[name], want[name])
        reason = reasons.get(name)
        if found:
            report(name, found, reason)
        elif reason:
            print(f"{name}: listed in known.json, but does not differ")
        different += bool(found) != bool(reason)
    return different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--run", default="./e2e-run")
    parser.add_argument("--generate", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="write files that differ to this folder")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    args.run = pathlib.Path(args.run).resolve()
    if (args.record or args.real) and shutil.which("hurl") is None:
        sys.exit("differential: the real hurl is not on PATH")
    if args.record:
        return record(args.names)
    sources = (flows(args.names) if args.real or args.names or
               not args.generate else {})
    generator = Generator(args.seed)
    sources.update({f"random/{args.seed}-{i}": generator.file()
                    for i in range(args.generate)})
    want = (run_all(Hurl(), sources) if args.real or args.generate
            else expected()["flows"])
    got = run_all(Ours(args.run), sources)
    different = compare(sources, got, want, known())
    if args.keep:
        for name, text in sources.items():
            if differences(got[name], want[name]):
                path = pathlib.Path(args.keep) / (name.replace("/", "-") +
                                                  ".hurl")
                path.write_bytes(text)
    print(f"{len(sources)} flows, {different} different")
    sys.exit(10 if different else 0)


if __name__ == "__main__":
    main()
