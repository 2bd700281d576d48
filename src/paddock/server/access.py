"""Access control: the Host header is checked against DNS rebinding, the Origin header against foreign web pages.

Rules and answers are Ollama's.
"""

import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddock.server.hosts import MAX_PORT, HostCheck

METHODS = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
HEADERS = (
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,"
    "X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,"
    "X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,"
    "X-Stainless-Runtime-Version,X-Stainless-Timeout"
)
PREFLIGHT_SECONDS = "43200"
APP_SCHEMES = ("app", "file", "tauri", "vscode-webview", "vscode-file")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "0.0.0.0")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9_.-]*|\[[0-9a-f:.]*\])(?::([0-9]{1,5}))?", re.IGNORECASE)
"""An origin as browsers write it: scheme, host and perhaps a port."""


class Origins:
    """Origins whose web pages may call the server."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """Allow local origins and those in `allowed`, where a `*` matches any text."""
        allowed = tuple(allowed)
        self._all = "*" in allowed
        self._patterns = [re.compile(".*".join(map(re.escape, o.split("*"))), re.IGNORECASE) for o in allowed]

    def allow(self, origin: str) -> bool:
        """Return whether pages of this origin may call the server. What no browser writes is no origin."""
        scheme, separator, _ = origin.partition("://")
        if self._all or (separator and scheme.lower() in APP_SCHEMES):
            return True
        parts = _ORIGIN.fullmatch(origin)
        if parts is None:
            return origin == "null" and any(pattern.pattern == "null" for pattern in self._patterns)
        if int(parts[3] or 0) > MAX_PORT:
            return False
        if parts[1].lower() in ("http", "https") and parts[2].lower() in LOCAL_HOSTS:
            return True
        return any(pattern.fullmatch(origin) for pattern in self._patterns)


class Access:
    """Middleware that rejects requests by their Host and Origin, and answers browsers' preflight requests (CORS)."""

    def __init__(self, app: ASGIApp, origins: Origins, hosts: HostCheck | None) -> None:
        """Protect `app`; without `hosts`, any Host header will do."""
        self._app = app
        self._origins = origins
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight request, 400 or 403, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = origin = ""
        hosts = origins = 0
        for name, value in scope["headers"]:
            if name == b"origin":
                origin, origins = value.decode("latin-1"), origins + 1
            elif name == b"host":
                host, hosts = value.decode("latin-1"), hosts + 1
        if hosts > 1 or origins > 1 or (not hosts and scope.get("http_version") == "1.1"):
            await _answer(send, 400)  # RFC 9112, section 3.2
            return
        same_origin = not origin or origin in (f"http://{host}", f"https://{host}")
        foreign = not same_origin and not self._origins.allow(origin)
        if foreign or (self._hosts is not None and not self._hosts.allows(host)):
            await _answer(send, 403)
        elif same_origin:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _answer(send, 204, _preflight(origin))
        else:
            await self._app(scope, receive, _with_origin(send, origin))


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
