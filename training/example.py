"""What the model learns from: conversations and code with a hole, and what a held-out prompt checks."""

import json
from collections.abc import Callable
from dataclasses import dataclass

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


@dataclass(frozen=True)
class Tool:
    """A tool on offer: its name, what it does, and its parameters as (name, JSON type) in order."""

    name: str
    description: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Call:
    """A call of a tool."""

    name: str
    arguments: dict[str, JsonValue]


@dataclass(frozen=True)
class Turn:
    """One message. `role` is "user", "assistant" or "tool".

    An assistant's turn has what it thinks (always given; the format leaves it out where thinking is off) and either
    content or calls.
    """

    role: str
    content: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """A conversation. For training it ends with an assistant's turn; as a prompt it ends with a user's or a tool's."""

    turns: tuple[Turn, ...]
    system: str = ""
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True)
class Hole:
    """Code with a hole, and what belongs there (empty in a prompt)."""

    prefix: str
    suffix: str
    middle: str = ""


Example = Conversation | Hole


@dataclass(frozen=True)
class Reply:
    """What a model answered."""

    content: str
    thinking: str = ""
    thought: bool = False
    calls: tuple[Call, ...] = ()
    ended: bool = True


@dataclass(frozen=True)
class Check:
    """A held-out prompt, whether thinking is on for it, and whether a reply passes."""

    prompt: Example
    passes: Callable[[Reply], bool]
    think: bool = False


def compact(value: JsonValue) -> str:
    """Write JSON as Go does when it prints a value in a template: no spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
