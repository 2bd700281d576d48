"""Models that come and go: pulled, pushed, exported, imported."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from paddock.library.names import InvalidName, ModelName
from paddock.library.store.library import Library
from paddock.progress import Progress, Report
from paddock.registry.transfer.loop_thread import LoopThread
from paddock.service.loader import ModelLoader
from paddock.service.models import ModelService
from paddock.settings import Settings

if TYPE_CHECKING:
    from paddock.registry import Registry
    from paddock.registry.transfer.archive import Archive

Work = Callable[[Report], Coroutine[Any, Any, None]]


class TransferService:
    """What moves models between this library and elsewhere."""

    def __init__(self, library: Library, models: ModelService, loader: ModelLoader, settings: Settings) -> None:
        self._library = library
        self._models = models
        self._loader = loader
        self._settings = settings
        self._background = LoopThread()
        self._registry: Registry | None = None

    async def pull(self, name: str, *, insecure: bool = False, dry_run: bool = False) -> AsyncGenerator[Progress, None]:
        """Return the lines of a pull; whoever closes them gives it up. What comes with Paddock is there at once.

        Raises:
            InvalidName: if it is no name. All else comes while the lines are read.
        """
        wanted = _parsed(name)
        if await asyncio.to_thread(self._models.restore_bundled, name):
            return _lines(_packaged)
        registry = await self._open_registry()
        pulled = self._transfer(lambda report: registry.pull(wanted, report, insecure=insecure, dry_run=dry_run))
        return self._replacing(pulled)

    async def push(self, name: str, *, insecure: bool = False) -> AsyncGenerator[Progress, None]:
        """Return the lines of a push; whoever closes them gives it up.

        Raises:
            InvalidName: if it is no name. All else comes while the lines are read.
        """
        wanted = _parsed(name)
        registry = await self._open_registry()
        return self._transfer(lambda report: registry.push(wanted, report, insecure=insecure))

    async def export(self, name: str) -> "Archive":
        """Return a model as one file. It must be closed.

        Raises:
            InvalidName, ModelNotFound, LibraryError: if there is none, or it is not whole.
        """
        from paddock.registry.transfer.archive import open_archive

        return await asyncio.to_thread(open_archive, self._library, _parsed(name))

    async def import_(self, file: BinaryIO, name: str = "") -> ModelName:
        """Store the model of an archive, under `name` or the one that it has there; return its name.

        Raises:
            InvalidName: if `name` is none.
            BadArchive, DigestMismatch: if the archive is damaged or holds no model; nothing is stored then.
        """
        from paddock.registry.transfer.archive import import_archive
        from paddock.registry.transfer.thread_pool import ThreadPool

        wanted = _parsed(name) if name else None
        threads = ThreadPool(1)  # one that may wait for a slow client without keeping the others
        try:
            name_there = await threads.run(import_archive, self._library, file, wanted)
        finally:
            threads.close()
        await self._loader.unload_replaced()
        return name_there

    async def _replacing(self, lines: AsyncGenerator[Progress, None]) -> AsyncGenerator[Progress, None]:
        """Yield the lines of what may replace a model; then the one that was replaced is not kept in memory."""
        try:
            async with aclosing(lines):
                async for line in lines:
                    yield line
        finally:
            await self._loader.unload_replaced()

    async def close(self) -> None:
        """Stop what is being pulled and pushed; what has come stays for the next time."""
        await self._background.close()

    def _transfer(self, work: Work) -> AsyncGenerator[Progress, None]:
        """Do `work` in the background and yield what it reports."""

        async def there(report: Report) -> None:
            here = asyncio.get_running_loop()

            def tell(line: Progress) -> None:
                with suppress(RuntimeError):  # the server has stopped
                    here.call_soon_threadsafe(report, line)

            await self._background.run(lambda: work(tell))

        return _lines(there)

    async def _open_registry(self) -> "Registry":
        if self._registry is None:
            kind = await asyncio.to_thread(_registry_class)
            self._registry = self._registry or kind(self._library, self._settings)
        return self._registry


def _registry_class() -> "type[Registry]":
    from paddock.registry import Registry

    return Registry


async def _packaged(report: Report) -> None:
    for status in ("pulling manifest", "success"):
        report(Progress(status))


async def _lines(work: Work) -> AsyncGenerator[Progress, None]:
    """Do `work` and yield what it reports; for a reader who is slow, of each layer the latest only."""
    waiting: dict[object, Progress] = {}
    news = asyncio.Event()

    def report(line: Progress) -> None:
        waiting[line.digest or object()] = line
        news.set()

    task = asyncio.create_task(work(report))
    task.add_done_callback(lambda _: news.set())
    try:
        while not task.done() or waiting:
            await news.wait()
            news.clear()
            while waiting:
                yield waiting.pop(next(iter(waiting)))
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()
    task.result()


def _parsed(name: str) -> ModelName:
    try:
        return ModelName.parse(name)
    except InvalidName:
        raise InvalidName("invalid model name") from None
