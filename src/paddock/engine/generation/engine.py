"""The engine's step: one batch, from what the scheduler decides through the kernels to the next tokens' text."""

import logging
import time
from dataclasses import replace

import msgspec

from paddock.engine.binding import Batch, BatchRejected, Context, LlamaModel
from paddock.engine.constraints import ConstraintFailed, FormatTooComplex
from paddock.engine.generation.background_prefill import BackgroundPrefill
from paddock.engine.generation.request import Generation
from paddock.engine.kvcache import make_kv_cache
from paddock.engine.multimodal.encoder import Encoder, EncodeRequest, MediaBatch
from paddock.engine.placeholders import PlaceholderRange
from paddock.engine.scheduler import ScheduledChunk, ScheduleOutput, Scheduler, SchedulerConfig, Sequence
from paddock.engine.scheduler.background import PrefillJob
from paddock.ipc import Chunk, Failed, FailureKind, Finished, Statistics, Step

log = logging.getLogger("paddock.engine")


class StepResults(msgspec.Struct):
    """What a step has brought so far."""

    chunks: list[Chunk]
    finished: list[Finished]
    failed: list[Failed]


class Engine:
    """Runs the generations of one context."""

    def __init__(
        self,
        model: LlamaModel,
        context: Context,
        max_running: int,
        *,
        config: SchedulerConfig | None = None,
        background: BackgroundPrefill | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        """Run at most `max_running` generations at once. Long prompts need `background`, images and audio `encoder`.

        Without `background`, every prompt is prefilled in the foreground.
        """
        config = config or SchedulerConfig()
        if background is None:
            config = replace(config, min_background_tokens=0)
        self._context = context
        self._batch = Batch(context.batch_tokens)
        self._kv_cache = make_kv_cache(model, context)
        self._background = background
        self._encoder = encoder
        self._media = MediaBatch(context, encoder) if encoder is not None else None
        self.scheduler = Scheduler(
            self._kv_cache,
            batch_tokens=context.batch_tokens,
            max_running=max_running,
            config=config,
            has_embeddings=encoder.pin if encoder is not None else _has_none,
        )
        self.generations: dict[int, Generation] = {}
        """The generations in progress, by the ids of their requests. While there are any, there is something to do."""
        self.stalled = False
        """Whether the last step could do nothing but wait for a worker thread that prepares an image or audio."""
        self._prompt_tokens = self._reply_tokens = self._steps = 0
        self.seconds = 0.0
        """Time spent computing."""

    def add(self, generation: Generation) -> None:
        """Queue a generation."""
        self.generations[generation.request.id] = generation
        self.scheduler.add(generation.sequence)

    def cancel(self, request_id: int) -> None:
        """Drop the generation of a request, if it is still in progress."""
        generation = self.generations.pop(request_id, None)
        if generation is not None:
            self.scheduler.finish(generation.sequence)
            self._close(generation)

    def step(self) -> Step:
        """Compute what the scheduler decides, and return the text and the ends that it brought."""
        output = self.scheduler.schedule()
        results = StepResults([], [], [])
        for sequence in output.started:
            self.generations[sequence.id].mark_prefill_started()
        if output.background is not None:
            self._prefill_in_background(output.background, output.slice_seconds)
        if self._encoder is not None:
            self._encode(self._encoder, output, results.failed)
        chunks, seconds = output.chunks, 0.0
        try:
            for chunk in output.media_chunks:
                chunks = [chunk]
                seconds += self._compute_media(chunk, results)
            chunks = output.chunks
            if chunks:
                seconds += self._compute_text(chunks, results)
        except BatchRejected as error:
            results.failed.extend(self._on_rejected(error, chunks))
        else:
            if seconds:
                self.scheduler.budget.observe(
                    output.num_streaming, output.num_prompt_tokens, output.prompt_context, seconds
                )
                self._prompt_tokens += output.num_prompt_tokens
                self._steps += 1
                self.seconds += seconds
        return Step(tuple(results.chunks), tuple(results.finished), tuple(results.failed))

    def statistics(self) -> Statistics:
        """Return the state of the engine."""
        scheduler = self.scheduler
        return Statistics(
            running=scheduler.num_running,
            waiting=scheduler.num_waiting,
            cached=scheduler.cache.num_kept,
            cached_tokens=scheduler.cache.num_kept_tokens,
            prompt_tokens=self._prompt_tokens,
            reused_tokens=scheduler.num_cached_tokens,
            reply_tokens=self._reply_tokens,
            steps=self._steps,
            busy_seconds=round(self.seconds, 3),
            preemptions=scheduler.num_preemptions,
            background_failures=scheduler.background.num_failures,
            encoded_media=self._encoder.encoded if self._encoder is not None else 0,
            free_cells=min(scheduler.cache.num_free_cells, self._context.cells),
        )

    def close(self) -> None:
        """End the background prefill and free the batch."""
        self.scheduler.background.close()
        self._batch.close()

    def _prefill_in_background(self, job: PrefillJob, seconds: float) -> None:
        """Give a slice of time to a background prefill, and take over what it computed."""
        assert self._background is not None
        queue = self.scheduler.background
        started = time.perf_counter()
        self._background.run(job, self._kv_cache, seconds)
        for num_tokens, state in job.take():
            if not queue.on_computed(job, num_tokens, state):
                log.warning(
                    "the prompt of request %d is computed in the foreground, since the cells of its background prefill "
                    "found no room",
                    job.sequence.id,
                )
                break
            self._prompt_tokens += num_tokens
        if job.done:
            queue.on_failed(job)
        self.seconds += time.perf_counter() - started

    def _encode(self, encoder: Encoder, output: ScheduleOutput, failed: list[Failed]) -> None:
        """Give a slice of time to the images and audio that are needed next. Add the failure of one to `failed`."""
        self.stalled = False
        requests = [
            EncodeRequest(sequence.id, self.generations[sequence.id].media[placeholder.file], placeholder.chunk)
            for sequence, placeholder in output.encoder_inputs
        ]
        if not requests and not encoder.busy:
            return
        started = time.perf_counter()
        bad = encoder.run(requests, output.slice_seconds)
        self.seconds += time.perf_counter() - started
        if bad is not None:
            failed += self._fail([self.generations[bad.sequence]], "an image or a recording could not be encoded")
        else:
            computes = output.chunks or output.media_chunks or output.background is not None
            self.stalled = not computes and encoder.waits_for_worker

    def _compute_media(self, chunk: ScheduledChunk, results: StepResults) -> float:
        """Compute a chunk of an image or audio in a batch of its own. Return the seconds.

        Raises:
            BatchRejected: if llama.cpp refused the batch.
        """
        sequence, start, end, placeholder = chunk.sequence, chunk.start, chunk.end, chunk.placeholder
        assert placeholder is not None and self._media is not None and self._encoder is not None
        started = time.perf_counter()
        row = self._media.compute(sequence, placeholder, start, end - start)
        seconds = time.perf_counter() - started
        if end == placeholder.end:
            self._encoder.unpin(sequence.id)
        self.scheduler.on_computed([chunk])
        if row >= 0:
            self._sample_and_emit(self.generations[sequence.id], row, results)
        return seconds

    def _compute_text(self, chunks: list[ScheduledChunk], results: StepResults) -> float:
        """Compute text in one batch, and sample the next token of each sequence whose last token is in it.

        Return the seconds that the batch took.

        Raises:
            BatchRejected: if llama.cpp refused the batch.
        """
        batch = self._batch
        batch.clear()
        rows = []
        started = time.perf_counter()
        for chunk in chunks:
            sequence, start, end, logits_from = chunk.sequence, chunk.start, chunk.end, chunk.logits_from
            position = sequence.position(start) if sequence.has_media else start
            if end - start == 1:
                row = batch.add(sequence.tokens[start], position, sequence.seq_id, logits_from < end)
            else:
                row = batch.extend(sequence.tokens[start:end], position, sequence.seq_id, end - logits_from)
            if logits_from < end:
                rows.append((self.generations[sequence.id], row))
        self._context.decode(batch)
        seconds = time.perf_counter() - started
        self.scheduler.on_computed(chunks)
        for generation, row in rows:
            self._sample_and_emit(generation, row, results)
        return seconds

    def _sample_and_emit(self, generation: Generation, row: int, results: StepResults) -> None:
        """Sample the next token of a generation by the logits of `row`, and finish it if that token ends it."""
        try:
            token = generation.sample(self._context, row)
        except ConstraintFailed as error:
            kind: FailureKind = "invalid" if isinstance(error, FormatTooComplex) else "engine"
            message = f"the reply could not be held to its format: {error}"
            results.failed.extend(self._fail([generation], message, kind))
            return
        self._reply_tokens += 1
        chunk, reason = generation.process_token(token, self._context, row)
        if chunk is not None:
            results.chunks.append(chunk)
        if reason is None:
            if self.scheduler.append_token(generation.sequence, token):
                return
            chunk, reason = generation.flush(), "length"
            if chunk is not None:
                results.chunks.append(chunk)
        self.scheduler.finish(generation.sequence)
        del self.generations[generation.request.id]
        results.finished.append(generation.finish(reason))
        self._close(generation)

    def _on_rejected(self, error: BatchRejected, chunks: list[ScheduledChunk]) -> list[Failed]:
        """Free cells after a batch that found none, or fail the sequences of a batch that llama.cpp refused."""
        if error.code == 1:
            hopeless = self.scheduler.on_no_space()
            if hopeless is None:
                return []
            return self._fail([self.generations[hopeless.id]], "the cache has no room for this request")
        log.error("%s for a batch of %d tokens of %d sequences", error, self._batch.size, len(chunks))
        generations = [self.generations[chunk.sequence.id] for chunk in chunks]
        return self._fail(generations, f"the model could not be computed: {error}")

    def _fail(self, generations: list[Generation], message: str, kind: FailureKind = "engine") -> list[Failed]:
        for generation in generations:
            self.scheduler.drop(generation.sequence)
            del self.generations[generation.request.id]
            self._close(generation)
        return [Failed(g.request.id, message, kind) for g in generations]

    def _close(self, generation: Generation) -> None:
        generation.close()
        if self._encoder is not None:
            self._encoder.unpin(generation.request.id)
            if not self.generations:
                self._encoder.stop()


def _has_none(_sequence: Sequence, _placeholder: PlaceholderRange) -> bool:
    return False
