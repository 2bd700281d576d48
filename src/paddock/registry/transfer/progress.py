"""What a pull or push says of itself while it goes on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

INTERVAL = 0.125
"""Seconds between two lines of one layer: with the first and the last at most ten in any second."""

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """One line. `total` and `completed` are bytes of the layer with this digest; without one only `status` counts."""

    status: str
    digest: str = ""
    total: int = 0
    completed: int = 0


Report = Callable[[Progress], None]


async def watched(task: "asyncio.Future[T]", completed: Callable[[], int], line: Callable[[int], None]) -> T:
    """Wait for `task` and pass `completed()` to `line` at first, whenever it has changed, and when `task` is done.

    If this is cancelled, `task` goes on.
    """
    said = completed()
    line(said)
    while not task.done():
        await asyncio.wait((task,), timeout=INTERVAL)
        if not task.done() and (now := completed()) != said:
            said = now
            line(said)
    result = task.result()
    if completed() != said:
        line(completed())
    return result


def short(digest: str) -> str:
    """The first 12 hex digits of a digest, as lines show it."""
    return digest.partition(":")[2][:12]
