"""`/api/create`, and `/api/blobs/:digest` for the files that it builds on."""

from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response

from paddock.library.store.blobs import parse_digest
from paddock.progress import Progress
from paddock.protocol import ollama
from paddock.server.body import body_stream, read_json
from paddock.server.dialects.ollama.progress import progress_stream, success_at_end
from paddock.server.disconnect import require_input
from paddock.server.media_types import JSON_UTF8
from paddock.server.services import Services, client_address
from paddock.service.models import CreateModel


async def create(request: Request, services: Services) -> Response:
    """Answer `POST /api/create`."""
    body = await read_json(request, ollama.CreateRequest)
    address = client_address(request)
    progress = await services.creation.create(_creation(body), address, lambda: require_input(request.scope))
    if body.stream is False:
        return await success_at_end(request, progress)
    # What fails before the first report is answered with a status instead of a line.
    first = await anext(progress)
    return progress_stream(_prepend(first, progress))


async def blob_exists(request: Request, services: Services) -> Response:
    """Answer `HEAD /api/blobs/:digest`."""
    digest = parse_digest(request.path_params["digest"])
    if await services.threads.run(services.library.blobs.claim, digest):
        return Response()
    return Response(status_code=404, media_type=JSON_UTF8)


async def blob_upload(request: Request, services: Services) -> Response:
    """Answer `POST /api/blobs/:digest`."""
    given = request.path_params["digest"]
    if await services.threads.run(services.library.blobs.claim, parse_digest(given)):
        return Response()
    writer = await services.threads.run(services.library.blobs.writer)
    try:
        async for piece in body_stream(request):
            await services.threads.run(writer.write, piece)
        await services.threads.run(writer.commit, given)
    finally:
        await services.threads.run(writer.abort)
    return Response(status_code=201)


def _creation(body: ollama.CreateRequest) -> CreateModel:
    from paddock.library.create.model_spec import ModelSpec  # no server needs it before its first order

    spec = ModelSpec(
        base=body.from_ or "",
        files=body.files or {},
        adapters=body.adapters or {},
        template=body.template,
        system=body.system,
        licenses=ollama.read_licenses(body.license) if body.license is not None else [],
        parameters=body.parameters or {},
        messages=[{"role": m.role or "", "content": m.content or ""} for m in body.messages or ()],
        renderer=body.renderer or "",
        parser=body.parser or "",
        requires=body.requires or "",
        quantize=body.quantize or body.quantization or "",
    )
    return CreateModel(body.model or body.name or "", spec, body.modelfile or "", body.path or "")


async def _prepend(first: Progress, progress: AsyncGenerator[Progress, None]) -> AsyncGenerator[Progress, None]:
    try:
        yield first
        async for report in progress:
            yield report
    finally:
        await progress.aclose()
