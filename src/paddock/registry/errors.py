"""Errors of transfers between this machine and a registry."""

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError


class RegistryError(LibraryError):
    """A model could not be pulled or pushed. `status` is the HTTP status that said so, 0 if none did.

    Its text may quote a registry and will stand in a terminal, which nothing of it may steer.
    """

    kind = ErrorKind.UPSTREAM

    status = 0

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else "?" for c in message))


class TemporaryError(RegistryError):
    """Something that may go better next time: a broken connection, a registry that is busy.

    `retry_after` is what the registry asked for, in seconds.
    """

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(TemporaryError):
    """Nothing answers at the address."""


class NotInRegistry(RegistryError):
    """The registry does not have what it was asked for."""


class BadArchive(RegistryError):
    """A file is no archive of a model, or a damaged one, or not of the model that is asked for."""

    kind = ErrorKind.INVALID


class Denied(RegistryError):
    """The registry wants to know who asks, or does not let them."""
