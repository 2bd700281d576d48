"""`/api/tags`, `/api/ps`, `/api/show`, `/api/copy`, `/api/delete`, and what the server says of itself."""

import asyncio
import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from paddock import OLLAMA_API_VERSION, __version__
from paddock.durations import FOREVER
from paddock.fleet import LoadedModel
from paddock.protocol import ollama
from paddock.protocol.json import BadRequest, encode
from paddock.server.body import read_json
from paddock.server.media_types import JSON_UTF8
from paddock.server.services import Services

NEVER = datetime.datetime(2318, 1, 1, tzinfo=datetime.UTC)
"""Time of unloading of models that stay forever; Ollama's clients know a time as far away."""


async def running(request: Request, services: Services) -> Response:
    """Answer `GET /`."""
    return PlainTextResponse("Ollama is running")


async def version(request: Request, services: Services) -> Response:
    """Answer `GET /api/version`."""
    return _json(ollama.Version(OLLAMA_API_VERSION, __version__))


async def tags(request: Request, services: Services) -> Response:
    """Answer `GET /api/tags`."""
    return _json({"models": await asyncio.to_thread(services.catalog.list)})


async def ps(request: Request, services: Services) -> Response:
    """Answer `GET /api/ps`."""
    return _json({"models": [_running_model(model) for model in services.fleet.loaded()]})


async def show(request: Request, services: Services) -> Response:
    """Answer `POST /api/show`."""
    body = await read_json(request, ollama.ShowRequest)
    shown = await asyncio.to_thread(
        services.catalog.show,
        _required_name(body),
        verbose=bool(body.verbose),
        system=body.system or None,
        template=body.template or None,
        options=body.options,
    )
    return _json(shown)


async def copy(request: Request, services: Services) -> Response:
    """Answer `POST /api/copy`."""
    body = await read_json(request, ollama.CopyRequest)
    await asyncio.to_thread(services.catalog.copy, body.source or "", body.destination or "")
    await services.loader.unload_replaced()
    return Response()


async def delete(request: Request, services: Services) -> Response:
    """Answer `DELETE /api/delete`."""
    body = await read_json(request, ollama.DeleteRequest)
    await asyncio.to_thread(services.catalog.delete, _required_name(body))
    await services.loader.unload_replaced()
    return Response()


def _required_name(body: ollama.ShowRequest | ollama.DeleteRequest) -> str:
    name = body.model or body.name
    if not name:
        raise BadRequest("model is required")
    return name


def _json(value: Any) -> Response:
    return Response(encode(value), media_type=JSON_UTF8)


def _running_model(model: LoadedModel) -> dict[str, Any]:
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
