"""How the making of a model is reported: a line of text for each step, some with how far it is."""

from collections.abc import Callable
from typing import Self

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError

Report = Callable[[str], None]
"""Takes the status lines. It may raise `Stopped` at a `Measured` one: what is being done is given up then."""


class Stopped(LibraryError):
    """Nobody waits for the result any more, or there is no time for it."""

    kind = ErrorKind.CANCELLED


class Measured(str):
    """A status with how much of the step is done, in bytes."""

    completed: int
    total: int

    def __new__(cls, text: str, completed: int, total: int) -> Self:
        """Return the status `text`, of which `completed` of `total` bytes are done."""
        status = super().__new__(cls, text)
        status.completed = completed
        status.total = total
        return status
