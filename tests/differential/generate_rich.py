# SPDX-License-Identifier: ISC
"""Random flows that mostly make sense: chains whose filters take what they
are given, each predicate with each kind of value, templates and escapes
wherever they may stand, all kinds of bodies, options from variables,
redirects and cookies. Generator of generate.py mixes them with others."""

import base64

# What a query or a chain so far may hold, by kind.
SOURCES = {
    "string": ["body", "version", "jsonpath \"$.name\"", "header \"X-One\"",
               "jsonpath \"$.b64\"", "jsonpath \"$.html\"", "cookie \"a\"",
               "jsonpath \"$.url\"", "jsonpath \"$.num\"", "variable \"text\"",
               "regex \"(\\\\w+)\"", "jsonpath \"$['key\\\\u00e9']\"", "ip",
               "jsonpath \"$.date\"", "jsonpath \"$.{{name}}\"",
               "header \"{{header}}\"", "variable \"space\"",
               "jsonpath \"$.link\"", "jsonpath \"$.empty\""],
    "integer": ["status", "jsonpath \"$.count\"", "variable \"number\"",
                "jsonpath \"$.minus\"", "jsonpath \"$.big\"",
                "jsonpath \"$.list[0]\""],
    "float": ["jsonpath \"$.price\"", "variable \"float\"",
              "jsonpath \"$.tiny\""],
    "boolean": ["jsonpath \"$.yes\"", "variable \"yes\"", "jsonpath \"$.no\""],
    "null": ["jsonpath \"$.none\"", "variable \"nothing\""],
    "list": ["jsonpath \"$.tags\"", "header \"X-Multi\"",
             "jsonpath \"$.list\"",
             "jsonpath \"$..id\"", "jsonpath \"$.items\"",
             "jsonpath \"$.void\"",
             "header \"Set-Cookie\""],
    "object": ["jsonpath \"$.object\"", "jsonpath \"$.items[1]\"",
               "jsonpath \"$\""],
    "bytes": ["bytes", "rawbytes", "sha256", "md5"],
    "date": ["jsonpath \"$.date\" toDate \"%+\"", "cookie \"c[Expires]\"",
             "jsonpath \"$.day\" toDate \"%Y-%m-%d\""],
    "none": ["jsonpath \"$.nowhere\"", "header \"nope\"", "cookie \"nope\"",
             "variable \"nope\"", "regex \"zzz\"", "certificate \"Subject\""],
    "redirects": ["redirects"],
    "unit": ["cookie \"a[HttpOnly]\"", "cookie \"c[Secure]\""],
}
# kind -> filters that take it, and what comes.
FILTERS = {
    "string": [("base64Decode", "bytes"), ("base64UrlSafeDecode", "bytes"),
               ("htmlEscape", "string"), ("htmlUnescape", "string"),
               ("urlEncode", "string"), ("urlDecode", "string"),
               ("utf8Encode", "bytes"), ("toInt", "integer"),
               ("toFloat", "float"), ("toString", "string"),
               ("split @", "list"), ("replace @ @", "string"),
               ("replaceRegex ~ @", "string"), ("regex ~", "string"),
               ("jsonpath \"$.name\"", "string"), ("jsonpath \"$.*\"", "list"),
               ("xpath \"string(//b)\"", "string"), ("toDate \"%+\"", "date"),
               ("urlQueryParam @", "string")],
    "bytes": [("base64Encode", "string"), ("base64UrlSafeEncode", "string"),
              ("toHex", "string"), ("utf8Decode", "string"),
              ("charsetDecode \"latin1\"", "string"), ("count", "integer"),
              ("decode \"utf-8\"", "string")],
    "list": [("count", "integer"), ("first", "string"), ("last", "string"),
             ("nth 0", "integer"), ("nth -1", "string"), ("nth {{one}}",
             "string")],
    "date": [("dateFormat \"%Y-%m-%d %H:%M\"", "string"),
             ("format \"%+\"", "string"), ("dateFormat \"%s\"", "string"),
             ("daysBeforeNow", "integer")],
    "integer": [("toString", "string"), ("toFloat", "float"),
                ("toInt", "integer")],
    "float": [("toString", "string"), ("toInt", "integer")],
    "boolean": [("toString", "string")],
    # A place holds a port, which filters would make unknown.
    "redirects": [("count", "integer"), ("nth 0 location", "place"),
                  ("first location", "place"), ("last location", "place")],
}
# Words of texts, as they stand between quotes.
PIECES = ["a", "b c", "\u00e9", "e\u0301", "\u65e5\u672c", "\U0001f600",
          "\u05d0",
          "1", "0", "-", ".", "x=y", "&", "%20", "+", "/", "?", "'", "<b>",
          "$1",
          "{{text}}", "{{number}}", "{{space}}", "{{float}}", "{{ yes }}",
          "{{nothing}}", "{{big}}", "{{v}}", "\\u{e9}", "\\u{1f600}", "\\t",
          "\\n",
          "\\\"", "\\\\", "\\/", "\\#", "{", "}", "\\u{7b}\\u{7b}", ";", ":",
          "[0]",
          "\u00a0", "\\b", "\\f", "\\r", "\u2028", "Ann", "one"]
