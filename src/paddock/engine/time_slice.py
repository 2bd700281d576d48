"""Work in slices of time, on a thread that runs only while another one waits for it.

llama.cpp computes a large batch or an image in one call. It calls back between parts of that call. So the call itself
cannot be split, but its time can: between two slices the other sequences get their step.
"""

import threading
import time
from collections.abc import Callable


class TimeSlicedTask:
    """One piece of work on a thread of its own. It calls `checkpoint` often; `run` gives it time."""

    def __init__(self, work: Callable[[], None]) -> None:
        """Prepare to do `work`, which begins with the first `run`."""
        self.done = False
        """Whether the work has ended, by itself or by an exception."""
        self._work = work
        self._error: Exception | None = None
        self._stopped = False
        self._until = 0.0
        self._resume, self._pause = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def run(self, seconds: float) -> None:
        """Let the work go on for about `seconds`. An exception of the work is raised here."""
        if self.done:
            return
        self._until = time.perf_counter() + seconds
        self._resume.release()
        self._pause.acquire()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the work, finished or not, and wait until it has ended."""
        self._stopped = True
        self._resume.release()
        self._thread.join()

    def checkpoint(self) -> bool:
        """Pause if the slice is over. Return False if the work has to end. Only the work itself calls this."""
        if time.perf_counter() >= self._until and not self._stopped:
            self._pause.release()
            self._resume.acquire()
        return not self._stopped

    def _run(self) -> None:
        self._resume.acquire()
        try:
            if not self._stopped:
                self._work()
        except Exception as error:
            self._error = error
        finally:
            self.done = True
            self._pause.release()
