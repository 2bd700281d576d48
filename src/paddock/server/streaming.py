"""Streamed answers, in the framing of their dialect."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import Generic, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.server.cork import CORK, CorkableTransport
from paddock.server.dialect import Dialect
from paddock.server.disconnect import while_connected
from paddock.server.errors import ClientGone

T = TypeVar("T")

BODY = "http.response.body"
SEND = "paddock.send"
"""Key of the ASGI scope with the `send` below all middleware. Middleware needs to see only the start of an answer, so
that the thousands of pieces of a stream skip it."""


class EventStream(Response, Generic[T]):
    """An answer that is sent batch by batch, each as soon as it is there.

    An error after the start becomes the last event. If the client goes away, the iteration is cancelled.
    """

    def __init__(
        self,
        dialect: Dialect,
        batches: AsyncIterator[T],
        encode: Callable[[T], Sequence[bytes]],
        close: Callable[[], Awaitable[None]],
        is_large: Callable[[T], bool] | None = None,
    ) -> None:
        """Stream what `encode` makes of each batch.

        Args:
            dialect: gives the media type and the form of an error.
            batches: what is streamed.
            encode: returns the events of a batch, framed. Each becomes one chunk of the answer, since many clients take
                a chunk for an event; the chunks of a batch are written together.
            close: called once at the end, whatever happened, even if no batch was taken.
            is_large: returns whether `encode` takes long for a batch and must run in a thread.
        """
        super().__init__(media_type=dialect.stream_media_type)
        self._dialect = dialect
        self._batches = batches
        self._encode = encode
        self._close = close
        self._is_large = is_large
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await while_connected(receive, self._send(scope.get(SEND, send), scope.get(CORK)))
        except ClientGone:
            return
        finally:
            await self._close()

    async def _send(self, send: Send, transport: CorkableTransport | None) -> None:
        encode, is_large = self._encode, self._is_large
        try:
            async for batch in self._batches:
                if is_large is not None and is_large(batch):
                    await self._send_large(send, batch)
                else:
                    events = encode(batch)
                    with transport.corked() if transport is not None and len(events) > 1 else nullcontext():
                        for event in events:
                            await send({"type": BODY, "body": event, "more_body": True})
        except Exception as error:
            await send({"type": BODY, "body": self._dialect.error_event(error), "more_body": True})
        await send({"type": BODY, "body": b""})

    async def _send_large(self, send: Send, batch: T) -> None:
        for event in await asyncio.to_thread(self._encode, batch):
            await send({"type": BODY, "body": event, "more_body": True})
