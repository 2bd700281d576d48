"""An event loop in a thread of its own, so that transfers of gigabytes do not delay the server's other work.

It is always asyncio's own loop: that reads at most 256 kB from a connection at a time, so that every connection gets
its turn and little waits in memory. (uvloop reads up to 8 MB.)
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from paddock.registry.errors import RegistryError

STOPPING = "the server is stopping: what has come stays for the next time"

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread, which starts with the first work."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `work` in the thread and return its result.

        If the caller is cancelled, cancel the work and wait for its end.

        Raises:
            RegistryError: if the thread was closed before or meanwhile.
        """
        here = asyncio.get_running_loop()
        ended: asyncio.Future[T] = here.create_future()
        tasks: list[asyncio.Task[T]] = []

        def begin() -> None:
            tasks.append(asyncio.create_task(work()))
            tasks[0].add_done_callback(tell)

        def tell(task: "asyncio.Task[T]") -> None:
            with contextlib.suppress(RuntimeError):  # the caller's loop has been closed
                here.call_soon_threadsafe(_hand_over, task, ended)

        there = self._start()
        there.call_soon_threadsafe(begin)
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            if ended.done():  # by `close`
                raise RegistryError(STOPPING) from None
            with contextlib.suppress(RuntimeError):  # `close` was called just now
                there.call_soon_threadsafe(lambda: tasks[0].cancel())
            while not ended.done():  # the caller may be cancelled several times
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait((ended,))
            if not ended.cancelled():
                ended.exception()
            raise

    async def close(self) -> None:
        """Cancel all running work, and end the thread."""
        self._closed = True
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
            self._loop = self._thread = None

    def _start(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise RegistryError(STOPPING)
        if self._loop is None:
            self._loop = asyncio.SelectorEventLoop()
            self._thread = threading.Thread(target=_serve, args=(self._loop,), name="paddock-transfer", daemon=True)
            self._thread.start()
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop):  # cancels the running tasks at its end
        asyncio.set_event_loop(loop)
        loop.run_forever()


def _hand_over(task: "asyncio.Task[T]", ended: "asyncio.Future[T]") -> None:
    if task.cancelled():
        ended.cancel()
    elif (error := task.exception()) is not None:
        ended.set_exception(error)
    else:
        ended.set_result(task.result())
