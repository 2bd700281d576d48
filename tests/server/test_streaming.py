"""Streamed answers."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Message

from paddock.errors import ErrorKind, PaddockError
from paddock.protocol.errors import ErrorBody
from paddock.server.body import LARGE
from paddock.server.dialect import Dialect
from paddock.server.streaming import SEND, EventStream
from tests.server.asgi import Exchange


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


def stream(source: Source) -> EventStream[str]:
    return EventStream(SSE, aiter(source), str.encode, source.close, lambda batch: len(batch) > LARGE)


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


def test_a_large_batch_is_sent_in_pieces() -> None:
    exchange = call(Source("x" * (2 * LARGE + 1)), Exchange())
    assert [len(piece) for piece in exchange.pieces] == [LARGE, LARGE, 1, 0]


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
