"""The lock on a models folder: shared by whoever makes a model of its blobs, exclusive to whoever removes blobs.

Our own servers heed it, threads and processes alike; another program on the folder does not. The system drops it with
the process that holds it, so that nothing is left behind by one that is killed. Reading a model takes no lock.
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

_log = logging.getLogger(__name__)

if sys.platform == "win32":
    import msvcrt

    # There are exclusive locks only: who shares has one byte, chosen at random, and who wants it alone has all of them.
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
    """The lock whose file is `path`. Where the system has no such locks, it holds between the threads of one process.

    A thread may share it several times over; it must not share it while it has it alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = threading.Condition()
        self._sharing = 0
        self._descriptor: int | None = None
        self._warned = False

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it together with others; waits for a remover, who needs milliseconds."""
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
        """Hold it alone, if that can be had within `timeout` seconds; gives whether it could."""
        until = time.monotonic() + timeout
        with self._state:
            while not (alone := not self._sharing and self._take(exclusive=True)) and time.monotonic() < until:
                self._state.wait(_PAUSE)
            try:
                yield alone  # `_state` stays locked: nobody here begins to share it
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
        except PermissionError:  # another user's server made it
            return os.open(self._path, os.O_RDONLY)
