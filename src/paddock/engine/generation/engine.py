"""A step: one batch, from the scheduler's plan through the kernels to the next tokens' text."""

import logging
import time
from collections.abc import Iterator

from paddock.engine.binding import Batch, BatchRejected, Context, Model
from paddock.engine.constraints import ConstraintFailed
from paddock.engine.generation.background_prefill import WORTH_ASIDE, AsidePrefill
from paddock.engine.generation.request import Generation
from paddock.engine.kvcache.memory import memory_of
from paddock.engine.multimodal.encoder import Encoder, EncodeRequest, MediaBatch
from paddock.engine.multimodal.placeholders import PlaceholderRange
from paddock.engine.scheduler.budget import ChunkBudget
from paddock.engine.scheduler.scheduler import Scheduler, Work
from paddock.engine.scheduler.sequence import Sequence, State
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
        encoder: Encoder | None = None,
    ) -> None:
        self._model = model
        self._context = context
        self._batch = Batch(context.batch_tokens)
        self._budget = ChunkBudget(context.batch_tokens)
        self._memory = memory_of(model, context)
        self._aside = aside
        self._asides_turn = False
        self._encoder = encoder
        self._media = MediaBatch(context, encoder) if encoder is not None else None
        self.scheduler = Scheduler(
            self._memory,
            self._budget,
            batch_tokens=context.batch_tokens,
            max_running=max_running,
            park=park,
            aside_from=WORTH_ASIDE if aside is not None else 0,
            has_embeddings=encoder.pin if encoder is not None else _has_none,
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
            self._close(generation)

    def step(self) -> Step:
        """Compute one batch and return what it brought."""
        works = self.scheduler.plan()
        if self._aside is not None:
            works = self._compute_aside(self._aside, works)
        chunks: list[Chunk] = []
        finished: list[Finished] = []
        failed: list[Failed] = []
        if self._encoder is not None:
            failed += self._encode(self._encoder, works)
        if not works:
            return Step(failed=tuple(failed))
        pieces = [w for w in works if w.sequence.state is State.PREFILLING]
        seconds = 0.0
        for batch in _batches(works):
            started = time.perf_counter()
            try:
                outputs = self._compute(batch)
            except BatchRejected as error:
                failed += self._rejected(error, batch)
                break
            seconds += time.perf_counter() - started
            self.scheduler.computed(batch)
            for generation, index in outputs:
                try:
                    self._advance(generation, index, chunks, finished)
                except ConstraintFailed as error:
                    failed += self._fail([generation], f"the reply could not be held to its format: {error}")
        else:
            self._learn(len(works) - len(pieces), pieces, seconds)
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
            encoded_media=self._encoder.encoded if self._encoder is not None else 0,
            free_cells=min(scheduler.cache.free_cells, self._context.cells),
        )

    def close(self) -> None:
        """Free what was made here."""
        if self._aside is not None:
            self._aside.stop()
        self._batch.close()

    def _compute_aside(self, aside: AsidePrefill, works: list[Work]) -> list[Work]:
        """Give a slice of time to the prompt that is computed aside; return what of `works` to compute now."""
        job = self.scheduler.asides.current
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
            self.scheduler.asides.arrived(count, state)
            self._prompt_tokens += count
        if aside.done and self.scheduler.asides.current is job:
            self.scheduler.asides.end()
        self._seconds += time.perf_counter() - started
        return decoding

    def _encode(self, encoder: Encoder, works: list[Work]) -> list[Failed]:
        """Give a slice of time to the pictures and recordings that are wanted next."""
        wanted = []
        for sequence, placeholder in self.scheduler.unencoded:
            generation = self._generations[sequence.id]
            generation.start()
            wanted.append(EncodeRequest(sequence.id, generation.media[placeholder.file], placeholder.chunk))
        if not wanted and not encoder.busy:
            return []
        started = time.perf_counter()
        bad = encoder.run(wanted, self._budget.slice(any(w.sequence.state is State.DECODING for w in works)))
        self._seconds += time.perf_counter() - started
        if bad is None:
            if not works:
                encoder.wait()
            return []
        return self._fail([self._generations[bad.sequence]], "an image or a recording could not be encoded")

    def _compute(self, works: list[Work]) -> list[tuple[Generation, int]]:
        """Compute one batch; return the generations that get logits, with their index there.

        Raises:
            BatchRejected: if the library did not take it.
        """
        sequence, start, count = works[0]
        placeholder = sequence.placeholders.at(start)
        if placeholder is None:
            outputs = self._fill(works)
            self._context.decode(self._batch)
            return outputs
        assert self._media is not None and self._encoder is not None
        index = self._media.compute(sequence, placeholder, start, count)
        if start + count == placeholder.end:
            self._encoder.unpin(sequence.id)
        return [(self._generations[sequence.id], index)] if index >= 0 else []

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
            behind = start - sequence.placeholders.position(start)
            for number in range(start, start + count):
                index = add(tokens[number], number - behind, slot, number == last)
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
            self._close(generation)

    def _learn(self, decoding: int, pieces: list[Work], seconds: float) -> None:
        prefilled = sum(w.length for w in pieces)
        context = sum(w.length * (w.start + w.length // 2) for w in pieces) // max(prefilled, 1)
        self._budget.observe(decoding, prefilled, context, seconds)
        self._prompt_tokens += prefilled
        self._steps += 1
        self._seconds += seconds

    def _rejected(self, error: BatchRejected, works: list[Work]) -> list[Failed]:
        if error.code == 1:
            hopeless = self.scheduler.rejected()
            if hopeless is None:
                return []
            return self._fail([self._generations[hopeless.id]], "the cache has no room for this request")
        log.error("%s for a batch of %d tokens of %d sequences", error, self._batch.size, len(works))
        generations = [self._generations[w.sequence.id] for w in works]
        return self._fail(generations, f"the model could not be computed: {error}")

    def _fail(self, generations: list[Generation], message: str) -> list[Failed]:
        for generation in generations:
            self.scheduler.drop(generation.sequence)
            del self._generations[generation.request.id]
            self._close(generation)
        return [Failed(g.request.id, message) for g in generations]

    def _close(self, generation: Generation) -> None:
        generation.close()
        if self._encoder is not None:
            self._encoder.unpin(generation.request.id)
            if not self._generations:
                self._encoder.stop()


def _batches(works: list[Work]) -> Iterator[list[Work]]:
    """Tell apart what can be computed together: pieces of pictures and recordings each alone, tokens all at once."""
    tokens = []
    for work in works:
        if work.sequence.placeholders.at(work.start) is None:
            tokens.append(work)
        else:
            yield [work]
    if tokens:
        yield tokens


def _has_none(_sequence: Sequence, _placeholder: PlaceholderRange) -> bool:
    return False
