"""What workers are asked, and what they answer.

Messages travel in frames, as between fleet and runners (`ipc.frames`): 4 bytes of length and a body in MessagePack.
The first frame of a worker is empty and says that it has started. From then on it answers each job with an `Answer`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from paddock.ipc.frames import HEADER
from paddock.templates.errors import TemplateFailed
from paddock.templates.message import Message, Think

BIG_NUMBER = 1
"""Code of the MessagePack extension for whole numbers of more than 64 bits, written in decimal."""


class TemplateSource(msgspec.Struct, frozen=True, array_like=True):
    """The texts that a model's prompts are rendered by; see `PromptTemplate.from_model`."""

    template: str | None = None
    """A template in Go's language."""
    chat_template: str | None = None
    """A template in Jinja."""
    bos: str = ""
    eos: str = ""
    renderer: str = ""


class ReadTemplate(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Find out what a template tells about its model. Answered by `TemplateFacts`."""

    source: TemplateSource


class RenderChat(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Render the prompt of a conversation. Answered by `Rendered`."""

    source: TemplateSource
    messages: Sequence[Message]
    """Images stand in them as anything, one item each."""
    tools: Sequence[Mapping[str, Any]] = ()
    think: Think = None


class RenderCompletion(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Render the prompt of a text to complete. Answered by `Rendered`."""

    source: TemplateSource
    prompt: str
    system: str = ""
    suffix: str = ""
    history: Sequence[Message] = ()
    think: Think = None
    images: int = 0
    """How many images belong to the prompt."""


Job = ReadTemplate | RenderChat | RenderCompletion


class TemplateFacts(msgspec.Struct, frozen=True, omit_defaults=True, tag=True):
    """What a template tells about its model."""

    problem: str = ""
    """Why the template cannot be used; then it tells nothing else. "" if it can."""
    is_settled: bool = True
    """Whether a second look would find the same; not if a worker crashed or a busy machine was too slow."""
    language: str = ""
    """`go`, `jinja`, or "" without a template."""
    has_tools: bool = False
    """Whether it has a place for tools."""
    has_thinking: bool = False
    """Whether it has a switch or a place for thinking, or shows tags around it."""
    has_suffix: bool = False
    """Whether it has a place for a suffix, so that the model can fill in the middle."""
    is_harmony: bool = False
    """Whether it renders the channel format of gpt-oss."""
    markers: frozenset[str] = frozenset()
    """In Jinja: those of the texts that tell formats apart (`parsing.formats.chat_template`) that it contains."""
    thinking_tags: tuple[str, str] = ("", "")
    """In Go's language: the tags around thinking."""
    tool_call_prefix: str = ""
    """In Go's language: the text that tool calls begin with."""
    call_texts: tuple[str, str, str] | None = None
    """In Go's language: the texts around name and arguments of a call."""


class Rendered(msgspec.Struct, frozen=True, tag=True):
    """The prompt that was asked for."""

    prompt: str


class JobFailed(msgspec.Struct, frozen=True, tag=True):
    """The job failed."""

    message: str
    is_ours: bool = False
    """Whether the fault is not the template's but the worker's."""


Outcome = TemplateFacts | Rendered | JobFailed


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The answer to a job."""

    outcome: Outcome
    seconds: float = 0.0
    """Processor time that it took."""
    is_last: bool = False
    """Whether the worker has grown so much that it ends now."""


def _number(code: int, data: memoryview) -> Any:
    return int(bytes(data)) if code == BIG_NUMBER else None


_encoder = msgspec.msgpack.Encoder()
_jobs: msgspec.msgpack.Decoder[Job] = msgspec.msgpack.Decoder(Job, ext_hook=_number)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
decode_job = _jobs.decode
"""Decode a frame's body as a job."""
decode_answer = _answers.decode
"""Decode a frame's body as an answer."""


def job_frame(job: Job) -> bytearray:
    """Return a job as one frame.

    Raises:
        TemplateFailed: if a text in it is no Unicode, or a value is nested too deeply.
    """
    try:
        return _frame(job)
    except UnicodeEncodeError:
        raise TemplateFailed("a text of the conversation is not valid Unicode") from None
    except RecursionError:
        raise TemplateFailed("a value of the conversation is nested too deeply") from None
    except OverflowError:
        return _frame(_with_big_numbers(job))


def answer_frame(answer: Answer) -> bytearray:
    """Return an answer as one frame."""
    return _frame(answer)


def _frame(message: Any) -> bytearray:
    frame = bytearray(HEADER.size)
    _encoder.encode_into(message, frame, HEADER.size)
    HEADER.pack_into(frame, 0, len(frame) - HEADER.size)
    return frame


def _with_big_numbers(value: Any) -> Any:
    """Return a message with extensions for the whole numbers that MessagePack cannot hold."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        fits = -(1 << 63) <= value < 1 << 64
        return value if fits else msgspec.msgpack.Ext(BIG_NUMBER, str(value).encode())
    if isinstance(value, Mapping):
        return {key: _with_big_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_big_numbers(item) for item in value]
    if isinstance(value, RenderCompletion):
        return msgspec.structs.replace(value, history=_with_big_numbers(value.history))
    if isinstance(value, RenderChat):
        changed = {"messages": _with_big_numbers(value.messages), "tools": _with_big_numbers(value.tools)}
        return msgspec.structs.replace(value, **changed)
    if isinstance(value, Message):
        return replace(value, tool_calls=_with_big_numbers(value.tool_calls))
    return value
