"""Joins the results of very short steps, so that they are sent together."""

from collections.abc import Callable
from time import perf_counter

from paddock.ipc import Chunk, Step


class StepBuffer:
    """What steps brought that is still to be sent.

    Each message wakes the server. A toy model takes several steps in a millisecond, and waking another process for each
    takes longer than some of its kernels; so what streams faster than that is sent at most once in `min_interval`.
    """

    def __init__(
        self, send: Callable[[Step], None], min_interval: float, clock: Callable[[], float] = perf_counter
    ) -> None:
        """Send steps by `send`, those that may wait at most once in `min_interval` seconds of `clock`."""
        self._send = send
        self._min_interval = min_interval
        self._clock = clock
        self._held: list[Chunk] = []
        self._sent_at = -min_interval

    def add(self, step: Step, *, may_wait: bool) -> None:
        """Send a step's results, and those that were held before; hold them if they may wait and come too soon."""
        now = self._clock()
        if may_wait and now - self._sent_at < self._min_interval and not step.finished and not step.failed:
            self._held += step.chunks
            return
        self._sent_at = now
        if self._held:
            held, self._held = self._held, []
            step = Step((*held, *step.chunks), step.finished, step.failed)
        self._send(step)

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            self._sent_at = self._clock()
            held, self._held = self._held, []
            self._send(Step(tuple(held)))
