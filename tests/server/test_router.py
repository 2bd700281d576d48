"""Dispatch from paths and methods to handlers, and from errors to answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from paddock.errors import ErrorKind, PaddockError
from paddock.protocol.errors import ErrorBody
from paddock.server.dialect import STATUSES, Dialect
from paddock.server.errors import ClientGone
from paddock.server.router import CLIENT_GONE, make_router
from paddock.server.routes import Endpoint, RouteTable
from paddock.server.services import Services
from tests.server.asgi import Exchange

SERVICES: Any = object()


def plain_body(kind: ErrorKind, message: str) -> ErrorBody:
    return ErrorBody(message)


def kind_body(kind: ErrorKind, message: str) -> ErrorBody:
    return ErrorBody(f"{kind}!")


class Busy(PaddockError):
    kind = ErrorKind.OVERLOADED


async def echo(request: Request, services: Services) -> Response:
    assert services is SERVICES
    return Response(f"{request.method} {request.path_params.get('name', '')}")


async def busy(request: Request, services: Services) -> Response:
    raise Busy("too much")


async def broken(request: Request, services: Services) -> Response:
    raise ZeroDivisionError("by 0")


async def gone(request: Request, services: Services) -> Response:
    raise ClientGone


def table(dialect: Dialect, prefix: str) -> RouteTable:
    paths = {"echo": ("GET", echo), "names/{name}": ("HEAD", echo), "busy": ("POST", busy)}
    paths |= {"broken": ("POST", broken), "gone": ("POST", gone)}
    endpoints = [
        Endpoint(id=path, method=method, path=f"/{prefix}/{path}", handler=handler, group="")
        for path, (method, handler) in paths.items()
    ]
    endpoints.append(Endpoint(id="post", method="POST", path=f"/{prefix}/names/{{name}}", handler=echo, group=""))
    return RouteTable(dialect, tuple(endpoints), Path())


FIRST = Dialect(name="first", error_type=ErrorBody, error_body=plain_body)
SECOND = Dialect(
    name="second", error_type=ErrorBody, error_body=kind_body, statuses={**STATUSES, ErrorKind.OVERLOADED: 529}
)


def ask(method: str, path: str) -> Exchange:
    router = make_router([table(FIRST, "first"), table(SECOND, "second")], SERVICES)
    return asyncio.run(Exchange(method, path).call(router))


def test_a_request_reaches_the_handler_of_its_path_and_method() -> None:
    assert ask("GET", "/first/echo").answer == b"GET "
    assert ask("HEAD", "/first/names/a").answer == b"HEAD a"
    assert ask("POST", "/second/names/b").answer == b"POST b"


def test_head_is_answered_where_get_is() -> None:
    assert ask("HEAD", "/first/echo").status == 200


@pytest.mark.parametrize("path", ["/", "/first", "/first/echo/", "/third/echo"])
def test_an_unknown_path_is_answered_as_by_ollama(path: str) -> None:
    exchange = ask("GET", path)
    assert (exchange.status, exchange.answer) == (404, b"404 page not found")
    assert exchange.answer_headers["content-type"] == "text/plain; charset=utf-8"


def test_a_wrong_method_is_told_the_right_ones() -> None:
    exchange = ask("DELETE", "/first/names/a")
    assert (exchange.status, exchange.answer) == (405, b"405 method not allowed")
    assert exchange.answer_headers["allow"] == "HEAD, POST"
    assert ask("POST", "/second/echo").answer_headers["allow"] == "GET, HEAD"


def test_an_error_is_answered_in_the_dialect_of_its_path() -> None:
    first, second = ask("POST", "/first/busy"), ask("POST", "/second/busy")
    assert (first.status, first.answer) == (503, b'{"error":"too much"}')
    assert (second.status, second.answer) == (529, b'{"error":"overloaded!"}')


def test_an_unexpected_error_is_an_internal_one() -> None:
    exchange = ask("POST", "/first/broken")
    assert (exchange.status, exchange.answer) == (500, b'{"error":"internal error: ZeroDivisionError: by 0"}')


def test_a_client_that_has_gone_is_answered_for_the_log_only() -> None:
    exchange = ask("POST", "/first/gone")
    assert (exchange.status, exchange.answer) == (CLIENT_GONE, b"")
