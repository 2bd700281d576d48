"""A step: one batch, from the scheduler's plan through the kernels to the next tokens' text."""

import logging
import time

from paddock.engine.aside import WORTH_ASIDE, AsidePrefill
from paddock.engine.binding import Batch, BatchRejected, Context, Model
from paddock.engine.budget import ChunkBudget
from paddock.engine.constraints import ConstraintFailed
from paddock.engine.generation import Generation
from paddock.engine.memory import memory_of
from paddock.engine.scheduler import Scheduler, Work
from paddock.engine.sequence import State
from paddock.ipc import Chunk, Failed, Finished, Statistics, Step

log = logging.getLogger("paddock.engine")


class Stepper:
    """Runs the generations of one context."""

    def __init__(
        self,
        model: Model,
        context: Context,
        max_running: int,
        *,
        park: bool = False,
        aside: AsidePrefill | None = None,
    ) -> None:
        self._model = model
        self._context = context
        self._batch = Batch(context.batch_tokens)
        self._budget = ChunkBudget(context.batch_tokens)
        self._memory = memory_of(model, context)
        self._aside = aside
        self._asides_turn = False
        self.scheduler = Scheduler(
            self._memory,
            self._budget,
            batch_tokens=context.batch_tokens,
            max_running=max_running,
            park=park,
            aside_from=WORTH_ASIDE if aside is not None else 0,
        )
        self._generations: dict[int, Generation] = {}
        self._prompt_tokens = self._reply_tokens = self._steps = 0
        self._seconds = 0.0

    @property
    def busy(self) -> bool:
        """Whether there is anything to compute."""
        return bool(self._generations)

    def add(self, generation: Generation) -> None:
        """Queue a generation."""
        self._generations[generation.request.id] = generation
        self.scheduler.add(generation.sequence)

    def cancel(self, request: int) -> None:
        """Drop the generation of a request, if it is still here."""
        generation = self._generations.pop(request, None)
        if generation is not None:
            self.scheduler.finish(generation.sequence)
            generation.close()

    def step(self) -> Step:
        """Compute one batch and return what it brought."""
        works = self.scheduler.plan()
        if self._aside is not None:
            works = self._compute_aside(self._aside, works)
        if not works:
            return Step()
        outputs = self._fill(works)
        started = time.perf_counter()
        try:
            self._context.decode(self._batch)
        except BatchRejected as error:
            return self._rejected(error, works)
        seconds = time.perf_counter() - started
        self._learn(works, seconds)
        self.scheduler.computed(works)
        chunks: list[Chunk] = []
        finished: list[Finished] = []
        failed: list[Failed] = []
        for generation, index in outputs:
            try:
                self._advance(generation, index, chunks, finished)
            except ConstraintFailed as error:
                failed += self._fail([generation], f"the reply could not be held to its format: {error}").failed
        return Step(tuple(chunks), tuple(finished), tuple(failed))

    def statistics(self) -> Statistics:
        """How it stands."""
        scheduler = self.scheduler
        return Statistics(
            running=scheduler.running,
            waiting=scheduler.waiting,
            cached=scheduler.cache.kept,
            cached_tokens=scheduler.cache.kept_tokens,
            prompt_tokens=self._prompt_tokens,
            reused_tokens=scheduler.reused_tokens,
            reply_tokens=self._reply_tokens,
            steps=self._steps,
            busy_seconds=round(self._seconds, 3),
            preemptions=scheduler.preemptions,
            free_cells=min(scheduler.cache.free_cells, self._context.cells),
        )

    def close(self) -> None:
        """Free what was made here."""
        if self._aside is not None:
            self._aside.stop()
        self._batch.close()

    def _compute_aside(self, aside: AsidePrefill, works: list[Work]) -> list[Work]:
        """Give a slice of time to the prompt that is computed aside; return what of `works` to compute now."""
        job = self.scheduler.aside
        if job is not aside.job:
            aside.stop()
        if job is None:
            return works
        if aside.job is None:
            before = self._memory.save(job.sequence.slot) if job.start else None
            aside.start(job, job.sequence.tokens[: job.end], before)
        decoding = [w for w in works if w.sequence.state is State.DECODING]
        if len(decoding) < len(works):
            # Pieces of short prompts and slices take turns: both in one step would make it too long.
            self._asides_turn = not self._asides_turn
            if not self._asides_turn:
                return works
        started = time.perf_counter()
        for count, state in aside.run(self._budget.slice(bool(decoding))):
            self.scheduler.arrived(count, state)
            self._prompt_tokens += count
        if aside.done and self.scheduler.aside is job:
            self.scheduler.end_aside()
        self._seconds += time.perf_counter() - started
        return decoding

    def _fill(self, works: list[Work]) -> list[tuple[Generation, int]]:
        """Put tokens into the batch; return the generations that get logits, with their index there."""
        batch = self._batch
        batch.clear()
        add = batch.add
        outputs: list[tuple[Generation, int]] = []
        for work in works:
            sequence, start, count = work
            tokens, slot, last = sequence.tokens, sequence.slot, len(sequence.tokens) - 1
            index = -1
            for position in range(start, start + count):
                index = add(tokens[position], position, slot, position == last)
            generation = self._generations[sequence.id]
            if index >= 0 and start + count > last:
                outputs.append((generation, index))
            generation.start()
        return outputs

    def _advance(self, generation: Generation, index: int, chunks: list[Chunk], finished: list[Finished]) -> None:
        """Sample the next token of a generation, and end it if that is its end."""
        token = generation.sample(self._context, index)
        self._reply_tokens += 1
        chunk, reason = generation.take(token, generation.logits(self._context, index))
        if chunk is not None:
            chunks.append(chunk)
        if reason is None and not self.scheduler.extend(generation.sequence, token):
            chunk, reason = generation.flush(), "length"
            if chunk is not None:
                chunks.append(chunk)
        if reason is not None:
            self.scheduler.finish(generation.sequence)
            del self._generations[generation.request.id]
            finished.append(generation.finish(reason))

    def _learn(self, works: list[Work], seconds: float) -> None:
        pieces = [w for w in works if w.sequence.state is State.PREFILLING]
        prefilled = sum(w.length for w in pieces)
        context = sum(w.length * (w.start + w.length // 2) for w in pieces) // max(prefilled, 1)
        self._budget.observe(len(works) - len(pieces), prefilled, context, seconds)
        self._prompt_tokens += prefilled
        self._steps += 1
        self._seconds += seconds

    def _rejected(self, error: BatchRejected, works: list[Work]) -> Step:
        if error.code == 1:
            hopeless = self.scheduler.rejected()
            if hopeless is None:
                return Step()
            return self._fail([self._generations[hopeless.id]], "the cache has no room for this request")
        log.error("%s for a batch of %d tokens of %d sequences", error, self._batch.size, len(works))
        generations = [self._generations[w.sequence.id] for w in works]
        return self._fail(generations, f"the model could not be computed: {error}")

    def _fail(self, generations: list[Generation], message: str) -> Step:
        for generation in generations:
            self.scheduler.drop(generation.sequence)
            del self._generations[generation.request.id]
            generation.close()
        return Step(failed=tuple(Failed(g.request.id, message) for g in generations))
