"""The files in a tar archive, whose headers are read by a process of its own (`archive_worker`)."""

import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from paddock.errors import ErrorKind
from paddock.registry.errors import BadArchive, RegistryError
from paddock.registry.transfer import archive_worker
from paddock.registry.transfer.archive_worker import COUNT, LIMITS

NO_ARCHIVE = "the file is no archive of a model"
MAX_LINE = 64 << 10
"""Most bytes of a message of the worker, which may repeat a name."""
END_SECONDS = 5
"""Time that the worker has to end after its output did."""
_CHUNK_BYTES = 1 << 20

_log = logging.getLogger(__name__)


class NoArchiveWorker(RegistryError):
    """The process that reads the headers of archives cannot be used; that is not the archive's fault."""

    kind = ErrorKind.INTERNAL


class _Message(msgspec.Struct):
    read: int | None = None
    skip: int | None = None
    member: str | None = None
    size: int = 0
    end: bool = False
    error: str = ""


class ArchiveMember:
    """A file in the archive. What is not read of it by the time the next one is asked for is passed over."""

    def __init__(self, name: str, size: int, file: BinaryIO) -> None:
        self.name = name
        self.size = size
        self._file = file
        self._left = size

    def pieces(self) -> Iterator[bytes]:
        """Yield the content.

        Raises:
            BadArchive: if the archive ends before its end.
        """
        while self._left:
            piece = self._file.read(min(_CHUNK_BYTES, self._left))
            if not piece:
                raise BadArchive(f"{NO_ARCHIVE}: it is cut off within {self.name}")
            self._left -= len(piece)
            yield piece


class ArchiveMembers:
    """The files of an archive, in their order; a context manager, at whose end the worker is stopped.

    Args:
        file: the archive, which is read from its front; it need not be complete yet.
        max_headers: most bytes between the contents of two files.
    """

    def __init__(self, file: BinaryIO, max_headers: int) -> None:
        self._file = file
        self._max_headers = max_headers
        self._budget = max_headers
        self._waited = 0.0
        self._buffer = bytearray()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(archive_worker.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )

    def __enter__(self) -> Self:
        """Return the members."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the worker."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __iter__(self) -> Iterator[ArchiveMember]:
        """Yield each file.

        Raises:
            BadArchive: if the archive cannot be read, or exceeds a limit.
            NoArchiveWorker: if there is no process that reads it.
            OSError: if `file` cannot be read.
        """
        while not (message := self._receive()).end:
            if message.error:
                raise BadArchive(f"{NO_ARCHIVE}: {message.error}")
            if message.read is not None:
                data = self._header(message.read)
                self._send(COUNT.pack(len(data)) + data)
            elif message.skip is not None:
                self._send(COUNT.pack(self._pass_over(message.skip)))
            elif message.member is not None:
                member = ArchiveMember(message.member, message.size, self._file)
                yield member
                for _ in member.pieces():
                    pass
                self._budget = self._max_headers
                self._send(COUNT.pack(member.size))

    def _header(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end.

        Raises:
            BadArchive: if too many were read since the last content.
        """
        self._budget -= size
        if self._budget < 0:
            raise BadArchive(f"{NO_ARCHIVE}: a header in it is too large")
        return self._file.read(size)

    def _pass_over(self, size: int) -> int:
        left = size
        while left and (piece := self._header(min(left, _CHUNK_BYTES))):
            left -= len(piece)
        return size - left

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        view = memoryview(data)
        try:
            while view:
                view = view[self._process.stdin.write(view) :]
        except BrokenPipeError:
            raise self._ended() from None

    def _receive(self) -> _Message:
        """Return the next message of the worker.

        Raises:
            BadArchive: if it takes too long.
            NoArchiveWorker: if it ends by itself without one.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            data = self._wait_for_output()
            if not data or len(self._buffer) > MAX_LINE:
                raise self._ended()
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return msgspec.json.decode(line, type=_Message)

    def _wait_for_output(self) -> bytes:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        began = time.monotonic()
        if hasattr(select, "poll"):  # not on Windows, where a worker can only be out of time by itself
            poll = select.poll()
            poll.register(output, select.POLLIN)
            if not poll.poll(max(LIMITS.wait_seconds - self._waited, 0) * 1000):
                raise self._too_slow()
        data = os.read(output, MAX_LINE)
        self._waited += time.monotonic() - began
        return data

    def _ended(self) -> RegistryError:
        """Return the error for a worker that ended without a reason. It was out of time if a signal ended it."""
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if status < 0:
            _log.warning("the process that read an archive was ended by signal %d", -status)
            return self._too_slow()
        return NoArchiveWorker(f"the archive cannot be read: the process for it ended with exit status {status}")

    def _too_slow(self) -> BadArchive:
        return BadArchive(f"{NO_ARCHIVE}: its headers take too long to read")
