"""Notes: what was found out about a blob and costs time to find out again, `<models>/paddock/notes/sha256-<hex>`.

A note can be lost at any time, and whoever reads one checks that it is whole. It goes with its blob. A models folder in
which Paddock has nothing of its own yet, since it is Ollama's and only read, stays as it is.
"""

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from paddock.library.store.files import drop_temporary, open_temporary, read_limited, remove_leftovers

MAX_NOTE = 1 << 20
"""Bytes of a note; larger ones are not read."""
_NAME = re.compile(r"sha256-[0-9a-f]{64}", re.ASCII)


class BlobNotes:
    """The folder of notes. Safe to use from several threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, digest: str) -> bytes | None:
        """Return the note about a blob; None if there is none that can be read."""
        try:
            return read_limited(self._path(digest), MAX_NOTE)
        except OSError:
            return None

    def write(self, digest: str, data: bytes) -> None:
        """Replace the note about a blob as a whole, or leave it as it is if the folder cannot be written.

        Nothing is written where the folder `paddock` does not exist. A note is not synced to disk: one that a power
        failure has emptied is made again.
        """
        if not self.folder.parent.is_dir():
            return
        with contextlib.suppress(OSError):
            file, temporary = open_temporary(self.folder)
            try:
                file.write(data)
                file.close()
                temporary.replace(self._path(digest))
            except BaseException:
                drop_temporary(file, temporary)
                raise

    def remove(self, digest: str) -> None:
        """Remove the note about a blob, if there is one."""
        with contextlib.suppress(OSError):
            self._path(digest).unlink()

    def prune(self, is_used: Callable[[str], bool]) -> None:
        """Remove the notes about blobs that are not used any more, and what a crash has left."""
        remove_leftovers(self.folder)
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                if _NAME.fullmatch(entry.name) and not is_used(entry.name.replace("-", ":")):
                    self.remove(entry.name)

    def _path(self, digest: str) -> Path:
        name = digest.replace(":", "-")
        assert _NAME.fullmatch(name), digest
        return self.folder / name
