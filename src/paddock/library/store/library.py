"""The library: all models of one folder, as the rest of the server sees them."""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paddock.errors import ErrorKind, PaddockError
from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobStore, parse_digest
from paddock.library.store.bundle import Bundle
from paddock.library.store.files import is_old, make_private_folder, remove_leftovers
from paddock.library.store.garbage import GarbageCollector
from paddock.library.store.manifests import BrokenModel, Manifest, ManifestStore
from paddock.library.store.model import Model, read_model
from paddock.library.store.name_locks import NameLocks
from paddock.library.store.stamps import FileStamps, Stamp, stamp_of

LOCK_TIMEOUT = 0.1
"""Seconds that a deletion waits for models that are being made; making one takes a few milliseconds as a rule."""
MAX_OPENED = 64
"""Models that `open` finds again with a few calls of `stat`; the header of a large model takes about 150 kB."""
_ATTEMPTS = 10
"""Far more than reading a model needs while others replace it; bounded because it may be replaced for ever."""

_log = logging.getLogger(__name__)


class ModelNotFound(LibraryError):
    """No model has the name."""

    kind = ErrorKind.NOT_FOUND

    def __init__(self, name: ModelName, message: str | None = None) -> None:
        super().__init__(message or f"model '{name.short}' not found")
        self.name = name


@dataclass(frozen=True, slots=True)
class _Opened:
    """An opened model, and the stamps of the files that decide what `open` returns for its name."""

    model: Model
    stamps: FileStamps


