"""Pulling and pushing of models; a server has one `Registry`."""

import asyncio
from typing import TYPE_CHECKING
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
from paddock.registry.transfer.config import TransferConfig
from paddock.registry.transfer.downloads import Downloads
from paddock.settings import Settings
from paddock.thread_pool import ThreadPool

if TYPE_CHECKING:
    from paddock.registry.guarded_network import Network


class Registry:
    """Pull models into a library and push them from it. All calls must come from one event loop.

    Nothing is opened or imported before the first transfer, and nothing stays open after the last one.
    """

    def __init__(
        self,
        library: Library,
        settings: Settings,
        config: TransferConfig | None = None,
        network: "Network | None" = None,
    ) -> None:
        self._library = library
        self._config = config or TransferConfig()
        self._identity = Identity(settings.folder)
        self._mirrors = settings.mirror
        self._streams = settings.max_transfer_streams
        self._clients = HTTPClients(self._config.retry, network)
        self._threads = ThreadPool(self._streams + 2)
        self._downloads = Downloads(library.blobs, self._clients, self._threads, self._config, self._streams)
        self._upload_slots = asyncio.Semaphore(self._streams)
        self._upload_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def pull(self, name: ModelName, report: Report, *, insecure: bool = False, dry_run: bool = False) -> None:
        """Pull a model; report each step and, at most ten times a second, the bytes of each layer.

        Pulls of the same layer share one download. If the caller is cancelled, the downloads stop that no other pull
        waits for, and the next pull continues them.

        Args:
            dry_run: download only the manifest, and report which layers a pull would download.

        Raises:
            RegistryError: if the model cannot be pulled.
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
                        self._config.retry,
                        report,
                        dry_run=dry_run,
                    )
                    break
                except RegistryError as error:  # go on after any error of a mirror, and where plain HTTP may be tried
                    if number == len(endpoints) or not (address.mirror or isinstance(error, Unreachable)):
                        raise
        report(Progress("success"))

    async def push(self, name: ModelName, report: Report, *, insecure: bool = False) -> None:
        """Push a model; report progress as `pull` does.

        Raises:
            RegistryError: if there is no such model, or the registry refuses it.
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
                        self._config,
                        self._upload_slots,
                        self._upload_locks,
                        report,
                    )
                    break
                except Unreachable:
                    if number == len(endpoints):
                        raise
        report(Progress("success"))

    async def _reach(self, repository: RepositoryClient, check: bool) -> None:
        """Check that the endpoint answers, if there is another one to try.

        Raises:
            Unreachable: if it does not.
        """
        if check:
            try:
                await repository.read("GET", f"{repository.address.base}/v2/", 1 << 20)
            except Unreachable:
                raise
            except RegistryError:
                return

    def _repository(self, address: RegistryEndpoint, name: ModelName, actions: str) -> RepositoryClient:
        return RepositoryClient(self._clients, address, name, self._identity, actions)
