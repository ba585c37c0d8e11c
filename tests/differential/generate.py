#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random flows, valid ones and nearly valid ones, the same for a seed.

usage: generate.py [--seed S] [N]

A flow is grown from the rows of the language below; about half of them then
suffer one to three small accidents, the kind that fingers make and the kind
that find a parser's edges. Requests go to the server of server.py.
"""
import argparse
import random
import sys

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
             "[Options]\n", "0", "-", ".", "x", "file,", "hex,", "\u00a0", "\0"]


class Generator:
    """A stream of flows."""

    def __init__(self, seed):
        self.r = random.Random(seed)

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
                f"c{i}: {self.chain()}" + (" redact" if self.maybe(0.05)
                                           else "") + "\n"
                for i in range(self.r.randint(1, 2)))
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

    def file(self):
        text = "".join(self.entry() for _ in range(self.r.randint(1, 2)))
        if self.maybe(0.5):
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
