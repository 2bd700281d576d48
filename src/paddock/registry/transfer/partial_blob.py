"""An incomplete layer on disk: a file with holes, and a note of the ranges that are present.

Both are in `<models>/paddock/downloads/<sha256-hex>`, so that a pull continues where the last one was stopped or
killed. The lock that a server holds meanwhile is a file beside that folder: it is removed last, by who holds it.
The note may lag behind the file but never leads it. After a power failure it may be wrong all the same, so only the
digest of the whole layer is trusted.
"""

import contextlib
import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import BinaryIO

from paddock.library.store.blobs import BlobStore, parse_digest
from paddock.library.store.files import make_folder, put_in_place
from paddock.library.store.lock import FolderLock
from paddock.registry.transfer.byte_ranges import ByteRanges

NOTE_SECONDS = 0.5
"""Time between two notes; after a server was killed, at most so much is downloaded again."""
_LOCK = ".lock"
KEPT_SECONDS = 14 * 24 * 60 * 60
"""Age at which an incomplete layer is removed."""


def downloads_folder(blobs: BlobStore) -> Path:
    """Return the folder with the incomplete layers of a library."""
    return blobs.folder.parent / "paddock" / "downloads"


def noted_bytes(blobs: BlobStore, digest: str, size: int) -> int:
    """Return the number of bytes of a layer that are present, according to its note."""
    return _noted(_folder(blobs, digest), size).num_bytes


def download_lock(blobs: BlobStore, digest: str) -> FolderLock:
    """Return the lock that a server holds while it downloads a layer, so that no other server writes the same file."""
    return FolderLock(_folder(blobs, digest).with_suffix(_LOCK))


class PartialBlob:
    """The incomplete file of a layer of `size` bytes. Its methods may be called from several threads."""

    def __init__(self, blobs: BlobStore, digest: str, size: int) -> None:
        self.size = size
        self._blobs = blobs
        self._digest = parse_digest(digest)
        self._folder = _folder(blobs, digest)
        make_folder(self._folder)
        self.ranges = _noted(self._folder, size)
        self._lock = threading.Lock()
        self._noted_at = time.monotonic()
        path = self._folder / "data"
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b", buffering=0)
        if os.fstat(self._file.fileno()).st_size != size or not self.ranges.ranges:
            self.clear()

    def write(self, offset: int, pieces: list[bytes]) -> int:
        """Write consecutive pieces except where bytes are present already; return the number of bytes in the pieces."""
        size = sum(map(len, pieces))
        with self._lock:
            gaps = list(self.ranges.gaps(offset, offset + size))
        place = offset
        for piece in pieces:
            for start, end in gaps:
                first, last = max(start, place), min(end, place + len(piece))
                if first < last:
                    self._write(first, memoryview(piece)[first - place : last - place])
            place += len(piece)
        with self._lock:
            for start, end in gaps:
                self.ranges.add(start, end)
            if due := time.monotonic() - self._noted_at >= NOTE_SECONDS:
                self._noted_at = time.monotonic()
        if due:
            self.note()
        return size

    def read(self, offset: int, buffer: memoryview) -> int:
        """Read from `offset` into `buffer`; return the number of bytes read."""
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [buffer], offset)
        with self._lock:
            self._file.seek(offset)
            data = self._file.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)

    def note(self) -> None:
        """Write the note of the ranges that are present."""
        with self._lock:
            text = json.dumps({"size": self.size, "spans": self.ranges.ranges})
            temporary = self._folder / "note.new"
            temporary.write_text(text)
            temporary.replace(self._folder / "note")

    def clear(self) -> None:
        """Forget all bytes, because they are wrong."""
        with self._lock:
            self.ranges = ByteRanges()
            (self._folder / "note").unlink(missing_ok=True)
            self._file.truncate(0)
            self._file.truncate(self.size)

    def drop(self) -> None:
        """Close and remove the file and its note."""
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Close the file; what is present stays for the next time."""
        if not self._file.closed:
            with contextlib.suppress(OSError):
                self.note()
            self._file.close()

    def become_blob(self) -> None:
        """Make the file a blob, durably. The caller has checked its digest."""
        path = self._blobs.path(self._digest)
        data = self._folder / "data"
        os.utime(data)  # makes it young: pruning removes old blobs that no manifest names
        put_in_place(self._file, data, path)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, offset: int, data: memoryview) -> None:
        if not hasattr(os, "pwrite"):
            with self._lock:
                self._file.seek(offset)
                while data:
                    data = data[self._file.write(data) :]
            return
        while data:
            written = os.pwrite(self._file.fileno(), data, offset)
            data, offset = data[written:], offset + written


def remove_partial(blobs: BlobStore, digest: str) -> None:
    """Remove the incomplete file of a layer that is a blob now. The caller holds its lock."""
    shutil.rmtree(_folder(blobs, digest), ignore_errors=True)


def remove_unused_lock(blobs: BlobStore, digest: str, lock: FolderLock) -> None:
    """Remove the file of a download's lock unless an incomplete file is there. The caller holds the lock alone."""
    if not _folder(blobs, digest).exists():
        lock.remove()


def remove_abandoned(blobs: BlobStore) -> None:
    """Remove incomplete files that nobody has continued for two weeks, and those of layers that are blobs now."""
    with contextlib.suppress(OSError):
        for name in {path.name.removesuffix(_LOCK) for path in downloads_folder(blobs).iterdir()}:
            with contextlib.suppress(OSError, ValueError):
                _remove_if_abandoned(blobs, name)


def _remove_if_abandoned(blobs: BlobStore, digest: str) -> None:
    folder, lock = _folder(blobs, digest), download_lock(blobs, digest)
    with lock.exclusive() as locked:
        if locked:
            done = blobs.exists(digest) and not (folder / "data").exists()
            if folder.exists() and (done or time.time() - _last_used(folder) > KEPT_SECONDS):
                shutil.rmtree(folder, ignore_errors=True)
            remove_unused_lock(blobs, digest, lock)


def _last_used(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.iterdir() if path.name != "lock"), default=0.0)


def _folder(blobs: BlobStore, digest: str) -> Path:
    return downloads_folder(blobs) / parse_digest(digest).replace(":", "-")


def _noted(folder: Path, size: int) -> ByteRanges:
    try:
        note = json.loads((folder / "note").read_bytes())
        ranges = [(int(start), int(end)) for start, end in note["spans"]]
        known = int(note["size"]) == size and all(0 <= start < end <= size for start, end in ranges)
    except (OSError, ValueError, KeyError, TypeError):
        return ByteRanges()
    return ByteRanges(ranges) if known and (folder / "data").exists() else ByteRanges()
