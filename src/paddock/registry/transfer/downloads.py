"""The running downloads: one for each layer, which any number of pulls share."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from paddock.library.store.blobs import BlobStore
from paddock.registry.errors import RegistryError
from paddock.registry.http_clients import HTTPClients
from paddock.registry.repository import RepositoryClient
from paddock.registry.transfer.config import TransferConfig
from paddock.registry.transfer.download import Download
from paddock.registry.transfer.watch import watch
from paddock.thread_pool import ThreadPool


@dataclass(eq=False)
class _Shared:
    """A running download and the pulls that wait for it."""

    download: Download
    task: "asyncio.Task[None]"
    owner: object
    watchers: set[object] = field(default_factory=set)


class Downloads:
    """All downloads of a server.

    Args:
        streams: number of connections to one registry at a time.
    """

    def __init__(
        self, blobs: BlobStore, clients: HTTPClients, threads: ThreadPool, config: TransferConfig, streams: int
    ) -> None:
        self._blobs = blobs
        self._clients = clients
        self._threads = threads
        self._config = config
        self._streams = streams
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._shared: dict[str, _Shared] = {}

    def is_running(self, digest: str) -> bool:
        """Return whether the layer is being downloaded."""
        return digest in self._shared

    @property
    def outstanding(self) -> int:
        """Bytes that the running downloads still need."""
        return sum(shared.download.size - shared.download.completed for shared in self._shared.values())

    async def get(self, digest: str, size: int, repository: RepositoryClient, report: Callable[[int], None]) -> None:
        """Download a layer, or wait for its running download; pass the number of bytes that are present to `report`.

        If the caller is cancelled and no other pull waits for the layer, the download stops. If a download that another
        pull began fails, start one for this pull, whose registry may be another.

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
                await watch(shared.task, lambda d=shared.download: d.completed, report)  # type: ignore[misc]
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
            config=self._config,
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
        self._forget(digest, shared)  # a new pull starts a new download, which waits for the lock
        if not shared.task.done():
            shared.task.cancel()
            await asyncio.wait((shared.task,))
        with contextlib.suppress(asyncio.CancelledError):
            shared.task.exception()
