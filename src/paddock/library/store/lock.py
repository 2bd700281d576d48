"""The lock on a models folder: held shared to make a model of its blobs, held exclusively to remove blobs.

It binds the threads and processes of Paddock, not other programs on the folder. The system releases it when a process
ends, so a killed process leaves no lock behind. Reading a model takes no lock.
"""

import contextlib
import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from paddock.library.store.files import make_folder

_PAUSE = 0.005
"""Seconds between two attempts."""

_log = logging.getLogger(__name__)

if sys.platform == "win32":
    import msvcrt

    # Windows has exclusive locks only: a shared holder locks one random byte, an exclusive one locks all of them.
    _BYTES = 1 << 20

    def _lock(descriptor: int, exclusive: bool) -> None:
        while True:
            os.lseek(descriptor, 0 if exclusive else secrets.randbelow(_BYTES), os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, _BYTES if exclusive else 1)
                return
            except PermissionError:
                if exclusive:
                    raise BlockingIOError from None
                time.sleep(_PAUSE)

    def _unlock(descriptor: int, exclusive: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, _BYTES if exclusive else 1)

else:
    import fcntl

    def _lock(descriptor: int, exclusive: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH)

    def _unlock(descriptor: int, exclusive: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class FolderLock:
    """The lock whose file is `path`. Where the system has no file locks, it works between the threads of one process.

    A thread may hold it shared several times over, but not shared and exclusively at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = threading.Condition()
        self._sharing = 0
        self._descriptor: int | None = None
        self._warned = False

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with others; wait for an exclusive holder, who needs milliseconds."""
        with self._state:
            if not self._sharing:
                self._take(exclusive=False)
            self._sharing += 1
        try:
            yield
        finally:
            with self._state:
                self._sharing -= 1
                if not self._sharing:
                    self._drop(exclusive=False)
                    self._state.notify_all()

    @contextlib.contextmanager
    def exclusive(self, timeout: float = 0) -> Iterator[bool]:
        """Try for `timeout` seconds to hold the lock alone; give whether that succeeded."""
        deadline = time.monotonic() + timeout
        with self._state:
            while not (alone := not self._sharing and self._take(exclusive=True)) and time.monotonic() < deadline:
                self._state.wait(_PAUSE)
            try:
                yield alone  # `_state` stays locked, so no thread here begins to hold it shared
            finally:
                if alone:
                    self._drop(exclusive=True)

    def _take(self, exclusive: bool) -> bool:
        descriptor = None
        try:
            descriptor = self._open()
            _lock(descriptor, exclusive)
        except OSError as error:
            if descriptor is not None:
                os.close(descriptor)
                descriptor = None
            if isinstance(error, BlockingIOError):
                return False
            if not self._warned:
                _log.warning("%s cannot be locked (%s): let no other server use the folder", self._path, error)
                self._warned = True
        self._descriptor = descriptor
        return True

    def _drop(self, exclusive: bool) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                _unlock(self._descriptor, exclusive)
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        make_folder(self._path.parent)
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except PermissionError:  # another user's server created it
            return os.open(self._path, os.O_RDONLY)
