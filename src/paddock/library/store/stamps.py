"""Stamps tell whether a file is still the one that was read, with one call of stat and without reading it."""

import os
from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[int, int, int, int]
"""Device, inode, time of change in nanoseconds, size in bytes: equal as long as a file is unchanged."""


def stamp(status: os.stat_result) -> Stamp:
    """Return the values that tell one version of a file from another."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def stamp_of(path: str | Path) -> Stamp | None:
    """Return the stamp of a file or folder; None if it does not exist."""
    try:
        return stamp(os.stat(path))  # noqa: PTH116 (a thousand of them in a list, and Path is slow)
    except OSError:
        return None


class FileStamps:
    """Files that something was read from, with their stamps from before the reading."""

    def __init__(self, files: Iterable[tuple[Path, Stamp | None]]) -> None:
        """Take paths and stamps; None stands for a file that does not exist."""
        self._files = tuple(files)
        self._outdated = False

    def are_current(self) -> bool:
        """Return whether every file is as it was."""
        if self._outdated:
            return False
        return all(stamp_of(path) == known for path, known in self._files)

    def invalidate(self) -> None:
        """Make `are_current` return False from now on: a file may have been replaced by one with the same stamp."""
        self._outdated = True
