"""The server's log: one readable line per event, one per request."""

import logging
import re
import sys
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.durations import format_duration
from paddock.server.streaming import SEND

log = logging.getLogger("paddock.request")

LONGEST_MESSAGE = 4_000
"""Characters of a line: names and values in it may be a client's."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class LineFormatter(logging.Formatter):
    """Writes each record as one line, whatever texts of clients are in it; only a traceback adds lines, indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line."""
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        """Return the traceback."""
        return "\n".join(f"    {printable(line)}" for line in super().formatException(ei).split("\n"))


def printable(text: str) -> str:
    """Return `text` as one line without control characters, and not without end."""
    shown = text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]} …"
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), shown)


def start_log(debug: bool) -> None:
    """Write the log to standard error: `2026-11-21 09:15:02 INFO  …`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S"))
    root = logging.getLogger("paddock")
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    root.propagate = False
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.handlers = [handler]
    uvicorn.setLevel(logging.DEBUG if debug else logging.WARNING)
    uvicorn.propagate = False


class RequestLog:
    """Middleware that logs each request when its answer has ended: status, duration, client, method and path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter_ns()
        status = 0
        scope[SEND] = send

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            taken = format_duration((time.perf_counter_ns() - started) // 1000 * 1000)
            client = scope["client"][0] if scope.get("client") else "-"
            path = scope["path"].encode("unicode_escape").decode("ascii")
            log.info("%3d %12s %15s  %-6s %s", status, taken, client, scope["method"], path)
