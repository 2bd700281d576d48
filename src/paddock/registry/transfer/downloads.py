"""The layers that are on their way: one download each, however many want it."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from paddock.library.store.blobs import BlobStore
from paddock.registry.errors import RegistryError
from paddock.registry.http_clients import HTTPClients
from paddock.registry.repository import RepositoryClient
from paddock.registry.transfer.download import Download
from paddock.registry.transfer.retry import RetryPolicy
from paddock.registry.transfer.thread_pool import ThreadPool
from paddock.registry.transfer.watch import watch


@dataclass(eq=False)
class _Shared:
    download: Download
    task: "asyncio.Task[None]"
    owner: object
    watchers: set[object] = field(default_factory=set)


class Downloads:
    """All downloads of a server; `streams` connections to one registry at a time."""

    def __init__(
        self, blobs: BlobStore, clients: HTTPClients, threads: ThreadPool, retry: RetryPolicy, streams: int
    ) -> None:
        self._blobs = blobs
        self._clients = clients
        self._threads = threads
        self._retry = retry
        self._streams = streams
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._shared: dict[str, _Shared] = {}

    def is_running(self, digest: str) -> bool:
        """Whether the layer is on its way."""
        return digest in self._shared

    @property
    def outstanding(self) -> int:
        """Bytes that the downloads that go on are still to bring."""
        return sum(shared.download.size - shared.download.completed for shared in self._shared.values())

    async def get(self, digest: str, size: int, repository: RepositoryClient, line: Callable[[int], None]) -> None:
        """Download a layer, or wait for the download that goes on already; pass to `line` how many bytes are there.

        If this is cancelled and nobody else waits for it, the download stops. If somebody else's fails, ours is tried.

        Raises:
            RegistryError, OSError: as `Download.run`.
        """
        me = object()
        while True:
            shared = self._shared.get(digest)
            if shared is None:
                shared = self._shared[digest] = self._start(digest, size, repository, me)
            shared.watchers.add(me)
            try:
                await watch(shared.task, lambda d=shared.download: d.completed, line)  # type: ignore[misc]
                return
            except RegistryError:
                if shared.owner is me:
                    raise
            finally:
                shared.watchers.discard(me)
                if not shared.watchers:
                    await self._stop(digest, shared)

    def _start(self, digest: str, size: int, repository: RepositoryClient, owner: object) -> _Shared:
        slots = self._slots.setdefault(repository.address.host, asyncio.Semaphore(self._streams))
        download = Download(
            self._blobs,
            digest,
            size,
            repository,
            retry=self._retry,
            slots=slots,
            streams=self._streams,
            threads=self._threads,
        )
        task = asyncio.create_task(self._run(download), name=f"download {digest}")
        shared = _Shared(download, task, owner)
        task.add_done_callback(lambda _: self._forget(digest, shared))
        return shared

    async def _run(self, download: Download) -> None:
        async with self._clients.in_use():
            await download.run()

    def _forget(self, digest: str, shared: _Shared) -> None:
        if self._shared.get(digest) is shared:
            del self._shared[digest]

    async def _stop(self, digest: str, shared: _Shared) -> None:
        self._forget(digest, shared)  # who comes now begins anew, and waits for the lock meanwhile
        if not shared.task.done():
            shared.task.cancel()
            await asyncio.wait((shared.task,))
        with contextlib.suppress(asyncio.CancelledError):
            shared.task.exception()