class Library:
    """A models folder, laid out as Ollama's. Safe to use from several threads; other servers may use the folder too.

    Whoever makes a model holds `shared_lock` from before it looks for the blobs until it has written the manifest that
    names them. Whoever removes blobs holds the same lock alone, from before it reads the manifests (see `store.lock`).

    Args:
        folder: created when the first file is written.
        bundled: a folder of the same layout that is only read; the library has its models too, except where `folder`
            has one of the same name.
    """

    def __init__(self, folder: Path, bundled: Path | None = None) -> None:
        self.folder = folder
        self.blobs = BlobStore(folder / "blobs")
        self.manifests = ManifestStore(folder / "manifests")
        self.bundle = Bundle(bundled, folder / "paddock" / "hidden") if bundled is not None else None
        self._garbage = GarbageCollector(self.blobs, self.manifests)
        self._name_locks = NameLocks()
        self._models: dict[ModelName, Model] = {}
        """Models that were read; those that `open` returned last are in `_opened` too."""
        self._opened: dict[ModelName, _Opened] = {}
        self._lock = threading.Lock()
        if (folder / "paddock").is_dir():
            make_private_folder(folder / "paddock")  # an earlier version let everybody in
        self._remove_leftovers()

    @property
    def blob_folders(self) -> tuple[Path, ...]:
        """Every folder that may hold a model's blobs; the models folder comes before the package's."""
        own = self.blobs.folder
        return (own,) if self.bundle is None else (own, self.bundle.blobs.folder)

    def open(self, name: ModelName) -> Model:
        """Return the model, found without regard to upper and lower case.

        The same object is returned as long as its files are unchanged.

        Raises:
            ModelNotFound: if no model has the name.
            BrokenModel: if its manifest or a small blob cannot be read.
        """
        opened = self._opened.get(name)
        if opened is not None and opened.stamps.are_current():
            return opened.model
        found_files = [(path, stamp_of(path)) for path in self.manifests.lookup_paths(name)]
        exact = self.manifests.resolve(name)
        try:
            model = self._open_exactly(exact, Model.with_header)
        except BrokenModel:  # a model with unreadable weights can still be shown and deleted
            model = self._open_exactly(exact)
        if model is None and self.bundle is not None:
            model = self._open_bundled(exact)
            if model is not None and model.name == name:
                self._keep(model, [*found_files, *self.bundle.lookup_files(model)])
        elif model is not None and model.name == name:
            self._keep(model, [(self.manifests.path(name), model.stamp), *model.files])
        if model is None:
            raise ModelNotFound(exact)
        return model

    def stamps(self, model: Model) -> FileStamps | None:
        """Return the stamps of the files on which `open` decided to return `model`; None if they are not known."""
        opened = self._opened.get(model.name)
        return opened.stamps if opened is not None and opened.model is model else None

    def has(self, name: ModelName) -> bool:
        """Return whether there is a model of that name, readable or not."""
        found = self.manifests.stamp(self.manifests.resolve(name)) is not None
        return found or (self.bundle is not None and self.bundle.has(name))

    def list(self) -> list[Model]:
        """Return every model that can be read, newest first; the log names the others."""
        found = []
        for name in self.manifests.names():
            try:
                model = self._open_exactly(name)
            except BrokenModel as error:
                _log.warning("%s", error)
            else:
                found += [model] if model else []
        if self.bundle is not None:
            own = {model.name.key for model in found}
            bundled = (self._open_bundled(name) for name in self.bundle.names() if name.key not in own)
            found += [model for model in bundled if model is not None]
        self._forget_all_but({model.name for model in found})
        return sorted(found, key=lambda model: (-model.modified_ns, model.name))

    def copy(self, source: ModelName, destination: ModelName) -> None:
        """Make `destination` the same model as `source`, replacing an older model of that name.

        Raises:
            ModelNotFound: if there is no `source`.
            BrokenModel: if its manifest cannot be read.
        """
        first, second = sorted([source, destination], key=lambda name: name.key)  # one order for all: no deadlock
        with self.shared_lock(), self.name_lock(first), self.name_lock(second):
            source, destination = self.manifests.resolve(source), self.manifests.resolve(destination)
            if self.manifests.read(source) is None:
                self._copy_bundled_model(source, destination)
                return
            if source == destination:
                return
            self._garbage.add_candidates(self._digests(destination))
            try:
                self.manifests.copy(source, destination)
            except FileNotFoundError:
                if self.manifests.stamp(source) is not None:
                    raise
                raise ModelNotFound(source) from None
            self._forget_opened()

    def delete(self, name: ModelName) -> None:
        """Remove the model and the blobs that no other model uses.

        The blobs stay until a later change to the library while a model is being made, here or by another server, and
        while a manifest cannot be read.

        Raises:
            ModelNotFound: if there is none.
        """
        with self.name_lock(name) as name:
            used = self._digests(name)
            if not self.manifests.delete(name) and not (self.bundle is not None and self.bundle.hide(name)):
                raise ModelNotFound(name)
            self._garbage.add_candidates(used)
        self._garbage.collect(LOCK_TIMEOUT)

    def write(self, name: ModelName, manifest: Manifest, data: bytes | None = None) -> None:
        """Store a manifest. The caller holds `shared_lock()` and `name_lock(name)`.

        Args:
            data: the bytes to store; by default those that Ollama writes for `manifest`.
        """
        self._garbage.add_candidates(self._digests(name))
        self.manifests.write(name, manifest, data)
        self._forget_opened()

    def discard(self, digests: set[str]) -> None:
        """Remove these blobs as soon as no model is being made, except those that a model uses."""
        self._garbage.add_candidates(digests)

    def copy_bundled(self, model: Model) -> None:
        """Copy the blobs of a bundled model into the models folder. The caller holds `shared_lock()`."""
        for digest in sorted(model.manifest.digests()):
            if self.bundle is not None and not self.blobs.exists(digest) and self.bundle.blobs.exists(digest):
                with self.bundle.blobs.path(digest).open("rb") as source, self.blobs.writer(claim=False) as writer:
                    while chunk := source.read(1 << 20):
                        writer.write(chunk)
                    writer.commit(digest)

    def prune(self) -> int:
        """Remove blobs that no model uses and that are older than a day; return how many. Meant for a server's start.

        No blob is removed if a manifest cannot be read, or while a model is being made. Temporary files of processes
        that have gone are removed in any case.
        """
        self._remove_leftovers()
        old = set()
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.blobs.folder):
                with contextlib.suppress(OSError, PaddockError):
                    digest = parse_digest(entry.name)
                    if entry.name == digest.replace(":", "-") and is_old(entry.stat()):
                        old.add(digest)
        self._garbage.add_candidates(old)
        self.blobs.notes.prune(self._has_blob)
        return self._garbage.collect(LOCK_TIMEOUT)

    @contextlib.contextmanager
    def shared_lock(self) -> Iterator[None]:
        """Hold the folder's lock to make a model of existing blobs: no server removes a blob meanwhile."""
        try:
            with self.blobs.lock.shared():
                yield
        finally:
            self._garbage.collect()

    @contextlib.contextmanager
    def name_lock(self, name: ModelName) -> Iterator[ModelName]:
        """Hold `name`, so that no other thread writes or deletes it; give the name as it is spelled on disk."""
        with self._name_locks.hold(name):
            yield self.manifests.resolve(name)

    def _remove_leftovers(self) -> None:
        for folder in (self.blobs.folder, self.manifests.folder, self.folder / "paddock" / "uploads"):
            remove_leftovers(folder)

    def _has_blob(self, digest: str) -> bool:
        return self.blobs.exists(digest) or (self.bundle is not None and self.bundle.blobs.exists(digest))

    def _keep(self, model: Model, files: Iterable[tuple[Path, Stamp | None]]) -> None:
        with self._lock:
            if len(self._opened) >= MAX_OPENED:
                self._opened.pop(next(iter(self._opened))).stamps.invalidate()
            self._opened[model.name] = _Opened(model, FileStamps(files))

    def _forget_opened(self) -> None:
        with self._lock:
            for opened in self._opened.values():
                opened.stamps.invalidate()
            self._opened.clear()

    def _open_bundled(self, name: ModelName) -> Model | None:
        stored = self.bundle.read(name) if self.bundle is not None else None
        if stored is None or self.bundle is None:
            return None
        with self._lock:
            cached = self._models.get(stored.name)
        if cached is not None and cached.digest == stored.digest:
            return cached
        model = read_model(stored, self.bundle.stamp(stored.name), self.bundle.blobs)
        with self._lock:
            self._models[stored.name] = model
        return model

    def _copy_bundled_model(self, source: ModelName, destination: ModelName) -> None:
        model = self._open_bundled(source)
        if model is None:
            raise ModelNotFound(source)
        if model.name.key != destination.key:
            self.copy_bundled(model)
            self.write(destination, model.manifest)

    def _open_exactly(self, name: ModelName, check: Callable[[Model], Model] = lambda model: model) -> Model | None:
        """Return `check(model)` of the model with exactly this name; None if there is none.

        What is missing may have been replaced meanwhile, so a failure counts only if the manifest stays the same.
        """
        before = None
        for attempt in range(_ATTEMPTS):
            now = self.manifests.stamp(name)
            if now is None:
                break
            try:
                model = self._read(name, now)
                return model and check(model)
            except BrokenModel:
                if now == before or attempt == _ATTEMPTS - 1:
                    raise
            before = now
        return None

    def _read(self, name: ModelName, now: Stamp) -> Model | None:
        with self._lock:
            cached = self._models.get(name)
        if cached is not None and cached.stamp == now and cached.is_current():
            return cached
        stored = self.manifests.read(name)
        if stored is None:
            return None
        model = read_model(stored, now, self.blobs)
        with self._lock:
            self._models[name] = model
        return model

    def _forget_all_but(self, names: set[ModelName]) -> None:
        with self._lock:
            for name in self._models.keys() - names:
                del self._models[name]

    def _digests(self, name: ModelName) -> set[str]:
        try:
            stored = self.manifests.read(name)
        except BrokenModel:
            return set()
        return stored.manifest.digests() if stored else set()


__all__ = ["Library", "Model", "ModelNotFound"]
