"""The queue for long work: few jobs run at once, the others wait for their turn and hear how many are before them.

Its jobs are counted by client: by the address that a request comes from. An IPv6 address counts by its first 64 bits,
because whoever has one has all that share them.
"""

import asyncio
import ipaddress
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from paddock.errors import ErrorKind, PaddockError
from paddock.library.errors import Cancelled
from paddock.processors import processors
from paddock.progress import Progress
from paddock.service.fair_queue import FairQueue

STOPPING = "the server is stopping"


@dataclass(frozen=True)
class JobQueueConfig:
    """How many jobs run and wait."""

    slots: int = 1
    """Jobs that run at once."""
    max_waiting: int = 64
    """Jobs that wait at most; each holds a connection."""
    max_waiting_per_client: int = 32
    """Jobs of one client that wait at most, so that no client alone fills the queue."""


CORES_PER_JOB = 4
"""A job that quantizes or converts uses all cores, but waits for the disk about half of the time; it holds several
tensors in memory, gigabytes for a large model. So a second one beside it is worth its memory on a machine with many."""
MAX_JOBS = 4
"""Beyond this the disk is the limit."""


def jobs_at_once(cores: int | None = None) -> int:
    """Return how many models are quantized or converted at once on a machine of so many cores, by default this one."""
    return max(1, min(MAX_JOBS, (cores or processors()) // CORES_PER_JOB))


class QueueFull(PaddockError):
    """So many jobs wait already that another one may not."""

    kind = ErrorKind.OVERLOADED


def client_key(address: str) -> str:
    """Return what stands for a client in the queue: its address, of IPv6 the first 64 bits; "" for an unknown one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed)


class JobQueue:
    """Turns for long work, which clients have one after the other (see `FairQueue`). Belongs to one event loop."""

    def __init__(self, config: JobQueueConfig) -> None:
        self._config = config
        self._waiting: FairQueue[Turn] = FairQueue()
        self._running: set[Turn] = set()
        self._closed = False

    def join(self, client: str) -> "Turn":
        """Return a turn for a job of `client`, which has begun or waits. The caller leaves it in the end.

        Raises:
            QueueFull: if too many jobs wait.
            Cancelled: if the server is stopping.
        """
        if self._closed:
            raise Cancelled(STOPPING)
        key = client_key(client)
        if len(self._running) >= self._config.slots:
            if len(self._waiting) >= self._config.max_waiting:
                raise QueueFull(f"the queue for long work is full ({len(self._waiting)} jobs wait): try again later")
            if (own := self._waiting.count(key)) >= self._config.max_waiting_per_client:
                raise QueueFull(f"{own} jobs of yours wait already: try again when some of them are done")
        turn = Turn(self, key)
        self._waiting.add(key, turn)
        self._update()
        return turn

    def close(self) -> None:
        """Refuse further jobs and those that wait; running ones go on."""
        self._closed = True
        for turn in self._waiting.order():
            turn._changed.set()

    def _leave(self, turn: "Turn") -> None:
        self._running.discard(turn)
        self._waiting.remove(turn._client, turn)
        self._update()

    def _update(self) -> None:
        """Start the next jobs where there is room, and tell the others how many are before them."""
        while not self._closed and len(self._running) < self._config.slots and len(self._waiting):
            turn = self._waiting.take()
            self._running.add(turn)
            turn._set(0)
        for index, turn in enumerate(self._waiting.order()):
            turn._set(len(self._running) + index)


class Turn:
    """The place of a job in the queue, until it is left."""

    def __init__(self, queue: JobQueue, client: str) -> None:
        self._queue = queue
        self._client = client
        self._before = -1
        self._changed = asyncio.Event()

    @property
    def before(self) -> int:
        """Number of jobs that run or have their turn before this one; 0: it has begun."""
        return self._before

    async def wait(self) -> AsyncGenerator[int, None]:
        """Wait for the beginning, and yield how many jobs are before this one, whenever that changes.

        Raises:
            Cancelled: if the server is stopping.
        """
        told = 0
        while self._before:
            if self._queue._closed:
                raise Cancelled(STOPPING)
            if self._before != told:
                told = self._before
                yield told
                continue  # it may have changed meanwhile
            self._changed.clear()
            await self._changed.wait()

    async def progress(self) -> AsyncGenerator[Progress, None]:
        """Wait as `wait` does, and yield a status for each change, such as `waiting: 3 before you`."""
        async for before in self.wait():
            yield Progress(f"waiting: {before} before you")

    async def begin(self) -> None:
        """Wait for the beginning; leave the queue if that fails or is cancelled.

        Raises:
            Cancelled: if the server is stopping.
        """
        try:
            async for _ in self.wait():
                pass
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """End the job, or let it wait no more. Another call does nothing."""
        self._queue._leave(self)

    def _set(self, before: int) -> None:
        if before != self._before:
            self._before = before
            self._changed.set()
