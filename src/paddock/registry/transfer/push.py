"""Pushing a model: the layers that the registry lacks, then the manifest."""

import asyncio
from collections.abc import Iterable, MutableMapping
from pathlib import Path

from paddock.library.names import InvalidName, ModelName
from paddock.library.store.blobs import BlobNotFound, short_digest
from paddock.library.store.files import read_limited
from paddock.library.store.library import Library
from paddock.library.store.manifests import MAX_MANIFEST, BrokenModel, Layer, Manifest, parse_manifest
from paddock.progress import Progress, Report
from paddock.registry.errors import Denied, NotInRegistry, RegistryError
from paddock.registry.repository import RepositoryClient
from paddock.registry.retry import with_retries
from paddock.registry.transfer.concurrency import gather_or_cancel
from paddock.registry.transfer.config import TransferConfig
from paddock.registry.transfer.upload import Upload
from paddock.registry.transfer.watch import watch
from paddock.thread_pool import ThreadPool

LAST_CHUNK_SECONDS = 3.0
"""Seconds that the current chunk may still take after the push was cancelled."""


async def push(
    repository: RepositoryClient,
    library: Library,
    threads: ThreadPool,
    config: TransferConfig,
    slots: asyncio.Semaphore,
    locks: MutableMapping[str, asyncio.Lock],
    report: Report,
) -> None:
    """Push the model that `repository` names.

    Args:
        slots: bounds the uploads of the server.
        locks: one lock for each layer that is being uploaded, so that two pushes do not upload it twice.

    Raises:
        RegistryError: if the library has no such model, or the registry refuses it.
        LibraryError, OSError: if it cannot be read.
    """
    report(Progress("retrieving manifest"))
    try:
        manifest, data = await threads.run(_read_manifest, library, repository.name)
    except OSError as error:
        report(Progress("couldn't retrieve manifest"))
        raise RegistryError(f"open {error.filename}: {(error.strerror or str(error)).lower()}") from None
    layers = [layer for layer in (*manifest.layers, manifest.config) if layer.digest]
    files = {layer.digest: _file(library, layer) for layer in layers}
    sources = await threads.run(_sources, library, repository.name, layers)
    notes = library.folder / "paddock" / "uploads"

    async def layer_(digest: str) -> None:
        path, size = files[digest]
        source = sources.get(digest, "")
        upload = Upload(path, digest, size, repository, notes=notes, source=source, config=config, threads=threads)
        lock = locks.setdefault(f"{repository.url} {digest}", asyncio.Lock())
        async with lock, slots:
            await _watched(upload, report)

    await gather_or_cancel(layer_(digest) for digest in files)
    report(Progress("pushing manifest"))
    url, kind = f"{repository.url}/manifests/{repository.name.tag}", {"Content-Type": manifest.mediaType}
    await with_retries(config.retry, lambda: _put(repository, url, kind, data))


async def _watched(upload: Upload, report: Report) -> None:
    def report_bytes(completed: int) -> None:
        report(Progress(f"pushing {short_digest(upload.digest)}", upload.digest, upload.size, completed))

    if not await upload.is_needed():
        report_bytes(upload.size)
        return
    task = asyncio.create_task(upload.run())
    try:
        await watch(task, lambda: upload.completed, report_bytes)
    finally:
        if not task.done():
            upload.stop()
            try:
                await asyncio.wait((task,), timeout=LAST_CHUNK_SECONDS)
            finally:
                task.cancel()
                await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()


async def _put(repository: RepositoryClient, url: str, headers: dict[str, str], data: bytes) -> None:
    try:
        async with repository.open("PUT", url, headers, data):
            return
    except (NotInRegistry, Denied) as error:
        raise RegistryError(f"pushing the manifest to {repository.address.host}: {error}") from None


def _read_manifest(library: Library, name: ModelName) -> tuple[Manifest, bytes]:
    """Return the manifest and its unchanged bytes, so that whoever pulls the model gets the same digest."""
    stored = library.manifests.resolve(name)
    if library.manifests.stamp(stored) is None and library.bundle is not None:
        model = library.bundle.read(name)
        if model is not None:
            import msgspec

            return model.manifest, msgspec.json.encode(model.manifest) + b"\n"
    data = read_limited(library.manifests.path(stored), MAX_MANIFEST)
    try:
        return parse_manifest(data), data
    except RegistryError:
        raise
    except Exception as error:
        raise BrokenModel(stored, str(error)) from None


def _file(library: Library, layer: Layer) -> tuple[Path, int]:
    """Return the path of a layer's blob and its size in bytes."""
    for blobs in (library.blobs, library.bundle.blobs if library.bundle else library.blobs):
        try:
            size = blobs.size(layer.digest)
        except BlobNotFound:
            continue
        if size != layer.size:
            raise RegistryError(f"the blob {layer.digest} has {size} bytes, of which its manifest says {layer.size}")
        return blobs.path(layer.digest), size
    raise BlobNotFound(layer.digest)


def _sources(library: Library, name: ModelName, layers: Iterable[Layer]) -> dict[str, str]:
    """Return for each layer another repository of the same registry that may have it, judged by the local models."""
    found: dict[str, str] = {}
    remote = {layer.digest for layer in layers}
    for layer in layers:
        try:
            origin = ModelName.parse(layer.from_) if layer.from_ else None
        except InvalidName:
            origin = None
        if origin is not None:
            _note_source(found, name, origin, {layer.digest})
    for other in library.manifests.names():
        if other.host == name.host:
            try:
                stored = library.manifests.read(other)
            except BrokenModel:
                continue
            if stored is not None:
                _note_source(found, name, other, remote & stored.manifest.digests())
    return found


def _note_source(found: dict[str, str], name: ModelName, other: ModelName, digests: set[str]) -> None:
    same = (other.namespace, other.model) == (name.namespace, name.model)
    if other.host == name.host and not same:
        for digest in digests:
            found.setdefault(digest, f"{other.namespace}/{other.model}")
