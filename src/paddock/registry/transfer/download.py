"""The download of one layer: segments over several connections, resumable, hashed while they arrive."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from paddock.library.store.blobs import BlobStore, short_digest
from paddock.registry.errors import NotInRegistry, RegistryError, TemporaryError
from paddock.registry.repository import RepositoryClient, failure, header_number
from paddock.registry.transfer.concurrency import gather_or_cancel
from paddock.registry.transfer.config import TransferConfig
from paddock.registry.transfer.partial_blob import (
    PartialBlob,
    download_lock,
    noted_bytes,
    remove_partial,
    remove_unused_lock,
)
from paddock.registry.transfer.segments import Segment, SegmentQueue
from paddock.thread_pool import ThreadPool

if TYPE_CHECKING:
    import httpx

_CONTENT_RANGE = "content-range"


class RangesUnsupported(Exception):
    """The registry sends layers only as a whole."""


class Download:
    """A layer of `size` bytes that `run` downloads and makes a blob.

    Args:
        slots: bounds the connections to the registry.
        streams: number of connections that this layer may use.
    """

    def __init__(
        self,
        blobs: BlobStore,
        digest: str,
        size: int,
        repository: RepositoryClient,
        *,
        config: TransferConfig,
        slots: asyncio.Semaphore,
        streams: int,
        threads: ThreadPool,
    ) -> None:
        self.digest = digest
        self.size = size
        self.completed = noted_bytes(blobs, digest, size)
        """Bytes that are present."""
        self._blobs = blobs
        self._repository = repository
        self._url = f"{repository.url}/blobs/{digest}"
        self._retry = config.retry
        self._config = config.download
        self._slots = slots
        self._streams = streams
        self._threads = threads
        self._partial: PartialBlob
        self._segments = SegmentQueue((), self._config)
        self._storage = ""
        """Address to which the registry redirected the last request, or ""."""
        self._whole = False
        """Whether the layer has to be requested as a whole."""
        self._failures = 0
        """Failures since the last progress."""
        self._completed_before = 0
        """Bytes that were present when `_failures` was set to 0."""
        self._grown = asyncio.Event()
        """Set when bytes have been written."""

    async def run(self) -> None:
        """Download the missing bytes of the layer.

        Raises:
            RegistryError: if that fails; the downloaded bytes stay for the next time, unless their digest is wrong.
            OSError: if it cannot be written.
        """
        while True:
            lock = download_lock(self._blobs, self.digest)
            with lock.exclusive() as locked:
                try:
                    if await self._threads.run(self._is_complete):
                        self.completed = self.size
                        if locked:
                            await self._threads.run(remove_partial, self._blobs, self.digest)
                        return
                    if locked:
                        await self._run_locked()
                        return
                finally:
                    if locked:
                        remove_unused_lock(self._blobs, self.digest, lock)
            # Another server on the folder downloads it: report its progress, and take over if it stops.
            self.completed = noted_bytes(self._blobs, self.digest, self.size)
            await asyncio.sleep(self._config.poll_seconds)

    def _is_complete(self) -> bool:
        return self._blobs.exists(self.digest) and self._blobs.size(self.digest) == self.size

    async def _run_locked(self) -> None:
        self._partial = await self._threads.run(PartialBlob, self._blobs, self.digest, self.size)
        try:
            for _ in range(self._config.attempts):
                self._begin()
                _, got = await gather_or_cancel([self._fetch_all(), self._hash()])
                if got == self.digest:
                    await self._threads.run(self._partial.become_blob)
                    return
                await self._threads.run(self._partial.clear)
                self.completed = 0
            await self._threads.run(self._partial.drop)
            raise RegistryError(f"digest mismatch, file must be downloaded again: want {self.digest}, got {got}")
        finally:
            self._partial.close()

    def _begin(self) -> None:
        self.completed = self._completed_before = self._partial.ranges.num_bytes
        self._segments = SegmentQueue(self._partial.ranges.gaps(0, self.size), self._config)
        self._failures = 0

    async def _fetch_all(self) -> None:
        segments = max(1, -(-self.size // self._config.min_segment))
        await gather_or_cancel(self._work() for _ in range(min(self._streams, segments)))
        while self._partial.ranges.num_bytes < self.size:  # only if ranges are unsupported
            async with self._slots:
                wait = await self._attempt(Segment(0, self.size))
            if wait is not None:
                await asyncio.sleep(wait)

    async def _work(self) -> None:
        """Fetch one segment after another, over one connection."""
        while not self._whole:
            async with self._slots:
                segment = self._segments.take()
                if segment is None:
                    return
                try:
                    wait = await self._attempt(segment)
                finally:
                    self._segments.release(segment)
            if wait is not None:
                await asyncio.sleep(wait)

    async def _attempt(self, segment: Segment) -> float | None:
        """Fetch a segment; return None if that succeeded, else the seconds to wait before the next attempt."""
        began, offset = time.monotonic(), segment.offset
        try:
            await self._fetch(segment)
        except RangesUnsupported:
            self._whole = True
            return None
        except TemporaryError as error:
            self._storage = ""
            if self.completed - self._completed_before >= min(64 << 10, self.size):
                self._completed_before, self._failures = self.completed, 0
            self._failures += 1
            in_a_row = -(-self._failures // max(self._segments.active, 1))  # connections often fail together
            if in_a_row >= self._retry.attempts:
                raise RegistryError(f"pulling {short_digest(self.digest)}: {error}") from None
            return self._retry.backoff(in_a_row, error.retry_after)
        self._segments.measured(segment.offset - offset, time.monotonic() - began)
        return None

    async def _fetch(self, segment: Segment) -> None:
        async with _SegmentResponse(self, segment) as response, contextlib.aclosing(self._blocks(response)) as blocks:
            async for pieces in blocks:
                room = segment.end - segment.offset
                segment.offset += await self._threads.run(self._partial.write, segment.offset, _cut(pieces, room))
                self.completed = self._partial.ranges.num_bytes
                self._grown.set()
                if segment.offset >= segment.end:
                    return
        raise TemporaryError(f"{self._repository.address.host} ended the layer early")

    async def _blocks(self, response: "httpx.Response") -> AsyncGenerator[list[bytes], None]:
        """Yield the body in blocks that are worth a write.

        Raises:
            TemporaryError: if the connection breaks or stalls.
        """
        import httpx

        pieces: list[bytes] = []
        size, total = 0, 0
        began = flushed = time.monotonic()
        try:
            async for piece in response.aiter_raw():
                pieces.append(piece)
                size += len(piece)
                now = time.monotonic()
                if size >= self._config.write_bytes or now - flushed > self._config.write_seconds:
                    yield pieces
                    total += size
                    pieces, size, flushed = [], 0, now
                if now - began > self._retry.stall_timeout:
                    if total + size < self._config.min_bytes_per_second * self._retry.stall_timeout:
                        raise TemporaryError("the connection stalled")
                    began, total = now, -size
        except httpx.HTTPError as error:
            if pieces:
                yield pieces
            raise failure(error, "GET", self._url) from None
        if pieces:
            yield pieces

    async def _hash(self) -> str:
        """Return the digest of the layer, computed from the file while it grows."""
        digest, done = hashlib.sha256(), 0
        while done < self.size:
            self._grown.clear()
            end = self._partial.ranges.contiguous_end
            if end == done:
                await self._grown.wait()
                continue
            done = await self._threads.run(self._hash_some, digest, done, min(end, done + self._config.hash_bytes))
        return f"sha256:{digest.hexdigest()}"

    def _hash_some(self, digest: Any, start: int, end: int) -> int:
        buffer = memoryview(bytearray(min(self._config.read_bytes, end - start)))
        while start < end:
            count = self._partial.read(start, buffer[: end - start])
            if not count:
                raise RegistryError(f"the file of {short_digest(self.digest)} became shorter while it was downloaded")
            digest.update(buffer[:count])
            start += count
        return start


class _SegmentResponse:
    """The response to a request for a segment, from storage if the registry redirected an earlier request there."""

    def __init__(self, download: Download, segment: Segment) -> None:
        self._download = download
        self._segment = segment

    async def __aenter__(self) -> "httpx.Response":
        download, segment = self._download, self._segment
        headers = {} if download._whole else {"Range": f"bytes={segment.offset}-{segment.end - 1}"}
        url = download._storage or download._url
        self._context = download._repository.open("GET", url, headers)
        try:
            response = await self._context.__aenter__()
        except RegistryError as error:
            if isinstance(error, NotInRegistry) and url == download._url:
                raise RegistryError(f"the registry does not have the layer {short_digest(download.digest)}") from None
            if url != download._url:  # the address may have expired; the registry knows a new one
                raise TemporaryError(str(error)) from None
            raise
        try:
            self._check(response)
        except BaseException:
            await self._context.__aexit__(None, None, None)
            raise
        final = str(response.url)
        download._storage = final if final != download._url else ""
        return response

    async def __aexit__(self, *details: Any) -> None:
        await self._context.__aexit__(None, None, None)

    def _check(self, response: "httpx.Response") -> None:
        download, segment = self._download, self._segment
        host, layer = download._repository.address.host, short_digest(download.digest)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise RegistryError(f"{host} sends the layer {short_digest(download.digest)} in an encoding")
        if response.status_code == 206 and not download._whole:
            units, _, rest = response.headers.get(_CONTENT_RANGE, "").partition(" ")
            given, _, total = rest.partition("/")
            first, _, last = given.partition("-")
            end = header_number(last)
            if units != "bytes" or first != str(segment.offset) or end is None or end < segment.offset:
                raise TemporaryError(f"{host} sent another range than it was asked for")
            if total not in ("*", str(download.size)):
                raise RegistryError(
                    f"{host} has {total} bytes for the layer {layer}, of which its manifest says {download.size}"
                )
            return
        if response.status_code != 200:
            raise RegistryError(f"{host} answered a request for {layer} with {response.status_code}")
        length = response.headers.get("content-length", str(download.size))
        if length != str(download.size):
            raise TemporaryError(f"{host} sends {length} bytes for {layer}, which has {download.size}")
        if segment.offset or segment.end != download.size:
            raise RangesUnsupported
        download._whole = True  # the other connections need not request segments


def _cut(pieces: list[bytes], room: int) -> list[bytes]:
    """Return the pieces up to `room` bytes in all."""
    kept = []
    for piece in pieces:
        if room <= 0:
            break
        kept.append(piece[:room])
        room -= len(piece)
    return kept
