"""Answers to long operations on models."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest
from starlette.requests import Request
from starlette.types import Message

from paddock.errors import PaddockError
from paddock.progress import Progress
from paddock.server.dialects.ollama.progress import progress_stream, success_at_end
from paddock.server.errors import ClientGone
from tests.server.asgi import Exchange

REPORTS = (
    Progress("pulling manifest"),
    Progress("pulling abc", digest="sha256:abc", total=10, completed=4),
    Progress("quantizing", total=7, completed=1),
    Progress("success"),
)


class Operation:
    """An operation that reports `REPORTS`, and then fails, ends, or goes on for ever."""

    def __init__(self, error: Exception | None = None, endless: bool = False) -> None:
        self.ended = False
        self._error = error
        self._endless = endless

    async def run(self) -> AsyncGenerator[Progress, None]:
        try:
            for report in REPORTS:
                yield report
            if self._endless:
                await asyncio.Event().wait()
            if self._error is not None:
                raise self._error
        finally:
            self.ended = True


def request(*, hangs_up: bool = False) -> Request:
    async def receive() -> Message:
        if not hangs_up:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, receive)


def test_each_report_is_a_line_with_its_bytes() -> None:
    async def run() -> Exchange:
        return await Exchange().call(progress_stream(Operation().run()))

    exchange = asyncio.run(run())
    assert [json.loads(line) for line in exchange.answer.splitlines()] == [
        {"status": "pulling manifest"},
        {"status": "pulling abc", "digest": "sha256:abc", "total": 10, "completed": 4},
        {"status": "quantizing", "digest": "0" * 19, "total": 7, "completed": 1},
        {"status": "success"},
    ]


def test_an_error_is_the_last_line() -> None:
    async def run() -> Exchange:
        return await Exchange().call(progress_stream(Operation(PaddockError("no space")).run()))

    assert json.loads(asyncio.run(run()).answer.splitlines()[-1]) == {"error": "no space"}


def test_without_streaming_the_end_is_one_object() -> None:
    async def run() -> bytes:
        return bytes((await success_at_end(request(), Operation().run())).body)

    assert asyncio.run(run()) == b'{"status":"success"}'


def test_without_streaming_an_error_is_raised() -> None:
    async def run() -> None:
        await success_at_end(request(), Operation(PaddockError("no space")).run())

    with pytest.raises(PaddockError, match="no space"):
        asyncio.run(run())


def test_the_operation_ends_when_the_client_goes_away() -> None:
    operation = Operation(endless=True)

    async def run() -> None:
        with pytest.raises(ClientGone):
            await success_at_end(request(hangs_up=True), operation.run())
        assert operation.ended

    asyncio.run(run())
