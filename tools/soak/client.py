"""One request of a client that may leave before its answer has ended, and what it saw."""

import contextlib
import http.client
import json
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

GIVE_UP_SECONDS = 90.0
"""When a client that does not mean to leave stops waiting for the next bytes; no answer at all is a finding."""
KEPT_BYTES = 4096
"""How much of the end of an answer is kept."""


@dataclass(frozen=True)
class Outcome:
    """What a client saw of one request. Times are seconds."""

    status: int
    """0: no status line came."""
    first_byte: float | None
    """From the moment before connecting to the first byte of the answer's body; None if none came."""
    seconds: float
    """Until the answer ended or the client left."""
    left: bool
    """Whether the client left before the end."""
    tail: bytes
    """The end of the answer."""
    failure: str = ""
    """Why the connection broke, if it did."""

    @property
    def error(self) -> str:
        """The error that the answer ends with, or how the connection broke; "" if all is well."""
        if self.failure:
            return self.failure
        last = self.tail.strip().rpartition(b"\n")[2]
        with contextlib.suppress(ValueError):
            value = json.loads(last)
            if isinstance(value, dict) and "error" in value:
                return str(value["error"])
        return f"status {self.status}" if self.status >= 400 else ""


@dataclass(frozen=True)
class Patience:
    """When a client leaves, in seconds; None: it stays to the end."""

    total: float | None = None
    """After sending the request."""
    reply: float | None = None
    """After the first byte: how long a reply may be."""


def send(port: int, method: str, path: str, body: Any = None, patience: Patience = Patience()) -> Outcome:
    """Send a request, JSON unless the body is bytes, and read its answer for as long as the client is patient."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
    status, first, tail, left, failure = 0, None, b"", False, ""
    try:
        connection.connect()
        held = connection.sock
        connection.request(method, path, data)
        _wait(held, _left(started, first, patience))
        response = connection.getresponse()
        status = response.status
        while True:
            _wait(held, _left(started, first, patience))
            piece = response.read1(1 << 16)
            if first is None:
                first = time.monotonic() - started
            if not piece:
                break
            tail = (tail + piece)[-KEPT_BYTES:]
    except TimeoutError:
        left = _left(started, first, patience) <= 0
        if left:
            _reset(held)
        else:
            failure = f"nothing came for {GIVE_UP_SECONDS:g} s"
    except (OSError, http.client.HTTPException) as error:
        failure = f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return Outcome(status, first, time.monotonic() - started, left, tail, failure)


def _left(started: float, first: float | None, patience: Patience) -> float:
    """Return for how many seconds the client still waits."""
    now = time.monotonic()
    until = [now + GIVE_UP_SECONDS]
    if patience.total is not None:
        until.append(started + patience.total)
    if patience.reply is not None and first is not None:
        until.append(started + first + patience.reply)
    return min(until) - now


def _wait(held: socket.socket, seconds: float) -> None:
    if seconds <= 0:
        raise TimeoutError
    held.settimeout(seconds)


def _reset(held: socket.socket) -> None:
    """Let the connection end with a reset, as that of a program that is killed does."""
    with contextlib.suppress(OSError):
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
