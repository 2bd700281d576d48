"""The library: all models of one folder, as the rest of the server sees them."""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError
from paddock.library.model import Model, read_model
from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobStore, parse_digest
from paddock.library.store.bundle import Bundle
from paddock.library.store.files import Stamp, is_old, remove_leftovers
from paddock.library.store.manifests import BrokenModel, Manifest, ManifestStore

LOCK_TIMEOUT = 0.1
"""Seconds for which a deletion waits for models that are being made: most of them need a few milliseconds."""
_ATTEMPTS = 10
"""Far more than reading a model needs while others replace it; there is an end because it may be replaced for ever."""

_log = logging.getLogger(__name__)


class ModelNotFound(LibraryError):
    """There is no model of that name."""

    kind = ErrorKind.NOT_FOUND

    def __init__(self, name: ModelName, message: str | None = None) -> None:
        super().__init__(message or f"model '{name.short}' not found")
        self.name = name


class Library:
    """A models folder, laid out as Ollama's. Safe to use from several threads; other servers may use the folder too.

    Whoever makes a model holds `shared_lock` from before it looks for the blobs until it has written the manifest that
    names them. Whoever removes blobs holds the same lock alone, from before it reads the manifests (see `lock`).

    Args:
        folder: made when the first thing is written.
        packaged: a folder of the same layout whose models are there too, unless the first has one of that name.
    """

    def __init__(self, folder: Path, packaged: Path | None = None) -> None:
        self.folder = folder
        self.blobs = BlobStore(folder / "blobs")
        self.manifests = ManifestStore(folder / "manifests")
        self.bundle = Bundle(packaged, folder / "paddock" / "hidden") if packaged is not None else None
        self._seen: dict[ModelName, tuple[Stamp, Model]] = {}
        self._lock = threading.Lock()
        self._name_locks: dict[str, tuple[threading.RLock, int]] = {}
        self._gc_candidates: set[str] = set()
        """Blobs that a model used which is gone: perhaps they are not used any more."""
        remove_leftovers(self.blobs.folder)
        remove_leftovers(self.manifests.folder)

    @property
    def blob_folders(self) -> tuple[Path, ...]:
        """Every folder that may hold a model's blobs: the models folder's comes before the package's."""
        own = self.blobs.folder
        return (own,) if self.bundle is None else (own, self.bundle.blobs.folder)

    def open(self, name: ModelName) -> Model:
        """Return the model, found without regard to upper and lower case.

        Raises:
            ModelNotFound: if there is none.
            BrokenModel: if what lies there cannot be read.
        """
        name = self.manifests.resolve(name)
        try:
            model = self._open_exactly(name, Model.with_head)
        except BrokenModel:  # what is wrong with the weights hears who needs them
            model = self._open_exactly(name)
        if model is None and self.bundle is not None:
            model = self._open_bundled(name)
        if model is None:
            raise ModelNotFound(name)
        return model

    def has(self, name: ModelName) -> bool:
        """Whether there is a model of that name, readable or not."""
        found = self.manifests.stamp(self.manifests.resolve(name)) is not None
        return found or (self.bundle is not None and self.bundle.has(name))

    def is_latest(self, model: Model) -> bool:
        """Whether the manifest of `model` is still the one that it was opened with, as far as a quick look tells."""
        now = self.manifests.stamp(model.name)
        if now is None:
            return self.bundle is not None and self.bundle.has(model.name)
        return now[2] == model.modified_ns

    def list(self) -> list[Model]:
        """Every model that can be read, newest first; the others are named in the log."""
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
        """Make `destination` the same model as `source`, replacing what it was.

        Raises:
            ModelNotFound: if there is no `source`.
            BrokenModel: if its manifest cannot be read.
        """
        first, second = sorted([source, destination], key=lambda name: name.key)  # in one order: no deadlock
        with self.shared_lock(), self.name_lock(first), self.name_lock(second):
            source, destination = self.manifests.resolve(source), self.manifests.resolve(destination)
            if self.manifests.read(source) is None:
                self._copy_bundled_model(source, destination)
                return
            if source == destination:
                return
            self._add_gc_candidates(self._digests(destination))
            try:
                self.manifests.copy(source, destination)
            except FileNotFoundError:
                if self.manifests.stamp(source) is not None:
                    raise
                raise ModelNotFound(source) from None

    def delete(self, name: ModelName) -> None:
        """Remove the model, and the blobs that no other model uses, unless a manifest that may use them cannot be read.

        While a model is being made, here or by another server, the blobs stay until a later change to the library.

        Raises:
            ModelNotFound: if there is none.
        """
        with self.name_lock(name) as name:
            used = self._digests(name)
            if not self.manifests.delete(name) and not (self.bundle is not None and self.bundle.hide(name)):
                raise ModelNotFound(name)
            self._add_gc_candidates(used)
        self._collect_garbage(LOCK_TIMEOUT)

    def write(self, name: ModelName, manifest: Manifest) -> None:
        """Store a manifest while `shared_lock()` and `name_lock(name)` are held."""
        self._add_gc_candidates(self._digests(name))
        self.manifests.write(name, manifest)

    def discard(self, digests: set[str]) -> None:
        """Have these blobs removed when no model is being made any more, but for those that a model uses."""
        self._add_gc_candidates(digests)

    def copy_bundled(self, model: Model) -> None:
        """Copy those blobs of a model that lie in the package into the models folder, while `shared_lock()` is held."""
        for digest in sorted(model.manifest.digests()):
            if self.bundle is not None and not self.blobs.exists(digest) and self.bundle.blobs.exists(digest):
                with self.bundle.blobs.path(digest).open("rb") as source, self.blobs.writer(claim=False) as writer:
                    while piece := source.read(1 << 20):
                        writer.write(piece)
                    writer.commit(digest)

    def prune(self) -> int:
        """Remove blobs that no model uses and that are older than a day; return how many. For the start of a server.

        Nothing is removed if a manifest cannot be read, or while a model is being made.
        """
        old = set()
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.blobs.folder):
                with contextlib.suppress(OSError, LibraryError):
                    digest = parse_digest(entry.name)
                    if entry.name == digest.replace(":", "-") and is_old(entry.stat()):
                        old.add(digest)
        self._add_gc_candidates(old)
        return self._collect_garbage(LOCK_TIMEOUT)

    @contextlib.contextmanager
    def shared_lock(self) -> Iterator[None]:
        """Make a model of what is there: no blob is removed meanwhile, by this server or another."""
        try:
            with self.blobs.lock.shared():
                yield
        finally:
            self._collect_garbage()

    @contextlib.contextmanager
    def name_lock(self, name: ModelName) -> Iterator[ModelName]:
        """Hold `name` so that no other thread writes or deletes it; gives the name as it is spelled on disk."""
        with self._lock:
            lock, waiting = self._name_locks.get(name.key, (threading.RLock(), 0))
            self._name_locks[name.key] = lock, waiting + 1
        try:
            with lock:
                yield self.manifests.resolve(name)
        finally:
            with self._lock:
                lock, waiting = self._name_locks[name.key]
                if waiting == 1:
                    del self._name_locks[name.key]
                else:
                    self._name_locks[name.key] = lock, waiting - 1

    def _open_bundled(self, name: ModelName) -> Model | None:
        stored = self.bundle.read(name) if self.bundle is not None else None
        if stored is None or self.bundle is None:
            return None
        with self._lock:
            seen = self._seen.get(stored.name)
        if seen is not None and seen[1].digest == stored.digest:
            return seen[1]
        model = read_model(stored, self.bundle.blobs)
        with self._lock:
            self._seen[stored.name] = (0, 0, 0, 0), model
        return model

    def _copy_bundled_model(self, source: ModelName, destination: ModelName) -> None:
        model = self._open_bundled(source)
        if model is None:
            raise ModelNotFound(source)
        if model.name.key != destination.key:
            self.copy_bundled(model)
            self.write(destination, model.manifest)

    def _open_exactly(self, name: ModelName, look: Callable[[Model], Model] = lambda model: model) -> Model | None:
        """Read a model and `look` at it again if something is missing: it is broken only if its manifest stays."""
        before = None
        for attempt in range(_ATTEMPTS):
            now = self.manifests.stamp(name)
            if now is None:
                break
            try:
                model = self._read(name, now)
                return model and look(model)
            except BrokenModel:
                if now == before or attempt == _ATTEMPTS - 1:
                    raise
            before = now
        return None

    def _read(self, name: ModelName, now: Stamp) -> Model | None:
        with self._lock:
            seen = self._seen.get(name)
        if seen is not None and seen[0] == now and seen[1].is_current():
            return seen[1]
        stored = self.manifests.read(name)
        if stored is None:
            return None
        model = read_model(stored, self.blobs)
        with self._lock:
            self._seen[name] = now, model
        return model

    def _forget_all_but(self, names: set[ModelName]) -> None:
        with self._lock:
            for name in self._seen.keys() - names:
                del self._seen[name]

    def _digests(self, name: ModelName) -> set[str]:
        try:
            stored = self.manifests.read(name)
        except BrokenModel:
            return set()
        return stored.manifest.digests() if stored else set()

    def _add_gc_candidates(self, digests: set[str]) -> None:
        with self._lock:
            self._gc_candidates |= digests

    def _collect_garbage(self, timeout: float = 0) -> int:
        """Remove the candidates that no model uses and nobody claims; return how many.

        Remove none while a model is being made (after `timeout` seconds) or if a manifest cannot be read: they stay
        candidates.
        """
        if not self._gc_candidates:
            return 0
        removed = 0
        with self.blobs.lock.exclusive(timeout) as alone:
            if not alone:
                return 0
            with self._lock:
                candidates, self._gc_candidates = self._gc_candidates, set()
            unused = self._unused(candidates)
            left = candidates if unused is None else unused & self.blobs.claims.digests()
            for digest in (unused or set()) - left:
                try:
                    self.blobs.remove(digest)
                    removed += 1
                except OSError as error:  # Windows: a runner still has it open
                    _log.warning("blob %s stays: %s", digest, error)
                    left.add(digest)
            self._add_gc_candidates(left)
        return removed

    def _unused(self, candidates: set[str]) -> set[str] | None:
        """Those that no manifest names; None if one cannot be read. Reads them all: what was seen may be outdated."""
        try:
            for name in self.manifests.names(strict=True):
                if not candidates:
                    break
                stored = self.manifests.read(name)
                candidates = candidates - (stored.manifest.digests() if stored else set())
        except (LibraryError, OSError) as error:
            _log.warning("no blob is removed, for it may be in use: %s", error)
            return None
        return candidates


__all__ = ["Library", "Model", "ModelNotFound"]
