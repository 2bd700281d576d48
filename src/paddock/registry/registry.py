"""What a server has one of: everything about pulling and pushing models."""

import asyncio
from weakref import WeakValueDictionary

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.progress import Progress, Report
from paddock.registry.auth.authorization import Identity
from paddock.registry.endpoints import RegistryEndpoint, registry_endpoints
from paddock.registry.errors import RegistryError, Unreachable
from paddock.registry.http_clients import HTTPClients
from paddock.registry.repository import RepositoryClient
from paddock.registry.transfer import pull as pulling
from paddock.registry.transfer import push as pushing
from paddock.registry.transfer.downloads import Downloads
from paddock.registry.transfer.retry import RetryPolicy
from paddock.registry.transfer.thread_pool import ThreadPool
from paddock.settings import Settings


class Registry:
    """Pulls models into a library and pushes them from it. For one event loop.

    Nothing is opened and nothing imported before the first transfer, and nothing stays open after the last.
    """

    def __init__(self, library: Library, settings: Settings, *, retry: RetryPolicy | None = None) -> None:
        self._library = library
        self._retry = retry or RetryPolicy()
        self._identity = Identity(settings.folder)
        self._mirrors = settings.mirror
        self._streams = settings.max_transfer_streams
        self._clients = HTTPClients(self._retry)
        self._threads = ThreadPool(self._streams + 2)
        self._downloads = Downloads(library.blobs, self._clients, self._threads, self._retry, self._streams)
        self._upload_slots = asyncio.Semaphore(self._streams)
        self._upload_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def pull(self, name: ModelName, report: Report, *, insecure: bool = False, dry_run: bool = False) -> None:
        """Pull a model; `report` gets a line for each step and, at most ten times a second, for each layer.

        Whoever wants a layer that is on its way already waits for that download. If this is cancelled, the downloads
        that nobody else waits for stop; the next pull goes on with what has come. With `dry_run` nothing is fetched but
        the manifest: the lines say what would be.

        Raises:
            RegistryError: if the model cannot be had.
            OSError: if the disk cannot be written.
        """
        report(Progress("pulling manifest"))
        endpoints = registry_endpoints(name, insecure=insecure, mirrors=self._mirrors)
        async with self._clients.in_use():
            for number, address in enumerate(endpoints, 1):
                try:
                    await pulling.pull(
                        self._repository(address, name, "pull"),
                        self._library,
                        self._downloads,
                        self._threads,
                        self._retry,
                        report,
                        dry_run=dry_run,
                    )
                    break
                except RegistryError as error:  # a mirror may fail as it likes, and TLS be missing where it may
                    if number == len(endpoints) or not (address.mirror or isinstance(error, Unreachable)):
                        raise
        report(Progress("success"))

    async def push(self, name: ModelName, report: Report, *, insecure: bool = False) -> None:
        """Push a model; `report` gets lines as with `pull`.

        Raises:
            RegistryError: if there is no such model, or the registry does not take it.
            LibraryError, OSError: if it cannot be read.
        """
        endpoints = registry_endpoints(name, insecure=insecure)
        async with self._clients.in_use():
            for number, address in enumerate(endpoints, 1):
                repository = self._repository(address, name, "pull,push")
                try:
                    await self._reach(repository, number < len(endpoints))
                    await pushing.push(
                        repository,
                        self._library,
                        self._threads,
                        self._retry,
                        self._upload_slots,
                        self._upload_locks,
                        report,
                    )
                    break
                except Unreachable:
                    if number == len(endpoints):
                        raise
        report(Progress("success"))

    async def _reach(self, repository: RepositoryClient, needed: bool) -> None:
        """See whether anybody answers, where there is another way to the registry if not."""
        if needed:
            try:
                await repository.read("GET", f"{repository.address.base}/v2/", 1 << 20)
            except Unreachable:
                raise
            except RegistryError:
                return

    def _repository(self, address: RegistryEndpoint, name: ModelName, actions: str) -> RepositoryClient:
        return RepositoryClient(self._clients, address, name, self._identity, actions)
