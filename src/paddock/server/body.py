"""Reading the bodies of requests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from starlette.requests import Request

from paddock.protocol.json import decode
from paddock.server.errors import BodyTooLarge, ClientGone

MAX_JSON_BODY = 100 << 20
LARGE = 1 << 18
"""Bytes of JSON that are decoded or encoded within a millisecond or two. More is done in a thread, so that the event
loop stays free for other requests."""

T = TypeVar("T")


async def read_request(request: Request, read: Callable[[bytes], T]) -> T:
    """Return `read(body)` for the whole body, called in a thread if the body is large. Raises as `read` does.

    Raises:
        BodyTooLarge: if the body is larger than `MAX_JSON_BODY`.
        ClientGone: if the client hung up before the end of the body.
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
    body = b"".join(pieces)
    return read(body) if size <= LARGE else await asyncio.to_thread(read, body)


async def read_json(request: Request, kind: type[T]) -> T:
    """Return the whole body decoded as a `kind`.

    Raises:
        BadRequest, BodyTooLarge, ClientGone: if it is not JSON of that kind, or as `read_request` does.
    """
    return await read_request(request, lambda body: decode(body, kind))


async def body_stream(request: Request) -> AsyncIterator[bytes]:
    """Yield the pieces of the body as they arrive.

    Raises:
        ClientGone: if the client hung up before the end of the body.
    """
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if body := message.get("body", b""):
            yield body
        if not message.get("more_body", False):
            return
