"""The base of every error that Paddock raises on purpose, and the kinds that a dialect answers with a status."""

from enum import StrEnum


class ErrorKind(StrEnum):
    """What went wrong, independent of any protocol. Every dialect maps each kind to a status of its own."""

    NOT_FOUND = "not_found"
    """What the request names does not exist."""
    INVALID = "invalid"
    """The request is wrong, whatever the state of the server."""
    UNSUPPORTED = "unsupported"
    """The model cannot do what the request needs."""
    UNIMPLEMENTED = "unimplemented"
    """Paddock itself cannot do it yet."""
    TOO_LONG = "too_long"
    """The prompt exceeds the context."""
    TOO_LARGE = "too_large"
    """The request body exceeds the limit in bytes."""
    TOO_SLOW = "too_slow"
    """The request body did not arrive in time."""
    OVERLOADED = "overloaded"
    """Too many requests are waiting; a later attempt may succeed."""
    CANCELLED = "cancelled"
    """The work was given up because nobody waits for it or the server stops."""
    UNAVAILABLE = "unavailable"
    """The model cannot be loaded, or its runner has gone."""
    UPSTREAM = "upstream"
    """A registry refused, failed, or did not answer."""
    CORRUPT = "corrupt"
    """Stored data cannot be read."""
    INTERNAL = "internal"
    """A failure that is not the client's fault."""


class PaddockError(Exception):
    """An error whose message may be shown to a client as it is: one line that says what was wrong."""

    kind: ErrorKind = ErrorKind.INTERNAL
