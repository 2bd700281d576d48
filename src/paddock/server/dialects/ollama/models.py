"""Ollama's dialect: the endpoints about models on disk and in memory."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from paddock.durations import FOREVER
from paddock.fleet import Fleet, LoadedModel
from paddock.library.create.create import ModelSpec
from paddock.library.store.blobs import parse_digest
from paddock.library.store.library import Library
from paddock.progress import Progress
from paddock.protocol import ollama
from paddock.protocol.json import BadRequest, encode
from paddock.server.dialects.ollama.progress import finish, progress_line, progress_lines
from paddock.server.errors import JSON
from paddock.server.streaming import NDJSONStream, body_stream, read_json, while_connected
from paddock.service.creation import Creator
from paddock.service.loader import Loader
from paddock.service.models import Catalog, CreateModel

NEVER = datetime.datetime(2318, 1, 1, tzinfo=datetime.UTC)
"""What stands for "for ever" where a time is expected; Ollama's clients know a time so far away."""


class ModelRoutes:
    """The endpoints about models."""

    def __init__(self, library: Library, catalog: Catalog, fleet: Fleet, loader: Loader, creator: Creator) -> None:
        self._library = library
        self._catalog = catalog
        self._fleet = fleet
        self._loader = loader
        self._creator = creator

    async def tags(self, request: Request) -> Response:
        """`GET /api/tags`."""
        return _json({"models": await asyncio.to_thread(self._catalog.list)})

    async def ps(self, request: Request) -> Response:
        """`GET /api/ps`."""
        return _json({"models": [_listing(model) for model in self._fleet.loaded()]})

    async def show(self, request: Request) -> Response:
        """`POST /api/show`."""
        body = await read_json(request, ollama.ShowRequest)
        name = _required(body)
        shown = await asyncio.to_thread(
            self._catalog.show,
            name,
            verbose=bool(body.verbose),
            system=body.system or None,
            template=body.template or None,
            options=body.options,
        )
        return _json(shown)

    async def copy(self, request: Request) -> Response:
        """`POST /api/copy`."""
        body = await read_json(request, ollama.CopyRequest)
        await asyncio.to_thread(self._catalog.copy, body.source or "", body.destination or "")
        await self._loader.unload_replaced()
        return Response()

    async def delete(self, request: Request) -> Response:
        """`DELETE /api/delete`."""
        body = await read_json(request, ollama.DeleteRequest)
        await asyncio.to_thread(self._catalog.delete, _required(body))
        await self._loader.unload_replaced()
        return Response()

    async def create(self, request: Request) -> Response:
        """`POST /api/create`."""
        body = await read_json(request, ollama.CreateRequest)
        lines = await self._creator.create(_creation(body))
        if body.stream is False:
            try:
                await while_connected(request.receive, finish(lines))
            finally:
                await lines.aclose()
            return Response(encode(ollama.StatusLine("success")), media_type="application/json")
        first = await anext(lines)
        return NDJSONStream(_encoded(first, lines), lines.aclose)

    async def blob(self, request: Request) -> Response:
        """`HEAD` and `POST /api/blobs/:digest`."""
        given = request.path_params["digest"]
        digest = parse_digest(given)
        if await asyncio.to_thread(self._library.blobs.claim, digest):
            return Response()
        if request.method == "HEAD":
            return Response(status_code=404, media_type=JSON)
        with self._library.blobs.writer() as writer:
            async for piece in body_stream(request):
                await asyncio.to_thread(writer.write, piece)
            await asyncio.to_thread(writer.commit, given)
        return Response(status_code=201)


def _required(body: ollama.ShowRequest | ollama.DeleteRequest) -> str:
    name = body.model or body.name
    if not name:
        raise BadRequest("model is required")
    return name


def _json(value: Any) -> Response:
    return Response(encode(value), media_type=JSON)


def _listing(model: LoadedModel) -> dict[str, Any]:
    expires = NEVER
    if model.expires_at is not None and model.expires_at < FOREVER // 2:
        expires = datetime.datetime.fromtimestamp(model.expires_at / 1e9).astimezone()
    return {
        "name": model.spec.name,
        "model": model.spec.name,
        "size": model.size,
        "digest": model.spec.digest,
        "details": dict(model.spec.details),
        "expires_at": expires.isoformat(),
        "size_vram": 0,
        "context_length": model.context_length,
        "parallel": model.parallel,
        "pool_tokens": model.pool_tokens,
    }


def _creation(body: ollama.CreateRequest) -> CreateModel:
    spec = ModelSpec(
        base=body.from_ or "",
        files=body.files or {},
        adapters=body.adapters or {},
        template=body.template,
        system=body.system,
        licenses=ollama.read_licenses(body.license),
        parameters=body.parameters or {},
        messages=[{"role": m.role or "", "content": m.content or ""} for m in body.messages or ()],
        renderer=body.renderer or "",
        parser=body.parser or "",
        requires=body.requires or "",
        quantize=body.quantize or body.quantization or "",
    )
    return CreateModel(body.model or body.name or "", spec, body.modelfile or "", body.path or "")


async def _encoded(first: Progress, lines: AsyncIterator[Progress]) -> AsyncIterator[bytes]:
    yield progress_line(first)
    async for line in progress_lines(lines):
        yield line
