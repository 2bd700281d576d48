"""Errors to statuses: the one place that knows which exception is whose fault."""

import logging
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from paddock.fleet import FleetError, InsufficientMemory, RequestFailed, ServerBusy
from paddock.library.create.worker_process import ChildCrashed
from paddock.library.errors import LibraryError, NotBuilt
from paddock.library.names import InvalidName
from paddock.library.store.blobs import DigestMismatch, InvalidDigest
from paddock.library.store.library import ModelNotFound
from paddock.library.store.manifests import BrokenModel
from paddock.parsing import ParseError
from paddock.protocol.json import BadRequest, encode
from paddock.protocol.ollama import ErrorBody
from paddock.registry.errors import BadArchive, RegistryError
from paddock.service.errors import NotBuiltYet, RequestError, UnknownModel
from paddock.templates.errors import TemplateError

log = logging.getLogger("paddock.server")

JSON = "application/json; charset=utf-8"
CLIENT_GONE = 499
"""Only the log sees it."""

Endpoint = Callable[[Request], Awaitable[Response]]


class BodyTooLarge(Exception):
    """The request's body is larger than JSON bodies may be."""


class ClientGone(Exception):
    """The client hung up; nobody reads an answer."""


STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (BodyTooLarge, 413),
    (ModelNotFound, 404),
    (UnknownModel, 404),
    (NotBuilt, 501),
    (NotBuiltYet, 501),
    (BadRequest, 400),
    (RequestError, 400),
    (InvalidName, 400),
    (InvalidDigest, 400),
    (DigestMismatch, 400),
    (TemplateError, 400),
    (ParseError, 500),
    (BrokenModel, 500),
    (ChildCrashed, 500),
    (BadArchive, 400),
    (RegistryError, 500),
    (LibraryError, 400),
    (ServerBusy, 503),
    (InsufficientMemory, 500),
    (FleetError, 500),
)
"""The first that fits counts."""

REQUEST_FAILURES = {"invalid": 400, "too_long": 400, "overloaded": 503, "engine": 500}


def status_of(error: Exception) -> int:
    """Return the HTTP status for `error`."""
    if isinstance(error, RequestFailed):
        return REQUEST_FAILURES[error.kind]
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def error_body(error: Exception) -> bytes:
    """Return `{"error": …}` for `error`, and log what is a bug of ours."""
    known = isinstance(error, RequestFailed) or any(isinstance(error, kind) for kind, _ in STATUSES)
    if isinstance(error, OSError):
        log.error("%s", error)
        return encode(ErrorBody(error.strerror or str(error)))
    if not known:
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
