"""Requests for generated text, and the parts of a reply, independent of any protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from paddock.errors import PaddockError
from paddock.ipc import Constraint, TokenLogprob
from paddock.library.options import InvalidOption
from paddock.options import NO_OPTIONS, Options
from paddock.service.errors import RequestError
from paddock.templates.message import Message

MAX_MESSAGES = 100_000
"""Messages of a chat: more than any context has room for, and still decoded and rendered within seconds."""


def check_count(messages: int) -> None:
    """Check the number of messages of a conversation.

    Raises:
        RequestError: if there are more than any model can take.
    """
    if messages > MAX_MESSAGES:
        raise RequestError(f"the chat has {messages} messages, more than {MAX_MESSAGES}")


@dataclass(frozen=True, kw_only=True)
class InferenceRequest:
    """What requests to complete a text and to answer a chat have in common. Durations in nanoseconds."""

    model: str
    options: Options | InvalidOption = NO_OPTIONS
    """An error in their place is raised when they are needed, after the model has been found."""
    keep_alive: int | None = None
    """How long the model stays loaded after the request; None: as the settings say."""
    constraint: Constraint | PaddockError | None = None
    """What the reply must match; None: it is free. An error in its place is raised after the model has been found."""
    think: bool | str | None = None
    """Whether, or how much, the model thinks; None: it does if it can."""
    truncate: bool = True
    """Whether a prompt that exceeds the context is cut; if not, it is an error."""
    shift: bool = True
    """Whether a reply that exceeds the context goes on after the oldest tokens are dropped."""
    logprobs: bool = False
    top_logprobs: int = 0


@dataclass(frozen=True, kw_only=True)
class CompletionRequest(InferenceRequest):
    """Complete a text."""

    prompt: str = ""
    suffix: str = ""
    """The text that comes after what is to be written."""
    system: str = ""
    template: str = ""
    """A template in Go's language to use instead of the model's own."""
    context: tuple[int, ...] = ()
    """Tokens of an earlier exchange, which come first."""
    images: Sequence[bytes] = ()
    """Files of images and audio."""
    raw: bool = False
    """Whether the prompt is used as it is, without a template."""


@dataclass(frozen=True, kw_only=True)
class ConversationRequest(InferenceRequest):
    """Answer a chat."""

    messages: Sequence[Message] = ()
    tools: Sequence[dict[str, Any]] = ()
    tool_choice: str = "auto"
    """`auto`; `none`: the model calls no tool; `required`: it calls one, and writes nothing else."""
    required_tool: str = ""
    """The tool that must be called, if `tool_choice` is `required`; "": any."""

    has_images: bool = False
    """Whether any message comes with images or audio; `check_conversation` finds out."""


GenerationRequest = CompletionRequest | ConversationRequest
"""A request that is answered with generated text."""


@dataclass(frozen=True)
class RepliedCall:
    """A call of a tool in a reply, with its index among the reply's calls."""

    id: str
    index: int
    name: str
    arguments: dict[str, Any]


class Delta(msgspec.Struct, frozen=True):
    """A piece of a reply; there is one for every few tokens, hence a struct, which is made fast."""

    text: str = ""
    thinking: str = ""
    calls: tuple[RepliedCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] | None = None


@dataclass(frozen=True)
class Summary:
    """The end of a reply. Durations in nanoseconds."""

    reason: str
    """`stop` or `length`."""
    total_duration: int = 0
    load_duration: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Tokens of the prompt that were not computed because they were cached."""
    prompt_duration: int = 0
    reply_tokens: int = 0
    reply_duration: int = 0
    context: Sequence[int] | None = None
    """Tokens of prompt and reply, with which a client may continue."""


ReplyPart = Delta | Summary


@dataclass(frozen=True)
class LoadTimes:
    """How long loading a model took, in nanoseconds."""

    total_duration: int = 0
    load_duration: int = 0