UNARY = ["exists", "isEmpty", "isBoolean", "isInteger", "isFloat", "isNumber",
         "isString", "isCollection", "isDate", "isIsoDate", "isIpv4",
         "isIpv6", "isUuid", "isList", "isObject"]
KINDS_OF_VALUES = ["1", "-1", "0", "42", "1.5", "-0.5", "12345678901234567890",
                   "true", "false", "null", "hex,00ff41;", "hex, 41 42 ;",
                   "base64,QUI=;", "base64, QU I= ;", "file,data.txt;",
                   "file,{{file}};", "{{text}}", "{{number}}", "{{float}}",
                   "{{yes}}", "{{nothing}}", "{{big}}", "{{v}}", "{{newDate}}",
                   "`b{{number}}`", "`\\u{41}`", "``", "/^[a-z]+$/",
                   "```\nAnn\n```", "```raw\n{{text}}\n```", "```a```",
                   "```json\n{\"a\": {{number}}}\n```", "9223372036854775807"]
NAMES = ["a", "b-c", "X-H", "k{{number}}", "\u00e9", "{{name}}", "x\\:y",
         "a.b", "_",
         "$x", "@y", "z[0]", "{{name}}-{{number}}", "k\\u{65}y", "1"]
# An option, and texts that a variable may give it.
FROM_VARIABLES = [
    ("location", ["true", "false", "1"]), ("insecure", ["true", "x"]),
    ("compressed", ["true", "false"]), ("delay", ["1", "0", "x", "-1"]),
    ("retry", ["0", "1", "x"]), ("repeat", ["1", "2", "0", "x"]),
    ("max-redirs", ["0", "1", "5", "-1", "-2"]), ("skip", ["true", "false"]),
    ("max-time", ["5000", "x"]), ("retry-interval", ["1", "1.5"]),
    ("user", ["bob:secret", "bob"]), ("header", ["X-V: 1", "nocolon"]),
    ("path-as-is", ["true", "null"]), ("output", ["out.bin", "no/where"]),
    ("http1.0", ["true", "false"]), ("verbose", ["false"]),
    ("location-trusted", ["true", "false"]), ("limit-rate", ["1000000", "x"]),
    ("connect-timeout", ["5000"]), ("ipv4", ["true"])]
COOKIES = ["a=1; Path=/", "a=2; Path=/echo", "b=two; HttpOnly",
           "b=; Max-Age=0",
           "c=3; Expires=Wed, 13 Jan 2100 22:23:01 GMT", "c=3; Max-Age=10",
           "d=4; Domain=127.0.0.1", "d=4; Domain=example.org", "e=5; Secure",
           "f=\"q u\"", "g=a=b", "h; Path=/", "=i", "j=7; SameSite=None",
           "k=8; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "l=9; Path=/no",
           "m=\u00e9", "n=1; expires=Mon, 01-Jan-2035 10:00:00 GMT; Path=/"]
COOKIE_ASKS = ["a", "b", "c", "d", "a[Value]", "a[Path]", "c[Expires]",
               "c[Max-Age]",
               "d[Domain]", "e[Secure]", "b[HttpOnly]", "j[SameSite]", "f",
               "g", "n[Expires]", "{{name}}"]
TAGS = ["a", "b", "p", "li", "div", "br", "p:a", "p:b", "table", "td", "x"]
MARKUP = ["text", " ", "&lt;", "&amp;", "&eacute;", "&nope;", "&#65;",
          "\u00e9",
          "<!-- c -->", "<![CDATA[<b>]]>", "<?pi x?>", "1", "2.5", "<br>",
          "</b>",
          "<p>", "<", "&", "\u65e5", "<script>a<b</script>", "true",
          "<img src=x>"]
