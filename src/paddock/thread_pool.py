"""Threads for work that a slow disk or another process may hold up: it must not keep other work waiting."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """Up to `size` threads, started as they are needed, whose names begin with `name`."""

    def __init__(self, size: int, name: str = "paddock-transfer") -> None:
        self._pool = ThreadPoolExecutor(size, name)

    def close(self) -> None:
        """End the threads after the work that they have."""
        self._pool.shutdown(wait=False)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a thread and return its result.

        If the caller is cancelled, wait for the end of the work all the same, so that nobody closes a file to which it
        writes.
        """
        future = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not future.done():  # the caller may be cancelled several times
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait((future,))
            raise
