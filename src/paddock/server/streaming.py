"""Bodies in, streams out, and clients that go away in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.protocol.json import decode
from paddock.server.errors import BodyTooLarge, ClientGone, error_body

MAX_JSON_BODY = 100 << 20
LARGE = 1 << 18
"""Bytes that are read or written, as JSON, within a millisecond or two; with more, others would wait for it."""
NDJSON = "application/x-ndjson"

T = TypeVar("T")


async def read_body(request: Request) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: if it is larger than a JSON body may be.
        ClientGone: if the client hung up before its end.
    """
    too_large = BodyTooLarge(f"the request body is larger than {MAX_JSON_BODY >> 20} MB")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_JSON_BODY:
        raise too_large
    pieces: list[bytes] = []
    size = 0
    async for piece in body_stream(request):
        size += len(piece)
        if size > MAX_JSON_BODY:
            raise too_large
        pieces.append(piece)
    return b"".join(pieces)


async def read_request(request: Request, read: Callable[[bytes], T]) -> T:
    """Return what `read` makes of the whole body, in a thread if that may take long; raises as `read_body` and it."""
    body = await read_body(request)
    return read(body) if len(body) <= LARGE else await asyncio.to_thread(read, body)


async def read_json(request: Request, kind: type[T]) -> T:
    """Return the whole body as a `kind`, decoded in a thread if that may take long.

    Raises:
        BadRequest, BodyTooLarge, ClientGone: if it is no JSON of that kind, or as `read_body`.
    """
    return await read_request(request, lambda body: decode(body, kind))


async def body_stream(request: Request) -> AsyncIterator[bytes]:
    """Go through the body in the pieces in which it comes.

    Raises:
        ClientGone: if the client hung up before its end.
    """
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if body := message.get("body", b""):
            yield body
        if not message.get("more_body", False):
            return


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do `work`, but give it up when the client goes away. The body must have been read.

    Raises:
        ClientGone: if the client went away first.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        gone.cancel()
        await _stop(task)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stop(task: "asyncio.Task[Any]") -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()


class NDJSONStream(Response):
    """A stream of JSON lines, each piece of `lines` sent as soon as it is there.

    An error after the beginning becomes one more line; a client that goes away ends the iteration.
    """

    def __init__(self, lines: AsyncIterator[bytes], close: Callable[[], Awaitable[None]]) -> None:
        """Stream `lines`; `close` is called at the end, whatever happened, even if no line was taken."""
        super().__init__(media_type=NDJSON)
        self._lines = lines
        self._close = close
        self.raw_headers = [(k, v) for k, v in self.raw_headers if k != b"content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await while_connected(receive, self._send(send))
        except ClientGone:
            return
        finally:
            await self._close()

    async def _send(self, send: Send) -> None:
        try:
            async for data in self._lines:
                await send({"type": "http.response.body", "body": data, "more_body": True})
        except Exception as error:
            await send({"type": "http.response.body", "body": error_body(error) + b"\n", "more_body": True})
        await send({"type": "http.response.body", "body": b""})
