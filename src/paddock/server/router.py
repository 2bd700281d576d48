"""Dispatch: from a request's path and method to its handler, and from errors to answers."""

import logging
from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from paddock.server.body_budget import SHARE, BodyBudget, BodyShare
from paddock.server.dialect import Dialect
from paddock.server.disconnect import require_input
from paddock.server.errors import ClientGone, OutOfMemory
from paddock.server.media_types import TEXT
from paddock.server.routes import Endpoint, RouteTable
from paddock.server.services import Services

log = logging.getLogger("paddock.server")

CLIENT_GONE = 499
"""Status of requests whose client hung up; only the log sees it."""

_NOT_FOUND = Response("404 page not found", 404, media_type=TEXT)


class PathHandler:
    """ASGI application of one path: calls the handler of the method, and answers errors in the path's dialect."""

    def __init__(
        self, dialect: Dialect, endpoints: Mapping[str, Endpoint], services: Services, budget: BodyBudget
    ) -> None:
        """Handle the methods in `endpoints`; HEAD is handled wherever GET is. Bodies are counted in `budget`."""
        self._dialect = dialect
        self._services = services
        self._budget = budget
        self._no_memory = dialect.error_response(OutOfMemory())
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
            share = scope[SHARE] = BodyShare(self._budget)
            try:
                if endpoint.needs_input:
                    require_input(scope)
                response = await endpoint.handler(Request(scope, receive), self._services)
            except ClientGone:
                response = Response(status_code=CLIENT_GONE)
            except MemoryError:
                log.error("no memory for %s %s", scope["method"], scope["path"])
                response = self._no_memory  # made before: what the request has taken is not free yet
            except Exception as error:
                response = self._dialect.error_response(error)
            finally:
                share.release()
        await response(scope, receive, send)


def make_router(tables: Iterable[RouteTable], services: Services, budget: BodyBudget | None = None) -> Router:
    """Return the ASGI application of all endpoints, whose requests' bodies are counted in `budget`.

    Unknown paths are answered with 404, as Ollama does.
    """
    paths: dict[str, tuple[Dialect, dict[str, Endpoint]]] = {}
    for table in tables:
        for endpoint in table.endpoints:
            paths.setdefault(endpoint.path, (table.dialect, {}))[1][endpoint.method] = endpoint
    budget = budget or BodyBudget()
    routes = [Route(path, PathHandler(one[0], one[1], services, budget)) for path, one in paths.items()]
    return Router(routes, redirect_slashes=False, default=_NOT_FOUND)
