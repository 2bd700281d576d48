"""Do the work that requests need before they can run in a worker thread, and hand it out in the requests' order."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeAlias, TypeVar

log = logging.getLogger("paddock.engine")

RequestT = TypeVar("RequestT")
ResultT = TypeVar("ResultT")
OtherT = TypeVar("OtherT")
ErrorT = TypeVar("ErrorT", bound=Exception)

StillNeeded: TypeAlias = Callable[[], bool]
"""Returns False once nobody needs the result. Long work calls it now and then and stops early."""


class PendingResult(Generic[ResultT]):
    """The result of one call in a worker thread; the caller may lose interest in it."""

    def __init__(
        self, pool: ThreadPoolExecutor, work: Callable[[StillNeeded], ResultT], notify: Callable[[], None]
    ) -> None:
        """Submit `work` to `pool`; the worker thread calls `notify` when it has ended, whether or not it failed."""
        self._dropped = threading.Event()
        self._future: Future[ResultT] = pool.submit(work, lambda: not self._dropped.is_set())
        self._future.add_done_callback(lambda _: notify())

    @property
    def done(self) -> bool:
        """Whether the work has ended, by returning or by raising."""
        return self._future.done()

    def result(self) -> ResultT:
        """Return the result or raise the exception of the work; call this only when it is done."""
        return self._future.result()

    def drop(self) -> None:
        """Tell the work that its result is not needed any more; it does not start if it has not yet."""
        self._dropped.set()
        self._future.cancel()


class OrderedExecutor(Generic[RequestT, ResultT, ErrorT]):
    """A worker thread and the queue of the requests that wait for it. The thread starts with the first request."""

    def __init__(self, name: str, error: type[ErrorT], failure: str, notify: Callable[[], None]) -> None:
        """Prepare a worker thread called `name`, which calls `notify` after each piece of work.

        Work raises `error` where the request is at fault. Any other exception is logged and handed out as an `error`
        with the message `failure`: one request must not end the runner for all.
        """
        self._name = name
        self._error = error
        self._failure = failure
        self._notify = notify
        self._pool: ThreadPoolExecutor | None = None
        self._queue: deque[tuple[RequestT, PendingResult[ResultT]]] = deque()

    def add(self, request: RequestT, work: Callable[[StillNeeded], ResultT]) -> None:
        """Queue the work that a request needs."""
        self._queue.append((request, self.submit(work)))

    def submit(self, work: Callable[[StillNeeded], OtherT]) -> PendingResult[OtherT]:
        """Queue other work in the same thread. `take` does not hand it out; drop it before `close`."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        return PendingResult(self._pool, work, self._notify)

    def cancel(self, matches: Callable[[RequestT], bool]) -> None:
        """Forget the requests for which `matches` returns True."""
        for entry in [entry for entry in self._queue if matches(entry[0])]:
            entry[1].drop()
            self._queue.remove(entry)

    def take(self) -> list[tuple[RequestT, ResultT | ErrorT]]:
        """Remove and return the requests whose work has ended, each with its result or its error, in their order.

        A request is not handed out before those that came before it.
        """
        ready: list[tuple[RequestT, ResultT | ErrorT]] = []
        while self._queue and self._queue[0][1].done:
            request, pending = self._queue.popleft()
            try:
                ready.append((request, pending.result()))
            except self._error as error:
                ready.append((request, error))
            except Exception:
                log.exception("%s: the work for a request failed", self._name)
                ready.append((request, self._error(self._failure)))
        return ready

    def close(self) -> None:
        """Forget all requests and end the thread."""
        self.cancel(lambda _: True)
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
