"""Completing texts and answering chats: `/api/generate` and `/api/chat`."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.protocol.ollama.numbers import Int64


class ToolFunction(msgspec.Struct, omit_defaults=True):
    """A function that was called, with its arguments."""

    name: str = ""
    arguments: dict[str, Any] = {}
    index: int | None = None


class ToolCall(msgspec.Struct, omit_defaults=True):
    """A call of a tool."""

    function: ToolFunction
    id: str = ""


class Message(msgspec.Struct):
    """A turn of a chat, as it comes in."""

    role: str | None = None
    content: str | None = None
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class _Inference(msgspec.Struct):
    """What both requests take."""

    model: str | None = None
    format: msgspec.Raw = msgspec.Raw(b"null")
    options: dict[str, Any] | None = None
    stream: bool | None = None
    keep_alive: Any = None
    think: Any = None
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

    messages: list[Message] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None


class LogprobEntry(msgspec.Struct):
    """A token and how likely it was (natural logarithm)."""

    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: "list[LogprobEntry] | UnsetType" = UNSET


class CalledFunction(msgspec.Struct):
    """Which tool is called, and with what. `index` counts the calls of a reply."""

    index: int
    name: str
    arguments: dict[str, Any]


class CalledTool(msgspec.Struct):
    """A call of a tool in a reply."""

    id: str
    function: CalledFunction


class ReplyMessage(msgspec.Struct):
    """The assistant's turn, or a piece of it."""

    role: str
    content: str
    thinking: str | UnsetType = UNSET
    tool_calls: list[CalledTool] | UnsetType = UNSET


class DebugInfo(msgspec.Struct):
    """What would have been sent to the model."""

    rendered_template: str


class GenerateChunk(msgspec.Struct):
    """A line of `/api/generate` while it goes on."""

    model: str
    created_at: str
    response: str
    thinking: str | UnsetType = UNSET
    done: bool = False
    logprobs: list[LogprobEntry] | UnsetType = UNSET


class GenerateEnd(msgspec.Struct, kw_only=True):
    """The last line of `/api/generate`, or its only one. Durations in nanoseconds; what is zero is left out."""

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
    """A line of `/api/chat` while it goes on."""

    model: str
    created_at: str
    message: ReplyMessage
    done: bool = False
    logprobs: list[LogprobEntry] | UnsetType = UNSET


class ChatEnd(msgspec.Struct, kw_only=True):
    """The last line of `/api/chat`, or its only one. Durations in nanoseconds; what is zero is left out."""

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
