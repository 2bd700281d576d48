"""What a client asks and gets, in no dialect's words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock.ipc import Constraint, TokenLogprob
from paddock.templates.message import Message


@dataclass(frozen=True, kw_only=True)
class InferenceRequest:
    """What completing a text and answering a chat have in common. Durations in nanoseconds."""

    model: str
    options: dict[str, Any] = field(default_factory=dict)
    keep_alive: int | None = None
    constraint: Constraint | None = None
    """What the reply must match; None: it is free."""
    think: bool | str | None = None
    truncate: bool = True
    shift: bool = True
    logprobs: bool = False
    top_logprobs: int = 0
    debug_render_only: bool = False


@dataclass(frozen=True, kw_only=True)
class CompletionRequest(InferenceRequest):
    """Complete a text."""

    prompt: str = ""
    suffix: str = ""
    system: str = ""
    template: str = ""
    context: tuple[int, ...] = ()
    images: Sequence[bytes] = ()
    raw: bool = False


@dataclass(frozen=True, kw_only=True)
class ConversationRequest(InferenceRequest):
    """Answer a chat."""

    messages: Sequence[Message] = ()
    tools: Sequence[dict[str, Any]] = ()
    tool_choice: str = "auto"
    """`auto`; `none`: no tool is called; `required`: one is, and nothing else said."""
    required_tool: str = ""
    """The tool that is required, if not any of them."""


@dataclass(frozen=True)
class CalledTool:
    """A call of a tool, the `index`th of a reply."""

    id: str
    index: int
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Delta:
    """A piece of a reply."""

    text: str = ""
    thinking: str = ""
    calls: tuple[CalledTool, ...] = ()
    logprobs: tuple[TokenLogprob, ...] | None = None


@dataclass(frozen=True)
class Summary:
    """The end of a reply. Durations in nanoseconds."""

    reason: str
    """`stop`, `length`, `load` or `unload`."""
    total_duration: int = 0
    load_duration: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    prompt_duration: int = 0
    reply_tokens: int = 0
    reply_duration: int = 0
    context: Sequence[int] | None = None
    """Tokens of prompt and reply, for a client that goes on from there."""


@dataclass(frozen=True)
class Rendered:
    """The prompt that would have been sent."""

    prompt: str
