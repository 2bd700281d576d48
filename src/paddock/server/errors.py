"""Errors to statuses: the one place that maps kinds of errors to answers."""

import logging
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from paddock.errors import ErrorKind, PaddockError
from paddock.protocol.json import encode
from paddock.protocol.ollama import ErrorBody

log = logging.getLogger("paddock.server")

JSON = "application/json; charset=utf-8"
CLIENT_GONE = 499
"""Only the log sees it."""

Endpoint = Callable[[Request], Awaitable[Response]]


class BodyTooLarge(PaddockError):
    """The request's body is larger than JSON bodies may be."""

    kind = ErrorKind.TOO_LARGE


class ClientGone(Exception):
    """The client hung up; nobody reads an answer."""


STATUS_OF_KIND = {
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.INVALID: 400,
    ErrorKind.UNSUPPORTED: 400,
    ErrorKind.UNIMPLEMENTED: 501,
    ErrorKind.TOO_LONG: 400,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.OVERLOADED: 503,
    ErrorKind.CANCELLED: 400,
    ErrorKind.UNAVAILABLE: 500,
    ErrorKind.UPSTREAM: 500,
    ErrorKind.CORRUPT: 500,
    ErrorKind.INTERNAL: 500,
}
"""The statuses of Ollama's dialect."""


def status_of(error: Exception) -> int:
    """Return the HTTP status for `error`."""
    return STATUS_OF_KIND[error.kind] if isinstance(error, PaddockError) else 500


def error_body(error: Exception) -> bytes:
    """Return `{"error": …}` for `error`, and log what is a bug of ours."""
    if isinstance(error, OSError):
        log.error("%s", error)
        return encode(ErrorBody(error.strerror or str(error)))
    if not isinstance(error, PaddockError):
        log.error("unexpected error", exc_info=error)
        return encode(ErrorBody(f"internal error: {type(error).__name__}: {error}"))
    return encode(ErrorBody(str(error)))


def guarded(endpoint: Endpoint) -> Endpoint:
    """Return `endpoint` with every exception of it turned into an answer."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ClientGone:
            return Response(status_code=CLIENT_GONE)
        except HTTPException:
            raise
        except Exception as error:
            return Response(error_body(error), status_of(error), media_type=JSON)

    return answer


async def not_found(request: Request, error: Exception) -> Response:
    """No such path."""
    return Response("404 page not found", 404, media_type="text/plain")


async def wrong_method(request: Request, error: Exception) -> Response:
    """The path is there, but not for this method."""
    headers = getattr(error, "headers", None) or {}
    return Response("405 method not allowed", 405, headers=headers, media_type="text/plain")
