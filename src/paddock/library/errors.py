"""Errors about models on disk."""

from paddock.errors import ErrorKind, PaddockError


class LibraryError(PaddockError):
    """The base of the library's errors; if nothing else is said, the request is to blame."""

    kind = ErrorKind.INVALID


class NotBuilt(LibraryError):
    """A later version will do this; the message says what."""

    kind = ErrorKind.UNIMPLEMENTED


class Cancelled(LibraryError):
    """Nobody waits for the result any more, or the server is stopping; raised by a task's `Report`."""

    kind = ErrorKind.CANCELLED
