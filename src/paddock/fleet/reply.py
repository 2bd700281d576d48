"""What one request gets, from the runner to whoever waits: a stream of events, or the vectors of its texts."""

import asyncio
from array import array
from collections.abc import Callable

from paddock.fleet.errors import FleetError
from paddock.ipc import Chunk, Finished, Vector

ReplyEvent = Chunk | Finished


class Reply:
    """What a runner answers to one request: `Chunk`s, then one `Finished`.

    Close it in any case: closing one that has not finished cancels the request.
    """

    def __init__(self, request: int, cancel: Callable[[int], None]) -> None:
        self.request = request
        self.ended = False
        self._cancel = cancel
        self._events: list[ReplyEvent] = []
        self._error: FleetError | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> list[ReplyEvent]:
        """Wait for events and return all that have come since the last call; empty after the end.

        Raises:
            FleetError: if the request failed or its runner died.
        """
        while not self._events:
            if self._error is not None:
                raise self._error
            if self.ended:
                return []
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        events, self._events = self._events, []
        return events

    def put(self, event: ReplyEvent) -> None:
        """Add an event."""
        self._events.append(event)
        if isinstance(event, Finished):
            self.ended = True
        self._wake()

    def fail(self, error: FleetError) -> None:
        """End with an error, which comes after the events that are there."""
        self._error = error
        self.ended = True
        self._wake()

    def close(self) -> None:
        """Say that nobody reads any more."""
        if not self.ended:
            self.ended = True
            self._cancel(self.request)
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Vectors:
    """The embeddings of one request's texts, gathered as they come."""

    def __init__(self, count: int) -> None:
        self.numbers: list[array[float]] = [array("f")] * count
        """In the order of the texts; complete after `wait`."""
        self.tokens = 0
        """Of all texts together."""
        self._missing = count
        self._complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not count:
            self._complete.set_result(None)

    @property
    def ended(self) -> bool:
        """Whether all have come, or none will any more."""
        return self._complete.done() and not self._complete.cancelled()

    async def wait(self) -> None:
        """Wait until all are there.

        Raises:
            FleetError: if the request failed or its runner died.
        """
        await self._complete

    def put(self, vector: Vector) -> None:
        """Add one."""
        self.numbers[vector.number] = array("f", vector.data)
        self.tokens += vector.tokens
        self._missing -= 1
        if not self._missing and not self._complete.done():
            self._complete.set_result(None)

    def fail(self, error: FleetError) -> None:
        """End with an error."""
        if not self._complete.done():
            self._complete.set_exception(error)
