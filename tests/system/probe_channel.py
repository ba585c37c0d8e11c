# SPDX-License-Identifier: ISC
"""Talk to e2e-probe as the scheduler does: frames on a socket."""
import hashlib
import json
import os
import socket
import struct
import subprocess
import time

HEAD = struct.Struct("<IHHQQ16s")
(READY, DEFINE, FORGET, JOB, RESULT, RESULT_AGAIN, ACK, REFUSED, PLAN, GATE,
 STOP, LOAD) = range(12)
OUTCOMES = ["passed", "failed", "unreachable", "unknown", "invalid", "lost",
            "skipped"]
PATIENCE_S = 240  # for a loaded machine


def definition(flow, root="/tmp", includes=None, **changes):
    """A definition document with this flow's text."""
    digest = hashlib.sha256(flow.encode()).hexdigest()
    document = {
        "check": "shop/check", "service": "shop", "environment": "test",
        "definition": digest,
        "flow": {"path": "check.hurl", "root": str(root), "digest": digest,
                 "source": flow},
        "variables": {}, "secrets": {}, "hosts": [],
        "timeout_us": 50_000_000,
        "limits": {"body_bytes": 1 << 20, "steps": 100, "redirects": 20,
                   "evidence_bytes": 4096},
    }
    if includes:
        document["flow"]["includes"] = includes
    document.update(changes)
    return document


class Probe:
    """A probe process and our end of its channel."""

    def __init__(self, program, log, *options, env=None):
        self.sock, theirs = socket.socketpair()
        self.log = log
        self.data = b""
        self.numbers = 0
        self.loads = []
        self.early = {}  # results that came while another was awaited
        with open(log, "wb") as stderr:
            self.process = subprocess.Popen(
                [str(program), "--child", *options],
                stdin=subprocess.DEVNULL, stderr=stderr,
                env={**os.environ, **(env or {})},
                pass_fds=(3,) if theirs.fileno() == 3 else (),
                preexec_fn=lambda: os.dup2(theirs.fileno(), 3),
                close_fds=False)
        theirs.close()
        kind, _, _, _, doc = self.receive()
        assert kind == READY, (kind, self.errors())
        assert doc["program"] == "e2e-probe"

    def errors(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def send(self, kind, cookie=0, extra=0, ident=bytes(16), doc=None):
        text = b"" if doc is None else json.dumps(doc).encode()
        self.sock.sendall(
            HEAD.pack(len(text), kind, 0, cookie, extra, ident) + text)

    def receive(self, patience_s=PATIENCE_S):
        """(type, code, extra, id, document); None at the end."""
        self.sock.settimeout(patience_s)
        while True:
            if len(self.data) >= HEAD.size:
                size, kind, code, _, extra, ident = HEAD.unpack_from(
                    self.data)
                if len(self.data) >= HEAD.size + size:
                    text = self.data[HEAD.size:HEAD.size + size]
                    self.data = self.data[HEAD.size + size:]
                    return (kind, code, extra, ident,
                            json.loads(text) if text else None)
            try:
                more = self.sock.recv(1 << 20)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.data += more

    def define(self, flow, **changes):
        """Make a flow known; returns its number."""
        self.numbers += 1
        self.send(DEFINE, cookie=self.numbers,
                  doc=definition(flow, **changes))
        return self.numbers

    def start(self, number, extra, due_us=None, **more):
        due = due_us if due_us is not None else int(time.time() * 1e6)
        ident = hashlib.sha256(b"%d" % extra).digest()[:16]
        self.send(JOB, cookie=number, extra=extra, ident=ident,
                  doc={"location": "here", "due_us": due,
                       "trigger": "schedule", **more})

    def result(self, extra=None, patience_s=PATIENCE_S):
        """The run event of a job, or of the next one: (extra, event)."""
        if extra in self.early:
            return extra, self.early.pop(extra)
        end = time.monotonic() + patience_s
        while True:
            message = self.receive(max(0.01, end - time.monotonic()))
            assert message is not None, self.errors()
            kind, code, number, ident, event = message
            if kind == LOAD:
                self.loads.append((number, event))
                continue
            assert kind == RESULT
            if event is not None:
                assert event["outcome"] == OUTCOMES[code]
                assert event["run"] == ident.hex()
            if extra is None or number == extra:
                return number, event
            self.early[number] = event

    def run(self, flow, extra=1, variables=None, job=None, **changes):
        """Define, run once, forget; returns the run event."""
        number = self.define(flow, **changes)
        more = {} if variables is None else {"variables": variables}
        self.start(number, extra, **more, **(job or {}))
        event = self.result(extra)[1]
        self.send(FORGET, cookie=number)
        return event

    def memory_bytes(self):
        """Private memory now: what a leak or an unbounded body shows in."""
        with open(f"/proc/{self.process.pid}/status") as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no RssAnon")

    def end(self):
        """Close the channel; returns the exit code."""
        try:
            # What is closed with something unread is reset instead.
            self.sock.shutdown(socket.SHUT_WR)
            while self.receive() is not None:
                pass
        except ConnectionError:
            pass
        self.sock.close()
        return self.process.wait(PATIENCE_S)
