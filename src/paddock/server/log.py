"""The server's log: one line per event and one per request."""

import logging
import re
import sys
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.server.streaming import SEND

log = logging.getLogger("paddock.request")

MAX_LOG_MESSAGE = 4_000
"""Characters of a line, which may repeat names and values that a client sent."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class LineFormatter(logging.Formatter):
    """Formats each record as one line, whatever a client put into it. Only a traceback adds lines, indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        """Return the traceback, each line indented."""
        return "\n".join(f"    {printable(line)}" for line in super().formatException(ei).split("\n"))


def printable(text: str) -> str:
    """Return `text` as one line of limited length, with control characters escaped."""
    shown = text if len(text) <= MAX_LOG_MESSAGE else f"{text[:MAX_LOG_MESSAGE]} …"
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), shown)


def start_log(debug: bool) -> None:
    """Send the log to standard error, in lines such as `2026-11-21 09:15:02 INFO  …`."""
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
    """Middleware that logs each request after its answer: status, duration, client, method and path."""

    def __init__(self, app: ASGIApp) -> None:
        """Log the requests to `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter_ns()
        status = 0
        scope[SEND] = send

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            milliseconds = (time.perf_counter_ns() - started) / 1e6
            client = scope["client"][0] if scope.get("client") else "-"
            path = scope["path"].encode("unicode_escape").decode("ascii")
            log.info("%3d %11.3fms %15s  %-6s %s", status, milliseconds, client, scope["method"], path)
