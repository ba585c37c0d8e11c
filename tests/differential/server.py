# SPDX-License-Identifier: ISC
"""The server of the differential runs: answers depend on the request alone
(and on how often it came), every request is kept as it was seen."""
import base64
import gzip
import http.server
import json
import re
import ssl
import threading
import time
import urllib.parse
import zlib

JSON = """{
  "id": 12345678901234567890, "count": 3, "price": 10.50, "tiny": 1e-7,
  "name": "Ann \\u00e9", "empty": "", "none": null, "yes": true, "no": false,
  "tags": ["a", "b", "c"], "nested": {"list": [1, 2, {"x": "y"}], "a-b": 1},
  "items": [{"id": 1, "name": "one", "price": 5},
            {"id": 2, "name": "two", "price": 15},
            {"id": 3, "name": "three", "price": 25}],
  "date": "2024-05-06T07:08:09Z", "ip4": "10.0.0.1", "ip6": "fe80::1",
  "uuid": "123e4567-e89b-12d3-a456-426614174000", "minus": -7, "zero": 0,
  "html": "a &lt; b &amp; c", "url": "a%20b%2Fc", "num": "42", "text": "x y/z",
  "object": {}, "list": [], "b64": "aGVsbG8=", "dup": [1, 1]
}
"""
XML = """<?xml version="1.0"?>
<r xmlns:p="urn:p"><a id="1">one</a><a id="2">two</a><p:b>3</p:b></r>
"""
HTML = """<!DOCTYPE html><html><head><title>T</title></head>
<body><h1>Head</h1><p class="x">P1<p>P2<br><input name="csrf" value="tok">
</body></html>
"""
# "Hello br" and its line end, as brotli stores it.
BROTLI = bytes([0x21, 0x20, 0x00, 0x04]) + b"Hello br\n" + b"\x03"
# What a charset of that name makes of CHARSET_TEXT; not all have its letters.
CHARSET_TEXT = {"shift_jis": "\u65e5\u672c\u8a9e", "euc-jp": "\u65e5\u672c",
                "gbk": "\u4e2d\u6587", "big5": "\u4e2d\u6587",
                "euc-kr": "\ud55c\uae00", "koi8-r": "\u043f\u0440\u0438",
                "windows-1251": "\u043f\u0440\u0438",
                "us-ascii": "caf\xe9 \u20ac", "utf-16": "caf\xe9 \u20ac",
                "iso-8859-1": "caf\xe9 \u20ac"}
CHARSET_CODEC = {"us-ascii": "cp1252", "iso-8859-1": "cp1252",
                 "utf-16": "utf-16-le"}


