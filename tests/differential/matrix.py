#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every kind of value against every predicate and operand, and through every
filter: some 22,000 asserts, of which hurl says which hold.

usage: matrix.py [--record] [--run PROGRAM]

With --record the real hurl evaluates them and matrix.txt keeps its answers, a
bit for each; without, e2e-run is compared with them. What differs on purpose
is in KNOWN, with its reason.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from server import Server  # noqa: E402

RECORD = HERE / "matrix.txt"
CHUNK = 400

VALUES = [f'jsonpath "$.{name}"' for name in (
    "count minus zero price tiny id yes none name num empty html url date "
    "ip4 ip6 uuid b64 tags list nested object items nowhere items[*].id "
    "items[0:1].id items[5:9].id").split()] + [
    'jsonpath "$.date" toDate "%+"', "bytes", 'header "Content-Type"',
    'header "X-None"', "status", "version", "sha256", 'variable "vi"',
    'variable "none"', "redirects", 'certificate "Subject"', "ip",
    "bytes toHex", 'jsonpath "$.text" split " "']
OPERANDS = ['1', '3', '-7', '3.0', '10.5', '12345678901234567890', 'true',
            'null', '"Ann é"', '"42"', '""', '"a"', '"3"', '"1.1"', '"z"',
            'hex,00;', 'base64,YQ==;', '{{vi}}', '{{vs}}', '{{vl}}',
            '"{{vi}}"', '/a/', '`a`', 'file,data.txt;']
UNARY = ("exists isEmpty isBoolean isInteger isFloat isNumber isString "
         "isCollection isDate isIsoDate isIpv4 isIpv6 isUuid isList "
         "isObject").split()
BINARY = ("== != > >= < <= startsWith endsWith contains includes "
          "matches").split()
FILTERS = r'''base64Decode base64Encode base64UrlSafeDecode
base64UrlSafeEncode charsetDecode~"utf-8" charsetDecode~"latin1"
charsetDecode~"nope" count dateFormat~"%Y-%m-%d~%H:%M:%S" daysAfterNow
daysBeforeNow decode~"utf-8" first format~"%a,~%d~%b~%Y" htmlEscape
htmlUnescape jsonpath~"$" jsonpath~"$.a" jsonpath~"$[" last location nth~0
nth~1 nth~-1 nth~-9 nth~{{vi}} nth~{{vs}} regex~"(.)" regex~"(nope)"
regex~/(\d+)/ regex~"(" replace~"a"~"b" replace~""~"-"
replaceRegex~"[a-z]"~"#" replaceRegex~/(.)(.)/~"$2$1"
replaceRegex~"(?P<x>.)"~"${x}!" split~"," split~"" toDate~"%Y-%m-%d"
toDate~"%+" toFloat toHex toInt toString urlDecode urlEncode
urlQueryParam~"a" utf8Decode utf8Encode xpath~"string(//a)" xpath~"//a["
xpath~"count(//a)"'''.split()
# What is behind a filter: what it gives for the values above.
RESULTS = ['"hello"', '"42"', '"a"', "1", "3", "42.0", "3.0", '"3"',
           '"2024-05-06 07:08:09"', '"Ann é"', '"bnn é"', '"nAné "',
           '"aGVsbG8="', "hex,68656c6c6f;"]
HEAD = ["GET {{host}}/json", "[Options]", "variable: vi=3",
        'variable: vs="a"', "variable: vl=true", "HTTP 200", "[Asserts]"]

KNOWN = [
    (r'^jsonpath "\$\.id" (not )?[<>]|[<>]=? 12345678901234567890$',
     "Hurl orders integers over 64 bits as text"),
]


def fits(predicate, operand):
    """What the grammar allows."""
    if predicate in (">", ">=", "<", "<="):
        return operand[0] in '"-0123456789{`'
    if predicate in ("startsWith", "endsWith"):
        return operand[0] in '"`hb'
    return predicate != "matches" or operand[0] in '"/`'


def asserts():
    lines = []
    for value in VALUES:
        for word in ("", "not "):
            lines += [f"{value} {word}{p}" for p in UNARY]
            lines += [f"{value} {word}{p} {o}" for p in BINARY
                      for o in OPERANDS if fits(p, o)]
        for name in FILTERS:
            name = name.replace("~", " ")
            lines += [f"{value} {name} {tail}" for tail in
                      ["exists", "not exists"] +
                      [f"== {r}" for r in RESULTS]]
    return lines


class Matrix:
    def __init__(self, argv, places):
        self.argv, self.places = argv, places
        self.server = Server()
        self.folder = tempfile.TemporaryDirectory()
        self.flow = pathlib.Path(self.folder.name) / "matrix.hurl"
        (self.flow.parent / "data.txt").write_text("file data\n")

    def failing(self, lines):
        """For each assert, whether it fails."""
        self.flow.write_text("\n".join(HEAD + lines) + "\n")
        done = subprocess.run(
            [*self.argv, "--variable",
             f"host=http://127.0.0.1:{self.server.port}", str(self.flow)],
            capture_output=True, text=True, errors="replace", timeout=120)
        found = {int(n) for n in re.findall(
            self.places, done.stdout + done.stderr, re.M)}
        if done.returncode not in (0, 4) or min(found, default=9) < 8:
            sys.exit(f"matrix: exit {done.returncode}: {done.stderr[:500]}")
        return [i in found for i in range(len(HEAD) + 1,
                                          len(HEAD) + 1 + len(lines))]

    def run(self):
        lines = asserts()
        return [bit for at in range(0, len(lines), CHUNK)
                for bit in self.failing(lines[at:at + CHUNK])]


def hurl():
    return Matrix(["hurl", "--test", "--no-color"],
                  r"^ +--> .*?\.hurl:(\d+):\d+$")


def e2e_run(program):
    return Matrix([str(program), "--test", "--no-color",
                   "--exit-codes=hurl"], r"^\S+\.hurl:(\d+):\d+: ")


def recorded():
    text = "".join(line for line in RECORD.read_text().splitlines()
                   if not line.startswith("#"))
    bits = bin(int("1" + text, 16))[3:]
    return [bit == "1" for bit in bits[:len(asserts())]]


def record():
    bits = "".join("01"[bit] for bit in hurl().run())
    bits += "0" * (-len(bits) % 4)
    digits = "".join(f"{int(bits[i:i + 4], 2):x}"
                     for i in range(0, len(bits), 4))
    version = subprocess.run(["hurl", "--version"], capture_output=True,
                             text=True).stdout.split()[1]
    RECORD.write_text(f"# hurl {version}, by matrix.py --record\n" +
                      "\n".join(digits[i:i + 76] for i in
                                range(0, len(digits), 76)) + "\n")


def differences(program):
    """The asserts that differ for no known reason."""
    return [f"{line}: {'fails' if got else 'holds'}, not so with hurl"
            for line, got, want in zip(asserts(), e2e_run(program).run(),
                                       recorded())
            if got != want and
            not any(re.search(pattern, line) for pattern, _ in KNOWN)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--run", default="./e2e-run")
    args = parser.parse_args()
    if args.record:
        return record()
    found = differences(args.run)
    print("\n".join(found[:200]))
    print(f"{len(asserts())} asserts, {len(found)} different")
    sys.exit(10 if found else 0)


if __name__ == "__main__":
    main()
