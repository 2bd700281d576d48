"""Locks between processes: files that are locked shared or exclusively.

The lock on a models folder is held shared to make a model of its blobs, and exclusively to remove blobs. It binds the
threads and processes of Paddock, not other programs on the folder. The system releases a lock when its process ends, so
a killed process leaves no lock behind. Reading a model takes no lock.

Whoever can open a lock's file can hold it, and keep everybody else waiting. So the file and its folder are private to
their user, and every wait is bounded.
"""

import contextlib
import logging
import os
import secrets
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError
from paddock.library.store.files import make_private_folder

WAIT_SECONDS = 5.0
"""How long to wait for a holder. One of ours needs milliseconds, or some seconds for a thousand manifests on a slow
disk; who holds a lock for longer has been stopped, or means harm."""
_PAUSE = 0.005
"""Seconds between two attempts."""

_log = logging.getLogger(__name__)

if sys.platform == "win32":
    import msvcrt

    # Windows has exclusive locks only: a shared holder locks one random byte, an exclusive one locks all of them.
    _BYTES = 1 << 20

    def _lock(descriptor: int, exclusive: bool) -> None:
        os.lseek(descriptor, 0 if exclusive else secrets.randbelow(_BYTES), os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, _BYTES if exclusive else 1)
        except PermissionError:
            raise BlockingIOError from None

    def _unlock(descriptor: int, exclusive: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, _BYTES if exclusive else 1)

else:
    import fcntl

    def _lock(descriptor: int, exclusive: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)

    def _unlock(descriptor: int, exclusive: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class FolderBusy(LibraryError):
    """Another process holds the lock for too long, or belongs to another user who does not share it."""

    kind = ErrorKind.OVERLOADED


class FolderLock:
    """The lock whose file is `path`. Where the system has no file locks, it works between the threads of one process.

    A thread may hold it shared several times over, but not shared and exclusively at once.

    Args:
        path: the file, which is created with its folder when it is needed, both private to the user.
        wait_seconds: how long `shared` waits for an exclusive holder.
    """

    def __init__(self, path: Path, wait_seconds: float = WAIT_SECONDS) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._state = threading.Condition()
        """Guards what follows; it is held for moments only, never while the lock is."""
        self._sharing = 0
        self._alone = False
        self._descriptor: int | None = None
        self._warned = False

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with others; wait for an exclusive holder, who needs milliseconds.

        Raises:
            FolderBusy: if somebody holds it exclusively all the time.
        """
        if not self._acquire(exclusive=False, timeout=self._wait_seconds):
            raise FolderBusy(
                f"another process holds the models folder: {self._path.parent.name}/{self._path.name} in it has been "
                f"locked for more than {self._wait_seconds:g} seconds. Try again later, or end that process"
            )
        try:
            yield
        finally:
            self._release(exclusive=False)

    @contextlib.contextmanager
    def exclusive(self, timeout: float = 0) -> Iterator[bool]:
        """Try for `timeout` seconds to hold the lock alone; give whether that succeeded."""
        try:
            alone = self._acquire(exclusive=True, timeout=timeout)
        except FolderBusy:
            alone = False
        try:
            yield alone
        finally:
            if alone:
                self._release(exclusive=True)

    def remove(self) -> None:
        """Remove the file. The caller holds the lock alone; who waits for it notices, and takes a new file."""
        with contextlib.suppress(OSError):  # Windows: somebody has it open
            self._path.unlink()

    def _acquire(self, exclusive: bool, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        with self._state:
            while True:
                if not exclusive and self._sharing:
                    self._sharing += 1
                    return True
                if not self._alone and not self._sharing and self._take(exclusive):
                    self._alone, self._sharing = exclusive, int(not exclusive)
                    return True
                if time.monotonic() >= deadline:
                    return False
                self._state.wait(_PAUSE)

    def _release(self, exclusive: bool) -> None:
        with self._state:
            if exclusive:
                self._alone = False
            else:
                self._sharing -= 1
            if not self._sharing:
                self._drop(exclusive)
                self._state.notify_all()

    def _take(self, exclusive: bool) -> bool:
        """Lock the file, unless another process holds the lock.

        Raises:
            FolderBusy: if the file is another user's.
        """
        descriptor = None
        try:
            descriptor = self._open()
            _lock(descriptor, exclusive)
            if not self._is_current(descriptor):  # its last holder has removed it
                os.close(descriptor)
                return False
        except OSError as error:
            if descriptor is not None:
                os.close(descriptor)
                descriptor = None
            if isinstance(error, (BlockingIOError, FileNotFoundError)):  # the folder has just been removed
                return False
            if isinstance(error, PermissionError) and self._is_of_others():
                raise FolderBusy(
                    f"the folder {self._path.parent.name} in the models folder belongs to another user, who does not "
                    "share it: set PADDOCK_MODELS to another folder, or have your group allowed to write to this one"
                ) from None
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
        make_private_folder(self._path.parent)
        shared_bits = stat.S_IMODE(self._path.parent.stat().st_mode) & 0o060
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with contextlib.suppress(OSError, AttributeError):  # of a user with whom the folder is shared, or Windows
            if stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600 | shared_bits:
                os.fchmod(descriptor, 0o600 | shared_bits)
        return descriptor

    def _is_current(self, descriptor: int) -> bool:
        if sys.platform == "win32":
            return True
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def _is_of_others(self) -> bool:
        try:
            owner = self._path.parent.stat().st_uid
        except OSError:
            return False
        return hasattr(os, "geteuid") and owner != os.geteuid()
