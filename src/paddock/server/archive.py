"""Archives over HTTP: sent while they are read from disk, and read by a thread while they arrive."""

import asyncio
import contextlib
import queue
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.server.disconnect import while_connected
from paddock.server.errors import ClientGone
from paddock.server.media_types import TAR
from paddock.thread_pool import ThreadPool

if TYPE_CHECKING:
    from paddock.registry.transfer.archive_export import Archive

QUEUED = 16
"""Pieces of an upload that may wait for the disk."""
POLL_SECONDS = 0.002
"""Time between two looks whether there is room for a piece; a megabyte needs about as long."""
STALLED_SECONDS = 120
"""Time in which a client must take a piece of an archive, a megabyte: others wait for its turn."""


class ArchiveStream(Response):
    """An answer that is an archive, sent as it is read."""

    def __init__(self, archive: "Archive", threads: ThreadPool, close: Callable[[], None]) -> None:
        """Send `archive`, read in `threads`; close it at the end, and call `close`."""
        super().__init__(media_type=TAR)
        self._archive = archive
        self._threads = threads
        self._close = close
        self.raw_headers = [(k, v) for k, v in self.raw_headers if k != b"content-length"]
        self.raw_headers.append((b"content-length", str(archive.size).encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the archive."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await while_connected(receive, self._send(send))
        except (ClientGone, TimeoutError):
            return
        finally:
            self._archive.close()
            self._close()

    async def _send(self, send: Send) -> None:
        """Send the pieces.

        Raises:
            TimeoutError: if the client takes none of them; the connection is cut then.
        """
        pieces = self._archive.pieces()
        while piece := await self._threads.run(next, pieces, b""):
            async with asyncio.timeout(STALLED_SECONDS):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class BodyFile:
    """A body that the event loop writes piece by piece and a thread reads like a file."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(QUEUED)
        self._rest = b""
        self._ended = False
        self._aborted = False

    async def put(self, piece: bytes, reader: "asyncio.Task[object]") -> None:
        """Pass on a piece as soon as there is room; b"" ends the file. Do nothing once `reader` has finished."""
        while not reader.done():
            try:
                self._queue.put_nowait(piece)
                return
            except queue.Full:
                await asyncio.sleep(POLL_SECONDS)

    def abort(self) -> None:
        """Make the reading thread fail, because no more pieces will come."""
        self._aborted = True
        with contextlib.suppress(queue.Full):  # with a full queue, the thread is not waiting
            self._queue.put_nowait(b"")

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end of the file.

        Raises:
            OSError: if the file was aborted.
        """
        pieces = [self._rest]
        length = len(self._rest)
        while length < size and not self._ended:
            piece = self._queue.get()
            if self._aborted:
                raise OSError("the client went away")
            self._ended = not piece
            pieces.append(piece)
            length += len(piece)
        data = b"".join(pieces)
        self._rest = data[size:]
        return data[:size]
