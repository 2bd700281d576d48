"""Pulling a model: the manifest, then its layers at once; the manifest is stored when all layers are complete."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from paddock.library.errors import LibraryError
from paddock.library.store.blobs import short_digest
from paddock.library.store.library import Library
from paddock.library.store.manifests import MANIFEST_TYPE, MAX_MANIFEST, Layer
from paddock.progress import Progress, Report
from paddock.registry.errors import RegistryError
from paddock.registry.repository import RepositoryClient
from paddock.registry.retry import RetryPolicy, with_retries
from paddock.registry.transfer.concurrency import gather_or_cancel
from paddock.registry.transfer.downloads import Downloads
from paddock.registry.transfer.partial_blob import downloads_folder, noted_bytes, remove_abandoned
from paddock.registry.transfer.remote_manifest import OCI_MANIFEST_TYPE, RemoteManifest, install, parse_remote_manifest
from paddock.thread_pool import ThreadPool

ROUNDS = 3
"""Attempts to complete the layers, some of which may be removed while others are downloaded."""


async def pull(
    repository: RepositoryClient,
    library: Library,
    downloads: Downloads,
    threads: ThreadPool,
    retry: RetryPolicy,
    report: Report,
    *,
    dry_run: bool = False,
) -> None:
    """Pull the model that `repository` names.

    Args:
        dry_run: only report what a pull would download.

    Raises:
        RegistryError: if it fails. No manifest is written then, and downloaded bytes stay for the next time.
        OSError: if the disk cannot be written.
    """
    remote = await _prefixed(lambda: _manifest(repository, retry))
    if dry_run:
        await threads.run(_plan, library, remote, report)
        return
    await threads.run(remove_abandoned, library.blobs)
    claimed: list[str] = []
    try:
        for _ in range(ROUNDS):
            missing = await threads.run(_missing, library, remote, claimed, report)
            await threads.run(_check_space, library, missing, downloads)
            await gather_or_cancel(_layer(layer, repository, downloads, report) for layer in missing)
            claimed += await threads.run(_claim, library, missing)
            report(Progress("verifying sha256 digest"))
            report(Progress("writing manifest"))
            removed = await threads.run(install, library, repository.name, remote)
            if removed is not None:
                break
        else:
            raise RegistryError("layers are removed while the model is pulled: try again")
        if removed:
            report(Progress("removing any unused layers"))
    finally:
        for digest in claimed:
            library.blobs.claims.drop(digest)


async def _layer(layer: Layer, repository: RepositoryClient, downloads: Downloads, report: Report) -> None:
    status = f"pulling {short_digest(layer.digest)}"

    def report_bytes(completed: int) -> None:
        report(Progress(status, layer.digest, layer.size, completed))

    await downloads.get(layer.digest, layer.size, repository, report_bytes)


def _claim(library: Library, layers: list[Layer]) -> list[str]:
    """Claim downloaded layers, so that they stay until a manifest names them; return the claimed digests."""
    return [layer.digest for layer in layers if library.blobs.claim(layer.digest)]


async def _prefixed(work: Callable[[], Awaitable[RemoteManifest]]) -> RemoteManifest:
    try:
        return await work()
    except LibraryError as error:
        raise (
            type(error)(f"pull model manifest: {error}")
            if isinstance(error, RegistryError)
            else RegistryError(f"pull model manifest: {error}")
        ) from None


async def _manifest(repository: RepositoryClient, retry: RetryPolicy) -> RemoteManifest:
    url = f"{repository.url}/manifests/{repository.name.tag}"
    accept = {"Accept": f"{MANIFEST_TYPE}, {OCI_MANIFEST_TYPE};q=0.9"}
    data = await with_retries(retry, lambda: repository.read("GET", url, MAX_MANIFEST, accept))
    return parse_remote_manifest(data, repository.address.host)


def _missing(library: Library, remote: RemoteManifest, claimed: list[str], report: Report) -> list[Layer]:
    """Return the layers to download; report the others as complete, and claim them so that they stay."""
    missing = []
    for layer in remote.layers:
        if layer.digest in claimed and library.blobs.exists(layer.digest):
            continue
        if library.blobs.claim(layer.digest):
            claimed.append(layer.digest)
            if library.blobs.size(layer.digest) == layer.size:
                report(Progress(f"pulling {short_digest(layer.digest)}", layer.digest, layer.size, layer.size))
                continue
        missing.append(layer)
    return missing


def _check_space(library: Library, missing: list[Layer], downloads: Downloads) -> None:
    needed = downloads.outstanding + sum(
        layer.size - noted_bytes(library.blobs, layer.digest, layer.size)
        for layer in missing
        if not downloads.is_running(layer.digest)
    )
    folder = _existing(downloads_folder(library.blobs))
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise RegistryError(
            f"not enough space in {library.folder}: {_megabytes(needed)} are to be downloaded, {_megabytes(free)} free"
        )


def _plan(library: Library, remote: RemoteManifest, report: Report) -> None:
    for layer in remote.layers:
        complete = library.blobs.exists(layer.digest) and library.blobs.size(layer.digest) == layer.size
        done = layer.size if complete else noted_bytes(library.blobs, layer.digest, layer.size)
        status = f"{'have' if complete else 'would pull'} {short_digest(layer.digest)}"
        report(Progress(status, layer.digest, layer.size, done))


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
