"""Who may call: the Host header against DNS rebinding, the Origin header against strangers' pages.

Rules and answers are Ollama's (`Who may call` in its API's description).
"""

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
    """Whether a server bound to `host` is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_allowed(header: str) -> bool:
    """Whether a request with this Host header may be answered by a server that is bound to loopback."""
    host = _without_port(header).lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "localhost", socket.gethostname().lower()) or host.endswith(LOCAL_SUFFIXES)
    return address.is_loopback or address.is_private or address.is_unspecified


class Origins:
    """The origins whose pages may call."""

    def __init__(self, more: Iterable[str]) -> None:
        """Allow the local ones and `more`; a `*` in one of those stands for anything."""
        more = tuple(more)
        self._all = "*" in more
        self._patterns = [re.compile(".*".join(map(re.escape, o.split("*"))), re.IGNORECASE) for o in more]

    def allow(self, origin: str) -> bool:
        """Whether this one may."""
        if self._all or LOCAL_ORIGIN.fullmatch(origin) or origin.partition("://")[0].lower() in APP_SCHEMES:
            return True
        return any(pattern.fullmatch(origin) for pattern in self._patterns)


class Access:
    """Middleware that lets in only who may call, and tells browsers so."""

    def __init__(self, app: ASGIApp, origins: Origins, check_host: bool) -> None:
        self._app = app
        self._origins = origins
        self._check_host = check_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = origin = ""
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
        same = origin.partition("://")[2] == host if origin else True
        stranger = not same and not self._origins.allow(origin)
        if stranger or (self._check_host and not host_allowed(host)):
            await _answer(send, 403)
        elif same:
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
