"""The messages of a conversation, independent of the dialect that the client speaks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Think = bool | str | None
"""Whether the model is to think, or how much; None if the request does not say."""

Tools = Sequence[Mapping[str, Any]]
"""The tools of a request, as the request brings them."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation.

    `role` is `system`, `user`, `assistant` or `tool`. `images` are opaque here: a prompt shows only how many there are.
    A tool call is a mapping `{"id": …, "function": {"name": …, "arguments": {…}}}`.
    """

    role: str
    content: str
    thinking: str = ""
    images: Sequence[object] = ()
    tool_calls: Sequence[Mapping[str, Any]] = ()
    tool_name: str = ""
    tool_call_id: str = ""


def joined_by_role(messages: Iterable[Message]) -> list[Message]:
    """Join adjacent messages of one role, with a blank line between. Results of tools stay separate."""
    joined: list[Message] = []
    for message in messages:
        if joined and joined[-1].role == message.role != "tool":
            before = joined[-1]
            joined[-1] = replace(
                before,
                content=_paragraphs(before.content, message.content),
                images=(*before.images, *message.images),
                tool_calls=(*before.tool_calls, *message.tool_calls),
            )
        else:
            joined.append(message)
    return joined


def system_text(messages: Iterable[Message]) -> str:
    """Return the texts of all system messages in order, with blank lines between them."""
    text = ""
    for message in messages:
        if message.role == "system":
            text = _paragraphs(text, message.content) if text else message.content
    return text


def _paragraphs(first: str, second: str) -> str:
    return f"{first}\n\n{second}"


def prepend_model_messages(
    messages: Sequence[Message], system: str = "", history: Sequence[Message] = ()
) -> list[Message]:
    """Prepend the model's own messages to a request's: SYSTEM, unless the request begins with one, and its history."""
    system_first = bool(messages) and messages[0].role == "system"
    own = [Message("system", system)] if system and not system_first else []
    return [*own, *history, *messages]
