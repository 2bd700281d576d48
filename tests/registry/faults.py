"""A bad network in front of a registry: a proxy on loopback that does to its answers what networks and storage do."""

import http.client
import random
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 1 << 16
KINDS = (
    "cut",
    "reset",
    "stall",
    "status",
    "spoil",
    "shifted range",
    "lying range",
    "whole",
    "redirect",
    "wrong digest",
    "evil digest",
)
EVIL = "sha256:../../../../../../evil"
_DIGEST = re.compile(rb'"digest":\s*"(sha256:[0-9a-f]{64})"')
_HOP = ("connection", "transfer-encoding", "keep-alive")


class FaultProxy:
    """Stands before `upstream` (host and port). Each answer goes wrong with probability `likely`, in one of `kinds`.

    Redirects go to a second server, `other`, on a port of its own; the headers that it gets are in `seen`.
    """

    def __init__(self, upstream: str, seed: int) -> None:
        self.upstream = upstream
        self.likely = 0.0
        self.kinds: tuple[str, ...] = KINDS
        self.counts = dict.fromkeys(KINDS, 0)
        self.seen: list[dict[str, str]] = []
        self.stall_seconds = 5.0
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._servers = [self._serve(False), self._serve(True)]
        self.host = f"127.0.0.1:{self._servers[0].server_port}"
        self.other = f"localhost:{self._servers[1].server_port}"
        self.credentials = ""
        """What `other` says to the registry, as storage needs no password of its clients."""

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def roll(self, method: str, path: str) -> tuple[str, random.Random]:
        """What goes wrong with the answer ("": nothing), and dice for the details."""
        with self._lock:
            dice = random.Random(self._dice.random())
            if method != "GET" or dice.random() >= self.likely:
                return "", dice
            manifest = "/manifests/" in path
            fitting = [
                kind
                for kind in self.kinds
                if (kind not in ("wrong digest", "evil digest") or manifest)
                and (kind not in ("shifted range", "lying range", "whole", "spoil", "redirect") or not manifest)
            ]
            kind = dice.choice(fitting) if fitting else ""
            if kind:
                self.counts[kind] += 1
            return kind, dice

    def _serve(self, other: bool) -> ThreadingHTTPServer:
        proxy = self

        class Handler(_Handler):
            faults = proxy
            is_other = other

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server


@contextmanager
def fault_proxy(upstream: str, seed: int = 0) -> Iterator[FaultProxy]:
    proxy = FaultProxy(upstream, seed)
    try:
        yield proxy
    finally:
        proxy.close()


class _Broken(Exception):
    """The connection ends here."""


class _Handler(BaseHTTPRequestHandler):
    faults: FaultProxy
    is_other = False
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError, TimeoutError, _Broken):
            super().handle()

    def _any(self) -> None:
        faults = self.faults
        kind, dice = faults.roll(self.command, self.path)
        if self.is_other:
            faults.seen.append(dict(self.headers))
            kind = "" if kind == "redirect" else kind
        if kind == "status":
            wait = dice.choice([{}, {"Retry-After": "0"}, {"Retry-After": "soon"}])
            self._whole(dice.choice([429, 500, 502, 503]), b'{"errors":[{"message":"busy"}]}', wait)
        elif kind == "redirect":
            self._whole(307, b"", {"Location": f"http://{faults.other}{self.path}"})
        else:
            self._pass_on(kind, dice)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any

    def _pass_on(self, kind: str, dice: random.Random) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        if self.is_other and self.faults.credentials:
            headers["Authorization"] = self.faults.credentials
        if "Range" in headers and kind == "shifted range":
            first, last = map(int, re.findall(r"\d+", headers["Range"]))
            headers["Range"] = f"bytes={max(0, first - 7)}-{max(0, last - 7)}"
        if kind == "whole":
            headers.pop("Range", None)
        length = int(self.headers.get("Content-Length") or 0)
        upstream = http.client.HTTPConnection(self.faults.upstream, timeout=30)
        try:
            upstream.request(self.command, self.path, self.rfile.read(length) if length else None, headers)
            answer = upstream.getresponse()
            self._answer(answer, kind, dice)
        finally:
            upstream.close()

    def _answer(self, answer: http.client.HTTPResponse, kind: str, dice: random.Random) -> None:
        headers = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP}
        if "/manifests/" in self.path and self.command == "GET" and answer.status == 200:
            data = answer.read()
            digests = _DIGEST.findall(data)
            if kind == "wrong digest" and digests:
                old = dice.choice(digests)
                data = data.replace(old, old[:-1] + (b"0" if old[-1:] != b"0" else b"1"))
            if kind == "evil digest" and digests:
                data = data.replace(dice.choice(digests), EVIL.encode())
            headers["Content-Length"] = str(len(data))
            self._send(answer.status, headers, iter([data]), len(data), kind, dice)
            return
        if kind == "lying range" and "Content-Range" in headers:
            first, last, total = map(int, re.findall(r"\d+", headers["Content-Range"]))
            headers["Content-Range"] = f"bytes {first + 1}-{last + 1}/{total}"
        size = int(headers.get("Content-Length") or 0) if self.command != "HEAD" else 0
        self._send(answer.status, headers, iter(lambda: answer.read(PIECE), b""), size, kind, dice)

    def _send(
        self, status: int, headers: dict[str, str], pieces: Iterator[bytes], size: int, kind: str, dice: random.Random
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers and status not in (204, 304):
            self.send_header("Content-Length", "0")
        self.end_headers()
        stop = dice.randrange(size + 1) if size and kind in ("cut", "reset", "stall", "spoil") else -1
        place = 0
        for piece in pieces:
            if self.command == "HEAD":
                break
            if place <= stop < place + len(piece) or (stop == size and place + len(piece) == size):
                within = min(stop - place, len(piece) - 1)
                if kind == "spoil":
                    piece = piece[:within] + bytes([piece[within] ^ 1]) + piece[within + 1 :]
                else:
                    self.wfile.write(piece[:within])
                    self._break(kind)
            self.wfile.write(piece)
            place += len(piece)

    def _break(self, kind: str) -> None:
        self.close_connection = True
        if kind == "stall":
            self.connection.settimeout(self.faults.stall_seconds)
            with suppress(OSError):
                self.connection.recv(1)  # until the other side has enough of it
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        raise _Broken

    def _whole(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if self.headers.get("Content-Length"):
            self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