STEPS = ["//a", "//b", "//p:a", "//_:a", "//*", "/r", "/r/*", "//@id",
         "//text()",
         "//a[1]", "//a[@id]", "//a[@id='1']", "//b[last()]", "//a/..",
         "//li/a",
         "//a[position()>1]", "//comment()", "//a[contains(.,'t')]", "//p",
         "//x:y",
         "//div//a", "/html/body/*", "//a|//b", "//*[name()='a']", "//a[b]",
         "//body",
         "ancestor::a", "//a[", "//a[@id=1]/b", "//*[local-name()='a']"]
CALLS = ["string(@)", "count(@)", "boolean(@)", "number(@)", "sum(@)",
         "name(@)",
         "normalize-space(@)", "string-length(@)", "concat(@, 'x', @)",
         "translate(@, 'te', 'TE')", "substring(@, 2)", "starts-with(@, 't')",
         "count(@) + 1", "count(@) = 2", "not(@)", "substring-before(@, 'x')",
         "string(@ | @)", "local-name(@)", "namespace-uri(@)",
         "round(count(@))",
         "floor(1.5)", "lang('en')", "nope(@)", "count(@", "@ = @",
         "count(@) > 0 and @"]
LABELS = ["utf-8", "iso-8859-1", "latin1", "windows-1252", "us-ascii",
          "utf-16",
          "utf-16le", "utf-16be", "gbk", "gb18030", "big5", "shift_jis",
          "euc-jp",
          "iso-2022-jp", "euc-kr", "koi8-r", "macintosh", "windows-1251",
          "UTF8",
          "iso-8859-15", "ibm866", "x-nope", "", "UTF-8 ", "replacement"]


