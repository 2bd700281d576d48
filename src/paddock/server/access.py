"""Access control: the Host header is checked against DNS rebinding, the Origin header against foreign web pages.

Rules and answers are Ollama's.
"""

import functools
import ipaddress
import re
import socket
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_SUFFIXES = (".localhost", ".local", ".internal")
METHODS = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
HEADERS = (
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,"
    "X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,"
    "X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,"
    "X-Stainless-Runtime-Version,X-Stainless-Timeout"
)
PREFLIGHT_SECONDS = "43200"
APP_SCHEMES = ("app", "file", "tauri", "vscode-webview", "vscode-file")
LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|0\.0\.0\.0)(:\d{1,5})?", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Return whether a server bound to `host` is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@functools.lru_cache(maxsize=16)
def host_allowed(header: str) -> bool:
    """Return whether a server that is bound to loopback may answer a request with this Host header."""
    host = _without_port(header).lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "localhost", socket.gethostname().lower()) or host.endswith(LOCAL_SUFFIXES)
    return address.is_loopback or address.is_private or address.is_unspecified


class Origins:
    """Origins whose web pages may call the server."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """Allow local origins and those in `allowed`, where a `*` matches any text."""
        allowed = tuple(allowed)
        self._all = "*" in allowed
        self._patterns = [re.compile(".*".join(map(re.escape, o.split("*"))), re.IGNORECASE) for o in allowed]

    def allow(self, origin: str) -> bool:
        """Return whether pages of this origin may call the server."""
        if self._all or LOCAL_ORIGIN.fullmatch(origin) or origin.partition("://")[0].lower() in APP_SCHEMES:
            return True
        return any(pattern.fullmatch(origin) for pattern in self._patterns)


class Access:
    """Middleware that rejects requests by their Host and Origin, and answers browsers' preflight requests (CORS)."""

    def __init__(self, app: ASGIApp, origins: Origins, check_host: bool) -> None:
        """Protect `app`; the Host header is checked only if `check_host`."""
        self._app = app
        self._origins = origins
        self._check_host = check_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight request or 403, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = origin = ""
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
        same_origin = origin.partition("://")[2] == host if origin else True
        foreign = not same_origin and not self._origins.allow(origin)
        if foreign or (self._check_host and not host_allowed(host)):
            await _answer(send, 403)
        elif same_origin:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _answer(send, 204, _preflight(origin))
        else:
            await self._app(scope, receive, _with_origin(send, origin))


def _without_port(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    host, colon, port = header.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else header


def _preflight(origin: str) -> list[tuple[bytes, bytes]]:
    values = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": HEADERS,
        "access-control-max-age": PREFLIGHT_SECONDS,
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }
    return [(k.encode(), v.encode("latin-1")) for k, v in values.items()]


def _with_origin(send: Send, origin: str) -> Send:
    headers = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]

    async def send_with_origin(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_with_origin


async def _answer(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    length = [] if status == 204 else [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": [*length, *headers]})
    await send({"type": "http.response.body", "body": b""})
