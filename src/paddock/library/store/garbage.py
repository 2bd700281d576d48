"""Garbage collection: blobs that no manifest names any more are removed, while nobody makes a model of them."""

import logging
import threading

from paddock.errors import PaddockError
from paddock.library.store.blobs import BlobStore
from paddock.library.store.manifests import ManifestStore

_log = logging.getLogger(__name__)


class GarbageCollector:
    """The blobs that have lost a manifest, until they are removed or found to be in use. Safe to use from threads.

    Only these candidates are looked at, so that blobs of unknown origin stay (see `Library.prune` for those).
    """

    def __init__(self, blobs: BlobStore, manifests: ManifestStore) -> None:
        self._blobs = blobs
        self._manifests = manifests
        self._lock = threading.Lock()
        self._candidates: set[str] = set()

    def add_candidates(self, digests: set[str]) -> None:
        """Have `collect` remove these blobs if no manifest names them."""
        with self._lock:
            self._candidates |= digests

    def collect(self, timeout: float = 0) -> int:
        """Remove the candidates that no manifest names and no client claims; return how many were removed.

        Remove nothing if a model is still being made after `timeout` seconds, or if a manifest cannot be read. Blobs
        that are not removed stay candidates.
        """
        if not self._candidates:
            return 0
        removed = 0
        with self._blobs.lock.exclusive(timeout) as locked:
            if not locked:
                return 0
            with self._lock:
                candidates, self._candidates = self._candidates, set()
            unused = self._unused(candidates)
            kept = candidates if unused is None else unused & self._blobs.claims.digests()
            for digest in (unused or set()) - kept:
                try:
                    self._blobs.remove(digest)
                    removed += 1
                except OSError as error:  # Windows: a runner still has it open
                    _log.warning("blob %s cannot be removed now: %s", digest, error)
                    kept.add(digest)
            self.add_candidates(kept)
        return removed

    def _unused(self, candidates: set[str]) -> set[str] | None:
        """Return the candidates that no manifest names; None if a manifest cannot be read.

        Every manifest is read anew: another server may have changed it.
        """
        try:
            for name in self._manifests.names(strict=True):
                if not candidates:
                    break
                stored = self._manifests.read(name)
                candidates = candidates - (stored.manifest.digests() if stored else set())
        except (PaddockError, OSError) as error:
            _log.warning("no blob is removed, because a manifest cannot be read: %s", error)
            return None
        return candidates
