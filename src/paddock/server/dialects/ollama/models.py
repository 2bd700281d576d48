"""`/api/tags`, `/api/ps`, `/api/show`, `/api/copy`, `/api/delete`, and what the server says of itself."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from paddock import OLLAMA_API_VERSION, __version__
from paddock.library.options import check_options
from paddock.protocol import ollama
from paddock.protocol.json import BadRequest, encode
from paddock.server.body import read_json
from paddock.server.dialects.ollama.model_replies import listed, running_model, shown
from paddock.server.media_types import JSON_UTF8
from paddock.server.services import Services
from paddock.service.models import ModelDescription
from paddock.service.template_facts import NOT_YET


async def running(request: Request, services: Services) -> Response:
    """Answer `GET /`."""
    return PlainTextResponse("Ollama is running")


async def version(request: Request, services: Services) -> Response:
    """Answer `GET /api/version`."""
    return _json(ollama.Version(OLLAMA_API_VERSION, __version__))


async def tags(request: Request, services: Services) -> Response:
    """Answer `GET /api/tags`."""
    models = await services.models.listing()
    return await asyncio.to_thread(lambda: _json(ollama.ListedModels([listed(model) for model in models])))


async def ps(request: Request, services: Services) -> Response:
    """Answer `GET /api/ps`."""
    return _json(ollama.RunningModels([running_model(model) for model in services.loader.active()]))


async def show(request: Request, services: Services) -> Response:
    """Answer `POST /api/show`."""
    body = await read_json(request, ollama.ShowRequest)
    name, verbose = _required_name(body), bool(body.verbose)

    def read() -> ModelDescription:
        return services.models.show(name, with_arrays=verbose)

    def reply() -> Response:
        overrides = check_options(body.options or {})
        return _json(shown(found, verbose=verbose, system=body.system or None, overrides=overrides))

    found = await asyncio.to_thread(read)
    while found.facts is NOT_YET:  # no thread waits for a stranger's template
        await services.models.read_template(found.model)
        found = await asyncio.to_thread(read)
    return await asyncio.to_thread(reply)


async def copy(request: Request, services: Services) -> Response:
    """Answer `POST /api/copy`."""
    body = await read_json(request, ollama.CopyRequest)
    await services.threads.run(services.models.copy, body.source or "", body.destination or "")
    await services.loader.unload_replaced()
    return Response()


async def delete(request: Request, services: Services) -> Response:
    """Answer `DELETE /api/delete`."""
    body = await read_json(request, ollama.DeleteRequest)
    await services.threads.run(services.models.delete, _required_name(body))
    await services.loader.unload_replaced()
    return Response()


def _required_name(body: ollama.ShowRequest | ollama.DeleteRequest) -> str:
    name = body.model or body.name
    if not name:
        raise BadRequest("model is required")
    return name


def _json(value: Any) -> Response:
    return Response(encode(value), media_type=JSON_UTF8)
