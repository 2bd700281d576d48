"""A client's connection: uvicorn's, which by itself would hold a request's head of any length in memory."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 1 << 20
"""Bytes of a request's line and headers, as with Go's server. A few more may have come before anybody looks."""
_REFUSAL = b"431 Request Header Fields Too Large"
_ANSWER = (
    b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
    % (_REFUSAL, len(_REFUSAL), _REFUSAL)
)


class Connection(HttpToolsProtocol):
    """Closes when a head has no end."""

    _unused = 0
    """Bytes that have come since the last head, or piece of a body, was whole."""

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        self._unused += len(data)
        super().data_received(data)
        if self._unused > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_ANSWER)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Go on from a head to its body."""
        self._unused = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unused = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Go on to the next request."""
        self._unused = 0
        super().on_message_complete()
