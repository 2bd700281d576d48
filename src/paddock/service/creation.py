"""Making models for clients: what they are made from is pulled first if it is not here."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from paddock.library.create.progress import Measured, Stopped
from paddock.registry import Progress
from paddock.registry.transfer.progress import INTERVAL
from paddock.service.loader import Loader
from paddock.service.models import Catalog, CreateModel, Creation
from paddock.service.transfer import Transfer

MEASURED_DIGEST = "0" * 19
"""Stands in the progress of what has no digest yet, as with Ollama: its clients draw a bar for lines with a digest."""


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
        statuses: asyncio.Queue[str | None] = asyncio.Queue()
        abandoned = False
        said: tuple[str, int, float] = "", 0, 0.0

        def report(status: str) -> None:
            nonlocal said
            if isinstance(status, Measured):
                if abandoned or self._closing:
                    raise Stopped("the server is stopping")
                text, completed, when = said
                soon = time.monotonic() < when + INTERVAL and status.completed < status.total
                if status == text and (soon or status.completed == completed):
                    return
                said = str(status), status.completed, time.monotonic()
            loop.call_soon_threadsafe(statuses.put_nowait, status)

        task = asyncio.create_task(asyncio.to_thread(creation.make, report))
        task.add_done_callback(lambda _: statuses.put_nowait(None))
        try:
            while (status := await statuses.get()) is not None:
                yield _line(status)
        finally:
            abandoned = True
            await asyncio.wait((task,))
            task.exception()  # it may be that nobody asks any more
            await self._loader.unload_replaced()
        task.result()


def _line(status: str) -> Progress:
    if isinstance(status, Measured):
        return Progress(str(status), MEASURED_DIGEST, status.total, status.completed)
    return Progress(status)
