# SPDX-License-Identifier: ISC
"""Servers that misbehave, in one thread each, on ports of the kernel's
choice. A behaviour is a coroutine that gets the request's head and body."""
import asyncio
import ssl
import threading


class Server:
    """Runs behaviour(request, reader, writer) for each request."""

    def __init__(self, behaviour, context=None):
        self.behaviour = behaviour
        self.requests = []       # (request line, headers, body)
        self.connections = 0
        self.port = None
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(
            target=self._serve, args=(context, ready), daemon=True)
        self.thread.start()
        assert ready.wait(60)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _serve(self, context, ready):
        asyncio.set_event_loop(self.loop)

        async def begin():
            server = await asyncio.start_server(
                self._connection, "127.0.0.1", 0, ssl=context, backlog=4096)
            self.port = server.sockets[0].getsockname()[1]

        self.loop.run_until_complete(begin())
        # Not before: a stop that comes sooner would end begin() alone.
        self.loop.call_soon(ready.set)
        self.loop.run_forever()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(
            asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    async def _connection(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                headers = dict(
                    (k.lower(), v.strip()) for k, v in
                    (line.split(":", 1) for line in lines[1:] if line))
                body = await reader.readexactly(
                    int(headers.get("content-length", 0)))
                self.requests.append((lines[0], headers, body))
                if not await self.behaviour(lines[0], reader, writer):
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError,
                ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def stop(self):
        """Hang up on everybody; a second time does nothing."""
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(60)
            assert not self.thread.is_alive()


def answer(status=200, body=b"{}", headers=""):
    """A behaviour: the same answer to everything, connection kept."""
    text = (f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n"
            f"{headers}\r\n").encode() + body

    async def behaviour(_request, _reader, writer):
        writer.write(text)
        await writer.drain()
        return True

    return behaviour


def raw(data, then_hang=False):
    """A behaviour: these bytes, then the end of the connection."""
    async def behaviour(_request, reader, writer):
        writer.write(data)
        await writer.drain()
        if then_hang:
            await reader.read()
        return False

    return behaviour


async def never(_request, reader, _writer):
    """Read on and never answer."""
    await reader.read()
    return False


async def gigabyte(_request, _reader, writer):
    """1 GB of body, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(16384):
        writer.write(b"x" * 65536)
        await writer.drain()
    return False


async def endless_chunks(_request, _reader, writer):
    """A body without a length that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def endless_headers(_request, _reader, writer):
    """Headers that never end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for i in range(1 << 20):
        writer.write(b"X-%d: y\r\n" % i)
        await writer.drain()
    return False


def held(go, body=b"{}"):
    """A behaviour: the answer once the event is set."""
    answers = answer(body=body)

    async def behaviour(request, reader, writer):
        while not go.is_set():
            await asyncio.sleep(0.01)
        return await answers(request, reader, writer)

    return behaviour


def slow(seconds, body=b"{}"):
    """A behaviour: the answer after a while."""
    async def behaviour(_request, _reader, writer):
        await asyncio.sleep(seconds)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" %
                     (len(body), body))
        await writer.drain()
        return True

    return behaviour
