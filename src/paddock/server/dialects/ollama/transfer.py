"""`/api/pull` and `/api/push`, and Paddock's own `/api/export` and `/api/import`."""

import asyncio
from collections.abc import AsyncGenerator
from typing import BinaryIO, cast

from starlette.requests import Request
from starlette.responses import Response

from paddock.progress import Progress
from paddock.protocol import ollama
from paddock.protocol.json import BadRequest, encode
from paddock.server.archive import ArchiveStream, BodyFile
from paddock.server.body import body_stream, read_json
from paddock.server.dialects.ollama.dialect import OLLAMA
from paddock.server.dialects.ollama.progress import progress_stream, success_at_end
from paddock.server.disconnect import require_input, while_connected
from paddock.server.errors import ClientGone
from paddock.server.media_types import JSON
from paddock.server.services import Services, client_address


async def pull(request: Request, services: Services) -> Response:
    """Answer `POST /api/pull`."""
    body = await read_json(request, ollama.PullRequest)
    name = body.model or body.name or ""
    progress = await services.transfer.pull(name, insecure=bool(body.insecure), dry_run=bool(body.dry_run))
    return await _answer(request, progress, body.stream)


async def push(request: Request, services: Services) -> Response:
    """Answer `POST /api/push`."""
    body = await read_json(request, ollama.PushRequest)
    progress = await services.transfer.push(_required_name(body), insecure=bool(body.insecure))
    return await _answer(request, progress, body.stream)


async def export(request: Request, services: Services) -> Response:
    """Answer `POST /api/export`: a model as one tar file."""
    name = _required_name(await read_json(request, ollama.ExportRequest))
    waiting = services.transfer.archive_turn(client_address(request), lambda: require_input(request.scope))
    turn = await while_connected(request.receive, waiting)
    try:
        return ArchiveStream(await services.transfer.export(name), services.threads, turn.leave)
    except BaseException:
        turn.leave()
        raise


async def import_(request: Request, services: Services) -> Response:
    """Answer `POST /api/import?model=NAME` with a tar file as the body; without a name the model keeps its own."""
    turn = await services.transfer.archive_turn(client_address(request))
    try:
        return await _import(request, services)
    finally:
        turn.leave()


async def _import(request: Request, services: Services) -> Response:
    file = BodyFile()
    name = request.query_params.get("model", "")
    work = asyncio.create_task(services.transfer.import_(cast(BinaryIO, file), name))
    try:
        async for piece in body_stream(request):
            await file.put(piece, work)
        await file.put(b"", work)
        imported = await asyncio.shield(work)
    except BaseException:
        file.abort()
        await asyncio.wait((work,))
        work.exception()
        raise
    return Response(encode(ollama.ImportedModel("success", imported.short)), media_type=JSON)


async def _answer(request: Request, progress: AsyncGenerator[Progress, None], stream: bool | None) -> Response:
    if stream is not False:
        return progress_stream(progress)
    try:
        return await success_at_end(request, progress)
    except ClientGone:
        raise
    except Exception as error:
        return OLLAMA.error_response(error, JSON)


def _required_name(body: ollama.PushRequest | ollama.ExportRequest) -> str:
    name = body.model or body.name
    if not name:
        raise BadRequest("model is required")
    return name
