"""Ollama's dialect: generate and chat."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any

from msgspec import UNSET, Raw, UnsetType, to_builtins
from starlette.requests import Request
from starlette.responses import Response

from paddock.ipc import TokenLogprob
from paddock.protocol import ollama
from paddock.protocol.json import decode, encode
from paddock.server.errors import JSON
from paddock.server.streaming import LARGE, NDJSONStream, read_request, while_connected
from paddock.service.inference import Answer, Inference, ReplyPart
from paddock.service.requests import CompletionRequest, ConversationRequest, Delta, Rendered, Summary
from paddock.templates.message import Message

clock = ollama.Clock()

LARGE_CONTEXT = 1 << 14
"""Tokens that are written within a millisecond."""


class Writer(ABC):
    """Writes the parts of a reply as lines of one endpoint."""

    def __init__(self, model: str) -> None:
        self.model = model

    @abstractmethod
    def delta(self, part: Delta) -> ollama.GenerateChunk | ollama.ChatChunk:
        """Return the line for a piece of the reply."""

    @abstractmethod
    def end(self, unsent: Delta, **fields: Any) -> ollama.GenerateEnd | ollama.ChatEnd:
        """Return the last line; `unsent` is what has not been sent before."""

    def summary(self, part: Summary, unsent: Delta) -> Any:
        """Return the last line for the end of a reply."""
        return self.end(
            unsent,
            done_reason=part.reason,
            logprobs=_logprobs(unsent),
            context=_numbers(part.context) if part.context is not None else UNSET,
            total_duration=part.total_duration or UNSET,
            load_duration=part.load_duration or UNSET,
            prompt_eval_count=part.prompt_tokens or UNSET,
            prompt_eval_duration=part.prompt_duration or UNSET,
            eval_count=part.reply_tokens or UNSET,
            eval_duration=part.reply_duration or UNSET,
            prompt_cached_count=part.cached_tokens or UNSET,
        )

    def rendered(self, part: Rendered) -> Any:
        """Return the only line of a request that just wants to see its prompt."""
        return self.end(Delta(), done=False, debug_info=ollama.DebugInfo(part.prompt))


class GenerateWriter(Writer):
    """Lines of `/api/generate`."""

    def delta(self, part: Delta) -> ollama.GenerateChunk:
        """Return the line for a piece of the reply."""
        return ollama.GenerateChunk(
            self.model, clock.now(), part.text, part.thinking or UNSET, logprobs=_logprobs(part)
        )

    def end(self, unsent: Delta, **fields: Any) -> ollama.GenerateEnd:
        """Return the last line."""
        return ollama.GenerateEnd(
            model=self.model,
            created_at=clock.now(),
            response=unsent.text,
            thinking=unsent.thinking or UNSET,
            **fields,
        )


class ChatWriter(Writer):
    """Lines of `/api/chat`."""

    def delta(self, part: Delta) -> ollama.ChatChunk:
        """Return the line for a piece of the reply."""
        return ollama.ChatChunk(self.model, clock.now(), _message("assistant", part), logprobs=_logprobs(part))

    def end(self, unsent: Delta, **fields: Any) -> ollama.ChatEnd:
        """Return the last line."""
        fields.pop("context", None)
        role = "" if "debug_info" in fields else "assistant"
        return ollama.ChatEnd(model=self.model, created_at=clock.now(), message=_message(role, unsent), **fields)


class InferenceRoutes:
    """The endpoints that generate text."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    async def generate(self, request: Request) -> Response:
        """`POST /api/generate`."""
        wanted, stream = await read_request(request, _completion)
        answer = await while_connected(request.receive, self._inference.complete(wanted))
        return await _respond(request, answer, GenerateWriter(wanted.model), stream)

    async def chat(self, request: Request) -> Response:
        """`POST /api/chat`."""
        wanted, stream = await read_request(request, _conversation)
        answer = await while_connected(request.receive, self._inference.converse(wanted))
        return await _respond(request, answer, ChatWriter(wanted.model), stream)


async def _respond(request: Request, answer: Answer, writer: Writer, stream: bool | None) -> Response:
    if answer.is_single:
        # A load, an unload or a look at the prompt is answered once, streamed or not.
        stream = False
    if stream is not False:
        return NDJSONStream(_lines(answer, writer), answer.close)
    try:
        whole = await while_connected(request.receive, _whole(answer, writer))
    finally:
        await answer.close()
    return Response(whole, media_type=JSON)


async def _lines(answer: Answer, writer: Writer) -> AsyncIterator[bytes]:
    """Yield the lines of a reply, as many at once as have piled up."""
    async for parts in answer:
        if _are_large(parts):
            lines = memoryview(await asyncio.to_thread(_written, parts, writer))
            for start in range(0, len(lines), LARGE):
                yield bytes(lines[start : start + LARGE])
        else:
            yield _written(parts, writer)


