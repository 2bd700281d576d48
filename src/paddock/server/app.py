"""The app: every route of the API, and what stands before them."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from paddock import OLLAMA_API_VERSION, __version__
from paddock.protocol.json import encode
from paddock.server.access import Access, Origins, is_loopback
from paddock.server.dialects.ollama.embedding import EmbeddingRoutes
from paddock.server.dialects.ollama.inference import InferenceRoutes
from paddock.server.dialects.ollama.models import ModelRoutes
from paddock.server.dialects.ollama.transfer import TransferRoutes
from paddock.server.dialects.rerank.routes import RerankRoutes
from paddock.server.errors import JSON, Endpoint, guarded, not_found, wrong_method
from paddock.server.log import RequestLog
from paddock.settings import Settings


async def running(request: Request) -> Response:
    """`GET /`."""
    return PlainTextResponse("Ollama is running")


async def version(request: Request) -> Response:
    """`GET /api/version`: the version of the API that is spoken, and our own beside it."""
    return Response(encode({"version": OLLAMA_API_VERSION, "paddock": __version__}), media_type=JSON)


async def description(request: Request) -> Response:
    """`GET /openapi.json`."""
    from paddock.server import openapi  # built when somebody asks for it first: the server starts without

    return Response(openapi.document(), media_type=JSON)


async def docs(request: Request) -> Response:
    """`GET /docs`."""
    from paddock.server import openapi

    return Response(openapi.page(), media_type="text/html", headers=openapi.PAGE_HEADERS)


def make_app(
    settings: Settings,
    models: ModelRoutes,
    inference: InferenceRoutes,
    embedding: EmbeddingRoutes,
    reranking: RerankRoutes,
    transfer: TransferRoutes,
) -> Starlette:
    """Put the app together."""
    endpoints: list[tuple[str, Endpoint, list[str]]] = [
        ("/", running, ["GET"]),
        ("/api/version", version, ["GET"]),
        ("/openapi.json", description, ["GET"]),
        ("/docs", docs, ["GET"]),
        ("/api/generate", inference.generate, ["POST"]),
        ("/api/chat", inference.chat, ["POST"]),
        ("/api/tags", models.tags, ["GET"]),
        ("/api/ps", models.ps, ["GET"]),
        ("/api/show", models.show, ["POST"]),
        ("/api/copy", models.copy, ["POST"]),
        ("/api/delete", models.delete, ["DELETE"]),
        ("/api/create", models.create, ["POST"]),
        ("/api/blobs/{digest}", models.blob, ["HEAD", "POST"]),
        ("/api/pull", transfer.pull, ["POST"]),
        ("/api/push", transfer.push, ["POST"]),
        ("/api/export", transfer.export, ["POST"]),
        ("/api/import", transfer.import_, ["POST"]),
        ("/api/embed", embedding.embed, ["POST"]),
        ("/api/embeddings", embedding.embeddings, ["POST"]),
        ("/api/rerank", reranking.rerank, ["POST"]),
        ("/v1/rerank", reranking.rerank_list, ["POST"]),
    ]
    app = Starlette(
        routes=[Route(path, guarded(endpoint), methods=methods) for path, endpoint, methods in endpoints],
        middleware=[
            Middleware(RequestLog),
            Middleware(Access, origins=Origins(settings.origins), check_host=is_loopback(settings.host)),
        ],
        exception_handlers={404: not_found, 405: wrong_method},
    )
    app.router.redirect_slashes = False
    return app
