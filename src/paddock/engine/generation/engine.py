"""The engine's step: one batch, from what the scheduler decides through the kernels to the next tokens' text."""

import logging
import time
from dataclasses import replace

from paddock.engine.binding import Batch, BatchRejected, Context, Model
from paddock.engine.constraints import ConstraintFailed
from paddock.engine.generation.background_prefill import BackgroundPrefill
from paddock.engine.generation.request import Generation
from paddock.engine.kvcache import make_kv_cache
from paddock.engine.multimodal.encoder import Encoder, EncodeRequest, MediaBatch
from paddock.engine.multimodal.placeholders import PlaceholderRange
from paddock.engine.scheduler import ScheduledChunk, ScheduleOutput, Scheduler, SchedulerConfig, Sequence
from paddock.engine.scheduler.background import PrefillJob
from paddock.ipc import Chunk, Failed, Finished, Statistics, Step

log = logging.getLogger("paddock.engine")


class Engine:
    """Runs the generations of one context."""

    def __init__(
        self,
        model: Model,
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

    def cancel(self, request_id: int) -> None:
        """Drop the generation of a request, if it is still in progress."""
        generation = self._generations.pop(request_id, None)
        if generation is not None:
            self.scheduler.finish(generation.sequence)
            self._close(generation)

    def step(self) -> Step:
        """Compute what the scheduler decides, and return the text and the ends that it brought."""
        output = self.scheduler.schedule()
        chunks: list[Chunk] = []
        finished: list[Finished] = []
        failed: list[Failed] = []
        for sequence in output.started:
            self._generations[sequence.id].mark_prefill_started()
        if output.background is not None:
            self._prefill_in_background(output.background, output.slice_seconds)
        if self._encoder is not None:
            failed += self._encode(self._encoder, output)
        if not output.chunks and not output.media_chunks:
            return Step(failed=tuple(failed))
        started = time.perf_counter()
        seconds = 0.0
        scheduled: list[ScheduledChunk] = []
        try:
            for scheduled in ([chunk] for chunk in output.media_chunks):
                rows = self._compute_media(scheduled[0])
                seconds += time.perf_counter() - started
                self._emit(scheduled, rows, chunks, finished, failed)
                started = time.perf_counter()
            scheduled = output.chunks
            if scheduled:
                rows = self._fill(scheduled)
                self._context.decode(self._batch)
                seconds += time.perf_counter() - started
                self._emit(scheduled, rows, chunks, finished, failed)
        except BatchRejected as error:
            failed += self._on_rejected(error, scheduled)
        else:
            self.scheduler.budget.observe(
                output.num_streaming, output.num_prompt_tokens, output.prompt_context, seconds
            )
            self._prompt_tokens += output.num_prompt_tokens
            self._steps += 1
            self._seconds += seconds
        return Step(tuple(chunks), tuple(finished), tuple(failed))

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
            busy_seconds=round(self._seconds, 3),
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
            queue.on_computed(job, num_tokens, state)
            self._prompt_tokens += num_tokens
        if job.done:
            queue.on_failed(job)
        self._seconds += time.perf_counter() - started

    def _encode(self, encoder: Encoder, output: ScheduleOutput) -> list[Failed]:
        """Give a slice of time to the images and audio that are needed next. Return the failure of one, if any."""
        requests = [
            EncodeRequest(sequence.id, self._generations[sequence.id].media[placeholder.file], placeholder.chunk)
            for sequence, placeholder in output.encoder_inputs
        ]
        if not requests and not encoder.busy:
            return []
        started = time.perf_counter()
        bad = encoder.run(requests, output.slice_seconds)
        self._seconds += time.perf_counter() - started
        if bad is None:
            if not output.chunks and not output.media_chunks:
                encoder.wait()
            return []
        return self._fail([self._generations[bad.sequence]], "an image or a recording could not be encoded")

    def _compute_media(self, chunk: ScheduledChunk) -> list[int]:
        """Compute a chunk of an image or audio. Return the row of its logits, if they are needed.

        Raises:
            BatchRejected: if llama.cpp refused the batch.
        """
        sequence, start, end, _, placeholder = chunk
        assert placeholder is not None and self._media is not None and self._encoder is not None
        row = self._media.compute(sequence, placeholder, start, end - start)
        if end == placeholder.end:
            self._encoder.unpin(sequence.id)
        return [row]

    def _fill(self, scheduled: list[ScheduledChunk]) -> list[int]:
        """Fill the batch with the tokens of text chunks. Return the row of each chunk's last token."""
        batch = self._batch
        batch.clear()
        add = batch.add
        rows = []
        for sequence, start, end, logits_from, _ in scheduled:
            tokens, seq_id = sequence.tokens, sequence.seq_id
            # Positions and indexes differ after an image, whose cells may take fewer positions than there are cells.
            offset = sequence.placeholders.position(start) - start if sequence.placeholders else 0
            row = -1
            for index in range(start, end):
                row = add(tokens[index], index + offset, seq_id, index >= logits_from)
            rows.append(row)
        return rows

    def _emit(
        self,
        scheduled: list[ScheduledChunk],
        rows: list[int],
        chunks: list[Chunk],
        finished: list[Finished],
        failed: list[Failed],
    ) -> None:
        """Report computed chunks to the scheduler, and sample the next token where the last one has logits."""
        self.scheduler.on_computed(scheduled)
        for chunk, row in zip(scheduled, rows, strict=True):
            if chunk.logits_from < chunk.end:
                generation = self._generations[chunk.sequence.id]
                try:
                    self._sample_and_emit(generation, row, chunks, finished)
                except ConstraintFailed as error:
                    failed += self._fail([generation], f"the reply could not be held to its format: {error}")

    def _sample_and_emit(self, generation: Generation, row: int, chunks: list[Chunk], finished: list[Finished]) -> None:
        """Sample the next token of a generation, and finish the generation if that token ends it."""
        token = generation.sample(self._context, row)
        self._reply_tokens += 1
        chunk, reason = generation.process_token(token, self._context, row)
        if chunk is not None:
            chunks.append(chunk)
        if reason is None and not self.scheduler.append_token(generation.sequence, token):
            chunk, reason = generation.flush(), "length"
            if chunk is not None:
                chunks.append(chunk)
        if reason is not None:
            self.scheduler.finish(generation.sequence)
            del self._generations[generation.request.id]
            finished.append(generation.finish(reason))
            self._close(generation)

    def _on_rejected(self, error: BatchRejected, scheduled: list[ScheduledChunk]) -> list[Failed]:
        """Free cells after a batch that found none, or fail the sequences of a batch that llama.cpp refused."""
        if error.code == 1:
            hopeless = self.scheduler.on_no_space()
            if hopeless is None:
                return []
            return self._fail([self._generations[hopeless.id]], "the cache has no room for this request")
        log.error("%s for a batch of %d tokens of %d sequences", error, self._batch.size, len(scheduled))
        generations = [self._generations[chunk.sequence.id] for chunk in scheduled]
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


def _has_none(_sequence: Sequence, _placeholder: PlaceholderRange) -> bool:
    return False
