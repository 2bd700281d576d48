"""One layer on its way here: ranges over several connections, each resumable, checked while they come."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncGenerator, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddock.library.store.blobs import BlobStore
from paddock.registry.errors import Absent, RegistryError, Temporary
from paddock.registry.session import Session, failure
from paddock.registry.transfer.partial import Partial, lock_of, noted_bytes, remove_rest
from paddock.registry.transfer.progress import short
from paddock.registry.transfer.retry import Patience
from paddock.registry.transfer.threads import Threads

if TYPE_CHECKING:
    import httpx

BLOCK = 512 << 10
"""Bytes that are written at once; one over for the last piece."""
PART_SECONDS = 8.0
"""For how long one connection is to be busy with a part, at the speed that it had last."""
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


class WholeOnly(Exception):
    """The registry sends the layer as a whole only."""


@dataclass(eq=False)
class Part:
    """A range that one connection fetches."""

    offset: int
    """The next byte."""
    end: int
    """One past the last byte; another connection may take the rear part over."""


class Download:
    """A layer of `size` bytes that `run` makes a blob."""

    def __init__(
        self,
        blobs: BlobStore,
        digest: str,
        size: int,
        session: Session,
        *,
        patience: Patience,
        slots: asyncio.Semaphore,
        streams: int,
        threads: Threads,
    ) -> None:
        self.digest = digest
        self.size = size
        self.completed = noted_bytes(blobs, digest, size)
        """Bytes that are there."""
        self._blobs = blobs
        self._session = session
        self._url = f"{session.url}/blobs/{digest}"
        self._patience = patience
        self._slots = slots
        self._streams = streams
        self._threads = threads
        self._partial: Partial
        self._gaps: list[tuple[int, int]] = []
        self._active: list[Part] = []
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
        self._partial = await self._threads.run(Partial, self._blobs, self.digest, self.size)
        try:
            for _ in range(TRIES):
                self._begin()
                _, got = await together([self._fetch_all(), self._hash()])
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
        self.completed = self._solid = self._partial.spans.covered
        self._gaps = list(self._partial.spans.gaps(0, self.size))
        self._active = []
        self._failures = 0

    async def _fetch_all(self) -> None:
        parts = max(1, -(-self.size // LEAST_PART))
        await together(self._work() for _ in range(min(self._streams, parts)))
        while self._partial.spans.covered < self.size:  # it comes as a whole only
            async with self._slots:
                failed = await self._attempt(Part(0, self.size))
            if failed is not None:
                await asyncio.sleep(failed)

    async def _work(self) -> None:
        """One connection's share: a part after another."""
        while not self._whole:
            async with self._slots:
                part = self._next_part()
                if part is None:
                    return
                self._active.append(part)
                try:
                    failed = await self._attempt(part)
                finally:
                    self._active.remove(part)
                    if part.offset < part.end:
                        self._gaps.insert(0, (part.offset, part.end))
            if failed is not None:
                await asyncio.sleep(failed)

    def _next_part(self) -> Part | None:
        """The first gap or its beginning; if there is none, the rear half of what another connection has to do yet."""
        if self._gaps:
            start, end = self._gaps.pop(0)
            cut = min(end, start + self._part_size())
            if cut < end:
                self._gaps.insert(0, (cut, end))
            return Part(start, cut)
        slowest = max(self._active, key=lambda part: part.end - part.offset, default=None)
        if slowest is None or slowest.end - slowest.offset < 4 * BLOCK:
            return None
        # So far behind what the other has asked for last that the two never write the same bytes.
        middle = (slowest.offset + slowest.end) // 2
        part = Part(middle, slowest.end)
        slowest.end = middle
        return part

    def _part_size(self) -> int:
        return int(min(max(self._speed * PART_SECONDS, LEAST_PART), MOST_PART))

    async def _attempt(self, part: Part) -> float | None:
        """Fetch a part; None if all went well, else how long to wait before the next attempt."""
        began, offset = time.monotonic(), part.offset
        try:
            await self._fetch(part)
        except WholeOnly:
            self._whole = True
            return None
        except Temporary as error:
            self._storage = ""
            if self.completed - self._solid >= min(64 << 10, self.size):
                self._solid, self._failures = self.completed, 0
            self._failures += 1
            in_a_row = -(-self._failures // max(len(self._active), 1))  # connections often fail together
            if in_a_row >= self._patience.attempts:
                raise RegistryError(f"pulling {short(self.digest)}: {error}") from None
            return self._patience.wait(in_a_row, error.wait)
        self._speed = (part.offset - offset) / max(time.monotonic() - began, 1e-3)
        return None

    async def _fetch(self, part: Part) -> None:
        async with self._range(part) as response, contextlib.aclosing(self._blocks(response)) as blocks:
            async for pieces in blocks:
                room = part.end - part.offset
                part.offset += await self._threads.run(self._partial.write, part.offset, _cut(pieces, room))
                self.completed = self._partial.spans.covered
                self._grown.set()
                if part.offset >= part.end:
                    return
        raise Temporary(f"{self._session.address.host} ended the layer early")

    def _range(self, part: Part) -> "_Range":
        return _Range(self, part)

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
                if now - began > self._patience.stall:
                    if total + size < DRIP * self._patience.stall:
                        raise Temporary("the connection stalled")
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
            end = self._partial.spans.frontier
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
                raise RegistryError(f"the file of {short(self.digest)} became shorter while it was downloaded")
            digest.update(buffer[:count])
            start += count
        return start


class _Range:
    """The answer to a request for a part, from storage if the registry has sent us there before."""

    def __init__(self, download: Download, part: Part) -> None:
        self._download = download
        self._part = part

    async def __aenter__(self) -> "httpx.Response":
        download, part = self._download, self._part
        headers = {} if download._whole else {"Range": f"bytes={part.offset}-{part.end - 1}"}
        asked = download._storage or download._url
        self._answer = download._session.open("GET", asked, headers)
        try:
            response = await self._answer.__aenter__()
        except RegistryError as error:
            if isinstance(error, Absent) and asked == download._url:
                raise RegistryError(f"the registry does not have the layer {short(download.digest)}") from None
            if asked != download._url:  # its time is over, perhaps; the registry knows another
                raise Temporary(str(error)) from None
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
        download, part = self._download, self._part
        host = download._session.address.host
        if response.headers.get("content-encoding", "identity") != "identity":
            raise RegistryError(f"{host} sends the layer {short(download.digest)} in an encoding")
        if response.status_code == 206 and not download._whole:
            units, _, rest = response.headers.get(_CONTENT_RANGE, "").partition(" ")
            given, _, total = rest.partition("/")
            first, _, last = given.partition("-")
            if units != "bytes" or first != str(part.offset) or not last.isdigit() or int(last) < part.offset:
                raise Temporary(f"{host} sent another range than it was asked for")
            if total not in ("*", str(download.size)):
                raise RegistryError(
                    f"{host} has {total} bytes for the layer {short(download.digest)}, of which its manifest says "
                    f"{download.size}"
                )
            return
        if response.status_code != 200:
            raise RegistryError(f"{host} answered a request for {short(download.digest)} with {response.status_code}")
        length = response.headers.get("content-length", str(download.size))
        if length != str(download.size):
            raise Temporary(f"{host} sends {length} bytes for {short(download.digest)}, which has {download.size}")
        if part.offset or part.end != download.size:
            raise WholeOnly
        download._whole = True  # nobody needs to ask for a part of it


def _cut(pieces: list[bytes], room: int) -> list[bytes]:
    """The pieces up to `room` bytes in all."""
    kept = []
    for piece in pieces:
        if room <= 0:
            break
        kept.append(piece[:room])
        room -= len(piece)
    return kept


async def together(works: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Do all at once; the first that fails ends the others, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
