"""Errors about models on disk."""

from paddock.errors import ErrorKind, PaddockError


class LibraryError(PaddockError):
    """The base of the library's errors; by default, the request is wrong."""

    kind = ErrorKind.INVALID


class NotImplementedYet(LibraryError):
    """A later version will do this; the message says what is missing."""

    kind = ErrorKind.UNIMPLEMENTED


class Cancelled(LibraryError):
    """Nobody waits for the result any more, or the server is stopping; raised by a task's `Report`."""

    kind = ErrorKind.CANCELLED
