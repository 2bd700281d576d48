"""Streamed answers."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from paddock.errors import ErrorKind, PaddockError
from paddock.protocol.errors import ErrorBody
from paddock.server.body_budget import LARGE
from paddock.server.dialect import Dialect
from paddock.server.streaming import SEND, EventStream
from tests.conftest import SKY
from tests.server.asgi import Exchange
from tests.server.servers import ServerUnderTest


def sse_event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def error_body(kind: ErrorKind, message: str) -> ErrorBody:
    return ErrorBody(f"{kind}: {message}")


SSE = Dialect(
    name="test",
    error_type=ErrorBody,
    error_body=error_body,
    stream_media_type="text/event-stream",
    frame=sse_event,
)


class Source:
    """Batches that are streamed, with an error or an endless wait at the end."""

    def __init__(self, *batches: str, error: Exception | None = None, endless: bool = False) -> None:
        self.closed = 0
        self.cancelled = False
        self._batches = batches
        self._error = error
        self._endless = endless

    async def __aiter__(self) -> AsyncIterator[str]:
        try:
            for batch in self._batches:
                yield batch
            if self._endless:
                await asyncio.Event().wait()
            if self._error is not None:
                raise self._error
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    async def close(self) -> None:
        self.closed += 1


def events(batch: str) -> list[bytes]:
    """Return an event for each word."""
    return batch.encode().split()


def stream(source: Source) -> EventStream[str]:
    return EventStream(SSE, aiter(source), events, source.close, lambda batch: len(batch) > LARGE)


def call(source: Source, exchange: Exchange) -> Exchange:
    async def run() -> Exchange:
        return await asyncio.wait_for(exchange.call(stream(source)), 10)

    return asyncio.run(run())


def test_each_batch_is_sent_by_itself_in_the_media_type_of_the_dialect() -> None:
    source = Source("a", "b")
    exchange = call(source, Exchange())
    assert exchange.answer_headers == {"content-type": "text/event-stream; charset=utf-8"}
    assert exchange.pieces == [b"a", b"b", b""]
    assert [message.get("more_body", False) for message in exchange.sent[1:]] == [True, True, False]
    assert source.closed == 1


def test_an_error_is_the_last_event_in_the_form_of_the_dialect() -> None:
    source = Source("a", error=PaddockError("it broke"))
    exchange = call(source, Exchange())
    assert exchange.pieces == [b"a", b'data: {"error":"internal: it broke"}\n\n', b""]
    assert source.closed == 1


def test_a_client_that_goes_away_cancels_the_iteration() -> None:
    source = Source("a", endless=True)
    call(source, Exchange(hangs_up=True))
    assert source.cancelled
    assert source.closed == 1


def test_each_event_of_a_batch_is_a_chunk_of_its_own_also_if_the_batch_is_large() -> None:
    exchange = call(Source("a b c", "x" * (LARGE + 1) + " d"), Exchange())
    assert exchange.pieces == [b"a", b"b", b"c", b"x" * (LARGE + 1), b"d", b""]


@pytest.mark.parametrize("path", ["/api/generate", "/api/chat", "/api/create"])
def test_each_http_chunk_is_one_whole_line(server: ServerUnderTest, path: str) -> None:
    fields = {
        "/api/generate": {"model": "tiny", "prompt": "Once", "options": {"temperature": 2, "seed": 1}},
        "/api/chat": {"model": "tiny", "messages": [{"role": "user", "content": SKY}]},
        "/api/create": {"model": "chunks", "from": "tiny", "system": "Be brief."},
    }[path]
    body = json.dumps(fields).encode()
    with server.connect() as connection, connection.makefile("rb") as answer:
        connection.sendall(
            b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (path.encode(), len(body))
        )
        connection.sendall(body)
        while answer.readline().strip():
            pass
        lines = 0
        while size := int(answer.readline(), 16):
            chunk = answer.read(size + 2)
            assert chunk.endswith(b"\n\r\n")
            assert isinstance(json.loads(chunk), dict)
            lines += 1
    assert lines > 3


def test_only_the_start_of_the_answer_passes_the_middleware() -> None:
    past_middleware: list[Message] = []
    source = Source("a")
    exchange = Exchange()

    async def send_below(message: Message) -> None:
        past_middleware.append(message)

    async def run() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        await stream(source)({**exchange.scope, SEND: send_below}, receive, exchange.send)

    asyncio.run(run())
    assert [message["type"] for message in exchange.sent] == ["http.response.start"]
    assert [message["body"] for message in past_middleware] == [b"a", b""]
