"""ThreadPool of the transfers' own: a slow disk must not keep the server's other work waiting."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """A few threads, started as they are needed."""

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, "paddock-transfer")

    def close(self) -> None:
        """Let the threads end when they have done what they have to do."""
        self._pool.shutdown(wait=False)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `work` in a thread. If this is cancelled, it still waits: nobody closes a file that is being written."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not future.done():  # who stops it may do so more than once
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait((future,))
            raise
