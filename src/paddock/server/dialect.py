"""Dialects: how a wire protocol words its errors and frames its streams."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from starlette.responses import Response

from paddock.errors import ErrorKind
from paddock.protocol.json import encode
from paddock.server.errors import describe_error
from paddock.server.media_types import JSON_UTF8, NDJSON

STATUSES: Mapping[ErrorKind, int] = {
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.INVALID: 400,
    ErrorKind.UNSUPPORTED: 400,
    ErrorKind.UNIMPLEMENTED: 501,
    ErrorKind.TOO_LONG: 400,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.TOO_SLOW: 408,
    ErrorKind.OVERLOADED: 503,
    ErrorKind.CANCELLED: 400,
    ErrorKind.UNAVAILABLE: 500,
    ErrorKind.UPSTREAM: 500,
    ErrorKind.CORRUPT: 500,
    ErrorKind.INTERNAL: 500,
}
"""HTTP status of each kind of error, as Ollama answers them."""


RETRY = {"Retry-After": "1"}
"""Header of answers that a later attempt may spare; seconds."""


def json_line(data: bytes) -> bytes:
    """Return encoded JSON as a line of a stream."""
    return data + b"\n"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What all answers of a wire protocol have in common. The defaults are those of Ollama's API."""

    name: str
    error_type: type[msgspec.Struct]
    """Struct of its error bodies."""
    error_body: Callable[[ErrorKind, str], msgspec.Struct]
    """Makes an error body, an `error_type`, of an error's kind and message."""
    statuses: Mapping[ErrorKind, int] = field(default_factory=lambda: STATUSES)
    error_media_type: str = JSON_UTF8
    stream_media_type: str = NDJSON
    frame: Callable[[bytes], bytes] = json_line
    """Makes an event of a stream of encoded JSON."""

    def error_response(self, error: Exception, media_type: str = "") -> Response:
        """Return the answer to a request that failed before its answer began, as `media_type` or the usual one."""
        kind, message = describe_error(error)
        body = encode(self.error_body(kind, message))
        headers = RETRY if kind is ErrorKind.OVERLOADED else None
        return Response(body, self.statuses[kind], headers, media_type or self.error_media_type)

    def error_event(self, error: Exception) -> bytes:
        """Return the last event of a stream that failed after it began."""
        return self.frame(encode(self.error_body(*describe_error(error))))
