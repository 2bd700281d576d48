"""Answers to long operations on models: lines of progress, or one `success` at the end."""

from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response

from paddock.progress import Progress
from paddock.protocol import ollama
from paddock.protocol.json import encode
from paddock.server.dialect import json_line
from paddock.server.dialects.ollama.dialect import OLLAMA
from paddock.server.disconnect import while_connected
from paddock.server.media_types import JSON
from paddock.server.streaming import EventStream

NO_DIGEST = "0" * 19
"""Digest of a measured step without a layer, as Ollama writes it: its clients draw a bar for lines with a digest."""


def progress_stream(progress: AsyncGenerator[Progress, None]) -> Response:
    """Return an answer with a line for each report of progress."""
    return EventStream(OLLAMA, progress, _lines, progress.aclose)


async def success_at_end(request: Request, progress: AsyncGenerator[Progress, None]) -> Response:
    """Wait for the end of the operation and return its answer. Raises as the operation does.

    Raises:
        ClientGone: if the client went away; the operation is cancelled.
    """
    try:
        await while_connected(request.receive, _wait(progress))
    finally:
        await progress.aclose()
    return Response(encode(ollama.StatusLine("success")), media_type=JSON)


async def _wait(progress: AsyncGenerator[Progress, None]) -> None:
    async for _ in progress:
        pass


def _lines(progress: Progress) -> list[bytes]:
    digest = progress.digest or (NO_DIGEST if progress.total else "")
    return [json_line(encode(ollama.ProgressLine(progress.status, digest, progress.total, progress.completed)))]
