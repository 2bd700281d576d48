"""Errors that the server itself raises, and how any error reads to a client."""

import errno
import logging

from paddock.errors import ErrorKind, PaddockError

log = logging.getLogger("paddock.server")


NO_MEMORY = "the server has too little memory for this request, please try again later"
SHORT_OF = {
    errno.EMFILE: "the server has too many open files and connections, please try again later",
    errno.ENFILE: "the machine has too many open files and connections, please try again later",
    errno.ENOMEM: NO_MEMORY,
    errno.EAGAIN: "the machine has too many processes, please try again later",
}
"""What a client is told about errors of the system that may be gone in a moment."""


class BodyTooLarge(PaddockError):
    """The request's body is larger than JSON bodies may be."""

    kind = ErrorKind.TOO_LARGE


class BodiesTooLarge(PaddockError):
    """The bodies of all requests together take as much memory as they may."""

    kind = ErrorKind.OVERLOADED

    def __init__(self) -> None:
        super().__init__("the server is busy with other large requests, please try again later")


class BodyTooSlow(PaddockError):
    """The request's body did not arrive in time."""

    kind = ErrorKind.TOO_SLOW


class OutOfMemory(PaddockError):
    """The server has too little memory for a request."""

    kind = ErrorKind.OVERLOADED

    def __init__(self) -> None:
        super().__init__(NO_MEMORY)


class ClientGone(Exception):
    """The client hung up; nobody reads an answer."""


def describe_error(error: Exception) -> tuple[ErrorKind, str]:
    """Return the kind of `error` and its message for a client. Log it if it is a failure of the server."""
    if isinstance(error, PaddockError):
        return error.kind, str(error)
    if isinstance(error, MemoryError) or _lacks_thread(error):
        log.error("a request failed for lack of memory: %s", error)
        return ErrorKind.OVERLOADED, NO_MEMORY
    if isinstance(error, OSError):
        log.error("%s", error)
        if error.errno in SHORT_OF:
            return ErrorKind.OVERLOADED, SHORT_OF[error.errno]
        return ErrorKind.INTERNAL, error.strerror or str(error)
    log.error("unexpected error", exc_info=error)
    return ErrorKind.INTERNAL, f"internal error: {type(error).__name__}: {error}"


def _lacks_thread(error: Exception) -> bool:
    """Return whether the system gave no memory for another thread, which Python tells only in words."""
    return isinstance(error, RuntimeError) and "can't start new thread" in str(error)
