"""Reports of a transfer while it runs in a task of its own."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from paddock.progress import REPORT_SECONDS

T = TypeVar("T")


async def watch(task: "asyncio.Future[T]", completed: Callable[[], int], report: Callable[[int], None]) -> T:
    """Wait for `task` and return its result; report how many bytes are done until then.

    The first report comes at once, the others when `completed()` has changed, at most one every `REPORT_SECONDS`. The
    last one comes when the task is done. If the caller is cancelled, the task goes on.
    """
    reported = completed()
    report(reported)
    while not task.done():
        await asyncio.wait((task,), timeout=REPORT_SECONDS)
        if not task.done() and (now := completed()) != reported:
            reported = now
            report(now)
    result = task.result()
    if completed() != reported:
        report(completed())
    return result
