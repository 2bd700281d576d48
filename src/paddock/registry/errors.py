"""Errors of transfers between this machine and a registry."""

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError


class RegistryError(LibraryError):
    """A model could not be pulled or pushed. `status` is the HTTP status of the registry's answer, 0 if there is none.

    Unprintable characters are replaced: the message may quote a registry, and is printed to terminals.
    """

    kind = ErrorKind.UPSTREAM

    status = 0

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else "?" for c in message))


class TemporaryError(RegistryError):
    """A failure that may pass: a broken connection, or a busy registry.

    `retry_after` is the number of seconds that the registry asks to wait.
    """

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(TemporaryError):
    """Nothing answers at the address."""


class NotInRegistry(RegistryError):
    """The registry does not have the manifest or blob."""


class BadArchive(RegistryError):
    """A file is not the archive of a model, is damaged, or holds another model."""

    kind = ErrorKind.INVALID


class Denied(RegistryError):
    """The registry requires a login, or refuses this user."""
