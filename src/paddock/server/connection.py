"""A client's connection: uvicorn's, with a limit on the size of a request's head."""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from paddock.server.cork import CORK, CorkableTransport

MAX_REQUEST_HEAD = 1 << 20
"""Bytes of a request's line and headers, as in Go's server. The limit is checked once per read, so slightly more may
arrive."""
_REASON = b"431 Request Header Fields Too Large"
_TOO_LARGE = (
    b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
    % (_REASON, len(_REASON), _REASON)
)


class Connection(HttpToolsProtocol):
    """Connection that is closed with status 431 if a head is too long; uvicorn alone would keep it all in memory."""

    _pending = 0
    """Bytes received since the parser last completed a head or a piece of a body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection."""
        super().connection_made(cast(asyncio.Transport, CorkableTransport(transport)))

    def data_received(self, data: bytes) -> None:
        """Parse received bytes."""
        self._pending += len(data)
        super().data_received(data)
        if self._pending > MAX_REQUEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Start the request whose head is complete."""
        self._pending = 0
        self.scope[CORK] = self.transport  # type: ignore[literal-required]
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body to the request."""
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body."""
        self._pending = 0
        super().on_message_complete()
