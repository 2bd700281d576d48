"""Errors that the server itself raises, and how any error reads to a client."""

import logging

from paddock.errors import ErrorKind, PaddockError

log = logging.getLogger("paddock.server")


class BodyTooLarge(PaddockError):
    """The request's body is larger than JSON bodies may be."""

    kind = ErrorKind.TOO_LARGE


class ClientGone(Exception):
    """The client hung up; nobody reads an answer."""


def describe_error(error: Exception) -> tuple[ErrorKind, str]:
    """Return the kind of `error` and its message for a client. Log it if it is a failure of the server."""
    if isinstance(error, PaddockError):
        return error.kind, str(error)
    if isinstance(error, OSError):
        log.error("%s", error)
        return ErrorKind.INTERNAL, error.strerror or str(error)
    log.error("unexpected error", exc_info=error)
    return ErrorKind.INTERNAL, f"internal error: {type(error).__name__}: {error}"
