"""What requests need before they can run, made in a thread and handed out in the order of the requests."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeAlias, TypeVar

log = logging.getLogger("paddock.engine")

POLL_SECONDS = 0.01
"""How long to sleep where there is nothing to do but to wait for what is made: commands are seen after that."""

Asked = TypeVar("Asked")
Made = TypeVar("Made")
Other = TypeVar("Other")
Wrong = TypeVar("Wrong", bound=Exception)

StillNeeded: TypeAlias = Callable[[], bool]
"""What makes something asks that now and then; after False nobody looks at what it returns or raises."""


class PendingResult(Generic[Made]):
    """Something that a thread makes as long as it is wanted."""

    def __init__(self, pool: ThreadPoolExecutor, make: Callable[[StillNeeded], Made]) -> None:
        """Begin when the thread has time."""
        self._dropped = threading.Event()
        self._future: Future[Made] = pool.submit(make, lambda: not self._dropped.is_set())

    @property
    def done(self) -> bool:
        """Whether it is made, or something went wrong."""
        return self._future.done()

    def result(self) -> Made:
        """Return what was made, or raise what went wrong; only when it is done."""
        return self._future.result()

    def wait(self) -> None:
        """Sleep until it is done, but a moment at most."""
        wait([self._future], POLL_SECONDS)

    def drop(self) -> None:
        """Say that it is not wanted any more."""
        self._dropped.set()
        self._future.cancel()


class OrderedExecutor(Generic[Asked, Made, Wrong]):
    """A queue before a thread, which begins with the first work."""

    def __init__(self, name: str, wrong: type[Wrong], failure: str) -> None:
        """Name the thread; `wrong` is what making raises where a request is at fault.

        Whatever else it raises is logged and becomes a `wrong` that says `failure`: one request must not end the runner
        for all.
        """
        self._name = name
        self._wrong = wrong
        self._failure = failure
        self._pool: ThreadPoolExecutor | None = None
        self._coming: deque[tuple[Asked, PendingResult[Made]]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a request waits."""
        return bool(self._coming)

    def add(self, asked: Asked, make: Callable[[StillNeeded], Made]) -> None:
        """Begin to make what a request needs."""
        self._coming.append((asked, self.begin(make)))

    def begin(self, make: Callable[[StillNeeded], Other]) -> PendingResult[Other]:
        """Begin to make something else in the same thread. It is not handed out by `take`; drop it before `close`."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        return PendingResult(self._pool, make)

    def cancel(self, is_meant: Callable[[Asked], bool]) -> None:
        """Forget the requests that are meant."""
        for waiting in [w for w in self._coming if is_meant(w[0])]:
            waiting[1].drop()
            self._coming.remove(waiting)

    def take(self, *, sleep: bool) -> list[tuple[Asked, Made | Wrong]]:
        """Return the requests that are ready, each with what was made or is wrong; `sleep` a moment if none is."""
        if sleep and self._coming:
            self._coming[0][1].wait()
        ready: list[tuple[Asked, Made | Wrong]] = []
        while self._coming and self._coming[0][1].done:
            asked, making = self._coming.popleft()
            try:
                ready.append((asked, making.result()))
            except self._wrong as error:
                ready.append((asked, error))
            except Exception:
                log.exception("%s: what a request needs could not be made", self._name)
                ready.append((asked, self._wrong(self._failure)))
        return ready

    def close(self) -> None:
        """Forget all requests and end the thread."""
        self.cancel(lambda _: True)
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
