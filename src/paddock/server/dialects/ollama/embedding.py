"""`/api/embed`, and its older form `/api/embeddings`."""

import asyncio

from msgspec import UNSET, Raw
from starlette.requests import Request
from starlette.responses import Response

from paddock.library.options import read_options
from paddock.protocol import ollama
from paddock.protocol.json import encode
from paddock.server.body import read_json
from paddock.server.body_budget import share_of
from paddock.server.disconnect import while_connected
from paddock.server.media_types import JSON_UTF8
from paddock.server.services import Services
from paddock.service.embedding import EmbeddedTexts, EmbeddingRequest


async def embed(request: Request, services: Services) -> Response:
    """Answer `POST /api/embed`."""
    body = await read_json(request, ollama.EmbedRequest)
    share_of(request.scope).wait_for(body.model or "")
    embedding = EmbeddingRequest(
        model=body.model or "",
        texts=ollama.read_input(body.input),
        options=read_options(body.options or {}),
        keep_alive=ollama.read_keep_alive(body.keep_alive),
        truncate=body.truncate is not False,
        dimensions=body.dimensions or 0,
        chunk=body.chunk is True,
        has_images=bool(body.images),
    )
    found = await while_connected(request.receive, _embed(services, embedding))
    # A million numbers take a while to encode; the event loop stays free for the streams of others.
    return Response(await asyncio.to_thread(_reply, embedding.model, found), media_type=JSON_UTF8)


async def embeddings(request: Request, services: Services) -> Response:
    """Answer `POST /api/embeddings`: one text, whose vector is not normalized."""
    body = await read_json(request, ollama.EmbeddingsRequest)
    share_of(request.scope).wait_for(body.model or "")
    embedding = EmbeddingRequest(
        model=body.model or "",
        texts=ollama.read_input(body.prompt),
        options=read_options(body.options or {}),
        keep_alive=ollama.read_keep_alive(body.keep_alive),
        normalize=False,
        has_images=bool(body.images),
    )
    found = await while_connected(request.receive, _embed(services, embedding))
    numbers = found.vectors[0].tolist() if found.vectors else []
    return Response(encode(ollama.EmbeddingsReply(numbers)), media_type=JSON_UTF8)


async def _embed(services: Services, request: EmbeddingRequest) -> EmbeddedTexts:
    """Embed texts. A request without any loads the model, or unloads it if it is not to be kept."""
    if request.texts:
        return await services.embedding.embed(request)
    if request.keep_alive == 0:
        await services.embedding.unload(request)
    else:
        await services.embedding.load(request)
    return EmbeddedTexts()


def _reply(model: str, found: EmbeddedTexts) -> bytes:
    return encode(
        ollama.EmbedReply(
            model=model,
            embeddings=[Raw(encode(vector.tolist())) for vector in found.vectors],
            total_duration=found.total_duration or UNSET,
            load_duration=found.load_duration or UNSET,
            prompt_eval_count=found.prompt_tokens or UNSET,
        )
    )
