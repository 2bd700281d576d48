"""Background prefill: a long prompt is computed in a context of its own, between the steps of the others.

Chunks small enough for the streams beside them make a long prompt two to three times as expensive as large batches,
because the kernels are made for many rows. So the prompt is computed in large batches after all, and what is split is
not the prompt but the time: llama.cpp calls back between parts of a batch, and there the others get their step.
After each batch its cells move over to the main context.
"""

import logging
from collections.abc import Callable

from paddock.engine.binding import Adapter, Batch, BatchRejected, Context, ContextOptions, LlamaModel, LoadError
from paddock.engine.kvcache.base import KVCache
from paddock.engine.scheduler.background import PrefillJob
from paddock.engine.time_slice import TimeSlicedTask

log = logging.getLogger("paddock.engine")

BACKGROUND_BATCH_TOKENS = 128
"""Tokens in a batch: enough for the kernels' fast paths, and still a part of its computation is short."""

CELLS_MULTIPLE = 256
"""llama.cpp rounds the number of cells of a context up to a multiple of this."""


class BackgroundPrefillFailed(RuntimeError):
    """The cells that were computed before a job do not fit into its context."""


EXPECTED_FAILURES = (BackgroundPrefillFailed, LoadError, BatchRejected, MemoryError)
"""Failures for want of memory. Others are bugs, and are logged with their traceback."""


class BackgroundPrefill:
    """Computes prefill jobs of one model, each in a context of its own. The job itself holds what is in progress."""

    def __init__(
        self,
        model: LlamaModel,
        options: ContextOptions,
        adapters: list[Adapter] | None = None,
        make_context: Callable[[LlamaModel, ContextOptions, Callable[[], bool]], Context] = Context,
    ) -> None:
        """Compute with `model` in contexts like `options`, with LoRA `adapters` applied."""
        self._model = model
        self._options = options
        self._adapters = adapters or []
        self._make_context = make_context

    def run(self, job: PrefillJob, kv_cache: KVCache, seconds: float) -> None:
        """Compute `job` for about `seconds`; begin with it if it has not begun.

        `job.take` returns what got done, and `job.done` is True after the last batch, as well as after a failure, which
        is logged. `kv_cache` has the tokens before the job.
        """
        if job.task is None:
            job.task = TimeSlicedTask(lambda: self._compute(job, kv_cache))
        try:
            job.task.run(seconds)
        except Exception as error:  # the prompt can still be computed in the foreground
            log.warning(
                "the prompt of request %d is computed in the foreground, since its background prefill failed: %s",
                job.sequence.id,
                str(error) or type(error).__name__,
                exc_info=None if isinstance(error, EXPECTED_FAILURES) else error,
            )

    def _compute(self, job: PrefillJob, kv_cache: KVCache) -> None:
        """Compute the job's tokens batch by batch, on the task's thread.

        That thread runs only while the engine's waits for it, so it may save the cells before the job's tokens itself.
        """
        task, tokens = job.task, job.sequence.tokens
        assert task is not None
        before = kv_cache.save(job.sequence.seq_id) if job.start else None
        num_cells = -(-job.end // CELLS_MULTIPLE) * CELLS_MULTIPLE
        options = self._options
        context = self._make_context(
            self._model,
            ContextOptions(
                num_cells, BACKGROUND_BATCH_TOKENS, 2, options.threads, options.kv_type, options.flash_attention
            ),
            task.checkpoint,
        )
        batch = Batch(BACKGROUND_BATCH_TOKENS)
        try:
            context.use_adapters(self._adapters)
            if before is not None and not context.restore(0, before):
                raise BackgroundPrefillFailed(f"no room for the {job.start} tokens before it in {num_cells} cells")
            for start in range(job.start, job.end, BACKGROUND_BATCH_TOKENS):
                batch.clear()
                for position in range(start, min(start + BACKGROUND_BATCH_TOKENS, job.end)):
                    batch.add(tokens[position], position, 0, False)
                context.decode(batch)
                if not task.checkpoint():
                    return
                # Saving takes all cells of a sequence id, so the newest ones get an id of their own.
                context.share(0, 1, start, -1)
                job.put(batch.size, context.save(1))
                context.remove(1)
        finally:
            batch.close()
            context.close()
