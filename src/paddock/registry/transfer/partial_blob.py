"""A layer that is not complete yet, on disk: a file with holes, and a note of what is there.

They lie in `<models>/paddock/downloads/<sha256-hex>`, so that a pull goes on where the last one was stopped or killed.
The note may lag behind the file, never lead: what it says has been written. After a power failure it may be wrong all
the same, so that nothing but the digest of the whole is trusted in the end.
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
"""Between two notes: what is downloaded again, at most, after the server was killed."""
KEPT_SECONDS = 14 * 24 * 60 * 60
"""What nobody has gone on with for two weeks is removed."""


def downloads_folder(blobs: BlobStore) -> Path:
    """Where the incomplete layers of a library lie."""
    return blobs.folder.parent / "paddock" / "downloads"


def noted_bytes(blobs: BlobStore, digest: str, size: int) -> int:
    """How many bytes of a layer are there already, as far as its note says."""
    return _noted(_folder(blobs, digest), size).covered


def lock_of(blobs: BlobStore, digest: str) -> FolderLock:
    """The lock that whoever downloads a layer holds: two servers do not write one file."""
    return FolderLock(_folder(blobs, digest) / "lock")


class PartialBlob:
    """The file of one layer of `size` bytes. Its methods may be called from several threads."""

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
        """Write pieces one after another, but what is there already stays as it is; return how many bytes they have."""
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
        """Read from `offset` into `buffer`; return how many bytes."""
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [buffer], offset)
        with self._lock:
            self._file.seek(offset)
            data = self._file.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)

    def note(self) -> None:
        """Write down what is there."""
        with self._lock:
            text = json.dumps({"size": self.size, "spans": self.ranges.ranges})
            temporary = self._folder / "note.new"
            temporary.write_text(text)
            temporary.replace(self._folder / "note")

    def clear(self) -> None:
        """Begin anew: what is there is wrong."""
        with self._lock:
            self.ranges = ByteRanges()
            (self._folder / "note").unlink(missing_ok=True)
            self._file.truncate(0)
            self._file.truncate(self.size)

    def drop(self) -> None:
        """Remove it, for good."""
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Stop for now; what is there stays."""
        if not self._file.closed:
            with contextlib.suppress(OSError):
                self.note()
            self._file.close()

    def become_blob(self) -> None:
        """Give the file, whose digest has been checked, its place among the blobs, durably."""
        path = self._blobs.path(self._digest)
        data = self._folder / "data"
        os.utime(data)  # young, whenever it was begun: old blobs that no model names are removed
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


def remove_rest(blobs: BlobStore, digest: str) -> None:
    """Remove what a download of a layer has left that is among the blobs now; the caller holds its lock."""
    shutil.rmtree(_folder(blobs, digest), ignore_errors=True)


def remove_abandoned(blobs: BlobStore) -> None:
    """Remove what nobody has gone on with for two weeks, and the rests of layers that have become blobs."""
    with contextlib.suppress(OSError):
        for folder in downloads_folder(blobs).iterdir():
            with contextlib.suppress(OSError, ValueError), FolderLock(folder / "lock").exclusive() as alone:
                done = blobs.exists(folder.name) and not (folder / "data").exists()
                if alone and (done or time.time() - _last_used(folder) > KEPT_SECONDS):
                    shutil.rmtree(folder, ignore_errors=True)


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
