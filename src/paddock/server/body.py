"""Reading the bodies of requests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.types import Message

from paddock.protocol.json import decode
from paddock.server.body_budget import LARGE, BodyShare, bytes_of_values, share_of
from paddock.server.errors import BodyTooSlow, ClientGone

T = TypeVar("T")


async def read_request(request: Request, read: Callable[[bytes], T]) -> T:
    """Return `read(body)` for the whole body, called in a thread if the body is large. Raises as `read` does.

    Raises:
        BodyTooLarge, BodiesTooLarge: if the server has no memory for it (see `BodyBudget`).
        BodyTooSlow: if it does not arrive in time.
        ClientGone: if the client hung up before the end of the body.
    """
    share = share_of(request.scope)
    length = request.headers.get("content-length", "")
    if length.isdigit():
        share.announce(int(length))
    message = await request.receive()
    if message.get("more_body", False):
        body = await _read_rest(request, message, share)
    else:
        body = _body_of(message)
        share.take(len(body))
    if len(body) <= LARGE:
        return read(body)
    share.take_values(await asyncio.to_thread(bytes_of_values, body, share.config))
    return await asyncio.to_thread(read, body)


async def read_json(request: Request, kind: type[T]) -> T:
    """Return the whole body decoded as a `kind`.

    Raises:
        BadRequest: if it is not JSON of that kind.
        PaddockError, ClientGone: as `read_request`.
    """
    return await read_request(request, lambda body: decode(body, kind))


async def body_stream(request: Request) -> AsyncIterator[bytes]:
    """Yield the pieces of the body as they arrive.

    Raises:
        ClientGone: if the client hung up before the end of the body.
    """
    more = True
    while more:
        message = await request.receive()
        if body := _body_of(message):
            yield body
        more = message.get("more_body", False)


async def _read_rest(request: Request, first: Message, share: BodyShare) -> bytes:
    pieces: list[bytes] = []
    message = first
    try:
        async with asyncio.timeout(share.config.max_seconds):
            while True:
                piece = _body_of(message)
                share.take(len(piece))
                pieces.append(piece)
                if not message.get("more_body", False):
                    return b"".join(pieces)
                message = await request.receive()
    except TimeoutError:
        raise BodyTooSlow(f"the request body did not arrive within {share.config.max_seconds:.0f} seconds") from None


def _body_of(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    return body