class Headers:
    """Header lines as they came, of any letters."""

    def __init__(self, lines):
        self.pairs = [[k.strip(), v.strip(" \t")] for k, _, v in
                      (line.partition(":") for line in lines)]

    def get(self, name, default=None):
        return next((v for k, v in self.pairs if k.lower() == name.lower()),
                    default)

    def items(self):
        return self.pairs


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    server_version = "differential"
    sys_version = ""

    def parse_request(self):
        line = self.raw_requestline.decode("latin-1").rstrip("\r\n")
        self.requestline = line
        if not re.fullmatch(r"[!-~]+ [!-~\x80-\xff]+ HTTP/1\.[01]", line):
            self.close_connection = True  # a TLS hello has lines by chance
            return False
        self.command, self.path, self.request_version = line.split(" ")
        lines = []
        while (line := self.rfile.readline().decode("latin-1").strip("\r\n")):
            lines.append(line)
        self.headers = Headers(lines)
        self.close_connection = (
            self.request_version == "HTTP/1.0" or
            self.headers.get("Connection", "").lower() == "close")
        return True

    def __getattr__(self, name):
        """Every method is served."""
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return "Mon, 06 May 2024 07:08:09 GMT"

    def answer(self, status=200, body=b"", kind="text/plain", headers=()):
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def forget_chance(self):
        """The boundary of parts is another one each time, and a nonce."""
        found = re.search(r"boundary=(-{8,}\w+)",
                          self.headers.get("Content-Type", ""))
        if found:
            name = "B" * len(found[1])
            self.body = self.body.replace(found[1].encode(), name.encode())
            self.headers.pairs = [[k, v.replace(found[1], name)]
                                  for k, v in self.headers.pairs]
        self.headers.pairs = [[k, re.sub(
            r'(cnonce|response)="[^"]*"', r'\1="?"', v)]
            for k, v in self.headers.pairs]

    def handle_any(self):
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length)
        self.forget_chance()
        self.server.seen.append({
            "method": self.command, "path": self.path,
            "version": self.request_version,
            "headers": [[k, v] for k, v in self.headers.items()],
            "body": self.body.decode("latin-1")})
        url = urllib.parse.urlsplit(self.path)
        self.pairs = urllib.parse.parse_qsl(
            url.query, keep_blank_values=True, encoding="latin-1")
        self.query = dict(self.pairs)
        parts = url.path.strip("/").split("/")
        handler = getattr(self, "on_" + parts[0].replace("-", "_"), None)
        if handler is None:
            self.answer(404, "not found")
        else:
            handler(*parts[1:])

    def on_echo(self, *_):
        self.answer(body=json.dumps({
            "method": self.command, "path": self.path,
            "body": self.body.decode("latin-1"),
            "type": self.headers.get("Content-Type")}),
            kind="application/json")

    def on_captured(self, *_):
        self.answer(body="captured")

    def on_json(self, *_):
        self.answer(body=JSON, kind="application/json")

    def on_status(self, code):
        self.answer(int(code) if code.isdigit() else 404, f"status {code}")

    def on_redirect(self, count, status="302"):
        there = (f"/redirect/{int(count) - 1}/{status}" if int(count) > 1
                 else "/echo/end")
        self.answer(int(status), "moved", headers=[("Location", there)])

    def on_to(self, *_):
        self.answer(int(self.query.get("status", "302")), "moved",
                    headers=[("Location", self.query.get("url", ""))])

    def on_loop(self, *_):
        self.answer(302, "moved", headers=[("Location", "/loop")])

    def on_set(self, *_):
        self.answer(body="set", headers=[
            ("Set-Cookie", "a=1; Path=/; Max-Age=3600; HttpOnly"),
            ("Set-Cookie", "b=two; Path=/; SameSite=Lax; Secure"),
            ("Set-Cookie", "c=3; Path=/; Domain=127.0.0.1; "
             "Expires=Wed, 13 Jan 2100 22:23:01 GMT")])

    def on_headers(self, *_):
        self.answer(body="headers", headers=[
            ("X-One", "1"), ("X-Multi", "a"), ("X-Multi", "b"),
            ("X-Empty", ""), ("X-Space", "  a b  ")])

    def on_gzip(self, *_):
        self.answer(body=gzip.compress(b"Hello gzip", mtime=0),
                    headers=[("Content-Encoding", "gzip")])

    def on_deflate(self, *_):
        self.answer(body=zlib.compress(b"Hello deflate"),
                    headers=[("Content-Encoding", "deflate")])

    def on_zstd(self, *_):
        self.answer(body=b"xx", headers=[("Content-Encoding", "zstd")])

    def on_latin1(self, *_):
        self.answer(body="caf\xe9".encode("latin-1"),
                    kind="text/plain; charset=ISO-8859-1")

    def on_broken(self, *_):
        self.answer(body=b"a\xffb", kind="text/plain; charset=utf-8")

    def on_bytes(self, *_):
        self.answer(body=b"\x00\x01\xff", kind="application/octet-stream")

    def on_html(self, *_):
        self.answer(body=HTML, kind="text/html; charset=utf-8")

    def on_xml(self, *_):
        self.answer(body=XML, kind="application/xml")

    def on_text(self, *_):
        self.answer(body="Hello World!\nline 2\n")

    def on_empty(self, *_):
        self.answer(204, kind=None)

    def on_counter(self, name, need):
        count = self.server.counters.get(name, 0) + 1
        self.server.counters[name] = count
        self.answer(200 if count >= int(need) else 503, str(count))

    def on_slow(self, ms):
        time.sleep(int(ms) / 1000)
        self.answer(body="slow")

    def on_close(self, *_):
        self.close_connection = True

    def on_inspect(self, *_):
        """The request whole, as JSON; its changing headers apart."""
        apart = {"host", "user-agent", "traceparent"}
        path, _, query = self.path.partition("?")
        self.answer(body=json.dumps({
            "method": self.command, "path": path, "query": query,
            "headers": [[k, v] for k, v in self.headers.items()
                        if k.lower() not in apart],
            "body": base64.b64encode(self.body).decode()}),
            kind="application/json")

    def on_mirror(self, *_):
        """The body comes back; ?type, ?status and ?h=Name:Value say how."""
        self.answer(int(self.query.get("status", "200")), self.body,
                    self.query.get("type", "text/plain; charset=utf-8"),
                    [v.split(":", 1) for k, v in self.pairs if k == "h"])

    def on_reply(self, *_):
        """As mirror, with the body in the query."""
        self.body = self.query.get("body", "").encode("latin-1")
        self.on_mirror()

    def on_coding(self, *names):
        """A body coded by each of the names, in that order."""
        body, text = b"Hello coding", ", ".join(names)
        for name in names:
            if name in ("gzip", "x-gzip"):
                body = gzip.compress(body, mtime=0)
            elif name == "deflate":
                body = zlib.compress(body)
            elif name == "raw-deflate":
                body, text = zlib.compress(body)[2:-4], "deflate"
            elif name == "br":
                body = BROTLI
            elif name == "cut":
                body, text = gzip.compress(body, mtime=0)[:-9], "gzip"
            elif name == "wrong":
                body, text = b"no gzip", "gzip"
            elif name == "upper":
                body, text = gzip.compress(body, mtime=0), "GZIP"
        self.answer(body=body, headers=[("Content-Encoding", text)])

    def on_charset(self, name):
        text = CHARSET_TEXT.get(name, "plain")
        self.answer(body=text.encode(CHARSET_CODEC.get(name, name)
                                     if name in CHARSET_TEXT else "ascii"),
                    kind="text/plain; charset=" + name)

    def on_chunked(self, *_):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nHello\r\n7\r\n chunks\r\n0\r\n\r\n")

    def on_cut(self, *_):
        """Less than was announced."""
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"short")
        self.close_connection = True

    def on_until_close(self, *_):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"until the end")

    def on_noise(self, *_):
        self.wfile.write(b"this is no HTTP\r\n\r\n")
        self.close_connection = True

    def on_hints(self, *_):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        self.answer(body="after hints")

    def on_bare(self, *_):
        """No Content-Type at all."""
        self.answer(body=b"bare", kind=None)

    def on_large(self, size):
        self.answer(body=b"0123456789abcde\n" * (int(size) // 16))

    def on_challenge(self, scheme, *_):
        """Who answers the challenge of a scheme, whatever he says, is in."""
        challenge = {"digest": 'Digest realm="r", nonce="n", qop="auth", '
                     'algorithm=SHA-256', "digest-md5": 'Digest realm="r", '
                     'nonce="n"', "basic": 'Basic realm="r"'}.get(
                         scheme, scheme.upper())
        given = self.headers.get("Authorization", "")
        known = given.startswith(challenge.split()[0])
        self.answer(200 if known else 401, "in" if known else "out",
                    headers=[] if known else
                    [("WWW-Authenticate", challenge)])

    def on_login(self, *_):
        known = self.headers.get("Authorization") == "Basic Ym9iOnNlY3JldA=="
        self.answer(200 if known else 401, "in" if known else "out",
                    headers=[] if known else
                    [("WWW-Authenticate", 'Basic realm="r"')])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients go away as they like

    def __init__(self, certificate=None, key=None):
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False)
        self.seen = []
        self.counters = {}
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.01,),
                         daemon=True).start()

    def take(self):
        """What was seen since the last call; counters begin anew."""
        seen, self.seen, self.counters = self.seen, [], {}
        return seen
