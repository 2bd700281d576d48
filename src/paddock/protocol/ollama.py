"""Ollama's dialect: shapes of requests and responses, in the 2024 form and in today's.

A field that is absent or null has its zero value, as in Go. Field order is that of Ollama's own answers.
"""

import base64
import binascii
import math
import string
import time
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.durations import FOREVER, InvalidDuration, parse_duration
from paddock.protocol.json import BadRequest

THINK_LEVELS = ("high", "medium", "low", "max")
SECOND = 1_000_000_000
BASE64 = frozenset(string.ascii_letters + string.digits + "+/=")
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
GO_TYPES = {bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}
"""What Go calls the types that JSON can hold here."""


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


class EmbedRequest(msgspec.Struct):
    """`POST /api/embed`."""

    model: str | None = None
    input: Any = None
    truncate: bool | None = None
    dimensions: Int64 | None = None
    options: dict[str, Any] | None = None
    keep_alive: Any = None
    images: list[Any] | None = None


class EmbeddingsRequest(msgspec.Struct):
    """`POST /api/embeddings`, the older form."""

    model: str | None = None
    prompt: str | None = None
    options: dict[str, Any] | None = None
    keep_alive: Any = None
    images: list[Any] | None = None


class ShowRequest(msgspec.Struct):
    """`POST /api/show`."""

    model: str | None = None
    name: str | None = None
    verbose: bool | None = None
    system: str | None = None
    template: str | None = None
    options: dict[str, Any] | None = None


class CopyRequest(msgspec.Struct):
    """`POST /api/copy`."""

    source: str | None = None
    destination: str | None = None


class DeleteRequest(msgspec.Struct):
    """`DELETE /api/delete`."""

    model: str | None = None
    name: str | None = None


class PullRequest(msgspec.Struct):
    """`POST /api/pull`."""

    model: str | None = None
    name: str | None = None
    insecure: bool | None = None
    stream: bool | None = None
    dry_run: bool | None = None


class PushRequest(msgspec.Struct):
    """`POST /api/push`."""

    model: str | None = None
    name: str | None = None
    insecure: bool | None = None
    stream: bool | None = None


class ExportRequest(msgspec.Struct):
    """`POST /api/export`."""

    model: str | None = None
    name: str | None = None


class CreateMessage(msgspec.Struct):
    """A turn of a model's own history."""

    role: str | None = None
    content: str | None = None


class CreateRequest(msgspec.Struct):
    """`POST /api/create`, both forms."""

    model: str | None = None
    name: str | None = None
    stream: bool | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    files: dict[str, str] | None = None
    adapters: dict[str, str] | None = None
    template: str | None = None
    system: str | None = None
    license: Any = None
    parameters: dict[str, Any] | None = None
    messages: list[CreateMessage] | None = None
    renderer: str | None = None
    parser: str | None = None
    requires: str | None = None
    info: dict[str, Any] | None = None
    quantize: str | None = None
    quantization: str | None = None
    modelfile: str | None = None
    path: str | None = None


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


class EmbedReply(msgspec.Struct, kw_only=True):
    """The answer of `/api/embed`: vectors, each as JSON. Durations in nanoseconds; what is zero is left out."""

    model: str
    embeddings: list[msgspec.Raw]
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET


class EmbeddingsReply(msgspec.Struct):
    """The answer of `/api/embeddings`."""

    embedding: list[float]


class ErrorBody(msgspec.Struct):
    """Every error."""

    error: str


class StatusLine(msgspec.Struct):
    """Progress of a create, pull or push."""

    status: str


class ProgressLine(msgspec.Struct, omit_defaults=True):
    """Progress of a pull or push; with a digest that of a layer, in bytes."""

    status: str
    digest: str = ""
    total: int = 0
    completed: int = 0


class Clock:
    """Writes the time as Go does: RFC 3339 in UTC with nanoseconds. The seconds are formatted once each."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """Return the present."""
        second, nanosecond = divmod(time.time_ns(), SECOND)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return f"{self._text}{nanosecond:09d}Z"


def read_keep_alive(value: Any) -> int | None:
    """Return nanoseconds for a request's `keep_alive`, None if it is absent; a negative one means for ever.

    Raises:
        BadRequest: with the wording of Go's parser.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadRequest(f"Unsupported type: '{GO_TYPES[type(value)]}'")
    if isinstance(value, str):
        try:
            nanoseconds: float = parse_duration(value)
        except InvalidDuration as error:
            raise BadRequest(str(error)) from None
    else:
        nanoseconds = value * SECOND
    if nanoseconds < 0 or math.isnan(nanoseconds):
        return FOREVER
    return int(min(nanoseconds, FOREVER))


def read_think(value: Any) -> bool | str | None:
    """Return a request's `think`.

    Raises:
        BadRequest: if it is neither a boolean nor a level.
    """
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise BadRequest('think must be a boolean or string ("high", "medium", "low", "max", true, or false)')
    if value not in THINK_LEVELS:
        raise BadRequest(f'invalid think value: "{value}" (must be "high", "medium", "low", "max", true, or false)')
    return value


def read_format(value: msgspec.Raw) -> str | dict[str, Any] | None:
    """Return a request's `format`: `"json"`, a schema, or None for neither.

    Raises:
        BadRequest: if it is something else.
    """
    decoded = msgspec.json.decode(value)
    if decoded in (None, ""):
        return None
    if decoded == "json" or isinstance(decoded, dict):
        return decoded  # type: ignore[no-any-return]
    text = bytes(value).decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
    raise BadRequest(f'invalid format: "{text}"; expected "json" or a valid JSON Schema object')


def read_images(values: list[str] | None) -> list[bytes]:
    """Decode a request's pictures.

    Raises:
        BadRequest: if one is not base64.
    """
    images = []
    for value in values or ():
        try:
            images.append(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            bad = next((i for i, c in enumerate(value) if c not in BASE64), len(value))
            raise BadRequest(f"illegal base64 data at input byte {bad}") from None
    return images


def read_input(value: Any) -> list[str]:
    """Return the texts of an embed request: a text or a list of texts; an empty text alone is none.

    Raises:
        BadRequest: if it is something else.
    """
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return value
    raise BadRequest("invalid input type")


def read_licenses(value: Any) -> list[str]:
    """Return the licences of a create request: a text or a list of texts.

    Raises:
        BadRequest: if it is something else.
    """
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return value
    raise BadRequest("license must be a string or a list of strings")
