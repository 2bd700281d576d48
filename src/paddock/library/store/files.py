"""Durable writing of files: a crash at any point leaves either the old state or the new one."""

import contextlib
import errno
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import BinaryIO

TEMPORARY_PREFIX = ".paddock-"
DAY = 24 * 60 * 60
"""Seconds; another server on the same folder may still use a file that is younger."""
_ATTEMPTS = 20
"""Far more than a busy folder needs; bounded because it may be impossible to create the folder."""


def open_temporary(folder: Path) -> tuple[BinaryIO, Path]:
    """Open a new file in `folder`, which is created if absent; no model and no blob can have its name."""
    make_folder(folder)
    while True:
        path = folder / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(8)}.tmp"
        try:
            # 0o644 less the umask, not mkstemp's 0o600: another user's server may share the folder.
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o644)
        except FileExistsError:
            continue
        return os.fdopen(descriptor, "wb"), path


def put_in_place(file: BinaryIO, temporary: Path, path: Path) -> None:
    """Sync the temporary file to disk and rename it to `path`, whose folder is created if absent; close `file`."""
    file.flush()
    os.fsync(file.fileno())
    file.close()
    for attempt in range(_ATTEMPTS):
        try:
            make_folder(path.parent)
            temporary.replace(path)
            break
        except FileNotFoundError:  # another process has just removed the empty folder
            if attempt == _ATTEMPTS - 1:
                raise
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


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files in `folder` that are older than a day: a crash left them."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(TEMPORARY_PREFIX) and entry.name.endswith(".tmp") and is_old(entry.stat()):
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()


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