def _written(parts: list[ReplyPart], writer: Writer) -> bytes:
    return b"".join([encode(_line(writer, part)) + b"\n" for part in parts])


def _are_large(parts: list[ReplyPart]) -> bool:
    """Whether it takes long to write these parts of a reply, for they repeat a large prompt."""
    last = parts[-1]
    if isinstance(last, Summary):
        return len(last.context or ()) > LARGE_CONTEXT
    return isinstance(last, Rendered) and len(last.prompt) > LARGE


def _line(writer: Writer, part: ReplyPart) -> Any:
    if isinstance(part, Delta):
        return writer.delta(part)
    if isinstance(part, Summary):
        return writer.summary(part, Delta())
    return writer.rendered(part)


async def _whole(answer: Answer, writer: Writer) -> bytes:
    """Return a reply as one object."""
    pieces: list[Delta] = []
    ends: list[ReplyPart] = []
    async for parts in answer:
        for part in parts:
            if isinstance(part, Delta):
                pieces.append(part)
            else:
                ends.append(part)

    def written() -> bytes:
        end = ends[-1]
        return encode(writer.summary(end, _joined(pieces)) if isinstance(end, Summary) else _line(writer, end))

    return await asyncio.to_thread(written) if _are_large(ends) else written()


def _joined(pieces: list[Delta]) -> Delta:
    return Delta(
        "".join(p.text for p in pieces),
        "".join(p.thinking for p in pieces),
        tuple(call for p in pieces for call in p.calls),
        tuple(entry for p in pieces for entry in p.logprobs or ()) or None,
    )


def _message(role: str, part: Delta) -> ollama.ReplyMessage:
    calls = [
        ollama.CalledTool(call.id, ollama.CalledFunction(call.index, call.name, call.arguments)) for call in part.calls
    ]
    return ollama.ReplyMessage(role, part.text, part.thinking or UNSET, calls or UNSET)


def _common(body: ollama.GenerateRequest | ollama.ChatRequest) -> dict[str, Any]:
    return {
        "model": body.model or "",
        "options": body.options or {},
        "keep_alive": ollama.read_keep_alive(body.keep_alive),
        "format": ollama.read_format(body.format),
        "think": ollama.read_think(body.think),
        "truncate": body.truncate is not False,
        "shift": body.shift is not False,
        "logprobs": bool(body.logprobs),
        "top_logprobs": body.top_logprobs or 0,
        "debug_render_only": bool(body.debug_render_only),
    }


def _completion(data: bytes) -> tuple[CompletionRequest, bool | None]:
    """Return what a body asks for, and whether it is to be streamed."""
    body = decode(data, ollama.GenerateRequest)
    wanted = CompletionRequest(
        **_common(body),
        prompt=body.prompt or "",
        suffix=body.suffix or "",
        system=body.system or "",
        template=body.template or "",
        context=tuple(body.context or ()),
        images=ollama.read_images(body.images),
        raw=bool(body.raw),
    )
    return wanted, body.stream


def _conversation(data: bytes) -> tuple[ConversationRequest, bool | None]:
    """Return what a body asks for, and whether it is to be streamed."""
    body = decode(data, ollama.ChatRequest)
    messages = [
        Message(
            role=m.role or "user",
            content=m.content or "",
            thinking=m.thinking or "",
            images=ollama.read_images(m.images),
            tool_calls=[to_builtins(call) for call in m.tool_calls or ()],
            tool_name=m.tool_name or "",
            tool_call_id=m.tool_call_id or "",
        )
        for m in body.messages or ()
    ]
    choice, required = ollama.read_tool_choice(body.tool_choice)
    wanted = ConversationRequest(
        **_common(body), messages=messages, tools=body.tools or (), tool_choice=choice, required_tool=required
    )
    return wanted, body.stream


def _numbers(context: Sequence[int]) -> Any:
    """Write the tokens of a context, of which there may be millions: a few at a time, so that others get a turn."""
    pieces = (context[start : start + LARGE_CONTEXT] for start in range(0, len(context), LARGE_CONTEXT))
    return Raw(b"[%b]" % b",".join([encode(list(piece))[1:-1] for piece in pieces]))


def _logprobs(part: Delta) -> list[ollama.LogprobEntry] | UnsetType:
    return [_logprob(entry) for entry in part.logprobs] if part.logprobs else UNSET


def _logprob(entry: TokenLogprob) -> ollama.LogprobEntry:
    top = [_logprob(other) for other in entry.top] if entry.top else UNSET
    return ollama.LogprobEntry(entry.token, entry.logprob, list(entry.bytes), top)
