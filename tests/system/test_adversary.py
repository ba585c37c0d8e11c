# SPDX-License-Identifier: ISC
"""What a hostile answer, flow or environment cannot make a probe do: grow,
hang, reach a host that is not allowed, or read what is not the flow's."""
import ctypes
import itertools
import os
import socket
import subprocess
import zlib

import pytest

import bad_server
from probe_channel import Probe, definition

MIB = 1 << 20


@pytest.fixture
def probe(build, tmp_path):
    """A running e2e-probe, ended with the test."""
    p = Probe(build / "e2e-probe", tmp_path / "probe.log",
              "--limits=headers=10000,json_depth=512")
    yield p
    assert p.end() == 0, p.errors()
    assert "Sanitizer" not in p.errors()


@pytest.fixture
def serve():
    """serve(behaviour) -> bad_server.Server. All are stopped at the end."""
    servers = []

    def start(behaviour):
        servers.append(bad_server.Server(behaviour))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def limits(**changes):
    return {**definition("")["limits"], **changes}


# Answers.

def test_cookies_of_many_names_cost_little(probe, serve):
    """40 answers with 500 new names each: what is kept of them is bounded,
    and so is the time that it takes, in which no other run goes on."""
    numbers = itertools.count()

    async def cookies(_request, _reader, writer):
        lines = b"".join(b"Set-Cookie: %d%s=1\r\n" % (
            next(numbers), b"n" * 400) for _ in range(500))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n%s\r\n" %
                     lines)
        await writer.drain()
        return True

    event = probe.run(f"GET {serve(cookies).url}\n[Options]\nrepeat: 40\n",
                      timeout_us=20_000_000)
    assert event["outcome"] == "passed", event["reason"]


