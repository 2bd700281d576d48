"""Dispatch from paths and methods to handlers, and from errors to answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from paddock.errors import ErrorKind, PaddockError
from paddock.protocol.errors import ErrorBody
from paddock.server.body_budget import SHARE, BodyBudget
from paddock.server.connection import INPUT_ENDED, NEEDS_INPUT
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


async def hungry(request: Request, services: Services) -> Response:
    raise MemoryError


async def gone(request: Request, services: Services) -> Response:
    raise ClientGone


def table(dialect: Dialect, prefix: str) -> RouteTable:
    paths = {"echo": ("GET", echo), "names/{name}": ("HEAD", echo), "busy": ("POST", busy)}
    paths |= {"broken": ("POST", broken), "gone": ("POST", gone), "hungry": ("POST", hungry)}
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


@pytest.mark.parametrize(("dialect", "status"), [("first", 503), ("second", 529)])
def test_a_lack_of_memory_is_answered_in_a_sentence_of_the_dialect(dialect: str, status: int) -> None:
    exchange = ask("POST", f"/{dialect}/hungry")
    assert exchange.status == status
    assert exchange.answer_headers["retry-after"] == "1"
    assert b"too little memory" in exchange.answer or b"overloaded!" in exchange.answer


def test_what_a_body_has_taken_is_given_back_whatever_happens() -> None:
    budget = BodyBudget()

    async def greedy(request: Request, services: Services) -> Response:
        request.scope[SHARE].take(1000)
        assert budget.in_use == 1000
        raise Busy("too much")

    endpoint = Endpoint(id="x", method="POST", path="/x", handler=greedy, group="")
    router = make_router([RouteTable(FIRST, (endpoint,), Path())], SERVICES, budget)
    assert asyncio.run(Exchange("POST", "/x").call(router)).status == 503
    assert budget.in_use == 0


def test_a_request_that_needs_its_input_is_given_up_if_that_has_ended() -> None:
    seen = []

    async def work(request: Request, services: Services) -> Response:
        seen.append(request.scope.get(NEEDS_INPUT))
        return Response("done")

    class Ended(Exchange):
        @property
        def scope(self) -> Scope:
            return {**super().scope, INPUT_ENDED: True}

    for needs_input, exchange, status in (
        (True, Exchange, 200), (True, Ended, CLIENT_GONE), (False, Exchange, 200), (False, Ended, 200)
    ):  # fmt: skip
        endpoint = Endpoint(id="x", method="POST", path="/x", handler=work, group="", needs_input=needs_input)
        router = make_router([RouteTable(FIRST, (endpoint,), Path())], SERVICES)
        assert asyncio.run(exchange("POST", "/x").call(router)).status == status
    assert seen == [True, None, None]


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
