"""Encodes replies of `/api/generate` and `/api/chat`, as lines of a stream or as one object."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from msgspec import UNSET, Raw, UnsetType

from paddock.ipc import TokenLogprob
from paddock.protocol import ollama
from paddock.protocol.json import encode
from paddock.service.requests import Delta, LoadTimes, ReplyPart, Summary

LARGE_CONTEXT = 1 << 14
"""Tokens of a context that are encoded within a millisecond."""

_clock = ollama.Clock()
_MODEL, _TIME, _TEXT, _THINKING = "@model", "@time", "@text", "@thinking"


def _line_pattern(chunk: ollama.GenerateChunk | ollama.ChatChunk) -> bytes:
    """Return the line of a chunk made of the four placeholders as a pattern for `%`.

    Its values are model, time without quotes, text, and thinking if the chunk has it. Most lines of a stream differ
    only in these; filling in a pattern is faster than making and encoding structs for every token.
    """
    line = encode(chunk) + b"\n"
    for placeholder in (_MODEL, _TEXT, _THINKING):
        line = line.replace(encode(placeholder), b"%b")
    return line.replace(_TIME.encode(), b"%b")


class ReplyWriter(ABC):
    """Encodes the parts of one reply."""

    text_pattern: ClassVar[bytes]
    thinking_pattern: ClassVar[bytes]

    def __init__(self, model: str) -> None:
        """Encode a reply of `model`, as the client named it."""
        self.model = model
        name = encode(model).replace(b"%", b"%%")
        self._text_line = self.text_pattern.replace(b"%b", name, 1)
        self._thinking_line = self.thinking_pattern.replace(b"%b", name, 1)

    @abstractmethod
    def chunk(self, part: Delta) -> ollama.GenerateChunk | ollama.ChatChunk:
        """Return the line for a piece of the reply."""

    @abstractmethod
    def end(self, unsent: Delta, **fields: Any) -> ollama.GenerateEnd | ollama.ChatEnd:
        """Return the last line, with the pieces `unsent` that no earlier line had."""

    def lines(self, parts: Sequence[ReplyPart]) -> list[bytes]:
        """Encode parts as lines of a stream, one for each."""
        now = _clock.now().encode()
        lines = []
        for part in parts:
            if not isinstance(part, Delta):
                lines.append(self.whole(part, Delta()) + b"\n")
            elif part.calls or part.logprobs:
                lines.append(encode(self.chunk(part)) + b"\n")
            elif part.thinking:
                lines.append(self._thinking_line % (now, encode(part.text), encode(part.thinking)))
            else:
                lines.append(self._text_line % (now, encode(part.text)))
        return lines

    def loaded(self, times: LoadTimes) -> bytes:
        """Encode the answer to a request that only loads the model."""
        return encode(
            self.end(
                Delta(),
                done_reason="load",
                total_duration=times.total_duration or UNSET,
                load_duration=times.load_duration or UNSET,
            )
        )

    def unloaded(self) -> bytes:
        """Encode the answer to a request that only unloads the model."""
        return encode(self.end(Delta(), done_reason="unload"))

    def rendered(self, prompt: str) -> bytes:
        """Encode the answer to a request that only asks for its prompt."""
        return encode(self.end(Delta(), done=False, debug_info=ollama.DebugInfo(prompt)))

    def whole(self, last: Summary, unsent: Delta) -> bytes:
        """Encode the end of a reply as one object, with the pieces `unsent` that no line had."""
        return encode(
            self.end(
                unsent,
                done_reason=last.reason,
                logprobs=_logprobs(unsent),
                context=_context(last.context) if last.context is not None else UNSET,
                total_duration=last.total_duration or UNSET,
                load_duration=last.load_duration or UNSET,
                prompt_eval_count=last.prompt_tokens or UNSET,
                prompt_eval_duration=last.prompt_duration or UNSET,
                eval_count=last.reply_tokens or UNSET,
                eval_duration=last.reply_duration or UNSET,
                prompt_cached_count=last.cached_tokens or UNSET,
            )
        )


class GenerateWriter(ReplyWriter):
    """Encodes replies of `/api/generate`."""

    text_pattern = _line_pattern(ollama.GenerateChunk(_MODEL, _TIME, _TEXT))
    thinking_pattern = _line_pattern(ollama.GenerateChunk(_MODEL, _TIME, _TEXT, _THINKING))

    def chunk(self, part: Delta) -> ollama.GenerateChunk:
        """Return the line for a piece of the reply."""
        return ollama.GenerateChunk(
            self.model, _clock.now(), part.text, part.thinking or UNSET, logprobs=_logprobs(part)
        )

    def end(self, unsent: Delta, **fields: Any) -> ollama.GenerateEnd:
        """Return the last line."""
        return ollama.GenerateEnd(
            model=self.model,
            created_at=_clock.now(),
            response=unsent.text,
            thinking=unsent.thinking or UNSET,
            **fields,
        )


class ChatWriter(ReplyWriter):
    """Encodes replies of `/api/chat`."""

    text_pattern = _line_pattern(ollama.ChatChunk(_MODEL, _TIME, ollama.ReplyMessage("assistant", _TEXT)))
    thinking_pattern = _line_pattern(
        ollama.ChatChunk(_MODEL, _TIME, ollama.ReplyMessage("assistant", _TEXT, _THINKING))
    )

    def chunk(self, part: Delta) -> ollama.ChatChunk:
        """Return the line for a piece of the reply."""
        return ollama.ChatChunk(self.model, _clock.now(), _message("assistant", part), logprobs=_logprobs(part))

    def end(self, unsent: Delta, **fields: Any) -> ollama.ChatEnd:
        """Return the last line."""
        fields.pop("context", None)
        role = "" if "debug_info" in fields else "assistant"
        return ollama.ChatEnd(model=self.model, created_at=_clock.now(), message=_message(role, unsent), **fields)


def is_large(parts: Sequence[ReplyPart]) -> bool:
    """Return whether these parts take long to encode, because they carry a large context."""
    last = parts[-1]
    return isinstance(last, Summary) and len(last.context or ()) > LARGE_CONTEXT


def join_deltas(pieces: Sequence[Delta]) -> Delta:
    """Return all pieces of a reply as one."""
    return Delta(
        "".join(p.text for p in pieces),
        "".join(p.thinking for p in pieces),
        tuple(call for p in pieces for call in p.calls),
        tuple(entry for p in pieces for entry in p.logprobs or ()) or None,
    )


def _message(role: str, part: Delta) -> ollama.ReplyMessage:
    calls = [
        ollama.ReplyToolCall(call.id, ollama.ReplyFunction(call.index, call.name, call.arguments))
        for call in part.calls
    ]
    return ollama.ReplyMessage(role, part.text, part.thinking or UNSET, calls or UNSET)


def _context(tokens: Sequence[int]) -> Any:
    """Encode a context, which may have millions of tokens, in pieces: no piece holds the GIL for long."""
    pieces = (tokens[start : start + LARGE_CONTEXT] for start in range(0, len(tokens), LARGE_CONTEXT))
    return Raw(b"[%b]" % b",".join([encode(list(piece))[1:-1] for piece in pieces]))


def _logprobs(part: Delta) -> list[ollama.LogprobEntry] | UnsetType:
    return [_logprob(entry) for entry in part.logprobs] if part.logprobs else UNSET


def _logprob(entry: TokenLogprob) -> ollama.LogprobEntry:
    top = [_logprob(other) for other in entry.top] if entry.top else UNSET
    return ollama.LogprobEntry(entry.token, entry.logprob, list(entry.bytes), top)
