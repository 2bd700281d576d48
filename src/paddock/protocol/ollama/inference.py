"""Requests and replies of `/api/generate` and `/api/chat`."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from paddock.protocol.accepts import accepts
from paddock.protocol.numbers import Int64


class MessageFunction(msgspec.Struct, omit_defaults=True):
    """The function of an earlier tool call, with its arguments."""

    name: str = ""
    arguments: dict[str, Any] = {}
    index: Int64 | None = None


class MessageToolCall(msgspec.Struct, omit_defaults=True):
    """A tool call of an earlier reply."""

    function: MessageFunction
    id: str = ""


class ChatMessage(msgspec.Struct):
    """A message of the conversation so far."""

    role: str | None = None
    content: str | None = None
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: list[MessageToolCall] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class _Inference(msgspec.Struct):
    """Fields that both requests have."""

    model: str | None = None
    format: Annotated[msgspec.Raw, accepts(Literal["", "json"] | dict[str, Any] | None)] = msgspec.Raw(b"null")
    options: dict[str, Any] | None = None
    stream: bool | None = None
    keep_alive: Annotated[Any, accepts(float | str | None)] = None
    think: Annotated[Any, accepts(bool | Literal["low", "medium", "high", "max"] | None)] = None
    truncate: bool | None = None
    shift: bool | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    debug_render_only: bool | None = msgspec.field(default=None, name="_debug_render_only")


class GenerateRequest(_Inference):
    """`POST /api/generate`."""

    prompt: str | None = None
    suffix: str | None = None
    system: str | None = None
    template: str | None = None
    context: list[Int64] | None = None
    images: list[str] | None = None
    raw: bool | None = None


class ChatRequest(_Inference):
    """`POST /api/chat`."""

    messages: list[ChatMessage] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Annotated[Any, accepts(str | dict[str, Any] | None)] = None


class LogprobEntry(msgspec.Struct):
    """A token and the natural logarithm of its probability."""

    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: "list[LogprobEntry] | UnsetType" = UNSET


class ReplyFunction(msgspec.Struct):
    """The function to call, with its arguments. `index` counts the calls of a reply, from 0."""

    index: int
    name: str
    arguments: dict[str, Any]


class ReplyToolCall(msgspec.Struct):
    """A tool call in a reply."""

    id: str
    function: ReplyFunction


class ReplyMessage(msgspec.Struct):
    """The assistant's message, or a piece of it."""

    role: str
    content: str
    thinking: str | UnsetType = UNSET
    tool_calls: list[ReplyToolCall] | UnsetType = UNSET


class DebugInfo(msgspec.Struct):
    """The prompt that would have been sent to the model."""

    rendered_template: str


class GenerateChunk(msgspec.Struct):
    """A line of a streamed `/api/generate` before the last."""

    model: str
    created_at: str
    response: str
    thinking: str | UnsetType = UNSET
    done: bool = False
    logprobs: list[LogprobEntry] | UnsetType = UNSET


class GenerateEnd(msgspec.Struct, kw_only=True):
    """The last line of `/api/generate`, or the whole answer. Durations are nanoseconds; zeros are left out."""

    model: str
    created_at: str
    response: str
    thinking: str | UnsetType = UNSET
    done: bool = True
    done_reason: str | UnsetType = UNSET
    context: list[int] | UnsetType = UNSET
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET
    prompt_eval_duration: int | UnsetType = UNSET
    eval_count: int | UnsetType = UNSET
    eval_duration: int | UnsetType = UNSET
    logprobs: list[LogprobEntry] | UnsetType = UNSET
    prompt_cached_count: int | UnsetType = UNSET
    debug_info: DebugInfo | UnsetType = msgspec.field(default=UNSET, name="_debug_info")


class ChatChunk(msgspec.Struct):
    """A line of a streamed `/api/chat` before the last."""

    model: str
    created_at: str
    message: ReplyMessage
    done: bool = False
    logprobs: list[LogprobEntry] | UnsetType = UNSET


class ChatEnd(msgspec.Struct, kw_only=True):
    """The last line of `/api/chat`, or the whole answer. Durations are nanoseconds; zeros are left out."""

    model: str
    created_at: str
    message: ReplyMessage
    done: bool = True
    done_reason: str | UnsetType = UNSET
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET
    prompt_eval_duration: int | UnsetType = UNSET
    eval_count: int | UnsetType = UNSET
    eval_duration: int | UnsetType = UNSET
    logprobs: list[LogprobEntry] | UnsetType = UNSET
    prompt_cached_count: int | UnsetType = UNSET
    debug_info: DebugInfo | UnsetType = msgspec.field(default=UNSET, name="_debug_info")
