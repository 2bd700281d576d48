"""`/api/generate` and `/api/chat`."""

import asyncio
from typing import Any

from msgspec import Raw, to_builtins
from starlette.requests import Request
from starlette.responses import Response

from paddock.library.options import read_options
from paddock.options import NO_OPTIONS
from paddock.protocol import ollama
from paddock.protocol.json import decode
from paddock.server.body import read_request
from paddock.server.body_budget import LARGE, share_of
from paddock.server.dialects.ollama.dialect import OLLAMA
from paddock.server.dialects.ollama.reply_writer import ChatWriter, GenerateWriter, ReplyWriter, is_large, join_deltas
from paddock.server.disconnect import while_connected
from paddock.server.media_types import JSON_UTF8
from paddock.server.services import Services
from paddock.server.streaming import EventStream
from paddock.service.replies import GeneratedReply
from paddock.service.requests import (
    CompletionRequest,
    ConversationRequest,
    Delta,
    GenerationRequest,
    Summary,
    check_count,
)
from paddock.templates.message import Message

NO_FORMAT = Raw(b"null")
"""A `format` that is absent or null."""


async def generate(request: Request, services: Services) -> Response:
    """Answer `POST /api/generate`."""
    completion, body = await read_request(request, _completion)
    share_of(request.scope).wait_for(completion.model)
    writer = GenerateWriter(completion.model)
    if not completion.prompt and (completion.keep_alive == 0 or not completion.suffix):
        return await _load_or_unload(request, services, completion, writer)
    return await _respond(request, services, completion, body, writer)


async def chat(request: Request, services: Services) -> Response:
    """Answer `POST /api/chat`."""
    conversation, body = await read_request(request, _conversation)
    share_of(request.scope).wait_for(conversation.model)
    writer = ChatWriter(conversation.model)
    if not conversation.messages:
        return await _load_or_unload(request, services, conversation, writer)
    return await _respond(request, services, conversation, body, writer)


async def _load_or_unload(
    request: Request, services: Services, inference: GenerationRequest, writer: ReplyWriter
) -> Response:
    """Answer a request without a prompt, which loads the model, or unloads it if `keep_alive` is 0."""
    if inference.keep_alive == 0:
        await while_connected(request.receive, services.inference.unload(inference))
        return Response(writer.unloaded(), media_type=JSON_UTF8)
    times = await while_connected(request.receive, services.inference.load(inference))
    return Response(writer.loaded(times), media_type=JSON_UTF8)


async def _respond(
    request: Request,
    services: Services,
    inference: GenerationRequest,
    body: ollama.GenerateRequest | ollama.ChatRequest,
    writer: ReplyWriter,
) -> Response:
    if body.debug_render_only:
        prompt = await while_connected(request.receive, services.inference.render(inference))
        is_long = len(prompt) > LARGE
        rendered = await asyncio.to_thread(writer.rendered, prompt) if is_long else writer.rendered(prompt)
        return Response(rendered, media_type=JSON_UTF8)
    reply = await while_connected(request.receive, services.inference.generate(inference))
    if body.stream is not False:
        return EventStream(OLLAMA, reply, writer.lines, reply.close, is_large)
    try:
        whole = await while_connected(request.receive, _whole(reply, writer))
    finally:
        await reply.close()
    return Response(whole, media_type=JSON_UTF8)


async def _whole(reply: GeneratedReply, writer: ReplyWriter) -> bytes:
    """Return a reply as one object."""
    pieces: list[Delta] = []
    async for parts in reply:
        pieces += [part for part in parts if isinstance(part, Delta)]
    end = parts[-1]
    assert isinstance(end, Summary)
    unsent = join_deltas(pieces)
    return await asyncio.to_thread(writer.whole, end, unsent) if is_large([end]) else writer.whole(end, unsent)


def _common(body: ollama.GenerateRequest | ollama.ChatRequest) -> dict[str, Any]:
    think = body.think
    return {
        "model": body.model or "",
        "options": read_options(body.options) if body.options else NO_OPTIONS,
        "keep_alive": ollama.read_keep_alive(body.keep_alive) if body.keep_alive is not None else None,
        "constraint": ollama.read_format(body.format) if body.format != NO_FORMAT else None,
        "think": think if think is None or isinstance(think, bool) else ollama.read_think(think),
        "truncate": body.truncate is not False,
        "shift": body.shift is not False,
        "logprobs": bool(body.logprobs),
        "top_logprobs": body.top_logprobs or 0,
    }


def _completion(data: bytes) -> tuple[CompletionRequest, ollama.GenerateRequest]:
    """Return the request in a body of `/api/generate`, and the body itself."""
    body = decode(data, ollama.GenerateRequest)
    completion = CompletionRequest(
        **_common(body),
        prompt=body.prompt or "",
        suffix=body.suffix or "",
        system=body.system or "",
        template=body.template or "",
        context=tuple(body.context or ()),
        images=ollama.read_images(body.images) if body.images else (),
        raw=bool(body.raw),
    )
    return completion, body


def _conversation(data: bytes) -> tuple[ConversationRequest, ollama.ChatRequest]:
    """Return the request in a body of `/api/chat`, and the body itself."""
    body = decode(data, ollama.ChatRequest)
    check_count(len(body.messages or ()))
    messages = [
        Message(
            role=m.role or "user",
            content=m.content or "",
            thinking=m.thinking or "",
            images=ollama.read_images(m.images) if m.images else (),
            tool_calls=to_builtins(m.tool_calls) if m.tool_calls else (),
            tool_name=m.tool_name or "",
            tool_call_id=m.tool_call_id or "",
        )
        for m in body.messages or ()
    ]
    choice, required = ("auto", "") if body.tool_choice is None else ollama.read_tool_choice(body.tool_choice)
    conversation = ConversationRequest(
        **_common(body), messages=messages, tools=body.tools or (), tool_choice=choice, required_tool=required
    )
    return conversation, body
