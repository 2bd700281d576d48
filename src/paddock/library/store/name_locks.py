"""Locks by model name, for the threads of one process."""

import contextlib
import threading
from collections.abc import Iterator

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError
from paddock.library.names import ModelName

WAIT_SECONDS = 30.0
"""How long to wait for a name. Who holds one writes some small files; if that takes longer, the disk hangs."""


class NameBusy(LibraryError):
    """Another request writes the model for too long."""

    kind = ErrorKind.OVERLOADED


class NameLocks:
    """One lock for each name that somebody holds or waits for; a thread may hold the same name several times over."""

    def __init__(self, wait_seconds: float = WAIT_SECONDS) -> None:
        """Let `hold` wait for so long."""
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._locks: dict[str, tuple[threading.RLock, int]] = {}
        """Lock and number of its users, by the name's key."""

    @contextlib.contextmanager
    def hold(self, name: ModelName) -> Iterator[None]:
        """Hold the name, whatever its upper and lower case, so that no other thread does.

        Raises:
            NameBusy: if another thread holds it all the time.
        """
        with self._lock:
            lock, users = self._locks.get(name.key, (threading.RLock(), 0))
            self._locks[name.key] = lock, users + 1
        try:
            if not lock.acquire(timeout=self._wait_seconds):
                raise NameBusy(
                    f"model '{name.short}' has been written for more than {self._wait_seconds:g} seconds by another "
                    "request: try again later"
                )
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._lock:
                lock, users = self._locks[name.key]
                if users == 1:
                    del self._locks[name.key]
                else:
                    self._locks[name.key] = lock, users - 1
