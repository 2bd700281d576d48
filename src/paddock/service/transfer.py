"""Transfers of models: pull, push, export and import."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.progress import Progress, Report
from paddock.registry.transfer.loop_thread import LoopThread
from paddock.service.job_queue import JobQueue, JobQueueConfig, Turn
from paddock.service.loader import ModelLoader
from paddock.service.models import ModelService
from paddock.settings import Settings
from paddock.thread_pool import ThreadPool

if TYPE_CHECKING:
    from paddock.registry import Registry
    from paddock.registry.transfer.archive_export import Archive

Work = Callable[[Report], Coroutine[Any, Any, None]]

ARCHIVES = JobQueueConfig(slots=8)
"""Archives that are exported or imported at once. Each goes at the speed of its client, and needs a thread and the
disk, hardly the cores; more of them would only make the disk seek."""


class TransferService:
    """Moves models between this library and registries or archives."""

    def __init__(
        self,
        library: Library,
        models: ModelService,
        loader: ModelLoader,
        settings: Settings,
        archives: JobQueueConfig = ARCHIVES,
    ) -> None:
        self._library = library
        self._models = models
        self._loader = loader
        self._settings = settings
        self._background = LoopThread()
        self._archives = JobQueue(archives)
        self._threads = ThreadPool(archives.slots)
        self._registry: Registry | None = None

    async def pull(self, name: str, *, insecure: bool = False, dry_run: bool = False) -> AsyncGenerator[Progress, None]:
        """Return the progress of a pull; closing the generator cancels it. A bundled model is there at once.

        Raises:
            InvalidName: if `name` is no model name. Later errors are raised by the generator.
        """
        parsed = ModelName.parse(name)
        if await self._threads.run(self._models.restore_bundled, name):
            return _progress_of(_bundled)
        registry = await self._open_registry()
        pulled = self._transfer(lambda report: registry.pull(parsed, report, insecure=insecure, dry_run=dry_run))
        return self._replacing(pulled)

    async def push(self, name: str, *, insecure: bool = False) -> AsyncGenerator[Progress, None]:
        """Return the progress of a push; closing the generator cancels it.

        Raises:
            InvalidName: if `name` is no model name. Later errors are raised by the generator.
        """
        parsed = ModelName.parse(name)
        registry = await self._open_registry()
        return self._transfer(lambda report: registry.push(parsed, report, insecure=insecure))

    async def archive_turn(self, client: str, begin_waiting: Callable[[], None] = lambda: None) -> Turn:
        """Wait until `client`, an address, has its turn to export or import; the caller leaves it at the end.

        Args:
            client: the address that the request comes from.
            begin_waiting: called if it has to wait; what it raises ends the waiting.

        Raises:
            QueueFull: if too many wait already.
            Cancelled: if the server is stopping.
        """
        turn = self._archives.join(client)
        try:
            if turn.before:
                begin_waiting()
        except BaseException:
            turn.leave()
            raise
        await turn.begin()
        return turn

    async def export(self, name: str) -> "Archive":
        """Return a model as one file, which the caller closes.

        Raises:
            InvalidName, ModelNotFound, LibraryError: if there is no such model, or a file of it is missing.
        """
        from paddock.registry.transfer.archive_export import open_archive

        return await self._threads.run(open_archive, self._library, ModelName.parse(name))

    async def import_(self, file: BinaryIO, name: str = "") -> ModelName:
        """Store the model of an archive and return its name: `name`, or the one in the archive if that is "".

        Raises:
            InvalidName: if `name` is no model name.
            BadArchive, DigestMismatch: if the archive is damaged or holds no model; then nothing is stored.
        """
        from paddock.registry.transfer.archive_import import import_archive

        parsed = ModelName.parse(name) if name else None
        threads = ThreadPool(1)  # a thread of its own: it waits for a slow client and must not block other work
        try:
            imported = await threads.run(import_archive, self._library, file, parsed)
        finally:
            threads.close()
        await self._loader.unload_replaced()
        return imported

    async def _replacing(self, progress: AsyncGenerator[Progress, None]) -> AsyncGenerator[Progress, None]:
        """Yield the progress of work that may replace a model, and unload the replaced one at the end."""
        try:
            async with aclosing(progress):
                async for report in progress:
                    yield report
        finally:
            await self._loader.unload_replaced()

    async def close(self) -> None:
        """Cancel all pulls and pushes, and what waits for them.

        A pull that is started again continues with the bytes that have arrived.
        """
        self._archives.close()
        await self._background.close()

    def _transfer(self, work: Work) -> AsyncGenerator[Progress, None]:
        """Do `work` on the registry's own thread and yield its progress."""

        async def on_own_thread(report: Report) -> None:
            loop = asyncio.get_running_loop()

            def forward(progress: Progress) -> None:
                with suppress(RuntimeError):  # the server's loop is closed
                    loop.call_soon_threadsafe(report, progress)

            await self._background.run(lambda: work(forward))

        return _progress_of(on_own_thread)

    async def _open_registry(self) -> "Registry":
        if self._registry is None:
            kind = await asyncio.to_thread(_registry_class)
            self._registry = self._registry or kind(self._library, self._settings)
        return self._registry


def _registry_class() -> "type[Registry]":
    from paddock.registry import Registry

    return Registry


async def _bundled(report: Report) -> None:
    for status in ("pulling manifest", "success"):
        report(Progress(status))


async def _progress_of(work: Work) -> AsyncGenerator[Progress, None]:
    """Do `work` and yield its progress. A slow reader gets only the latest report of each layer."""
    pending: dict[object, Progress] = {}
    arrived = asyncio.Event()

    def report(progress: Progress) -> None:
        pending[progress.digest or object()] = progress
        arrived.set()

    task = asyncio.create_task(work(report))
    task.add_done_callback(lambda _: arrived.set())
    try:
        while not task.done() or pending:
            await arrived.wait()
            arrived.clear()
            while pending:
                yield pending.pop(next(iter(pending)))
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()
    task.result()
