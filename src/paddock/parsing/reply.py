"""What parsers get and give: a request's part in the form of its reply, and the parts of a parsed reply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from paddock.errors import PaddockError

Think = bool | str | None
"""Whether the model was told to think, or how much; None if the request does not say."""

Tools = Sequence[Mapping[str, Any]]
"""The tools of a request, as the request brings them."""

Functions = Mapping[str, Mapping[str, Any]]
"""The functions of a request's tools by name."""


class ParseError(PaddockError, ValueError):
    """A call in a reply cannot be read; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool. Whoever answers the request gives it a number and an id."""

    name: str
    arguments: dict[str, Any]


class Parsed(NamedTuple):
    """What has become certain of a reply: texts to append and calls to add.

    `error` says why the rest of the reply cannot be read. It comes once, with what was read before it, and nothing
    follows it.
    """

    content: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    error: str = ""


class ReplyParser(Protocol):
    """A parser of one reply that is still being generated. The results do not depend on where the text is cut."""

    def feed(self, text: str) -> Parsed:
        """Take the next piece of the reply; return what became certain with it."""

    def finish(self) -> Parsed:
        """Take the end of the reply; return what was held back."""


@dataclass(frozen=True)
class ReplyRequest:
    """The properties of a request on which the form of its reply depends."""

    functions: Functions = field(default_factory=dict)
    think: Think = None
    prompt: str = ""
    """The rendered prompt. Its end may have opened the thinking, or a call."""
    last_role: str = ""
    """The role of the request's last message."""
    prefilled: bool = False
    """Whether the request ends with the beginning of the answer."""
    prefilled_thinking: bool = False
    """Whether the request ends with the beginning of the thinking."""


def functions(tools: Tools | None) -> dict[str, Mapping[str, Any]]:
    """Return the functions of a request's tools by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for tool in tools or ():
        function = tool.get("function")
        if isinstance(function, dict) and "name" in function:
            found[str(function["name"])] = function
    return found
