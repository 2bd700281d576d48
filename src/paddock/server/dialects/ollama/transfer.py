"""Ollama's dialect: the endpoints that pull and push models, and ours that export and import them."""

import asyncio
import contextlib
import queue
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, BinaryIO, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paddock.progress import Progress
from paddock.protocol import ollama
from paddock.protocol.json import BadRequest, encode
from paddock.server.dialects.ollama.progress import finish, progress_lines
from paddock.server.errors import ClientGone, error_body, status_of
from paddock.server.streaming import NDJSONStream, body_stream, read_json, while_connected
from paddock.service.transfer import Transfer

if TYPE_CHECKING:
    from paddock.registry.transfer.archive import Archive

TAR = "application/x-tar"
QUEUED = 16
"""Pieces of an upload that wait for the disk."""


class TransferRoutes:
    """The endpoints that move models."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer

    async def pull(self, request: Request) -> Response:
        """`POST /api/pull`."""
        body = await read_json(request, ollama.PullRequest)
        lines = await self._transfer.pull(
            body.model or body.name or "", insecure=bool(body.insecure), dry_run=bool(body.dry_run)
        )
        return await _answer(request, lines, body.stream)

    async def push(self, request: Request) -> Response:
        """`POST /api/push`."""
        body = await read_json(request, ollama.PushRequest)
        name = body.model or body.name
        if not name:
            raise BadRequest("model is required")
        return await _answer(request, await self._transfer.push(name, insecure=bool(body.insecure)), body.stream)

    async def export(self, request: Request) -> Response:
        """`POST /api/export`: a model as one tar file."""
        body = await read_json(request, ollama.ExportRequest)
        name = body.model or body.name
        if not name:
            raise BadRequest("model is required")
        return ArchiveStream(await self._transfer.export(name))

    async def import_(self, request: Request) -> Response:
        """`POST /api/import?model=NAME`, with the tar file as the body; without a name it keeps the one it has."""
        pieces = _Pieces()
        work = asyncio.create_task(
            self._transfer.import_(cast(BinaryIO, pieces), request.query_params.get("model", ""))
        )
        try:
            async for piece in body_stream(request):
                await pieces.put(piece, work)
            await pieces.put(b"", work)
            name = await asyncio.shield(work)
        except BaseException:
            pieces.give_up()
            await asyncio.wait((work,))
            work.exception()
            raise
        return Response(encode({"status": "success", "model": name.short}), media_type="application/json")


class ArchiveStream(Response):
    """An archive, sent as it is read."""

    def __init__(self, archive: "Archive") -> None:
        super().__init__(media_type=TAR)
        self._archive = archive
        self.raw_headers = [(k, v) for k, v in self.raw_headers if k != b"content-length"]
        self.raw_headers.append((b"content-length", str(archive.size).encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await while_connected(receive, self._send(send))
        except ClientGone:
            return
        finally:
            self._archive.close()

    async def _send(self, send: Send) -> None:
        pieces = self._archive.pieces()
        while piece := await asyncio.to_thread(next, pieces, b""):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Pieces:
    """A body on its way from the event loop to a thread that reads it like a file."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(QUEUED)
        self._rest = b""
        self._ended = False
        self._given_up = False

    async def put(self, piece: bytes, reader: "asyncio.Task[object]") -> None:
        """Pass a piece on, once there is room; b"" is the end. Of no effect if the reader has enough."""
        while not reader.done():
            try:
                self._queue.put_nowait(piece)
                return
            except queue.Full:
                await asyncio.sleep(0.002)

    def give_up(self) -> None:
        """Let whoever reads, or waits for the next piece, hear that no more will come."""
        self._given_up = True
        with contextlib.suppress(queue.Full):  # then nobody waits
            self._queue.put_nowait(b"")

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, fewer only at the end.

        Raises:
            OSError: if the end will not come.
        """
        got = [self._rest]
        length = len(self._rest)
        while length < size and not self._ended:
            piece = self._queue.get()
            if self._given_up:
                raise OSError("the client went away")
            self._ended = not piece
            got.append(piece)
            length += len(piece)
        data = b"".join(got)
        self._rest = data[size:]
        return data[:size]


async def _answer(request: Request, lines: AsyncGenerator[Progress, None], stream: bool | None) -> Response:
    if stream is not False:
        return NDJSONStream(progress_lines(lines), lines.aclose)
    try:
        await while_connected(request.receive, finish(lines))
    except ClientGone:
        raise
    except Exception as error:
        return Response(error_body(error), status_of(error), media_type="application/json")
    finally:
        await lines.aclose()
    return Response(encode(ollama.StatusLine("success")), media_type="application/json")
