"""One layer on its way here: ranges over several connections, each resumable, checked while they come."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncGenerator, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddock.library.store.blobs import BlobStore, short_digest
from paddock.registry.errors import NotInRegistry, RegistryError, TemporaryError
from paddock.registry.repository import RepositoryClient, failure
from paddock.registry.transfer.partial_blob import PartialBlob, lock_of, noted_bytes, remove_rest
from paddock.registry.transfer.retry import RetryPolicy
from paddock.registry.transfer.thread_pool import ThreadPool

if TYPE_CHECKING:
    import httpx

BLOCK = 512 << 10
"""Bytes that are written at once; one over for the last piece."""
PART_SECONDS = 8.0
"""For how long one connection is to be busy with a segment, at the speed that it had last."""
LEAST_PART = 8 << 20
MOST_PART = 128 << 20
FLUSH_SECONDS = 0.2
"""What has come is written after so long, be it ever so little."""
DRIP = 1024
"""Bytes a second below which a connection counts as stalled."""
HASHED = 8 << 20
"""Bytes of which the digest is computed in one go, so that a pull that is given up ends soon."""
READ = 256 << 10
OTHER_SERVER_SECONDS = 0.25
TRIES = 2
"""Of the whole layer, where its digest is wrong: once more from the beginning."""
_CONTENT_RANGE = "content-range"


class RangesUnsupported(Exception):
    """The registry sends the layer as a whole only."""


@dataclass(eq=False)
class Segment:
    """A range that one connection fetches."""

    offset: int
    """The next byte."""
    end: int
    """One past the last byte; another connection may take the rear segment over."""


class Download:
    """A layer of `size` bytes that `run` makes a blob."""

    def __init__(
        self,
        blobs: BlobStore,
        digest: str,
        size: int,
        repository: RepositoryClient,
        *,
        retry: RetryPolicy,
        slots: asyncio.Semaphore,
        streams: int,
        threads: ThreadPool,
    ) -> None:
        self.digest = digest
        self.size = size
        self.completed = noted_bytes(blobs, digest, size)
        """Bytes that are there."""
        self._blobs = blobs
        self._repository = repository
        self._url = f"{repository.url}/blobs/{digest}"
        self._retry = retry
        self._slots = slots
        self._streams = streams
        self._threads = threads
        self._partial: PartialBlob
        self._gaps: list[tuple[int, int]] = []
        self._active: list[Segment] = []
        self._speed = 0.0
        self._storage = ""
        self._whole = False
        self._failures = 0
        self._solid = 0
        self._grown = asyncio.Event()

    async def run(self) -> None:
        """Download the layer, or what is missing of it.

        Raises:
            RegistryError: if it cannot be had; what has come stays for the next time, unless it is wrong.
            OSError: if it cannot be written.
        """
        while True:
            with lock_of(self._blobs, self.digest).exclusive() as alone:
                if await self._threads.run(self._is_there):
                    self.completed = self.size
                    if alone:
                        await self._threads.run(remove_rest, self._blobs, self.digest)
                    return
                if alone:
                    await self._run_alone()
                    return
            # Another server on the folder has it: what it does is seen, and gone on with if it stops.
            self.completed = noted_bytes(self._blobs, self.digest, self.size)
            await asyncio.sleep(OTHER_SERVER_SECONDS)

    def _is_there(self) -> bool:
        return self._blobs.exists(self.digest) and self._blobs.size(self.digest) == self.size

    async def _run_alone(self) -> None:
        self._partial = await self._threads.run(PartialBlob, self._blobs, self.digest, self.size)
        try:
            for _ in range(TRIES):
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
        self.completed = self._solid = self._partial.ranges.covered
        self._gaps = list(self._partial.ranges.gaps(0, self.size))
        self._active = []
        self._failures = 0

    async def _fetch_all(self) -> None:
        segments = max(1, -(-self.size // LEAST_PART))
        await gather_or_cancel(self._work() for _ in range(min(self._streams, segments)))
        while self._partial.ranges.covered < self.size:  # it comes as a whole only
            async with self._slots:
                failed = await self._attempt(Segment(0, self.size))
            if failed is not None:
                await asyncio.sleep(failed)

    async def _work(self) -> None:
        """One connection's share: a segment after another."""
        while not self._whole:
            async with self._slots:
                segment = self._next_segment()
                if segment is None:
                    return
                self._active.append(segment)
                try:
                    failed = await self._attempt(segment)
                finally:
                    self._active.remove(segment)
                    if segment.offset < segment.end:
                        self._gaps.insert(0, (segment.offset, segment.end))
            if failed is not None:
                await asyncio.sleep(failed)

    def _next_segment(self) -> Segment | None:
        """The first gap or its beginning; if there is none, the rear half of what another connection has to do yet."""
        if self._gaps:
            start, end = self._gaps.pop(0)
            cut = min(end, start + self._segment_size())
            if cut < end:
                self._gaps.insert(0, (cut, end))
            return Segment(start, cut)
        slowest = max(self._active, key=lambda segment: segment.end - segment.offset, default=None)
        if slowest is None or slowest.end - slowest.offset < 4 * BLOCK:
            return None
        # So far behind what the other has asked for last that the two never write the same bytes.
        middle = (slowest.offset + slowest.end) // 2
        segment = Segment(middle, slowest.end)
        slowest.end = middle
        return segment

    def _segment_size(self) -> int:
        return int(min(max(self._speed * PART_SECONDS, LEAST_PART), MOST_PART))

    async def _attempt(self, segment: Segment) -> float | None:
        """Fetch a segment; None if all went well, else how long to wait before the next attempt."""
        began, offset = time.monotonic(), segment.offset
        try:
            await self._fetch(segment)
        except RangesUnsupported:
            self._whole = True
            return None
        except TemporaryError as error:
            self._storage = ""
            if self.completed - self._solid >= min(64 << 10, self.size):
                self._solid, self._failures = self.completed, 0
            self._failures += 1
            in_a_row = -(-self._failures // max(len(self._active), 1))  # connections often fail together
            if in_a_row >= self._retry.attempts:
                raise RegistryError(f"pulling {short_digest(self.digest)}: {error}") from None
            return self._retry.backoff(in_a_row, error.retry_after)
        self._speed = (segment.offset - offset) / max(time.monotonic() - began, 1e-3)
        return None

    async def _fetch(self, segment: Segment) -> None:
        async with self._range(segment) as response, contextlib.aclosing(self._blocks(response)) as blocks:
            async for pieces in blocks:
                room = segment.end - segment.offset
                segment.offset += await self._threads.run(self._partial.write, segment.offset, _cut(pieces, room))
                self.completed = self._partial.ranges.covered
                self._grown.set()
                if segment.offset >= segment.end:
                    return
        raise TemporaryError(f"{self._repository.address.host} ended the layer early")

    def _range(self, segment: Segment) -> "_Range":
        return _Range(self, segment)

    async def _blocks(self, response: "httpx.Response") -> AsyncGenerator[list[bytes], None]:
        """The body in blocks worth writing; a connection over which hardly anything comes is given up."""
        import httpx

        pieces: list[bytes] = []
        size, total = 0, 0
        began = flushed = time.monotonic()
        try:
            async for piece in response.aiter_raw():
                pieces.append(piece)
                size += len(piece)
                now = time.monotonic()
                if size >= BLOCK or now - flushed > FLUSH_SECONDS:
                    yield pieces
                    total += size
                    pieces, size, flushed = [], 0, now
                if now - began > self._retry.stall_timeout:
                    if total + size < DRIP * self._retry.stall_timeout:
                        raise TemporaryError("the connection stalled")
                    began, total = now, -size
        except httpx.HTTPError as error:
            if pieces:
                yield pieces
            raise failure(error, "GET", self._url) from None
        if pieces:
            yield pieces

    async def _hash(self) -> str:
        """The digest of the layer, computed behind the bytes as they come, from what is on disk."""
        digest, done = hashlib.sha256(), 0
        while done < self.size:
            self._grown.clear()
            end = self._partial.ranges.frontier
            if end == done:
                await self._grown.wait()
                continue
            done = await self._threads.run(self._hash_some, digest, done, min(end, done + HASHED))
        return f"sha256:{digest.hexdigest()}"

    def _hash_some(self, digest: Any, start: int, end: int) -> int:
        buffer = memoryview(bytearray(min(READ, end - start)))
        while start < end:
            count = self._partial.read(start, buffer[: end - start])
            if not count:
                raise RegistryError(f"the file of {short_digest(self.digest)} became shorter while it was downloaded")
            digest.update(buffer[:count])
            start += count
        return start


class _Range:
    """The answer to a request for a segment, from storage if the registry has sent us there before."""

    def __init__(self, download: Download, segment: Segment) -> None:
        self._download = download
        self._part = segment

    async def __aenter__(self) -> "httpx.Response":
        download, segment = self._download, self._part
        headers = {} if download._whole else {"Range": f"bytes={segment.offset}-{segment.end - 1}"}
        asked = download._storage or download._url
        self._answer = download._repository.open("GET", asked, headers)
        try:
            response = await self._answer.__aenter__()
        except RegistryError as error:
            if isinstance(error, NotInRegistry) and asked == download._url:
                raise RegistryError(f"the registry does not have the layer {short_digest(download.digest)}") from None
            if asked != download._url:  # its time is over, perhaps; the registry knows another
                raise TemporaryError(str(error)) from None
            raise
        try:
            self._check(response)
        except BaseException:
            await self._answer.__aexit__(None, None, None)
            raise
        url = str(response.url)
        download._storage = url if url != download._url else ""
        return response

    async def __aexit__(self, *details: Any) -> None:
        await self._answer.__aexit__(None, None, None)

    def _check(self, response: "httpx.Response") -> None:
        download, segment = self._download, self._part
        host, layer = download._repository.address.host, short_digest(download.digest)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise RegistryError(f"{host} sends the layer {short_digest(download.digest)} in an encoding")
        if response.status_code == 206 and not download._whole:
            units, _, rest = response.headers.get(_CONTENT_RANGE, "").partition(" ")
            given, _, total = rest.partition("/")
            first, _, last = given.partition("-")
            if units != "bytes" or first != str(segment.offset) or not last.isdigit() or int(last) < segment.offset:
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
        download._whole = True  # nobody needs to ask for a segment of it


def _cut(pieces: list[bytes], room: int) -> list[bytes]:
    """The pieces up to `room` bytes in all."""
    kept = []
    for piece in pieces:
        if room <= 0:
            break
        kept.append(piece[:room])
        room -= len(piece)
    return kept


async def gather_or_cancel(works: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Do all at once; the first that fails ends the others, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
