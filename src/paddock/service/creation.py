"""Making models for clients: what they are made from is pulled first if it is not here."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from paddock.library.errors import Cancelled
from paddock.progress import REPORT_SECONDS, Progress
from paddock.service.loader import Loader
from paddock.service.models import Catalog, CreateModel, Creation
from paddock.service.transfer import Transfer


class Creator:
    """The service that makes models."""

    def __init__(self, catalog: Catalog, transfer: Transfer, loader: Loader) -> None:
        self._catalog = catalog
        self._transfer = transfer
        self._loader = loader
        self._closing = False

    def close(self) -> None:
        """Have what takes long given up soon; nothing is left of it."""
        self._closing = True

    async def create(self, wanted: CreateModel) -> AsyncGenerator[Progress, None]:
        """Return the lines of making a model, those of pulling its base among them; the last is `success`.

        Whoever closes them gives up the pull, and what takes long, such as quantizing; but not the rest: a model is
        made as a whole or not at all.

        Raises:
            LibraryError: if the request itself is wrong. All else comes while the lines are read.
        """
        return self._lines(await asyncio.to_thread(self._catalog.creation, wanted))

    async def _lines(self, creation: Creation) -> AsyncGenerator[Progress, None]:
        if creation.absent is not None:
            async with aclosing(await self._transfer.pull(creation.absent.full)) as pulled:
                async for line in pulled:
                    yield line
        async with aclosing(self._made(creation)) as made:
            async for line in made:
                yield line

    async def _made(self, creation: Creation) -> AsyncGenerator[Progress, None]:
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
            task.exception()  # it may be that nobody asks any more
            await self._loader.unload_replaced()
        task.result()
