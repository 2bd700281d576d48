"""Blobs: files named by the SHA-256 of what they hold, `<models>/blobs/sha256-<hex>`."""

import contextlib
import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from paddock.library.errors import LibraryError
from paddock.library.store.claims import Claims
from paddock.library.store.files import drop_temporary, open_temporary, put_in_place, read_limited
from paddock.library.store.lock import FolderLock

CONCURRENT_WRITES = 8
"""Small blobs that are made durable at once: thirty times as fast as one by one, and no faster with more."""
_DIGEST = re.compile(r"sha256[:-]([0-9a-fA-F]{64})", re.ASCII)


class InvalidDigest(LibraryError, ValueError):
    """The text is no digest."""

    def __init__(self) -> None:
        super().__init__("invalid digest format")


class DigestMismatch(LibraryError):
    """What was written is not what the digest promised."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f'digest mismatch, expected "{expected}", got "{got}"')


class BlobNotFound(LibraryError):
    """No blob has the digest."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"blob {digest} not found: upload it first")
        self.digest = digest


def parse_digest(text: str) -> str:
    """Return `sha256:` and 64 lower-case hex digits from that or the file name's form `sha256-…`, in any case.

    Raises:
        InvalidDigest: if `text` is neither.
    """
    match = _DIGEST.fullmatch(text)
    if match is None:
        raise InvalidDigest
    return f"sha256:{match[1].lower()}"


def digest_of(data: bytes) -> str:
    """Return the digest of `data`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def short_digest(digest: str) -> str:
    """Return the first 12 hex digits of a digest, as status lines show it."""
    return digest.partition(":")[2][:12]


class BlobStore:
    """The folder of blobs. Safe to use from several threads and processes at once.

    What the servers on one folder tell each other about the blobs lies beside it, in `paddock`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.claims = Claims(folder.parent / "paddock" / "claims")
        self.lock = FolderLock(folder.parent / "paddock" / "lock")
        """Shared while a blob that is there is to stay, exclusive while blobs are removed."""

    def path(self, digest: str) -> Path:
        """Where the blob lies or would lie.

        Raises:
            InvalidDigest: if `digest` is none, so nothing else ever reaches the file system.
        """
        return self.folder / parse_digest(digest).replace(":", "-")

    def exists(self, digest: str) -> bool:
        """Whether the blob is there.

        Raises:
            InvalidDigest: if `digest` is none.
        """
        return self.path(digest).is_file()

    def claim(self, digest: str) -> bool:
        """Whether the blob is there; if so, it stays for the model that somebody is about to make of it (`claims`).

        Raises:
            InvalidDigest: if `digest` is none.
        """
        with self.lock.shared():
            there = self.exists(digest)
            if there:
                self.claims.add(parse_digest(digest))
        return there

    def size(self, digest: str) -> int:
        """Bytes in the blob.

        Raises:
            InvalidDigest: if `digest` is none.
            BlobNotFound: if it is not there.
        """
        try:
            return self.path(digest).stat().st_size
        except OSError:
            raise BlobNotFound(digest) from None

    def read(self, digest: str, limit: int) -> bytes:
        """Return a small blob's bytes.

        Raises:
            InvalidDigest: if `digest` is none.
            BlobNotFound: if it is not there.
            LibraryError: if it cannot be read or has more than `limit` bytes.
        """
        try:
            return read_limited(self.path(digest), limit)
        except FileNotFoundError:
            raise BlobNotFound(digest) from None
        except OSError as error:
            raise LibraryError(f"blob {digest}: {error}") from None

    def writer(self, *, claim: bool = True) -> "BlobWriter":
        """Start a new blob, a piece at a time; with `claim` it is claimed for the model to be made of it."""
        return BlobWriter(self, claim)

    def put(self, data: bytes) -> tuple[str, bool]:
        """Store `data` if it is not there, unclaimed; return its digest and whether it is new."""
        digest = digest_of(data)
        if self.exists(digest):
            return digest, False
        with self.writer(claim=False) as writer:
            writer.write(data)
            writer.commit()
        return digest, True

    def put_all(self, contents: Iterable[bytes]) -> set[str]:
        """Store what is not there, unclaimed; return the digests of what is new.

        Each becomes durable, which takes a disk hardly longer for several than for one if they come together.
        """
        with ThreadPoolExecutor(CONCURRENT_WRITES) as pool:
            return {digest for digest, is_new in pool.map(self.put, dict.fromkeys(contents)) if is_new}

    def adopt(self, file: BinaryIO, temporary: Path) -> str:
        """Make a blob of what another process has written to a temporary file of this folder, unclaimed.

        Return its digest; `file` is closed. Hold the library's `shared_lock` until a manifest names it.

        Args:
            file, temporary: from `open_temporary(self.folder)`.
        """
        with temporary.open("rb") as written:
            digest = f"sha256:{hashlib.file_digest(written, 'sha256').hexdigest()}"
        put_in_place(file, temporary, self.path(digest))
        return digest

    def remove(self, digest: str) -> None:
        """Remove the blob if it is there."""
        self.path(digest).unlink(missing_ok=True)


class BlobWriter:
    """A blob that is being written; without `commit` nothing stays.

    Several writers of the same content may run at once: each has its own file, and whoever commits last replaces equal
    by equal.
    """

    def __init__(self, store: BlobStore, claim: bool) -> None:
        self._store = store
        self._claim = claim
        self._hash = hashlib.sha256()
        self._file: BinaryIO
        self._file, self._temporary = open_temporary(store.folder)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append `data`."""
        self._hash.update(data)
        self._file.write(data)
        self.size += len(data)

    def commit(self, expected: str | None = None) -> str:
        """Give the blob its name, durably, and return its digest.

        Raises:
            InvalidDigest: if `expected` is no digest.
            DigestMismatch: if the content's digest is not `expected`; nothing is kept.
        """
        digest = f"sha256:{self._hash.hexdigest()}"
        if expected is not None and parse_digest(expected) != digest:
            raise DigestMismatch(expected, digest)
        path = self._store.path(digest)
        with self._store.lock.shared() if self._claim else contextlib.nullcontext():
            # From here on no one removes the blob, if it is there already or comes later.
            if self._claim:
                self._store.claims.add(digest)
            there = path.is_file() and path.stat().st_size == self.size
        if there:
            self.abort()
            return digest
        try:
            put_in_place(self._file, self._temporary, path)
        except PermissionError:  # Windows: someone reads the same blob, which another writer has just put there
            if not path.is_file():
                raise
            self.abort()
        return digest

    def abort(self) -> None:
        """Drop what was written, unless it was committed."""
        drop_temporary(self._file, self._temporary)

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Drop what was not committed."""
        self.abort()
