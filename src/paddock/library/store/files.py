"""Durable writing of files: a crash at any point leaves either the old state or the new one."""

import contextlib
import errno
import os
import secrets
import shutil
import stat
import sys
import time
from pathlib import Path
from typing import BinaryIO

from paddock.library.store.owner import current_owner, parse_owner

if sys.platform != "win32":
    import fcntl

TEMPORARY_PREFIX = ".paddock-"
DAY = 24 * 60 * 60
"""Seconds; another server on the same folder may still use a file that is younger."""
HOUR = 60 * 60
"""Seconds without a write after which a file of another machine is left over, if no lock on it is seen."""
_ATTEMPTS = 20
"""Far more than a busy folder needs; bounded because it may be impossible to create the folder."""


def open_temporary(folder: Path) -> tuple[BinaryIO, Path]:
    """Open a new file in `folder`, which is created if absent; no model and no blob can have its name.

    The name says which process it belongs to, and the file is locked as long as it is open, so that
    `remove_leftovers` finds the files of processes that have gone.
    """
    make_folder(folder)
    while True:
        path = folder / f"{TEMPORARY_PREFIX}{current_owner()}-{secrets.token_hex(8)}.tmp"
        try:
            # 0o644 less the umask, not mkstemp's 0o600: another user's server may share the folder.
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o644)
        except FileExistsError:
            continue
        if _lock(descriptor) is False or not os.fstat(descriptor).st_nlink:  # taken for a leftover before it was locked
            os.close(descriptor)
            path.unlink(missing_ok=True)
            continue
        return os.fdopen(descriptor, "wb"), path


def put_in_place(file: BinaryIO, temporary: Path, path: Path) -> None:
    """Sync the temporary file to disk and rename it to `path`, whose folder is created if absent; close `file`."""
    file.flush()
    os.fsync(file.fileno())
    if os.name == "nt":  # which does not rename an open file; elsewhere the lock is kept until it has its new name
        file.close()
    for attempt in range(_ATTEMPTS):
        try:
            make_folder(path.parent)
            temporary.replace(path)
            break
        except FileNotFoundError:  # another process has just removed the empty folder
            if attempt == _ATTEMPTS - 1:
                raise
    file.close()
    sync_folder(path.parent)


def write_atomically(path: Path, data: bytes, temporary_folder: Path) -> None:
    """Replace or create `path`, through a temporary file in `temporary_folder` on the same file system."""
    file, temporary = open_temporary(temporary_folder)
    try:
        file.write(data)
        put_in_place(file, temporary, path)
    except BaseException:
        drop_temporary(file, temporary)
        raise


def drop_temporary(file: BinaryIO, temporary: Path) -> None:
    """Close and remove a temporary file, if it still exists; also on a full disk, where closing fails."""
    with contextlib.suppress(OSError):
        file.close()
    with contextlib.suppress(OSError):
        temporary.unlink()


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents, and sync them to disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    sync_folder(folder.parent)


def make_private_folder(folder: Path) -> None:
    """Create `folder`, or make it private: only its user may enter it, and the group if it may write to it.

    A folder of another user stays as it is. The folders above it are created as usual.

    Raises:
        OSError: if it cannot be created.
    """
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except FileNotFoundError:
        make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o700)
        return
    # The group's right to write is not given by accident: somebody shares the folder with the servers of a group.
    private = mode & (0o2770 if mode & 0o020 else 0o2700)
    if mode != private:
        with contextlib.suppress(OSError):
            folder.chmod(private)


def sync_folder(folder: Path) -> None:
    """Sync the names in `folder` to disk, where the system supports it."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # some network file systems refuse; the rename has happened anyway
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_leftovers(folder: Path) -> int:
    """Remove the temporary files in `folder` whose processes have gone; return how many.

    Files of living processes stay, also of those in other containers and on other machines that share the folder.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            name = entry.name
            if name.startswith(TEMPORARY_PREFIX) and name.endswith(".tmp"):
                with contextlib.suppress(OSError):
                    removed += _remove_left_over(entry)
    return removed


def _remove_left_over(entry: "os.DirEntry[str]") -> bool:
    status = entry.stat(follow_symlinks=False)
    owner = parse_owner(entry.name.removeprefix(TEMPORARY_PREFIX).rpartition("-")[0])
    # The name of an earlier version does not say whose the file is.
    gone = is_old(status) if owner is None else owner.is_gone()
    if owner is None or gone is not None:
        if gone:
            Path(entry.path).unlink()
        return bool(gone)
    # The process was in another container or on another machine, or the machine has been restarted. Its lock tells,
    # unless the folder is on a network file system that keeps the locks of each machine apart.
    seen = owner.boot == current_owner().boot or (hasattr(os, "major") and os.major(status.st_dev) != 0)
    descriptor = os.open(entry.path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))  # writing, which NFS needs for a lock
    try:
        free = _lock(descriptor)
        unwritten = time.time() - status.st_mtime
        gone = unwritten > DAY if free is None else free and (seen or unwritten > HOUR)
        if gone:
            Path(entry.path).unlink()  # before it is unlocked, for `open_temporary`
        return gone
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Lock an open file until it is closed; return False if somebody else holds the lock, None if locks are missing."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_old(status: os.stat_result) -> bool:
    """Return whether the file was last written more than a day ago."""
    return time.time() - status.st_mtime > DAY


def read_limited(path: Path, limit: int) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: if it cannot be read, or has more than `limit` bytes.
    """
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(f"larger than {limit} bytes")
    return data


def require_space(folder: Path, size: int) -> None:
    """Check that `size` bytes are free in the existing `folder`, before time is spent on producing them.

    Raises:
        OSError: if there are fewer.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(errno.ENOSPC, f"not enough disk space: {size >> 20} MiB are needed and {free >> 20} free")
