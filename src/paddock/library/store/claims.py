"""Claims: blobs that no manifest names yet, and that a client counts on for the model that it is about to make.

A client uploads a file, or asks whether it is there, and then makes a model of it. In between, the last model that used
the same file may be deleted, by another process too. So each upload or question leaves an empty file
`<digest>-<number>`, and making a model of the blob takes one of them away again.
"""

import contextlib
import os
import time
from pathlib import Path

from paddock.library.store.files import make_folder

LIFETIME = 10 * 60
"""Seconds between an upload and the request to make a model of it, for a client that still means to send one."""
MAX_CLAIMS_PER_BLOB = 32
"""Claims to one blob. Who asks again and again must not fill the disk with them."""


class Claims:
    """The claims to the blobs of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, digest: str) -> None:
        """Claim a blob; on a disk that cannot be written there is nothing to make of it and no claim."""
        with contextlib.suppress(OSError):
            make_folder(self.folder)
            for path in self._paths(digest):
                try:
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
                    return
                except FileExistsError:
                    if _is_over(path):
                        os.utime(path)
                        return

    def drop(self, digest: str) -> None:
        """Take away one claim to the blob, if there is any."""
        for path in self._paths(digest):
            with contextlib.suppress(OSError):
                path.unlink()
                return

    def digests(self) -> set[str]:
        """Every blob with a claim; claims that are over are removed."""
        claimed = set()
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if not _is_over(path):
                    claimed.add(path.name.rpartition("-")[0].replace("-", ":"))
                else:
                    with contextlib.suppress(OSError):
                        path.unlink()
        return claimed

    def _paths(self, digest: str) -> list[Path]:
        return [self.folder / f"{digest.replace(':', '-')}-{number}" for number in range(MAX_CLAIMS_PER_BLOB)]


def _is_over(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > LIFETIME
    except OSError:  # it has just been taken away
        return True