def squeeze(size, wbits):
    """So many zeros, compressed piece by piece."""
    c = zlib.compressobj(9, zlib.DEFLATED, wbits)
    piece = b"\0" * MIB
    return b"".join([c.compress(piece) for _ in range(size // MIB)]
                    + [c.flush()])


def gzip_of(data):
    c = zlib.compressobj(9, zlib.DEFLATED, 31)
    return c.compress(data) + c.flush()


def brotli_of(data):
    try:
        encoder = ctypes.CDLL("libbrotlienc.so.1")
    except OSError:
        pytest.skip("no libbrotlienc")
    size = ctypes.c_size_t(len(data) + 1024)
    out = ctypes.create_string_buffer(size.value)
    assert encoder.BrotliEncoderCompress(
        5, 24, 0, ctypes.c_size_t(len(data)), data, ctypes.byref(size), out)
    return out.raw[:size.value]


BOMBS = {
    "gzip": ("gzip", lambda: squeeze(160 * MIB, 31)),
    "gzip-in-gzip": ("gzip, gzip",
                     lambda: gzip_of(squeeze(160 * MIB, 31))),
    "deflate": ("deflate", lambda: squeeze(160 * MIB, -15)),
    "br": ("br", lambda: brotli_of(b"\0" * (64 * MIB))),
    "gzip-many-members": ("gzip", lambda: squeeze(MIB, 31) * 1000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_not_blown_up(probe, serve, name):
    """Decompression stops at the bound of the body."""
    coding, make = BOMBS[name]
    body = make()
    assert len(body) < MIB * 5
    server = serve(bad_server.answer(
        body=body, headers=f"Content-Encoding: {coding}\r\n"))
    before = probe.memory_bytes()
    event = probe.run(f"GET {server.url}/\nHTTP 200\n[Asserts]\n"
                      "bytes count == 1\n", timeout_us=200_000_000,
                      limits=limits(body_bytes=5 * MIB))
    assert event["outcome"] == "failed"
    assert "longer than the limit" in event["reason"]
    assert probe.memory_bytes() - before < 64 * MIB


HEADS = {
    "many": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, "too many"),
    "long": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * MIB, "too long"),
    "long-status": (b"HTTP/1.1 200 " + b"y" * MIB, "too long"),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000, "too long"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"0\r\n" + b"X: y\r\n" * 100_000, "too many"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_without_measure_fails_the_run(probe, serve, name):
    """Of bytes or of lines; it is the answer that is wrong."""
    head, word = HEADS[name]
    server = serve(bad_server.raw(head + b"\r\n\r\n", then_hang=True))
    event = probe.run(f"POST {server.url}/\nHTTP 200\n",
                      limits=limits(headers=10_000))
    assert event["outcome"] == "failed"
    assert word in event["reason"]


DEEP = b"[" * 500_000
ROWS = [b"<a>%d</a><b>x%d</b>" % (i, i) for i in range(60_000)]
LIST = b"<r>" + b"".join(ROWS) + b"</r>"
ATTRIBUTES = (b"<r" + b"".join(b" a%d=''" % i for i in range(100_000))
              + b"/>")
COSTLY = {
    "deep-json": (DEEP, 'jsonpath "$" exists', "too big"),
    "regex": (b"a" * 40 + b"b", "body matches /^(?:a|a|aa)+$/",
              "too much work"),
    "xpath-string": (LIST, "xpath \"count(//a[contains(string(/), 'zz')])\""
                     " == 1", "too much work"),
    "xpath-union": (LIST, 'xpath "count(//a | //b)" == 1', "too much work"),
    "xpath-up": (LIST, 'xpath "count(//text()/..)" == 1', "too much work"),
    "xpath-filter": (LIST, 'body xpath "count(//text()/..)" == 1',
                     "too much work"),
    "attributes": (ATTRIBUTES, 'xpath "count(//@*)" == 1', "too big"),
}


@pytest.mark.parametrize("name", COSTLY)
def test_costly_answers_are_given_up(probe, serve, name):
    """Work that would take minutes, or a stack that would not hold."""
    body, line, word = COSTLY[name]
    server = serve(bad_server.answer(body=body))
    event = probe.run(f"GET {server.url}/\nHTTP 200\n[Asserts]\n{line}\n",
                      timeout_us=200_000_000,
                      limits=limits(body_bytes=16 * MIB, json_depth=512))
    assert event["outcome"] == "failed"
    assert word in event["reason"]


# Hosts.

# o: the port of a host that is not allowed; i: of one that is.
FORBIDDEN = [
    "http://127.0.0.1:{o}/", "http://localhost:{o}/",
    "http://LOCALHOST:{o}/", "http://localhost.:{o}/",
    "http://127.0.0.1.:{o}/", "http://2130706433:{o}/",
    "http://0x7f000001:{o}/", "http://0177.0.0.1:{o}/",
    "http://127.1:{o}/", "http://[::1]:{o}/",
    "http://[::ffff:127.0.0.1]:{o}/", "http://[::ffff:7f00:1]:{o}/",
    "http://127.0.0.1:{i}@127.0.0.1:{o}/", "http://127.0.0.1@localhost:{o}/",
    "http://a:b@[::1]:{o}/", "http://%6c%6f%63alhost:{o}/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{o}/",
    "http://\uff4cocalhost:{o}/", "http://loc\u00adalhost:{o}/",
    "http://127.0.0.1:{o}", "http://127.0.0.1:{o}?", "http://127.0.0.1:0{o}/",
    "http:\\\\127.0.0.1:{o}/", "http://127.0.0.1:{o}\\\\#@127.0.0.1:{i}/",
    "HTTP://127.0.0.1:{o}/", "https://127.0.0.1:{o}/",
    "ftp://127.0.0.1:{o}/", "gopher://127.0.0.1:{o}/_x",
    "telnet://127.0.0.1:{o}/", "file:///etc/passwd", "dict://127.0.0.1:{o}/",
]
RELATIVE = ["//127.0.0.1:{o}/", "///127.0.0.1:{o}/", "http:/127.0.0.1:{o}/",
            "http:127.0.0.1:{o}/", "\\\\127.0.0.1:{o}/",
            "/\\127.0.0.1:{o}/", " http://127.0.0.1:{o}/",
            "http://127.0.0.1:{o}#@127.0.0.1:{i}/", "\thttp://localhost:{o}"]
# Hosts to some readers, user names to libcurl, which connects.
CONFUSING = ["http://127.0.0.1:{o}\\@127.0.0.1:{i}/",
             "http://127.0.0.1:{o}%5c@127.0.0.1:{i}/"]


@pytest.fixture
def hosts(serve):
    """An allowed server and another: (inside, outside, names for format)."""
    inside, outside = (serve(bad_server.answer()) for _ in range(2))
    return inside, outside, {"o": outside.port, "i": inside.port}


def test_no_spelling_leads_to_a_host_that_is_not_allowed(probe, hosts):
    """In the flow itself."""
    inside, outside, names = hosts
    for text in FORBIDDEN:
        url = text.format(**names)
        # What begins a comment in a flow is written so.
        flow = "GET " + url.replace("\\", "\\\\").replace("#", "\\#") + "\n"
        event = probe.run(flow, hosts=[f"127.0.0.1:{inside.port}"])
        assert event["outcome"] == "invalid", (url, event)
        assert event["steps"] == []
    assert outside.connections == inside.connections == 0
    for text in CONFUSING:
        url = text.format(**names).replace("\\", "\\\\")
        probe.run(f"GET {url}\n", hosts=[f"127.0.0.1:{inside.port}"])
    assert outside.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_to_a_host_that_is_not_allowed(probe, hosts,
                                                         status):
    """By any code that is followed, however the location is spelled."""
    inside, outside, names = hosts
    for text in FORBIDDEN + RELATIVE:
        url = text.format(**names)
        inside.behaviour = bad_server.answer(
            status, b"", headers=f"Location: {url}\r\n")
        event = probe.run(f"POST {inside.url}/\n[Options]\nlocation: true\n"
                          "max-redirs: 3\n", timeout_us=20_000_000,
                          hosts=[f"127.0.0.1:{inside.port}"])
        # One that stays at the allowed host is followed there.
        assert event["outcome"] in ("invalid", "failed"), (url, event)
    assert outside.connections == 0


def test_an_allowed_host_is_reached_however_it_is_spelled(probe, hosts):
    inside, _, names = hosts
    for text in "http://LocalHost:{i}/", "http://ada:pw@localhost:{i}/":
        event = probe.run(f"GET {text.format(**names)}\nHTTP 200\n",
                          hosts=["LOCALHOST"])
        assert event["outcome"] == "passed", event
    # Whether this one is known is the resolver's affair.
    event = probe.run(f"GET http://localhost.:{inside.port}/\n",
                      hosts=["LOCALHOST"])
    assert event["outcome"] in ("passed", "unreachable")


def test_no_option_leads_to_a_host_that_is_not_allowed(probe, hosts,
                                                       tmp_path):
    """Neither names made up for an address, nor proxies, nor sockets."""
    inside, outside, names = hosts
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(0)
        for option in ("resolve: ok.test:{o}:127.0.0.1",
                       "resolve: +ok.test:{o}:127.0.0.1",
                       "resolve: ok.test:{o}:[::1],127.0.0.1",
                       "connect-to: ok.test:{o}:127.0.0.1:{o}",
                       "connect-to: ::localhost:{o}",
                       "connect-to: :{o}:127.1:",
                       "proxy: 127.0.0.1:{o}", "proxy: localhost:{o}",
                       "proxy: http://a:b@127.0.0.1:{o}",
                       "proxy: https://127.0.0.1:{o}",
                       "proxy: socks5h://127.0.0.1:{o}",
                       "proxy: socks4a://localhost:{o}",
                       f"unix-socket: {path}"):
            event = probe.run(
                f"GET http://ok.test:{outside.port}/\n[Options]\n"
                f"{option.format(**names)}\n", hosts=["ok.test"])
            assert event["outcome"] == "invalid", (option, event)
            assert event["steps"] == []
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert outside.connections == 0


PROXIES = ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY",
           "all_proxy"]


def test_the_environment_moves_no_traffic_of_a_fleet(build, hosts, tmp_path):
    """Proxies are for a flow to name; a person's e2e-run takes them from the
    environment, as curl does."""
    inside, outside, _ = hosts
    environment = {name: outside.url for name in PROXIES}
    p = Probe(build / "e2e-probe", tmp_path / "log", env=environment)
    event = p.run(f"GET {inside.url}/\nHTTP 200\n")
    assert p.end() == 0
    assert event["outcome"] == "passed"
    assert outside.connections == 0 and len(inside.requests) == 1

    flow = tmp_path / "flow.hurl"
    flow.write_text(f"GET {inside.url}/\nHTTP 200\n")
    done = subprocess.run([build / "e2e-run", flow], capture_output=True,
                          env={**os.environ, **environment}, timeout=60)
    assert done.returncode == 0
    assert len(outside.requests) == len(inside.requests) == 1


# Files.

@pytest.fixture
def folder(tmp_path):
    """A flow's folder with what may not be read from it."""
    folder = tmp_path / "flows"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "below").mkdir()
    os.symlink(tmp_path / "secret", folder / "link")
    os.symlink("..", folder / "up")
    os.symlink("/dev", folder / "dev")
    os.symlink("/proc/self/environ", folder / "environ")
    os.symlink("loop", folder / "loop")
    os.mkfifo(folder / "pipe")
    with open(folder / "huge", "wb") as f:
        f.truncate(1 << 40)
    return folder


NAMES = ["../secret", "below/../../secret", "link", "up/secret",
         "/etc/passwd", "/dev/zero", "dev/zero", "/proc/self/environ",
         "environ", "loop", "pipe", "below", "huge", ".", "missing"]


@pytest.mark.parametrize("name", NAMES)
def test_no_file_but_the_flows_own_is_read(probe, hosts, folder, name):
    """Bodies, parts and certificates: nothing is sent, nothing hangs."""
    inside, _, _ = hosts
    flows = [f"POST {inside.url}/\nfile,{name};\n",
             f"POST {inside.url}/\n[Multipart]\na: file,{name};\n",
             f"GET {inside.url}/\nHTTP 200\nfile,{name};\n"]
    if name != "huge":
        # A file of certificates that is none is told when it is used.
        flows += [f"GET {inside.url}/\n[Options]\n{option}: {name}\n"
                  for option in ("cacert", "cert", "key", "netrc-file")]
    for flow in flows:
        event = probe.run(flow, root=folder)
        assert event["outcome"] == "invalid", (flow, event)
    assert all(line.startswith("GET") and not body
               for line, _, body in inside.requests)


@pytest.mark.parametrize("name", ["new", "below/new", "link", "../new"])
def test_a_fleet_writes_no_file(probe, hosts, folder, name):
    inside, _, _ = hosts
    before = sorted(os.walk(folder.parent))
    event = probe.run(f"GET {inside.url}/\n[Options]\noutput: {name}\n",
                      root=folder)
    assert event["outcome"] == "invalid", event
    assert [w for w in sorted(os.walk(folder.parent))] == before
    assert (folder.parent / "secret").read_text() == "secret"
