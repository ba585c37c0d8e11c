# SPDX-License-Identifier: ISC
"""Talk to e2e-store as the scheduler does: frames on a socket."""
import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import time

PATIENCE_S = 120  # for a loaded machine
HEAD = struct.Struct("<IHHQQ16s")
(READY, DEFINE, FORGET, JOB, RESULT, RESULT_AGAIN, ACK, REFUSED, PLAN, GATE,
 STOP, LOAD) = range(12)


def build_dir():
    top = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    return os.environ.get("E2E_BUILD", os.path.join(top, "build"))


def program(name):
    return os.path.join(build_dir(), name)


def run_id(check, due_us):
    slot = f"{check}\nlocal\n{due_us}".encode()
    return hashlib.sha256(slot).digest()[:16]


def run_event(check, due_us, outcome="passed", duration_us=120000, **more):
    """The run event of a slot, as a dictionary."""
    return {
        "version": 1, "run": run_id(check, due_us).hex(), "check": check,
        "service": check.split("/")[0], "location": "local",
        "environment": "production", "trigger": "schedule",
        "definition": hashlib.sha256(b"definition").hexdigest(),
        "probe": "local-1", "trace": "0af7651916cd43dd8448eb211c80319c",
        "due_us": due_us, "started_us": due_us + 300, "late_us": 300,
        "duration_us": duration_us, "lag_us": 20, "outcome": outcome,
        "steps": [], **more}


class Peer:
    """One end of a channel."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(PATIENCE_S)
        self.data = b""

    def send(self, kind, cookie=0, doc=None, ident=bytes(16)):
        text = json.dumps(doc).encode() if doc is not None else b""
        self.sock.sendall(HEAD.pack(len(text), kind, 0, cookie, 0, ident)
                          + text)

    def receive(self, timeout=PATIENCE_S):
        """The next (kind, cookie, document); None at end of file."""
        self.sock.settimeout(timeout)
        while True:
            if len(self.data) >= HEAD.size:
                n, kind, _, cookie, _, _ = HEAD.unpack_from(self.data)
                if len(self.data) >= HEAD.size + n:
                    text = self.data[HEAD.size:HEAD.size + n]
                    self.data = self.data[HEAD.size + n:]
                    return kind, cookie, json.loads(text) if text else None
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.data += more

    def wait_for(self, kind, cookie=None):
        """Skip to a message of a kind (and cookie, for ACK: at least)."""
        while True:
            m = self.receive()
            assert m is not None, "the store went away"
            if m[0] == kind and (cookie is None or m[1] >= cookie):
                return m

    def close(self):
        self.sock.close()


class Store(Peer):
    """e2e-store --child, with its parent's end of the channel."""

    def __init__(self, directory, *options, prefix=()):
        ours, theirs = socket.socketpair()
        fd = theirs.fileno()
        self.stderr_path = str(directory) + ".stderr"
        command = [*prefix, program("e2e-store"), "--child", "--store",
                   str(directory), *options]
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(
                ["bash", "-c", f'exec "$@" 3<&{fd}', "store", *command],
                pass_fds=[fd], stderr=stderr, stdin=subprocess.DEVNULL)
        theirs.close()
        super().__init__(ours)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self.close()

    def finish(self):
        """Hang up as a parent that ends; returns the exit code."""
        self.close()
        return self.process.wait(PATIENCE_S)

    def errors(self):
        with open(self.stderr_path, encoding="utf-8") as f:
            return f.read()


def now_us():
    return int(time.time() * 1e6)
