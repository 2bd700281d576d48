"""The library: all models of one folder, as the rest of the server sees them."""

import contextlib
import logging
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from paddock.library.blobs import BlobStore, parse_digest
from paddock.library.errors import LibraryError
from paddock.library.files import ATTEMPTS, Stamp, is_old, remove_leftovers
from paddock.library.manifests import BrokenModel, Manifest, ManifestStore
from paddock.library.model import Model, read_model
from paddock.library.names import ModelName

_log = logging.getLogger(__name__)


class ModelNotFound(LibraryError):
    """There is no model of that name."""

    def __init__(self, name: ModelName, message: str | None = None) -> None:
        super().__init__(message or f"model '{name.short}' not found")
        self.name = name


class Library:
    """A models folder, laid out as Ollama's. Safe to use from several threads; other servers may use the folder too.

    Args:
        folder: made when the first thing is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = BlobStore(folder / "blobs")
        self.manifests = ManifestStore(folder / "manifests")
        self._seen: dict[ModelName, tuple[Stamp, Model]] = {}
        self._lock = threading.Lock()
        self._manifests_lock = threading.Lock()
        self._name_locks: dict[str, tuple[threading.RLock, int]] = {}
        self._pinned: Counter[str] = Counter()
        remove_leftovers(self.blobs.folder)
        remove_leftovers(self.manifests.folder)

    def open(self, name: ModelName) -> Model:
        """Return the model, found without regard to upper and lower case.

        Raises:
            ModelNotFound: if there is none.
            BrokenModel: if what lies there cannot be read.
        """
        for _ in range(ATTEMPTS):
            name = self.manifests.resolve(name)
            before = self.manifests.stamp(name)
            try:
                model = self._open_exactly(name)
                if model is not None and model.config.model_format:
                    _ = model.gguf  # so that one whose weights have gone is found out here
            except BrokenModel:
                if self.manifests.stamp(name) == before:
                    raise
                continue  # it was replaced or deleted while it was read: look again
            if model is None:
                break
            return model
        raise ModelNotFound(name)

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
        self._forget_all_but({model.name for model in found})
        return sorted(found, key=lambda model: (-model.modified_ns, model.name))

    def copy(self, source: ModelName, destination: ModelName) -> None:
        """Make `destination` the same model as `source`, replacing what it was.

        Raises:
            ModelNotFound: if there is no `source`.
            BrokenModel: if its manifest cannot be read.
        """
        first, second = sorted([source, destination], key=lambda name: name.key)  # in one order: no deadlock
        with self.changing(first), self.changing(second):
            source, destination = self.manifests.resolve(source), self.manifests.resolve(destination)
            if self.manifests.read(source) is None:
                raise ModelNotFound(source)
            if source == destination:
                return
            replaced = self._digests(destination)
            with self._manifests_lock:
                self.manifests.copy(source, destination)
        self.remove_unused(replaced)

    def delete(self, name: ModelName) -> None:
        """Remove the model, and the blobs that no other model uses, unless a manifest that may use them cannot be read.

        Raises:
            ModelNotFound: if there is none.
        """
        with self.changing(name) as name:
            replaced = self._digests(name)
            with self._manifests_lock:
                if not self.manifests.delete(name):
                    raise ModelNotFound(name)
        self.remove_unused(replaced)

    def write(self, name: ModelName, manifest: Manifest) -> set[str]:
        """Store a manifest while `changing(name)` is held; return the blobs of the model that it replaces.

        Whoever kept blobs for the new model gives these to `remove_unused` once they are kept no longer.
        """
        replaced = self._digests(name)
        with self._manifests_lock:
            self.manifests.write(name, manifest)
        return replaced

    def prune(self) -> int:
        """Remove blobs that no model uses and that are older than a day; return how many. For the start of a server.

        Nothing is removed if a manifest cannot be read, or while a model is being made.
        """
        with self._lock:
            busy = bool(self._pinned)
        if busy:
            return 0
        old = set()
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.blobs.folder):
                with contextlib.suppress(OSError, LibraryError):
                    digest = parse_digest(entry.name)
                    if entry.name == digest.replace(":", "-") and is_old(entry.stat()):
                        old.add(digest)
        return self.remove_unused(old)

    @contextlib.contextmanager
    def changing(self, name: ModelName) -> Iterator[ModelName]:
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

    @contextlib.contextmanager
    def keeping(self) -> Iterator["Keeper"]:
        """Give something to keep blobs with while a model is made of them: they are not removed meanwhile."""
        keeper = Keeper(self._lock, self._pinned)
        try:
            yield keeper
        finally:
            keeper.release()

    def _open_exactly(self, name: ModelName) -> Model | None:
        now = self.manifests.stamp(name)
        if now is None:
            return None
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

    def remove_unused(self, candidates: set[str]) -> int:
        """Remove those of the blobs that no model uses and nobody keeps; none if a manifest cannot be read.

        Returns how many were removed.
        """
        removed = 0
        with self._manifests_lock:  # no manifest comes or moves between the look and the removal
            unused = self._unused(candidates)
            with self._lock:
                for digest in unused - self._pinned.keys():
                    try:
                        self.blobs.remove(digest)
                        removed += 1
                    except OSError as error:  # Windows: a runner still has it open; a later start removes it
                        _log.warning("blob %s stays: %s", digest, error)
        return removed

    def _unused(self, candidates: set[str]) -> set[str]:
        try:
            for name in self.manifests.names(strict=True):
                if not candidates:
                    break
                manifest = self._manifest(name)
                candidates = candidates - (manifest.digests() if manifest else set())
        except (LibraryError, OSError) as error:
            _log.warning("no blob is removed, for it may be in use: %s", error)
            return set()
        return candidates

    def _digests(self, name: ModelName) -> set[str]:
        try:
            manifest = self._manifest(name)
        except BrokenModel:
            return set()
        return manifest.digests() if manifest else set()

    def _manifest(self, name: ModelName) -> Manifest | None:
        now = self.manifests.stamp(name)
        with self._lock:
            seen = self._seen.get(name)
        if seen is not None and seen[0] == now:
            return seen[1].manifest
        stored = self.manifests.read(name)
        return stored.manifest if stored else None


class Keeper:
    """Holds blobs against removal until it is released."""

    def __init__(self, lock: threading.Lock, pinned: "Counter[str]") -> None:
        self._lock = lock
        self._pinned = pinned
        self._mine: list[str] = []

    def keep(self, digest: str) -> None:
        """Let `digest` stay, whether it is there already or comes later."""
        with self._lock:
            self._pinned[digest] += 1
            self._mine.append(digest)

    def release(self) -> None:
        """Hold them no longer."""
        with self._lock:
            for digest in self._mine:
                self._pinned[digest] -= 1
                if not self._pinned[digest]:
                    del self._pinned[digest]
            self._mine.clear()


__all__ = ["Keeper", "Library", "Model", "ModelNotFound"]
