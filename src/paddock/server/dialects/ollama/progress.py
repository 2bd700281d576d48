"""Ollama's dialect: the lines in which a pull, push or create tells how far it is."""

from collections.abc import AsyncIterator

from paddock.progress import Progress
from paddock.protocol import ollama
from paddock.protocol.json import encode

NO_DIGEST = "0" * 19
"""Digest of a measured step without a layer, as Ollama writes it: its clients draw a bar for lines with a digest."""


def progress_line(progress: Progress) -> bytes:
    """Return the line for one progress, with its newline."""
    digest = progress.digest or (NO_DIGEST if progress.total else "")
    return encode(ollama.ProgressLine(progress.status, digest, progress.total, progress.completed)) + b"\n"


async def progress_lines(task: AsyncIterator[Progress]) -> AsyncIterator[bytes]:
    """Yield the line for each progress of a task."""
    async for progress in task:
        yield progress_line(progress)


async def finish(task: AsyncIterator[Progress]) -> None:
    """Wait until a task has ended, whose progress nobody asked for."""
    async for _ in task:
        pass
