"""Work in slices of time: on a thread that only runs while somebody waits for it.

The kernels compute a large batch or a picture in one call. Between two parts of that call they ask whether to go on; so
what is cut into slices is not the work but the time, and between slices the other sequences get their step.
"""

import threading
import time
from collections.abc import Callable


class Turns:
    """One piece of work. It asks `between` as often as it can; `run` gives it time."""

    def __init__(self, work: Callable[[], None]) -> None:
        """Prepare to do `work`; it begins with the first `run`."""
        self.done = False
        """Whether it has come to its end, by itself or by an exception."""
        self._work = work
        self._error: Exception | None = None
        self._stopped = False
        self._until = 0.0
        self._go, self._pause = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def run(self, seconds: float) -> None:
        """Let it work for about `seconds`. What it raises is raised here."""
        if self.done:
            return
        self._until = time.perf_counter() + seconds
        self._go.release()
        self._pause.acquire()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End it, finished or not, and wait until it has ended."""
        self._stopped = True
        self._go.release()
        self._thread.join()

    def between(self) -> bool:
        """Let the others go on if the slice is over; False if the work is to end. Only for the work itself."""
        if time.perf_counter() >= self._until and not self._stopped:
            self._pause.release()
            self._go.acquire()
        return not self._stopped

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._stopped:
                self._work()
        except Exception as error:
            self._error = error
        finally:
            self.done = True
            self._pause.release()