class Rich:
    """Flows of the tables above; choices are those of a Generator."""

    def __init__(self, generator):
        self.g = generator
        self.pick, self.maybe = generator.pick, generator.maybe

    def some(self, make, least, most):
        return [make() for _ in range(self.g.r.randint(least, most))]

    def text(self, most=3):
        return "".join(self.some(lambda: self.pick(PIECES), 0, most))

    def value(self):
        """A value for == and its like."""
        return (self.pick(KINDS_OF_VALUES) if self.maybe(0.65) else
                f"\"{self.text()}\"")

    def filter(self, kind):
        """A filter's text and what it makes of a kind."""
        text, made = self.pick(FILTERS[kind])
        while "@" in text:
            text = text.replace("@", f"\"{self.text(2)}\"", 1)
        if "~" in text:
            text = text.replace("~", self.g.regex())
        return text, made

    def chain(self, kind=None):
        """A query and filters, and the kind of what comes."""
        kind = kind or self.pick(list(SOURCES))
        parts = [self.pick(SOURCES[kind])]
        while kind in FILTERS and self.maybe(0.6):
            text, kind = self.filter(kind)
            parts.append(text)
            if self.maybe(0.05):
                kind = self.pick(list(FILTERS))  # a wrong turn
        return self.pick([" ", " ", "  "]).join(parts), kind

    def predicate(self, kind):
        text = self.pick([
            lambda: self.pick(UNARY),
            lambda: self.pick(["==", "==", "!="]) + self.pick([" ", " ", ""]) +
            self.value(),
            lambda: self.pick(["contains ", "includes "]) + self.value(),
            lambda: self.pick([">", ">=", "<", "<="]) + " " + self.pick(
                ["1", "2.5", "-1", "{{number}}", "{{text}}", "{{yes}}",
                 f"\"{self.text()}\""]),
            lambda: self.pick(["startsWith ", "endsWith "]) + self.pick(
                [f"\"{self.text()}\"", "hex,41;", "base64,QQ==;", "`a`",
                 "{{text}}"]),
            lambda: "matches " + self.g.regex()])()
        # Whatever came is told by an assert that fails.
        if kind != "none" and self.maybe(0.2):
            text = "== \"\\u{7f}\""
        return self.pick(["", "", "", "not "]) + text

    def asserts(self, least=3, most=10):
        lines = []
        for _ in range(self.g.r.randint(least, most)):
            chain, kind = self.chain()
            lines.append(f"{chain} {self.predicate(kind)}{self.comment()}\n")
        return "[Asserts]\n" + "".join(lines)

    def comment(self):
        return self.pick(["", "", "", "", " # why", "   ", "\t", " #"])

    def captures(self):
        lines = [f"c{i}: {self.chain()[0]}\n"
                 for i in range(self.g.r.randint(1, 4))]
        if self.maybe(0.2):
            lines.append(f"{{{{name}}}}2: {self.chain('string')[0]}\n")
        return "[Captures]\n" + "".join(lines)

    def pairs(self, in_head=False):
        """Name and value lines; a line break in a head is refused here."""
        text = "".join(self.some(lambda: (
            f"{self.pick(NAMES)}{self.pick([': ', ':', ' : '])}"
            f"{self.text()}{self.comment()}\n"), 0, 4))
        return (text.replace("\\n", "\\t").replace("\\r", "\\t") if in_head
                else text)

    def parts(self):
        return "".join(self.some(lambda: f"{self.pick(NAMES)}: " + self.pick([
            self.text(), "file,data.txt;", "file,{{file}}; text/x",
            "file,page.html;", "file, data.bin ; a/b # c",
            "file,nowhere.txt;", "file,with\\ space.txt;"]) + "\n", 1, 3))

    def body(self):
        text = self.text(6).replace("`", "")
        return self.pick([
            lambda: "{" + f"\"{self.json_text()}\": {self.json_value()}" + "}",
            lambda: "[" + ",".join(self.some(self.json_value, 0, 3)) + "]",
            self.json_value,
            lambda: f"```\n{text}\n{self.text()}\n```",
            lambda: f"```{self.pick(['', 'json', 'xml', 'raw', 'text'])}\n"
                    f"{text}\n```",
            lambda: f"```{text}```",
            lambda: f"`{text}`",
            lambda: "```graphql\n{ q(a: \"{{text}}\") }\n" + self.pick(
                ["", "variables {\"a\": {{number}}}\n", "variables { }\n"]) +
            "```",
            lambda: "<a b=\"{{text}}\">" + self.pick(
                ["{{number}}", "x", "<b/>", "&lt;", "<![CDATA[<]]>"]) + "</a>",
            lambda: self.pick(["hex,00fFe9;", "base64,/+8=;", "hex,;",
                               "file,data.bin;", "file,{{file}};"])])()

    def json_text(self):
        return self.pick(["a", "\\u00e9", "\\ud83d\\ude00", "{{text}}",
        "\u65e5",
                          "\\\"", "a{{ number }}b", "\\/", "{", "{{space}}"])

    def json_value(self):
        return self.pick(["1", "-0", "1.50", "1e2", "true", "null",
        "{{number}}",
                          "{{yes}}", "{{nothing}}", "{{text}}", "[ ]", "{ }",
                          "{{float}}", "{{big}}", f"\"{self.json_text()}\"",
                          f"\"{self.json_text()}\"", "{{v}}"])

    def url(self):
        return self.pick(["/inspect", "/inspect?a=b", "/inspect/{{text}}",
                          "/inspect?x={{number}}&y={{space}}",
                          "/inspect/\u00e9",
                          "/inspect?q=\\u{e9}", "/inspect/a%20b", "/inspect?",
                          "/inspect?a=\\#b", "/inspect#frag",
                          "/inspect/./a/../b",
                          "/inspect?{{name}}={{float}}", "/inspect?a[]=1"])

    def options(self):
        names = self.some(lambda: self.pick(FROM_VARIABLES), 1, 2)
        text = ""
        for i, (name, texts) in enumerate(names):
            if self.maybe(0.7):
                text += (f"variable: o{i}={self.pick(texts)}\n"
                         f"{name}: {{{{o{i}}}}}\n")
            else:
                text += f"{name}: {self.pick(texts)}\n"
        if self.maybe(0.3):
            text += f"variable: v={self.pick(['1', 'x', '', '{{text}}'])}\n"
        return "[Options]\n" + text

    def request(self):
        """What is sent, seen by the server and told by /inspect."""
        text = f"{self.pick(['GET', 'POST', 'PUT', 'FROB'])} {{{{host}}}}"
        text += self.url() + self.comment() + "\n" + self.pairs(True)
        sections = [self.options()] if self.maybe(0.4) else []
        if self.maybe(0.3):
            sections.append(f"[{self.pick(['Query', 'QueryStringParams'])}]\n"
                            + self.pairs())
        if self.maybe(0.2):
            sections.append("[Cookies]\n" + self.pairs(True))
        if self.maybe(0.15):
            sections.append(f"[BasicAuth]\n{self.pick(NAMES)}: "
                            f"{self.text()}\n")
        body = self.pick(["", "", "form", "parts", "body", "body"])
        if body == "form":
            sections.append(f"[{self.pick(['Form', 'FormParams'])}]\n"
                            + self.pairs())
        elif body == "parts":
            sections.append("[Multipart]\n" + self.parts())
        self.g.r.shuffle(sections)
        text += "".join(sections)
        if body == "body":
            text += self.body() + "\n"
        return text + "HTTP 200\n"

    def chains(self):
        """An answer with values of every kind, and what is asked of them."""
        text = "POST {{host}}/mirror?type=application/json"
        for header in ["X-One:1", "X-Multi:a", "X-Multi:b",
                       "Set-Cookie:a=1%3B HttpOnly", "Set-Cookie:c=3%3B "
                       "Secure%3B Expires=Wed, 13 Jan 2100 22:23:01 GMT"]:
            text += "&h=" + header.replace(" ", "%20")
        text += ("\n[Options]\nvariable: name=name\nvariable: header=X-One\n"
                 "variable: one=1\nvariable: file=data.txt\nvariable: v=\"1\"\n"
                 "{\"name\": \"Ann \\u00e9\", \"count\": 3, \"price\": 10.5, "
                 "\"yes\": true, \"no\": false, \"none\": null, \"minus\": -7,"
                 "\"tags\": [\"a\", \"b\", \"c\"], \"list\": [1, 2, {\"x\": 1}],"
                 "\"items\": [{\"id\": 1}, {\"id\": 2}], \"object\": {\"k\": 1},"
                 "\"b64\": \"QUJD\", \"html\": \"a &lt; <b>x</b>\", "
                 "\"date\": \"2024-05-06T07:08:09Z\", \"day\": \"2024-02-29\","
                 "\"url\": \"a%20b\", \"num\": \"42\", \"key\\u00e9\": \"k\","
                 "\"link\": \"http://x/?a=1&b=%C3%A9\", \"empty\": \"\","
                 "\"void\": [], \"big\": 9007199254740993, \"tiny\": 1e-3}\n"
                 "HTTP 200\n")
        if self.maybe(0.5):
            text += self.captures()
        return text + self.asserts()

    def journey(self):
        """Cookies and credentials on their way through redirects."""
        text = "GET {{host}}/mirror?" + "&".join(self.some(
            lambda: "h=Set-Cookie:" + self.pick(COOKIES).replace(
                ";", "%3B").replace(" ", "%20").replace("&", "%26"), 1, 3))
        text += "\nHTTP 200\n[Asserts]\n" + "".join(self.some(
            lambda: f"cookie \"{self.pick(COOKIE_ASKS)}\" "
                    f"{self.pick(['exists', 'isString', 'isInteger'])}\n",
                    0, 3))
        there = self.pick(["/inspect/end", "inspect", "?x=1", "//127.0.0.1:1",
                           "{{other}}/inspect", "{{named}}/inspect", "",
                           "/redirect/2/307", "/redirect/1", "/a b", "/\u00e9",
                           "ftp://x/", "{{host}}/inspect%23f", "/loop"])
        status = self.pick(["301", "302", "303", "307", "308", "300", "304"])
        text += (f"{self.pick(['GET', 'POST', 'PUT', 'HEAD'])} {{{{host}}}}/to"
                 f"?status={status}&url={there}\n")
        text += self.pick(["", "Authorization: Bearer t\n", "Cookie: own=1\n",
                           "X-Own: 1\n", "Content-Type: a/b\n"])
        text += "[Options]\n" + self.pick(
            ["location: true\n"] * 3 + ["location-trusted: true\n", ""])
        text += self.pick(["", "", "max-redirs: 1\n", "max-redirs: 0\n",
                           "user: bob:secret\n", "header: X-V: 1\n"])
        text += self.pick(["", "[BasicAuth]\nbob: secret\n", "[Form]\na: 1\n",
                           "`body`\n", "[Query]\nq: 1\n"])
        text += "HTTP *\n" + self.pick(["", "[Captures]\nlast: url\n"])
        text += "[Asserts]\n" + self.pick([
            "redirects count == 1\n", "url == \"\\u{7f}\"\n",
            "redirects nth 0 location == \"\\u{7f}\"\n", "status == 200\n",
            "header \"Location\" exists\n", "jsonpath \"$.headers\" == 1\n",
            "jsonpath \"$.method\" == 1\n", "jsonpath \"$.body\" == 1\n"])
        return text + "GET {{host}}/inspect/after\nHTTP 200\n"

    def element(self, depth=3):
        tag = self.pick(TAGS)
        inner = "".join(
            self.element(depth - 1) if depth and self.maybe(0.5) else
            self.pick(MARKUP[:9]) if self.maybe(0.9) else self.pick(MARKUP)
            for _ in range(self.g.r.randint(0, 3)))
        head = tag + self.pick(["", "", " id=\"1\"", " id='2' class=\"c\"",
                                " xml:lang=\"en\"", " xmlns=\"urn:d\""])
        return f"<{head}>{inner}</{tag}>"

    def markup(self):
        """A document of more or less XML or HTML, and what XPath finds."""
        root = self.pick(["r xmlns:p=\"urn:p\"", "r xmlns=\"urn:d\" "
                          "xmlns:p=\"urn:p\"", "html", "r", "p:r"])
        text = self.pick(["", "", "<?xml version=\"1.0\"?>", "<!DOCTYPE html>",
                          " ", "<?xml version=\"1.0\" encoding=\"utf-8\"?>"])
        text += f"<{root}>" + "".join(self.some(self.element, 1, 4))
        text += self.pick([f"</{root.split()[0]}>"] * 5 + ["", "</q>"])
        kind = self.pick(["text/html", "application/xml", "text/xml",
                          "text/html%3B charset=utf-8", "application/json",
                          "text/plain", "image/svg%2Bxml",
                          "application/xhtml%2Bxml"]).replace(" ", "%20")
        asks = ["xpath \"" + self.xpath() + "\"" for _ in range(12)]
        asks += ["body xpath \"" + self.xpath() + "\"" for _ in range(4)]
        return self.told(f"/mirror?type={kind}", text.encode(), asks)

    def xpath(self):
        text = self.pick(STEPS) if self.maybe(0.2) else self.pick(CALLS)
        while "@" in text and text not in STEPS and "@id" not in text:
            text = text.replace("@", self.pick(STEPS[:25]), 1)
        return text

    def charset(self):
        """Any bytes in any charset."""
        body = bytes(self.pick([0x41, 0x62, 0x20, 0xe9, 0x80, 0x81, 0xa4, 0xc3,
                                0xa9, 0xe6, 0x97, 0xa5, 0xff, 0xfe, 0x1b, 0x24,
                                0x42, 0x30, 0x21, 0x0a, 0x3b])
                     for _ in range(self.g.r.randint(0, 9)))
        if self.maybe(0.3):
            body = self.pick([b"\xef\xbb\xbf", b"\xff\xfe",
            b"\xfe\xff"]) + body
        label = self.pick(LABELS).replace(" ", "%20")
        asks = ["body", "bytes", "regex \"(.+)\""]
        asks += [f"bytes {self.pick(['charsetDecode', 'decode'])} "
                 f"\"{self.pick(LABELS)}\"" for _ in range(6)]
        return self.told(f"/mirror?type=text/plain%3B%20charset={label}",
                         body, asks)

    def told(self, path, body, asks):
        """Asserts that all fail and tell what they found."""
        text = f"POST {{{{host}}}}{path}\nbase64,"
        text += base64.b64encode(body).decode() + ";\nHTTP 200\n[Asserts]\n"
        return text + "".join(f"{ask} == \"\\u{{7f}}\"\n" for ask in asks)

    def file(self):
        make = self.pick([self.chains, self.request, self.journey,
                          self.markup, self.charset])
        parts = self.some(make, 1, 2)
        if make == self.request:
            parts.insert(0, "GET {{host}}/text\n[Options]\nvariable: name=n\n"
                         "variable: file=data.txt\nvariable: v=x y\n")
        text = "".join(parts)
        if self.maybe(0.05):
            text = text.replace("\n", "\r\n")
        return self.pick([""] * 20 + ["\ufeff"]) + text
