"""Ollama's dialect: embed, and its older form embeddings."""

import asyncio

from msgspec import UNSET, Raw
from starlette.requests import Request
from starlette.responses import Response

from paddock.protocol import ollama
from paddock.protocol.json import encode
from paddock.server.errors import JSON
from paddock.server.streaming import read_json, while_connected
from paddock.service.embedding import Embedding, EmbeddingRequest, Embeddings


class EmbeddingRoutes:
    """The endpoints that embed."""

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding

    async def embed(self, request: Request) -> Response:
        """`POST /api/embed`."""
        body = await read_json(request, ollama.EmbedRequest)
        wanted = EmbeddingRequest(
            model=body.model or "",
            texts=ollama.read_input(body.input),
            options=body.options or {},
            keep_alive=ollama.read_keep_alive(body.keep_alive),
            truncate=body.truncate is not False,
            dimensions=body.dimensions or 0,
            chunk=body.chunk is True,
            has_images=bool(body.images),
        )
        found = await while_connected(request.receive, self._embedding.embed(wanted))
        # Writing a million numbers takes a while; the streams of others go on meanwhile.
        return Response(await asyncio.to_thread(_reply, wanted.model, found), media_type=JSON)

    async def embeddings(self, request: Request) -> Response:
        """`POST /api/embeddings`: one text, and its vector as the model gives it, of any length."""
        body = await read_json(request, ollama.EmbeddingsRequest)
        wanted = EmbeddingRequest(
            model=body.model or "",
            texts=ollama.read_input(body.prompt),
            options=body.options or {},
            keep_alive=ollama.read_keep_alive(body.keep_alive),
            normalize=False,
            has_images=bool(body.images),
        )
        found = await while_connected(request.receive, self._embedding.embed(wanted))
        numbers = found.vectors[0].tolist() if found.vectors else []
        return Response(encode(ollama.EmbeddingsReply(numbers)), media_type=JSON)


def _reply(model: str, found: Embeddings) -> bytes:
    return encode(
        ollama.EmbedReply(
            model=model,
            embeddings=[Raw(encode(vector.tolist())) for vector in found.vectors],
            total_duration=found.total_duration or UNSET,
            load_duration=found.load_duration or UNSET,
            prompt_eval_count=found.prompt_tokens or UNSET,
        )
    )
