"""Blobs: files named by the SHA-256 of their content, `<models>/blobs/sha256-<hex>`."""

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from paddock.library.errors import LibraryError
from paddock.library.store.claims import Claims
from paddock.library.store.files import drop_temporary, open_temporary, put_in_place, read_limited
from paddock.library.store.lock import FolderLock
from paddock.library.store.notes import BlobNotes

CONCURRENT_WRITES = 8
"""Small blobs that are synced to disk at once: thirty times as fast as one by one, and no faster with more."""
_HASHED_BYTES = 1 << 20
_DIGEST = re.compile(r"sha256[:-]([0-9a-fA-F]{64})", re.ASCII)


class InvalidDigest(LibraryError, ValueError):
    """The text is not a digest."""

    def __init__(self) -> None:
        super().__init__("invalid digest format")


class DigestMismatch(LibraryError):
    """The content of a blob does not have the expected digest."""

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

    Servers that share the folder exchange claims and locks through the folder `paddock` beside it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.claims = Claims(folder.parent / "paddock" / "claims")
        self.lock = FolderLock(folder.parent / "paddock" / "lock")
        """Held shared to keep existing blobs, held exclusively to remove blobs."""
        self.notes = BlobNotes(folder.parent / "paddock" / "notes")
        """What was found out about blobs, these and those of other folders."""

    def path(self, digest: str) -> Path:
        """Return where the blob lies or would lie.

        Raises:
            InvalidDigest: if `digest` is malformed, so that no other text ever becomes part of a path.
        """
        return self.folder / parse_digest(digest).replace(":", "-")

    def exists(self, digest: str) -> bool:
        """Return whether the blob exists.

        Raises:
            InvalidDigest: if `digest` is malformed.
        """
        return self.path(digest).is_file()

    def claim(self, digest: str) -> bool:
        """Claim the blob for a model that a client is about to make; return whether the blob exists (see `claims`).

        Raises:
            InvalidDigest: if `digest` is malformed.
        """
        with self.lock.shared():
            exists = self.exists(digest)
            if exists:
                self.claims.add(parse_digest(digest))
        return exists

    def size(self, digest: str) -> int:
        """Return the size of the blob in bytes.

        Raises:
            InvalidDigest: if `digest` is malformed.
            BlobNotFound: if it does not exist.
        """
        try:
            return self.path(digest).stat().st_size
        except OSError:
            raise BlobNotFound(digest) from None

    def read(self, digest: str, limit: int) -> bytes:
        """Return the content of a small blob.

        Raises:
            InvalidDigest: if `digest` is malformed.
            BlobNotFound: if it does not exist.
            LibraryError: if it cannot be read or has more than `limit` bytes.
        """
        try:
            return read_limited(self.path(digest), limit)
        except FileNotFoundError:
            raise BlobNotFound(digest) from None
        except OSError as error:
            raise LibraryError(f"blob {digest}: {error}") from None

    def writer(self, *, claim: bool = True) -> "BlobWriter":
        """Start a new blob, written in chunks; with `claim` it is claimed for the model to be made of it."""
        return BlobWriter(self, claim)

    def put(self, data: bytes) -> tuple[str, bool]:
        """Store `data` as an unclaimed blob; return its digest, and whether it is new."""
        digest = digest_of(data)
        if self.exists(digest):
            return digest, False
        with self.writer(claim=False) as writer:
            writer.write(data)
            writer.commit()
        return digest, True

    def put_all(self, contents: Iterable[bytes]) -> set[str]:
        """Store several small blobs, unclaimed; return the digests of the new ones.

        All are synced to disk at the same time, which takes hardly longer than for one.
        """
        with ThreadPoolExecutor(CONCURRENT_WRITES) as pool:
            return {digest for digest, is_new in pool.map(self.put, dict.fromkeys(contents)) if is_new}

    def adopt(self, file: BinaryIO, temporary: Path, check: Callable[[], None] = lambda: None) -> str:
        """Make an unclaimed blob of a temporary file that another process wrote; return its digest.

        `file` is closed. The caller holds the library's `shared_lock` until a manifest names the blob.

        Args:
            file, temporary: from `open_temporary(self.folder)`.
            check: called many times in a second while the file is hashed; what it raises ends the work.
        """
        digest = hashlib.sha256()
        with temporary.open("rb", buffering=0) as written:
            while piece := written.read(_HASHED_BYTES):
                digest.update(piece)
                check()
        put_in_place(file, temporary, self.path(name := f"sha256:{digest.hexdigest()}"))
        return name

    def remove(self, digest: str) -> None:
        """Remove the blob if it exists, with the note about it."""
        self.path(digest).unlink(missing_ok=True)
        self.notes.remove(parse_digest(digest))


class BlobWriter:
    """A blob that is being written; it is dropped unless `commit` is called.

    Several writers of the same content may run at once: each has a file of its own, and the last commit replaces equal
    content.
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
            InvalidDigest: if `expected` is malformed.
            DigestMismatch: if the content has another digest than `expected`; nothing is kept.
        """
        digest = f"sha256:{self._hash.hexdigest()}"
        if expected is not None and parse_digest(expected) != digest:
            raise DigestMismatch(expected, digest)
        path = self._store.path(digest)
        with self._store.lock.shared() if self._claim else contextlib.nullcontext():
            # From here on nobody removes the blob, whether it exists already or is written now.
            if self._claim:
                self._store.claims.add(digest)
            exists = path.is_file() and path.stat().st_size == self.size
        if exists:
            self.abort()
            return digest
        try:
            put_in_place(self._file, self._temporary, path)
        except PermissionError:  # Windows: another writer has just stored the same blob, and somebody reads it
            if not path.is_file():
                raise
            self.abort()
        return digest

    def abort(self) -> None:
        """Remove what was written, unless it was committed."""
        drop_temporary(self._file, self._temporary)

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove what was not committed."""
        self.abort()
