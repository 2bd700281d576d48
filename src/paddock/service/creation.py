"""Making models: the base is pulled first if the library does not have it."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from paddock.library.errors import Cancelled
from paddock.progress import REPORT_SECONDS, Progress
from paddock.service.loader import ModelLoader
from paddock.service.models import CreateModel, Creation, ModelService
from paddock.service.transfer import TransferService


class CreationService:
    """Makes models."""

    def __init__(self, models: ModelService, transfer: TransferService, loader: ModelLoader) -> None:
        self._models = models
        self._transfer = transfer
        self._loader = loader
        self._closing = False

    def close(self) -> None:
        """Cancel long work, such as quantizing, soon; it leaves nothing behind."""
        self._closing = True

    async def create(self, order: CreateModel) -> AsyncGenerator[Progress, None]:
        """Return the progress of making a model, including the pull of its base; the last status is `success`.

        Closing the generator cancels the pull, and long work such as quantizing; the rest is finished, because a model
        is made as a whole or not at all.

        Raises:
            LibraryError: if the request itself is wrong. Later errors are raised by the generator.
        """
        return self._pull_and_make(await asyncio.to_thread(self._models.creation, order))

    async def _pull_and_make(self, creation: Creation) -> AsyncGenerator[Progress, None]:
        if creation.missing_base is not None:
            async with aclosing(await self._transfer.pull(creation.missing_base.full)) as pulled:
                async for line in pulled:
                    yield line
        async with aclosing(self._make(creation)) as made:
            async for line in made:
                yield line

    async def _make(self, creation: Creation) -> AsyncGenerator[Progress, None]:
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[Progress | None] = asyncio.Queue()
        abandoned = False
        last, reported = Progress(), 0.0

        def report(progress: Progress) -> None:
            nonlocal last, reported
            if progress.total:
                if abandoned or self._closing:
                    raise Cancelled("the server is stopping")
                soon = time.monotonic() < reported + REPORT_SECONDS and progress.completed < progress.total
                if progress == last or (progress.status == last.status and soon):
                    return
                last, reported = progress, time.monotonic()
            loop.call_soon_threadsafe(lines.put_nowait, progress)

        task = asyncio.create_task(asyncio.to_thread(creation.make, report))
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
