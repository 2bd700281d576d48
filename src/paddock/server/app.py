"""The app: the routes of every dialect behind access control and the request log."""

import functools
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from paddock.server.access import Access, Origins
from paddock.server.body_budget import BodyBudget
from paddock.server.dialects.ollama.dialect import OLLAMA
from paddock.server.dialects.ollama.routes import OLLAMA_ROUTES
from paddock.server.dialects.rerank.routes import RERANK_ROUTES
from paddock.server.hosts import HostCheck
from paddock.server.log import RequestLog
from paddock.server.media_types import HTML, JSON, JSON_UTF8
from paddock.server.router import make_router
from paddock.server.routes import Endpoint, RouteTable
from paddock.server.services import Services
from paddock.settings import Settings


async def description(request: Request, services: Services) -> Response:
    """Answer `GET /openapi.json`."""
    return Response(openapi_document(), media_type=JSON_UTF8)


async def docs(request: Request, services: Services) -> Response:
    """Answer `GET /docs`."""
    from paddock.server import openapi

    return Response(openapi.page(), media_type=HTML, headers=openapi.PAGE_HEADERS)


@functools.cache
def openapi_document() -> bytes:
    """Return the description of the API. The first call builds it; starting the server does not."""
    from paddock.server import openapi

    return openapi.document(TABLES)


DESCRIPTION_ROUTES = RouteTable(
    OLLAMA,
    (
        Endpoint(id="openapi", method="GET", path="/openapi.json", handler=description, group="Server", reply=JSON),
        Endpoint(id="docs", method="GET", path="/docs", handler=docs, group="Server", reply=HTML),
    ),
    Path(__file__).with_name("words.json"),
)
TABLES = (OLLAMA_ROUTES, RERANK_ROUTES, DESCRIPTION_ROUTES)


def make_app(
    settings: Settings, services: Services, budget: BodyBudget | None = None, *, on_loopback: bool = True
) -> ASGIApp:
    """Return the whole server as an ASGI application.

    Args:
        settings, services: what it is made of.
        budget: what the bodies of all requests share.
        on_loopback: whether it is reachable from this machine only; then the Host header is checked.
    """
    router = make_router(TABLES, services, budget)
    hosts = HostCheck(settings.host) if on_loopback else None
    return RequestLog(Access(router, Origins(settings.origins), hosts))
