"""Computing a long prompt aside: in a context of its own, a slice of time between two steps of the others.

In pieces small enough for the streams beside it, a long prompt costs two to three times what it costs in large batches:
the kernels are made for many rows. So it is computed in large batches after all, and what is cut into slices is not the
prompt but the time: between two parts of a batch's computation the kernels ask whether to go on, and there the other
sequences get their step. What is computed moves over batch by batch.
"""

import logging
from typing import Any

from paddock.engine.binding import Batch, BatchRejected, Context, ContextOptions, LoadError, Model
from paddock.engine.scheduler.background import Aside
from paddock.engine.scheduler.time_slice import Turns

log = logging.getLogger("paddock.engine")

WORTH_ASIDE = 192
"""Tokens that make it better to compute a prompt aside than in small pieces beside those that are answered."""

ROWS = 128
"""Tokens in a batch: enough for the kernels' fast paths, and a part of its computation is short."""

CELLS_UNIT = 256
"""The library rounds the cells of a context up to this."""


class AsidePrefill:
    """One prompt at a time, in slices of time."""

    def __init__(self, model: Model, options: ContextOptions, adapters: list[Any] | None = None) -> None:
        """Compute with `model` in contexts like `options`, with these adapters applied."""
        self._model = model
        self._options = options
        self._adapters = adapters or []
        self.job: Aside | None = None
        """What is being computed."""
        self._turns: Turns | None = None
        self._computed: list[tuple[int, bytearray]] = []

    @property
    def done(self) -> bool:
        """Whether there is nothing more to compute, be it that the rest cannot be computed here."""
        return self._turns is None or self._turns.done

    def start(self, job: Aside, tokens: list[int], before: bytearray | None) -> None:
        """Begin with `tokens[job.start:job.end]`; `before` are the saved cells of those before them, if any."""
        self.stop()
        self.job = job
        self._computed = []
        self._turns = Turns(lambda: self._work(job, tokens, before))

    def run(self, seconds: float) -> list[tuple[int, bytearray]]:
        """Compute for about `seconds`; return the saved cells of each batch that got done, with how many they are."""
        if self._turns is not None:
            self._turns.run(seconds)
        computed, self._computed = self._computed, []
        return computed

    def stop(self) -> None:
        """Drop the job, finished or not."""
        if self._turns is not None:
            self._turns.stop()
        self.job = self._turns = None

    def _work(self, job: Aside, tokens: list[int], before: bytearray | None) -> None:
        try:
            self._compute(job, tokens, before)
        except (LoadError, BatchRejected, MemoryError) as error:
            log.warning("a prompt is computed in pieces: %s", error)

    def _compute(self, job: Aside, tokens: list[int], before: bytearray | None) -> None:
        turns = self._turns
        assert turns is not None
        cells = -(-job.end // CELLS_UNIT) * CELLS_UNIT
        options = self._options
        context = Context(
            self._model,
            ContextOptions(cells, ROWS, 2, options.threads, options.kv_type, options.flash_attention),
            between=turns.between,
        )
        batch = Batch(ROWS)
        try:
            context.use_adapters(self._adapters)
            if before is not None and not context.restore(0, before):
                return
            for at in range(job.start, job.end, ROWS):
                batch.clear()
                for position in range(at, min(at + ROWS, job.end)):
                    batch.add(tokens[position], position, 0, False)
                context.decode(batch)
                if not turns.between():
                    return
                # Another name for the newest cells only: what is saved is all that a sequence holds.
                context.share(0, 1, at, -1)
                self._computed.append((batch.size, context.save(1)))
                context.remove(1)
        finally:
            batch.close()
            context.close()
