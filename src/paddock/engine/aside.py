"""Computing a long prompt aside: in a context of its own, a slice of time between two steps of the others.

In pieces small enough for the streams beside it, a long prompt costs two to three times what it costs in large batches:
the kernels are made for many rows. So it is computed in large batches after all, and what is cut into slices is not the
prompt but the time: between two parts of a batch's computation the kernels ask whether to go on, and there the other
sequences get their step. In the end its cells move over.
"""

import threading
import time
from typing import Any

from paddock.engine.binding import Batch, BatchRejected, Context, ContextOptions, LoadError, Model
from paddock.engine.scheduler import Aside

WORTH_ASIDE = 192
"""Tokens that make it better to compute a prompt aside than in small pieces beside those that are answered."""

ROWS = 128
"""Tokens in a batch: enough for the kernels' fast paths, and a part of its computation is short."""

CELLS_UNIT = 256
"""The library rounds the cells of a context up to this."""


class AsidePrefill:
    """One prompt at a time, on a thread that only runs while `run` waits for it."""

    def __init__(self, model: Model, options: ContextOptions, adapters: list[Any] | None = None) -> None:
        """Compute with `model` in contexts like `options`, with these adapters applied."""
        self._model = model
        self._options = options
        self._adapters = adapters or []
        self.job: Aside | None = None
        """What is being computed."""
        self.state: bytearray | None = None
        """The saved cells of the finished job's tokens; None if they could not be computed."""
        self._thread: threading.Thread | None = None

    def start(self, job: Aside, tokens: list[int], before: bytearray | None) -> None:
        """Begin with `tokens[job.start:job.end]`; `before` are the saved cells of those before them, if any."""
        self.stop()
        self.job = job
        self._until = 0.0
        self._stopped = self._done = False
        self._error: Exception | None = None
        self._go, self._pause = threading.Semaphore(0), threading.Semaphore(0)
        self._settled = threading.Event()
        """Set when the thread waits for a slice or has ended: not while memory is got, filled or given back, which
        computes little and goes on beside the steps."""
        self._thread = threading.Thread(target=self._work, args=(job, tokens, before), daemon=True)
        self._thread.start()

    def run(self, seconds: float) -> bool:
        """Compute for about `seconds`; True when there is nothing more to compute."""
        until = time.perf_counter() + seconds
        if not self._settled.wait(seconds):
            return False
        if not self._done:
            self._until = until
            self._go.release()
            self._pause.acquire()
        if self._error is not None:
            raise self._error
        return self._done and self._settled.is_set()

    def stop(self) -> None:
        """Drop the job, finished or not."""
        if self._thread is not None:
            self._stopped = True
            self._go.release()
            self._thread.join()
        self.job = self._thread = self.state = None

    def _work(self, job: Aside, tokens: list[int], before: bytearray | None) -> None:
        try:
            self.state = self._compute(job, tokens, before)
        except (LoadError, BatchRejected):
            self.state = None  # it is computed in pieces then
        except Exception as error:
            self._error = error
        finally:
            self._done = True
            self._settled.set()
            self._pause.release()

    def _compute(self, job: Aside, tokens: list[int], before: bytearray | None) -> bytearray | None:
        cells = -(-job.end // CELLS_UNIT) * CELLS_UNIT
        options = self._options
        context = Context(
            self._model,
            ContextOptions(cells, ROWS, 1, options.threads, options.kv_type, options.flash_attention),
            between=self._between,
        )
        batch = Batch(ROWS)
        try:
            context.use_adapters(self._adapters)
            if before is not None and not context.restore(0, before):
                return None
            self._settled.set()
            self._go.acquire()
            for at in range(job.start, job.end, ROWS):
                batch.clear()
                for position in range(at, min(at + ROWS, job.end)):
                    batch.add(tokens[position], position, 0, False)
                context.decode(batch)
                if not self._between():
                    return None
            self._settled.clear()
            self._pause.release()
            context.remove(0, 0, job.start)
            return context.save(0)
        finally:
            batch.close()
            context.close()

    def _between(self) -> bool:
        """Let the others go on if the slice is over; False if there is nobody to compute for any more."""
        if time.perf_counter() >= self._until and not self._stopped:
            self._pause.release()
            self._go.acquire()
        return not self._stopped
