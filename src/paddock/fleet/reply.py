"""The answers to one request: the events of a reply as they come, or the vectors of its texts."""

import asyncio
from array import array
from collections.abc import Callable

from paddock.fleet.errors import FleetError, UnreadReply
from paddock.ipc import Chunk, Finished, Vector

ReplyEvent = Chunk | Finished

MAX_UNREAD = 1 << 16
"""Pieces of a reply that wait for its reader, some 15 MB. Whoever reads nothing has 4 MB in the system's buffers before
the first of them waits here."""
MAX_UNREAD_WITH_LOGPROBS = MAX_UNREAD >> 5
"""The same for pieces with log probabilities, of which each takes up to 5 kB."""


class Reply:
    """The stream of events that answers one request: any number of `Chunk`s, then one `Finished`.

    Close it in any case: closing one that has not ended cancels the request. It is cancelled, too, if its reader falls
    too far behind.
    """

    def __init__(self, request: int, cancel: Callable[[int], None], *, has_logprobs: bool = False) -> None:
        self.request = request
        """The id of the request."""
        self.ended = False
        """Whether nothing more comes."""
        self._cancel = cancel
        self._max_unread = MAX_UNREAD_WITH_LOGPROBS if has_logprobs else MAX_UNREAD
        self._loop = asyncio.get_running_loop()
        self._events: list[ReplyEvent] = []
        self._error: FleetError | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> list[ReplyEvent]:
        """Wait for events and return all that have come since the last call; return none after the end.

        Raises:
            FleetError: if the request failed or its runner died.
        """
        while not self._events:
            if self._error is not None:
                raise self._error
            if self.ended:
                return []
            self._waiter = self._loop.create_future()
            await self._waiter
        events, self._events = self._events, []
        return events

    def put(self, event: ReplyEvent) -> None:
        """Add an event and wake the reader, once for all events of a frame."""
        events = self._events
        events.append(event)
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
        elif len(events) > self._max_unread and not self.ended:
            self._cancel(self.request)
            self.fail(UnreadReply(len(events)))

    def finish(self, event: Finished) -> None:
        """Add the last event."""
        self.ended = True
        self.put(event)

    def fail(self, error: FleetError) -> None:
        """End with an error. The reader gets it after the events that have come."""
        self._error = error
        self._end()

    def close(self) -> None:
        """Cancel the request unless it has ended; nobody reads any more."""
        if not self.ended:
            self._cancel(self.request)
            self._end()

    def _end(self) -> None:
        self.ended = True
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Vectors:
    """The vectors of one request's texts, collected as they come."""

    def __init__(self, count: int) -> None:
        self.numbers: list[array[float]] = [array("f")] * count
        """One vector of each text, in the order of the texts; complete after `wait`."""
        self.tokens = 0
        """Number of tokens of all texts together."""
        self._missing = count
        self._complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not count:
            self._complete.set_result(None)

    @property
    def ended(self) -> bool:
        """Whether all vectors have come, or none will any more."""
        return self._complete.done() and not self._complete.cancelled()

    async def wait(self) -> None:
        """Wait until all vectors have come.

        Raises:
            FleetError: if the request failed or its runner died.
        """
        await self._complete

    def put(self, vector: Vector) -> None:
        """Add a vector."""
        self.numbers[vector.number] = array("f", vector.data)
        self.tokens += vector.tokens
        self._missing -= 1
        if not self._missing and not self._complete.done():
            self._complete.set_result(None)

    def fail(self, error: FleetError) -> None:
        """End with an error."""
        if not self._complete.done():
            self._complete.set_exception(error)
