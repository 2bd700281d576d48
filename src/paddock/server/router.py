"""Dispatch: from a request's path and method to its handler, and from errors to answers."""

from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from paddock.server.dialect import Dialect
from paddock.server.errors import ClientGone
from paddock.server.media_types import TEXT
from paddock.server.routes import Endpoint, RouteTable
from paddock.server.services import Services

CLIENT_GONE = 499
"""Status of requests whose client hung up; only the log sees it."""

_NOT_FOUND = Response("404 page not found", 404, media_type=TEXT)


class PathHandler:
    """ASGI application of one path: calls the handler of the method, and answers errors in the path's dialect."""

    def __init__(self, dialect: Dialect, endpoints: Mapping[str, Endpoint], services: Services) -> None:
        """Handle the methods in `endpoints`; HEAD is handled wherever GET is."""
        self._dialect = dialect
        self._services = services
        self.endpoints = dict(endpoints)
        if "GET" in self.endpoints:
            self.endpoints.setdefault("HEAD", self.endpoints["GET"])
        allow = {"Allow": ", ".join(self.endpoints)}
        self._not_allowed = Response("405 method not allowed", 405, allow, TEXT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self.endpoints.get(scope["method"])
        if endpoint is None:
            response = self._not_allowed
        else:
            try:
                response = await endpoint.handler(Request(scope, receive), self._services)
            except ClientGone:
                response = Response(status_code=CLIENT_GONE)
            except Exception as error:
                response = self._dialect.error_response(error)
        await response(scope, receive, send)


def make_router(tables: Iterable[RouteTable], services: Services) -> Router:
    """Return the ASGI application of all endpoints; unknown paths are answered with 404 as Ollama does."""
    paths: dict[str, tuple[Dialect, dict[str, Endpoint]]] = {}
    for table in tables:
        for endpoint in table.endpoints:
            paths.setdefault(endpoint.path, (table.dialect, {}))[1][endpoint.method] = endpoint
    routes = [Route(path, PathHandler(dialect, methods, services)) for path, (dialect, methods) in paths.items()]
    return Router(routes, redirect_slashes=False, default=_NOT_FOUND)
