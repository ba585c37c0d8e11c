#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random flows, valid ones and nearly valid ones, the same for a seed.

usage: generate.py [--seed S] [N]

A third of the flows is grown from the rows of the language below, another
from those of generate_rich.py, which make more sense; half of the former and
some of the latter then suffer one to three small accidents, the kind that
fingers make and the kind that find a parser's edges. The last third asks for
many values of random regexes, paths, dates and texts by asserts that all
fail, so that what came is told. Requests go to the server of server.py.
"""
import argparse
import base64
import random
import re
import sys

from generate_rich import Rich

PATHS = ["/json", "/text", "/html", "/xml", "/echo", "/bytes", "/headers",
         "/set", "/empty", "/status/404", "/redirect/2", "/latin1", "/gzip",
         "/coding/gzip/deflate", "/charset/shift_jis", "/inspect", "/bare",
         "/echo?a=b&c=%20d", "/echo/{{text}}", "/echo?x={{number}}", "/large/64"]
METHODS = ["GET"] * 6 + ["POST", "PUT", "DELETE", "PATCH", "PURGE"]
WORDS = ["a", "b1", "x-y", "Ann", "caf\u00e9", "two words", "\u65e5\u672c", "", "1",
         "true", "null", "a=b&c", "100%", "tab\\tq", "\\u{e9}", "{{text}}",
         "{{number}}", "pre{{float}}post", "{{ big }}", "{{nothing}}", "[1]",
         "<a/>", "a\\\\b", "\\\"", "it's", "$", "a/b?c", "a:b"]
JSONPATHS = ["$", "$.name", "$.count", "$.price", "$.tags", "$.tags[0]",
             "$.tags[-1]", "$.tags[1:]", "$.tags[::2]", "$..id", "$.items[*].id",
             "$.items[?@.price > 10].name", "$.items[?@.id == 2]", "$.nowhere",
             "$['name']", "$.nested.list[2].x", "$.nested['a-b']", "$.id",
             "$.none", "$.yes", "$.object", "$.list", "$.tiny", "$.minus",
             "$.zero", "$.date", "$.html", "$.url", "$.num", "$.empty", "$.*",
             "$.items[?length(@.name) == 3].price", "$.items.length",
             "$.items[0,2].id", "$.items[?match(@.name, 't.*')].id", "$.[", ""]
XPATHS = ["//h1", "string(//h1)", "count(//p)", "//p/@class", "boolean(//h1)",
          "//a", "string(//a[2])", "count(//a) + 1", "//_:a", "//[", "1 div 0",
          "string(//p:b)", "//nowhere", "true()", "normalize-space(//h1)"]
REGEXES = ["H(.*)o", "(\\\\d+)", "[a-z]+", "^$", "(?i)HELLO", "a|b", "([^ ]+)$",
           "x*", "\\\\bW", "(", "(?<n>l+)", "l{2}", "[\\\\w]+", "."]
QUERIES = ["status", "version", "url", "body", "bytes", "rawbytes", "ip",
           "sha256", "md5", "redirects"]
FILTERS = ["base64Decode", "base64Encode", "base64UrlSafeDecode", "count",
           "base64UrlSafeEncode", "daysAfterNow", "daysBeforeNow", "first",
           "htmlEscape", "htmlUnescape", "last", "location", "toFloat",
           "toHex", "toInt", "toString", "urlDecode", "urlEncode",
           "utf8Decode", "utf8Encode"]
PREDICATES = ["exists", "isEmpty", "isBoolean", "isInteger", "isFloat",
              "isNumber", "isString", "isCollection", "isDate", "isIsoDate",
              "isIpv4", "isIpv6", "isUuid", "isList", "isObject"]
VALUES = ["1", "3", "-7", "0", "1.5", "10.5", "3.0", "true", "false", "null",
          "12345678901234567890", "\"a\"", "\"42\"", "\"\"", "hex,48656c6c6f;",
          "base64,SGVsbG8=;", "{{number}}", "{{text}}", "\"{{text}}\"", "`a`",
          "file,data.txt;", "/a/", "{{float}}", "{{undefined}}", "-0",
          "0.1", "\"one\"", "{{big}}", "{{yes}}", "{{nothing}}"]
DATES = ["%+", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%s", "%a, %d %b %Y", "%j",
         "%H:%M", "%Q", "%%", "%e %B %y", "%I%p", "%.3f", "%:z", "%D"]
OPTIONS = ["location: true", "location: false", "compressed: true",
           "delay: 1", "delay: 2ms", "retry: 1\nretry-interval: 1ms",
           "max-redirs: 1", "max-redirs: -1", "path-as-is: true",
           "repeat: 2", "skip: true", "skip: {{yes}}", "verbose: false",
           "variable: v=1", "variable: w=\"x y\"", "variable: text={{number}}",
           "user: bob:secret", "header: X-O: p", "http1.0: true",
           "max-time: 5s", "connect-timeout: 5s", "insecure: {{number}}",
           "repeat: {{number}}x", "very-verbose: false", "output: out.bin",
           "limit-rate: 1000000", "retry: {{undefined}}"]
BODIES = ["{\"a\": 1, \"b\": [true, null, \"x{{text}}\"]}", "[]", "\"text\"",
          "{{number}}", "null", "-1.5e3", "<a b=\"c\">d<e/></a>", "`one {{text}}`",
          "```\nline {{number}}\n  two\n```", "```json\n{\"k\": {{float}}}\n```",
          "```xml\n<x/>\n```", "```raw\n{{raw}}\n```", "base64,AAEC;",
          "```graphql\n{ q }\nvariables {\"a\": 1}\n```", "hex, 00ff ;",
          "file,data.txt;", "file,nowhere.txt;", "{\"a\": {{text}}}",
          "{ \"\\u00e9\\n\" : {\"x\":{}} }", "[1 , 2,3 ]"]
ACCIDENTS = ["\"", "`", "{{", "}}", "[", "]", "#", "\\", ":", ";", " ", "\t",
             "\n", "\r\n", "not ", "{", "}", "\u00e9", "\\u{}", "\\u{110000}",
             "```", "/", ",", "==", "=", "HTTP 200\n", "GET ", "[Asserts]\n",
             "[Options]\n", "0", "-", ".", "x", "file,", "hex,", "\u00a0", "\x07"]


LETTERS = ["a", "b", "c", "B", "1", "2", " ", "_", "-", ".", "\u00e9", "\u65e5",
           "\u0130", "\u017f", "\n", "/", "&", ";", "%", "+", "<", "\U0001f600"]
ATOMS = ["a", "b", "c", "1", "\u00e9", "\u65e5", ".", "\\w", "\\d", "\\s", "\\W",
         "\\D", "\\S", "[ab]", "[^a]", "[a-c1-2]", "\\b", "\\B", "^", "$", "\\.",
         "[[:alpha:]]", "[\\w&&[^a]]", "[a-c--b]", "\\p{L}", "\\p{Lu}", "\\PN",
         "\\pL", "[\\d_-]", "\\x61", "\\u00e9", "\\u{65e5}", "\\t", "\\A",
         "\\z", "\\-", "[.]", "[^\\s]", "\\p{Greek}", "[[:^digit:]]", "k", "s"]
COUNTS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,}", "{,2}",
          "{2}?", "{0}"]
MAY_BE_EMPTY = re.compile(r"[*?^$]|\{0|\{,|\\[bBAz]")
FLAGS = ["(?i)", "(?s)", "(?m)", "(?x)", "(?U)", "(?i-s)", "(?-u)", "(?R)"]
SPECIFIERS = ["Y", "C", "y", "m", "b", "B", "h", "d", "e", "a", "A", "w", "u",
              "U", "W", "G", "g", "V", "j", "D", "x", "F", "v", "H", "k", "I",
              "l", "P", "p", "M", "S", "f", ".f", ".3f", ".6f", "3f", "6f",
              "R", "T", "X", "r", "Z", "z", ":z", "::z", "#z", "c", "+", "s",
              "t", "n", "%", "-d", "_d", "0e", "-H", "_m", "Q", "E", ":::z",
              "-Y", "_j", "-3f", "q"]
DATE_TEXTS = ["2024-05-06T07:08:09Z", "2024-05-06 07:08:09", "1714979289",
              "Mon, 06 May 2024 07:08:09 +0200", "2024-02-29", "07:08",
              "May 6 2024 12:01 AM", "2024-127", "24/5/6", " 2024-05-06",
              "2024-12-31T23:59:59Z", "0001-01-01", "+12024-05-06",
              "2024-05-06T07:08:09.123456789+05:30", "mon 6 may 2024"]
ENTITIES = ["&lt;", "&amp", "&eacute;", "&#233;", "&#xE9;", "&nbsp;", "&x;",
            "&#;", "&#x;", "&notin;", "&notit", "&#128;", "&#xd800;", "&",
            "&copy", "&AMP;", "&Aacute", "&#99999999;", "&quot;", "&apos;"]
TEXT_FILTERS = ["urlEncode", "urlDecode", "htmlEscape", "htmlUnescape",
                "base64Decode", "base64UrlSafeDecode", "utf8Encode", "toInt",
                "toFloat", "toHex", "utf8Encode toHex", "count", "first",
                "utf8Encode base64Encode", "urlQueryParam \"a\"",
                "utf8Encode base64UrlSafeEncode", "utf8Encode count"]


class Generator:
    """A stream of flows."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.rich = Rich(self)

    def pick(self, rows):
        return self.r.choice(rows)

    def maybe(self, chance):
        return self.r.random() < chance

    def word(self):
        return self.pick(WORDS)

    def quoted(self, text=None):
        return "\"" + (self.word() if text is None else text) + "\""

    def regex(self):
        text = self.pick(REGEXES)
        if self.maybe(0.3):
            return "/" + text.replace("\\\\", "\\").replace("/", "\\/") + "/"
        return self.quoted(text)

    def query(self):
        return self.pick([
            lambda: self.pick(QUERIES),
            lambda: "jsonpath " + self.quoted(self.pick(JSONPATHS)),
            lambda: "jsonpath " + self.quoted(self.pick(JSONPATHS)),
            lambda: "xpath " + self.quoted(self.pick(XPATHS)),
            lambda: "header " + self.quoted(self.pick(
                ["Content-Type", "x-multi", "X-Empty", "nope", "X-One"])),
            lambda: "cookie " + self.quoted(self.pick(
                ["a", "b[Path]", "a[Max-Age]", "c[Expires]", "b[Secure]",
                 "a[HttpOnly]", "z", "c[Domain]", "a[secure]", "a[x]"])),
            lambda: "regex " + self.regex(),
            lambda: "variable " + self.quoted(self.pick(
                ["text", "number", "v", "nope", "c0"])),
            lambda: "certificate \"Subject\""])()

    def filter(self):
        return self.pick([
            lambda: self.pick(FILTERS), lambda: self.pick(FILTERS),
            lambda: "nth " + self.pick(["0", "1", "-1", "7", "{{number}}"]),
            lambda: "split " + self.quoted(self.pick([" ", ",", "l", ""])),
            lambda: "replace " + self.quoted("l") + " " + self.quoted(),
            lambda: "replaceRegex " + self.regex() + " " + self.quoted("<$1>"),
            lambda: "regex " + self.regex(),
            lambda: "jsonpath " + self.quoted(self.pick(JSONPATHS)),
            lambda: "xpath " + self.quoted(self.pick(XPATHS)),
            lambda: "toDate " + self.quoted(self.pick(DATES)),
            lambda: "dateFormat " + self.quoted(self.pick(DATES)),
            lambda: self.pick(["decode ", "charsetDecode "]) + self.quoted(
                self.pick(["utf-8", "latin1", "gbk", "nope"])),
            lambda: "urlQueryParam " + self.quoted(self.pick(["a", "c"]))])()

    def chain(self):
        parts = [self.query()]
        while self.maybe(0.35):
            parts.append(self.filter())
        return " ".join(parts)

    def predicate(self):
        text = self.pick([
            lambda: self.pick(PREDICATES),
            lambda: self.pick(["==", "!=", "contains", "includes"]) + " " +
            self.pick(VALUES),
            lambda: self.pick(["==", "=="]) + " " + self.pick(VALUES),
            lambda: self.pick([">", ">=", "<", "<="]) + " " + self.pick(
                ["1", "3", "2.5", "\"a\"", "{{number}}", "{{text}}", "-1"]),
            lambda: self.pick(["startsWith", "endsWith"]) + " " + self.pick(
                [self.quoted(), "hex,48;", "base64,SGU=;"]),
            lambda: "matches " + self.regex()])()
        return ("not " if self.maybe(0.2) else "") + text

    def pairs(self):
        return "".join(f"{self.pick(['a', 'b-c', 'X-H', 'k{{number}}', 'é'])}: "
                       f"{self.word()}\n" for _ in range(self.r.randint(0, 3)))

    def request_sections(self):
        found, body = [], self.pick(["FormParams", "Form", "Multipart"])
        for name, chance in (("QueryStringParams", 0.15), ("Query", 0.1),
                             (body, 0.2), ("Cookies", 0.15)):
            if self.maybe(chance):
                found.append(f"[{name}]\n{self.pairs()}")
        if self.maybe(0.08):
            found.append("[BasicAuth]\nbob: secret\n")
        if self.maybe(0.35):
            found.append("[Options]\n" + "".join(
                self.pick(OPTIONS) + "\n"
                for _ in range(self.r.randint(1, 3))))
        self.r.shuffle(found)
        return "".join(found)

    def response(self):
        text = self.pick(["HTTP 200", "HTTP 200", "HTTP *", "HTTP/1.1 200",
                          "HTTP 404", "HTTP/2 200", "HTTP 204"]) + "\n"
        if self.maybe(0.15):
            text += self.pick(["Content-Type: text/plain\n", "X-One: 1\n",
                               "x-multi: b\n", "X-Nope: {{text}}\n"])
        if self.maybe(0.35):
            text += "[Captures]\n" + "".join(
                f"c{i}: {self.chain()}\n"
                for i in range(self.r.randint(1, 2)))
            if self.maybe(0.1):
                text += "secret: url redact\n"
        if self.maybe(0.8):
            text += "[Asserts]\n" + "".join(
                f"{self.chain()} {self.predicate()}\n"
                for _ in range(self.r.randint(1, 5)))
        if self.maybe(0.08):
            text += self.pick(["`Hello`\n", "{\"a\": 1}\n", "hex,00;\n",
                               "```\nHello World!\nline 2\n```\n"])
        return text

    def entry(self):
        text = f"{self.pick(METHODS)} {{{{host}}}}{self.pick(PATHS)}"
        text += self.pick(["\n", "\n", " # comment\n", "  \n"])
        if self.maybe(0.3):
            text += self.pairs()
        text += self.request_sections()
        if self.maybe(0.25):
            text += self.pick(BODIES) + "\n"
        if self.maybe(0.92):
            text += self.response()
        return text + self.pick(["", "\n", "# c\n", "\n\n"])

    def accident(self, text):
        at = self.r.randrange(len(text) + 1)
        end = min(len(text), at + self.r.choice([1, 1, 1, 2, 5]))
        lines = text.splitlines(True)
        line = self.r.randrange(len(lines)) if lines else 0
        return self.pick([
            lambda: text[:at] + text[end:],
            lambda: text[:at] + self.pick(ACCIDENTS) + text[at:],
            lambda: text[:at] + self.pick(ACCIDENTS) + text[at:],
            lambda: text[:at] + self.pick(ACCIDENTS) + text[end:],
            lambda: text[:at] + text[at:end].swapcase() + text[end:],
            lambda: text[:at],
            lambda: "".join(lines[:line] + lines[line + 1:]),
            lambda: "".join(lines[:line] + lines[line:line + 1] +
                            lines[line:])])()

    def many(self, rows, most):
        return "".join(self.pick(rows) for _ in range(self.r.randint(0, most)))

    def pattern(self, depth=2):
        text = ""
        for _ in range(self.r.randint(1, 4)):
            atom, inner = self.pick(ATOMS), ""
            if depth and self.maybe(0.35):
                inner = self.pattern(depth - 1)
                if self.maybe(0.4):
                    inner += "|" + self.pattern(depth - 1)
                atom = self.pick(["(", "(", "(?:", "(?P<n>", "(?i:"]) + inner
                atom += ")"
            count = self.pick(COUNTS) if self.maybe(0.3) else ""
            if inner and count and MAY_BE_EMPTY.search(inner):
                # See doc/hurl-compatibility.md: repeated empty matches.
                head = atom[:-len(inner) - 1]
                atom = f"{head}(?:{inner})a)"
            text += atom + count
        return (self.pick(FLAGS) if depth == 2 and self.maybe(0.2)
                else "") + text

    def json(self, depth=3):
        if depth == 0 or self.maybe(0.3):
            return self.pick(["1", "-2", "2.5", "1e2", "0", "true", "false",
                              "null", "\"a\"", "\"\"", "\"b c\"", "\"\u00e9\"",
                              "12345678901234567890", "0.1", "-0.0", "1E+2"])
        n = self.r.randint(0, 4)
        if self.maybe(0.5):
            return "[" + ", ".join(self.json(depth - 1)
                                   for _ in range(n)) + "]"
        return "{" + ", ".join(
            f"\"{self.pick('abcd')}\": {self.json(depth - 1)}"
            for _ in range(n)) + "}"

    def path(self, root="$", depth=2):
        text = root
        for _ in range(self.r.randint(0 if root == "@" else 1, 3)):
            text += self.pick([
                lambda: "." + self.pick("abcd"), lambda: "." + self.pick("ab"),
                lambda: f"['{self.pick('abcd')}']", lambda: "[*]",
                lambda: ".*", lambda: ".." + self.pick(["a", "b", "*", "[0]"]),
                lambda: f"[{self.pick(['0', '1', '-1', '2', '0,1', '1:'])}]",
                lambda: f"[{self.pick(['::2', '-2:', '::-1', '0:1', ':'])}]",
                lambda: f"[?{self.test(depth)}]" if depth else "[0]"])()
        return text

    def test(self, depth):
        def operand():
            return self.pick([
                lambda: self.path("@", depth - 1), lambda: "1",
                lambda: self.pick(["'a'", "true", "null", "2.5", "-2", "1e2",
                                   "''", "0"]),
                lambda: f"length({self.path('@', 0)})",
                lambda: f"count({self.path('@', 0)})",
                lambda: f"value({self.path('@', 0)})"])()
        text = self.pick([
            lambda: f"{operand()} {self.pick(['==', '!=', '<', '>='])} "
                    f"{operand()}",
            lambda: self.path("@", depth - 1),
            lambda: "!" + self.path("@", depth - 1),
            lambda: f"match(@.a, '{self.pick(['a', '.*', '[a-b]', 'b c'])}')",
            lambda: f"search(@, '{self.pick(['a', 'b', '.'])}')"])()
        if self.maybe(0.2):
            text += self.pick([" && ", " || "]) + self.test(depth)
        return f"({text})" if self.maybe(0.1) else text

    def escape(self, text):
        return (text.replace("\\", "\\\\").replace("\"", "\\\"")
                .replace("\n", "\\n").replace("#", "\\#"))

    def value_file(self):
        """A body, and asserts that all fail and tell what they found."""
        kind = self.pick(["regex", "path", "date", "text", "html"])
        if kind == "path":
            body = self.json()
            asks = [f"jsonpath \"{self.path()}\"" for _ in range(12)]
        elif kind == "date":
            body = self.pick(DATE_TEXTS)
            asks = []
            for _ in range(12):
                words = [self.pick(SPECIFIERS) for _ in range(3)]
                if self.maybe(0.5):
                    asks.append("variable \"date\" toDate \"%+\" dateFormat \""
                                + "|".join("%" + w for w in words) + "\"")
                else:
                    asks.append("body toDate \"" + self.pick(
                        DATES + ["%Y-%m-%d %H:%M:%S", "%a, %d %b %Y %T %z",
                                 "%b %d %Y %I:%M %p", "%Y-%j", "%R",
                                 "%y/%m/%d", " %Y-%m-%d", "%F", "%a %e %b %Y",
                                 "%Y-%m-%dT%H:%M:%S%.f%:z"]) + "\"")
        elif kind == "regex":
            body = self.many(LETTERS, 12)
            asks = []
            for _ in range(12):
                pattern = self.escape(self.pattern())
                asks.append(self.pick([
                    f"body regex \"({pattern})\"", f"regex \"({pattern})\"",
                    f"body replaceRegex \"{pattern}\" \"<$0|$1|${{n}}>\""]))
        else:
            body = (self.many(ENTITIES + ["a", " "], 6) if kind == "html" else
                    self.many(LETTERS + ["%41", "%zz", "a=1", "?", "42"], 8))
            asks = [" ".join(["body"] + [self.pick(
                ["htmlUnescape", "htmlEscape"] if kind == "html" and
                self.maybe(0.7) else TEXT_FILTERS)
                for _ in range(self.r.randint(1, 2))]) for _ in range(8)]
        text = ("POST {{host}}/mirror?type=text/plain%3Bcharset%3Dutf-8\n"
                "[Options]\nvariable: date=\"2024-05-06T07:08:09.012345Z\"\n")
        text += f"base64,{base64.b64encode(body.encode()).decode()};\n"
        text += f"# {body!r}\nHTTP 200\n[Asserts]\n"
        text += "".join(f"{ask} == \"\\u{{7f}}\"\n" for ask in asks)
        return text.encode()

    def file(self):
        kind = self.r.randrange(3)
        if kind == 0:
            return self.value_file()
        text = (self.rich.file() if kind == 1 else "".join(
            self.entry() for _ in range(self.r.randint(1, 2))))
        if self.maybe(0.25 if kind == 1 else 0.5):
            for _ in range(self.r.randint(1, 3)):
                text = self.accident(text)
        return text.encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("count", type=int, nargs="?", default=1)
    args = parser.parse_args()
    generator = Generator(args.seed)
    for i in range(args.count):
        sys.stdout.write(f"# {args.seed}-{i}\n" + generator.file().decode())


if __name__ == "__main__":
    main()
