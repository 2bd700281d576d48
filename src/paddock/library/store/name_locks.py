"""Locks by model name, for the threads of one process."""

import contextlib
import threading
from collections.abc import Iterator

from paddock.library.names import ModelName


class NameLocks:
    """One lock for each name that somebody holds or waits for; a thread may hold the same name several times over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, tuple[threading.RLock, int]] = {}
        """Lock and number of its users, by the name's key."""

    @contextlib.contextmanager
    def hold(self, name: ModelName) -> Iterator[None]:
        """Hold the name, whatever its upper and lower case, so that no other thread does."""
        with self._lock:
            lock, users = self._locks.get(name.key, (threading.RLock(), 0))
            self._locks[name.key] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._locks[name.key]
                if users == 1:
                    del self._locks[name.key]
                else:
                    self._locks[name.key] = lock, users - 1
