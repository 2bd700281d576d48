"""Claims: they protect blobs that no manifest names yet from garbage collection (containerd calls them leases).

A client uploads a file, or asks whether it exists, and then has a model made of it. In between, the last model that
used the same file may be deleted, also by another process. So each upload or question leaves an empty file
`<digest>-<number>`, and making a model of the blob removes one of these files.
"""

import contextlib
import os
import time
from pathlib import Path

from paddock.library.store.files import make_folder

LIFETIME = 10 * 60
"""Seconds after which a claim expires: longer than a client takes from its upload to its request to make a model."""
MAX_CLAIMS_PER_BLOB = 32
"""Bounds the files that a client creates by asking for the same blob again and again."""


class Claims:
    """The claims to the blobs of a models folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, digest: str) -> None:
        """Claim a blob; do nothing on a disk that cannot be written, where no model can be made either."""
        with contextlib.suppress(OSError):
            make_folder(self.folder)
            for path in self._paths(digest):
                try:
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
                    return
                except FileExistsError:
                    if _is_expired(path):
                        os.utime(path)
                        return

    def drop(self, digest: str) -> None:
        """Remove one claim to the blob, if there is any."""
        for path in self._paths(digest):
            with contextlib.suppress(OSError):
                path.unlink()
                return

    def digests(self) -> set[str]:
        """Return the digests of all claimed blobs; remove expired claims."""
        claimed = set()
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if not _is_expired(path):
                    claimed.add(path.name.rpartition("-")[0].replace("-", ":"))
                else:
                    with contextlib.suppress(OSError):
                        path.unlink()
        return claimed

    def _paths(self, digest: str) -> list[Path]:
        return [self.folder / f"{digest.replace(':', '-')}-{number}" for number in range(MAX_CLAIMS_PER_BLOB)]


def _is_expired(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > LIFETIME
    except OSError:  # another thread has just removed it
        return True
