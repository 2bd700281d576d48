"""What requests need before they can run, made in a thread and handed out in the order of the requests."""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

log = logging.getLogger("paddock.engine")

POLL_SECONDS = 0.01
"""How long to sleep where there is nothing to do but to wait for what is made: commands are seen after that."""

Asked = TypeVar("Asked")
Made = TypeVar("Made")
Wrong = TypeVar("Wrong", bound=Exception)


class Preparation(Generic[Asked, Made, Wrong]):
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
        self._coming: deque[tuple[Asked, Future[Made]]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a request waits."""
        return bool(self._coming)

    def add(self, asked: Asked, make: Callable[[], Made]) -> None:
        """Begin to make what a request needs."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        self._coming.append((asked, self._pool.submit(make)))

    def cancel(self, is_meant: Callable[[Asked], bool]) -> None:
        """Forget the requests that are meant."""
        for waiting in [w for w in self._coming if is_meant(w[0])]:
            waiting[1].cancel()
            self._coming.remove(waiting)

    def take(self, *, sleep: bool) -> list[tuple[Asked, Made | Wrong]]:
        """Return the requests that are ready, each with what was made or is wrong; `sleep` a moment if none is."""
        if sleep and self._coming:
            wait([self._coming[0][1]], POLL_SECONDS)
        ready: list[tuple[Asked, Made | Wrong]] = []
        while self._coming and self._coming[0][1].done():
            asked, future = self._coming.popleft()
            try:
                ready.append((asked, future.result()))
            except self._wrong as error:
                ready.append((asked, error))
            except Exception:
                log.exception("%s: what a request needs could not be made", self._name)
                ready.append((asked, self._wrong(self._failure)))
        return ready

    def close(self) -> None:
        """End the thread when what it is at is done; the rest is not begun."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
