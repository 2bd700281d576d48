"""`/api/generate` and `/api/chat`."""

import asyncio
from typing import Any

from msgspec import to_builtins
from starlette.requests import Request
from starlette.responses import Response

from paddock.protocol import ollama
from paddock.protocol.json import decode
from paddock.server.body import read_request
from paddock.server.dialects.ollama.dialect import OLLAMA
from paddock.server.dialects.ollama.reply_writer import ChatWriter, GenerateWriter, ReplyWriter, is_large, join_deltas
from paddock.server.disconnect import while_connected
from paddock.server.media_types import JSON_UTF8
from paddock.server.services import Services
from paddock.server.streaming import EventStream
from paddock.service.inference import Answer
from paddock.service.requests import CompletionRequest, ConversationRequest, Delta, Rendered, Summary
from paddock.service.structured_output import constraint_of_format
from paddock.templates.message import Message


async def generate(request: Request, services: Services) -> Response:
    """Answer `POST /api/generate`."""
    completion, stream = await read_request(request, _completion)
    answer = await while_connected(request.receive, services.inference.complete(completion))
    return await _respond(request, answer, GenerateWriter(completion.model), stream)


async def chat(request: Request, services: Services) -> Response:
    """Answer `POST /api/chat`."""
    conversation, stream = await read_request(request, _conversation)
    answer = await while_connected(request.receive, services.inference.converse(conversation))
    return await _respond(request, answer, ChatWriter(conversation.model), stream)


async def _respond(request: Request, answer: Answer, writer: ReplyWriter, stream: bool | None) -> Response:
    # A load, an unload or a rendered prompt is answered with one object, even if a stream was asked for.
    if stream is not False and not answer.is_single:
        return EventStream(OLLAMA, aiter(answer), writer.lines, answer.close, is_large)
    try:
        whole = await while_connected(request.receive, _whole(answer, writer))
    finally:
        await answer.close()
    return Response(whole, media_type=JSON_UTF8)


async def _whole(answer: Answer, writer: ReplyWriter) -> bytes:
    """Return a reply as one object."""
    pieces: list[Delta] = []
    ends: list[Summary | Rendered] = []
    async for parts in answer:
        for part in parts:
            if isinstance(part, Delta):
                pieces.append(part)
            else:
                ends.append(part)
    end, unsent = ends[-1], join_deltas(pieces)
    return await asyncio.to_thread(writer.whole, end, unsent) if is_large(ends) else writer.whole(end, unsent)


def _common(body: ollama.GenerateRequest | ollama.ChatRequest) -> dict[str, Any]:
    return {
        "model": body.model or "",
        "options": body.options or {},
        "keep_alive": ollama.read_keep_alive(body.keep_alive),
        "constraint": constraint_of_format(ollama.read_format(body.format)),
        "think": ollama.read_think(body.think),
        "truncate": body.truncate is not False,
        "shift": body.shift is not False,
        "logprobs": bool(body.logprobs),
        "top_logprobs": body.top_logprobs or 0,
        "debug_render_only": bool(body.debug_render_only),
    }


def _completion(data: bytes) -> tuple[CompletionRequest, bool | None]:
    """Return the request in a body of `/api/generate`, and its `stream`."""
    body = decode(data, ollama.GenerateRequest)
    completion = CompletionRequest(
        **_common(body),
        prompt=body.prompt or "",
        suffix=body.suffix or "",
        system=body.system or "",
        template=body.template or "",
        context=tuple(body.context or ()),
        images=ollama.read_images(body.images),
        raw=bool(body.raw),
    )
    return completion, body.stream


def _conversation(data: bytes) -> tuple[ConversationRequest, bool | None]:
    """Return the request in a body of `/api/chat`, and its `stream`."""
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
    conversation = ConversationRequest(
        **_common(body), messages=messages, tools=body.tools or (), tool_choice=choice, required_tool=required
    )
    return conversation, body.stream
