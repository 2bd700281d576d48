"""The upload of one layer, in chunks, so that chunks that the registry has are not sent again."""

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlencode, urlsplit

from paddock.library.store.blobs import short_digest
from paddock.library.store.files import make_private_folder, write_atomically
from paddock.registry.endpoints import same_host
from paddock.registry.errors import Denied, NotInRegistry, RegistryError, TemporaryError, Unreachable
from paddock.registry.repository import RepositoryClient, header_number
from paddock.registry.transfer.config import TransferConfig
from paddock.thread_pool import ThreadPool

_OCTETS = {"Content-Type": "application/octet-stream"}

T = TypeVar("T")


class UploadUnknown(Exception):
    """The registry has lost the upload, or cannot say how much of it it has (OCI: BLOB_UPLOAD_UNKNOWN)."""


class Upload:
    """A layer in a file that `run` uploads to a repository.

    Args:
        notes: folder for notes about incomplete uploads, which the next push continues; its parent is private.
        source: another repository of the registry (`team/m`) that may have the layer, or "".
    """

    def __init__(
        self,
        file: Path,
        digest: str,
        size: int,
        repository: RepositoryClient,
        *,
        notes: Path,
        source: str,
        config: TransferConfig,
        threads: ThreadPool,
    ) -> None:
        self.digest = digest
        self.size = size
        self.completed = 0
        """Bytes that have been sent."""
        self._path = file
        self._repository = repository
        self._source = source
        self._retry = config.retry
        self._config = config.upload
        self._threads = threads
        self._note = notes / hashlib.sha256(f"{repository.url} {digest}".encode()).hexdigest()
        self._url = ""
        self._max_chunk = config.upload.max_chunk
        self._chunk = config.upload.max_chunk
        self._stopped = False
        self._confirmed = 0
        """Bytes that the registry has confirmed."""
        self._unsure = False
        """Whether the registry may have more bytes than `_confirmed`."""
        self._md5s: list[bytes] = []
        """MD5 of each chunk that was sent to storage; the registry asks for them at the end."""

    async def run(self) -> None:
        """Upload the layer.

        Raises:
            RegistryError: if the registry refuses it; what it has stays for the next time.
            OSError: if the file cannot be read.
        """
        for _ in range(self._config.attempts):
            try:
                if await self._retried(self._begin):
                    await self._retried(self._send)
                break
            except UploadUnknown:
                await self._threads.run(self._forget)
        else:
            host = self._repository.address.host
            raise RegistryError(f"pushing {short_digest(self.digest)}: {host} forgets what was sent, again and again")
        await self._threads.run(self._forget)
        self.completed = self.size

    def stop(self) -> None:
        """Let `run` end after the current chunk; many registries lose an upload that breaks off within a chunk."""
        self._stopped = True

    async def is_needed(self) -> bool:
        """Return whether the registry lacks the layer.

        Raises:
            RegistryError: if the registry does not say.
        """
        if not await self._retried(self._exists):
            return True
        await self._threads.run(self._forget)
        return False

    async def _exists(self) -> bool:
        try:
            async with self._repository.open("HEAD", f"{self._repository.url}/blobs/{self.digest}"):
                return True
        except NotInRegistry:
            return False

    async def _begin(self) -> bool:
        """Continue a noted upload or begin one; return False if the registry mounts the layer from `source`."""
        noted = await self._threads.run(self._noted)
        if noted and same_host(noted, self._repository.address.base):
            self._url, self._unsure = noted, True
            return True
        query = "?" + urlencode({"mount": self.digest, "from": self._source}) if self._source else ""
        uploads = f"{self._repository.url}/blobs/uploads/"
        try:
            async with self._repository.open(
                "POST", uploads + query, {"Content-Length": "0"}, follow=False
            ) as response:
                if response.status_code == 201:
                    return False
                self._move(uploads, response.headers)
        except (Denied, NotInRegistry) as error:
            if query:  # this user may not be allowed to read the other repository, or it may be gone
                self._source = ""
                return await self._begin()
            if isinstance(error, NotInRegistry):
                raise RegistryError(f"{self._repository.address.host} takes nothing at {uploads}") from None
            raise
        await self._threads.run(self._write_note)
        return True

    async def _send(self) -> None:
        """Send the bytes that the registry lacks, and complete the upload."""
        try:
            if self._unsure:
                await self._ask()
            while self._confirmed < self.size:
                if self._stopped:
                    raise RegistryError(f"pushing {short_digest(self.digest)} was stopped")
                self._unsure = True
                start, began = self._confirmed, time.monotonic()
                await self._send_chunk(start, min(start + self._chunk, self.size))
                self._unsure = False
                if not self._md5s:  # storage may require chunks of one size
                    speed = (self._confirmed - start) / max(time.monotonic() - began, 1e-3)
                    size = max(self._config.min_chunk, int(speed * self._config.chunk_seconds))
                    self._chunk = min(self._max_chunk, size)
            await self._finish()
        except NotInRegistry:
            raise UploadUnknown from None

    async def _ask(self) -> None:
        """Ask the registry how many bytes it has."""
        if not self._md5s:  # storage cannot be asked: the chunk is sent again
            try:
                async with self._repository.open("GET", self._url, follow=False) as response:
                    first, _, last = response.headers.get("range", "").removeprefix("bytes=").partition("-")
                    self._move(self._url, response.headers)
            except TemporaryError:
                raise
            except RegistryError:
                raise UploadUnknown from None
            end = header_number(last)
            if first != "0" or end is None or end >= self.size:
                raise UploadUnknown
            self._confirmed = end + 1 if end else 0  # registries answer 0-0 if they have nothing
        self.completed, self._unsure = self._confirmed, False

    async def _send_chunk(self, start: int, end: int) -> None:
        length = {"Content-Length": str(end - start)}
        headers = {**_OCTETS, **length, "Content-Range": f"{start}-{end - 1}", "X-Redirect-Uploads": "1"}
        before, storage = self._url, ""
        try:
            body = self._body(start, end)
            seconds = self._registry_seconds(end - start)
            patch = self._repository.open("PATCH", before, headers, body, follow=False, seconds=seconds)
            async with patch as response:
                if response.status_code in (307, 308):
                    storage = self._repository.redirected(before, response.headers.get("location", ""))
                self._move(before, response.headers)
            if storage:
                md5 = hashlib.md5(usedforsecurity=False)
                async with self._repository.open("PUT", storage, _OCTETS | length, self._body(start, end, md5)):
                    self._md5s.append(md5.digest())
        except RegistryError as error:
            self.completed = start
            if error.status == 413 and self._chunk > self._config.min_chunk:
                self._chunk = self._max_chunk = max(self._config.min_chunk, self._chunk // 4)
                raise TemporaryError(str(error)) from None
            if error.status == 416:  # it has another number of bytes than we assume
                raise UploadUnknown from None
            raise
        self._confirmed = self.completed = end
        await self._threads.run(self._write_note)

    async def _finish(self) -> None:
        values = {"digest": self.digest}
        if self._md5s:
            values["etag"] = f"{hashlib.md5(b''.join(self._md5s), usedforsecurity=False).hexdigest()}-{len(self._md5s)}"
        parts = urlsplit(self._url)
        url = parts._replace(query="&".join(filter(None, (parts.query, urlencode(values))))).geturl()
        try:
            end = {**_OCTETS, "Content-Length": "0"}
            async with self._repository.open(
                "PUT", url, end, follow=False, seconds=self.size / self._config.min_registry_speed
            ):
                return
        except (TemporaryError, NotInRegistry):
            if not await self._exists():  # only the answer was lost
                raise
        except RegistryError as error:
            if error.status != 400:
                raise
            if await self._threads.run(_digest, self._path) != self.digest:
                await self._threads.run(self._forget)
                raise RegistryError(f"the blob {self.digest} is damaged: pull or create its model again") from None
            raise UploadUnknown from None  # the bytes changed on their way

    def _registry_seconds(self, size: int) -> float:
        """Return how much longer than usual the registry may take to answer, because it stores `size` bytes."""
        return size / self._config.min_registry_speed

    def _body(self, start: int, end: int, *sums: Any) -> Callable[[], AsyncIterator[bytes]]:
        """Return a function that yields the bytes of a chunk, which may be sent several times."""
        return lambda: self._pieces(start, end, sums)

    async def _pieces(self, start: int, end: int, sums: tuple[Any, ...]) -> AsyncIterator[bytes]:
        file = await self._threads.run(self._path.open, "rb")
        with file:
            while start < end:
                piece = await self._threads.run(_read, file, start, min(self._config.read_bytes, end - start), sums)
                if not piece:
                    raise RegistryError(f"the blob {self.digest} became shorter while it was sent")
                yield piece
                start += len(piece)
                self.completed = start

    def _move(self, url: str, headers: Mapping[str, str]) -> None:
        """Take the address of the next request from the headers of a response."""
        target = headers.get("docker-upload-location") or headers.get("location")
        if target:
            self._url = self._repository.redirected(url, target)
        elif not self._url:
            raise RegistryError(f"{self._repository.address.host} does not say where to upload to")

    async def _retried(self, work: Callable[[], Awaitable[T]]) -> T:
        """Repeat `work` after temporary errors, unless several in a row come without progress."""
        failures, had = 0, self._confirmed
        while True:
            try:
                return await work()
            except Unreachable:
                raise
            except TemporaryError as error:
                if self._confirmed > had:
                    failures, had = 0, self._confirmed
                failures += 1
                if failures >= self._retry.attempts:
                    raise RegistryError(f"pushing {short_digest(self.digest)}: {error}") from None
                await asyncio.sleep(self._retry.backoff(failures, error.retry_after))

    def _noted(self) -> str:
        try:
            return str(json.loads(self._note.read_bytes())["url"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _write_note(self) -> None:
        # An upload to storage cannot be continued; an address on another host is as good as a password.
        if self._md5s or not same_host(self._url, self._repository.address.base):
            self._note.unlink(missing_ok=True)
            return
        make_private_folder(self._note.parent.parent)
        write_atomically(self._note, json.dumps({"url": self._url}).encode(), self._note.parent)

    def _forget(self) -> None:
        self._url, self._confirmed, self._unsure, self._md5s = "", 0, False, []
        with contextlib.suppress(OSError):
            self._note.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _read(file: BinaryIO, offset: int, size: int, sums: tuple[Any, ...]) -> bytes:
    file.seek(offset)
    data = file.read(size)
    for total in sums:
        total.update(data)
    return data
