"""What a reply is taken apart into, and what every parser offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from paddock.errors import PaddockError

Think = bool | str | None
"""Whether the model was told to think, or how much; None if the request does not say."""

Tools = Sequence[Mapping[str, Any]]
"""Tools as a request brings them."""


class ParseError(PaddockError, ValueError):
    """A call that the model wrote cannot be read; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool. Number and id are given by whoever answers the request."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What has become certain of a reply: texts to append, calls to add.

    `error` says that the reply cannot be read any further: it comes once, nothing comes after it, and what stands
    beside it was still read.
    """

    content: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    error: str = ""


class ReplyParser(Protocol):
    """Takes one reply apart while it is written. What comes out does not depend on how the text is cut."""

    def feed(self, text: str) -> Parsed:
        """Take the next piece; return what became certain with it."""

    def finish(self) -> Parsed:
        """The reply is over: return what was held back."""
