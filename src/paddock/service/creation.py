"""Making models: the base is pulled first if the library does not have it, and long work waits for its turn."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from paddock.library.errors import Cancelled
from paddock.progress import REPORT_SECONDS, Progress
from paddock.service.job_queue import STOPPING, JobQueue, JobQueueConfig, jobs_at_once
from paddock.service.loader import ModelLoader
from paddock.service.models import CreateModel, Creation, ModelService
from paddock.service.transfer import TransferService
from paddock.thread_pool import ThreadPool

QUICK_THREADS = 8
"""Models that are made at once of what is there already, which takes milliseconds."""


class CreationService:
    """Makes models. Those whose files are quantized, converted or copied wait for their turn in `queue`."""

    def __init__(
        self, models: ModelService, transfer: TransferService, loader: ModelLoader, queue: JobQueueConfig | None = None
    ) -> None:
        config = queue or JobQueueConfig(slots=jobs_at_once())
        self._models = models
        self._transfer = transfer
        self._loader = loader
        self._queue = JobQueue(config)
        self._long = ThreadPool(config.slots, "paddock-long")
        self._quick = ThreadPool(QUICK_THREADS, "paddock-create")
        self._closing = False

    def close(self) -> None:
        """Cancel long work, such as quantizing, soon, and what waits for it at once; it leaves nothing behind."""
        self._closing = True
        self._queue.close()

    async def create(
        self, order: CreateModel, client: str = "", begin_long: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[Progress, None]:
        """Return the progress of making a model, including the pull of its base; the last status is `success`.

        Long work waits for a turn of `client`, with a status such as `waiting: 3 before you`. Closing the generator
        leaves the queue, and cancels the pull and long work; the rest is finished, because a model is made as a whole
        or not at all.

        Args:
            client: the address that the request comes from.
            begin_long: called before the first report if there is more to do than takes some milliseconds; what it
                raises is raised by the generator.

        Raises:
            LibraryError: if the request itself is wrong. Later errors are raised by the generator, `QueueFull` too.
        """
        if self._models.copies_local_files(order):
            return self._copy_and_make(order, client, begin_long)
        return self._pull_and_make(await self._quick.run(self._models.creation, order), client, begin_long)

    async def _copy_and_make(
        self, order: CreateModel, client: str, begin_long: Callable[[], None]
    ) -> AsyncGenerator[Progress, None]:
        begin_long()
        turn = self._queue.join(client)
        try:
            async for line in turn.progress():
                yield line
            creation = await self._copied(order)
        finally:
            turn.leave()
        async with aclosing(self._pull_and_make(creation, client, lambda: None)) as made:
            async for line in made:
                yield line

    async def _copied(self, order: CreateModel) -> Creation:
        """Copy the local files of an order; give that up if the caller is cancelled or the server stops."""
        abandoned = False

        def check() -> None:
            if abandoned or self._closing:
                raise Cancelled(STOPPING)

        task = asyncio.create_task(self._long.run(self._models.creation, order, check))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            abandoned = True
            await asyncio.wait((task,))
            task.exception()
            raise

    async def _pull_and_make(
        self, creation: Creation, client: str, begin_long: Callable[[], None]
    ) -> AsyncGenerator[Progress, None]:
        if creation.is_long or creation.missing_base is not None:
            begin_long()
        if creation.missing_base is not None:
            async with aclosing(await self._transfer.pull(creation.missing_base.full)) as pulled:
                async for line in pulled:
                    yield line
        if not creation.is_long:
            async with aclosing(self._make(creation, self._quick)) as made:
                async for line in made:
                    yield line
            return
        turn = self._queue.join(client)
        try:
            async for line in turn.progress():
                yield line
            async with aclosing(self._make(creation, self._long)) as made:
                async for line in made:
                    yield line
        finally:
            turn.leave()

    async def _make(self, creation: Creation, threads: ThreadPool) -> AsyncGenerator[Progress, None]:
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[Progress | None] = asyncio.Queue()
        abandoned = False
        last, reported = Progress(), 0.0

        def report(progress: Progress) -> None:
            nonlocal last, reported
            if progress.total:
                if abandoned or self._closing:
                    raise Cancelled(STOPPING)
                soon = time.monotonic() < reported + REPORT_SECONDS and progress.completed < progress.total
                if progress == last or (progress.status == last.status and soon):
                    return
                last, reported = progress, time.monotonic()
            loop.call_soon_threadsafe(lines.put_nowait, progress)

        task = asyncio.create_task(threads.run(creation.make, report))
        task.add_done_callback(lambda _: lines.put_nowait(None))
        try:
            while (line := await lines.get()) is not None:
                yield line
        finally:
            abandoned = True
            await asyncio.wait((task,))
            task.exception()  # marks it as retrieved, even if the caller has gone
            await self._loader.unload_replaced()
        task.result()
