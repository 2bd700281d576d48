"""The queue of long prompts whose prefill runs in the background while others stream their replies.

One prompt at a time is computed in a context of its own, in slices of time between the steps. `BackgroundQueue` is the
only place that knows which one, and it is told of the progress.
"""

from collections.abc import Sequence as Items

from paddock.engine.kvcache.prefix_cache import PrefixCache
from paddock.engine.scheduler.sequence import Sequence
from paddock.engine.time_slice import TimeSlicedTask


class PrefillJob:
    """Tokens [start, end) of a sequence, to be computed in the background."""

    def __init__(self, sequence: Sequence, scratch_seq_id: int) -> None:
        """Take all of the sequence's pending tokens but the last one, whose logits the main context has to compute."""
        self.sequence = sequence
        self.start = sequence.num_computed_tokens
        self.end = len(sequence.tokens) - 1
        self.scratch_seq_id = scratch_seq_id
        """An empty sequence id, under which computed cells are loaded into the main context."""
        self.task: TimeSlicedTask | None = None
        """The computation, once it has begun."""
        self._computed: list[tuple[int, bytearray]] = []

    @property
    def done(self) -> bool:
        """Whether the computation has ended, successfully or not."""
        return self.task is not None and self.task.done

    def put(self, num_tokens: int, state: bytearray) -> None:
        """Hand over the saved cells of the next `num_tokens` tokens. Called by the computation."""
        self._computed.append((num_tokens, state))

    def take(self) -> list[tuple[int, bytearray]]:
        """Return what has been handed over since the last call."""
        computed, self._computed = self._computed, []
        return computed

    def stop(self) -> None:
        """End the computation and wait until it has ended."""
        if self.task is not None:
            self.task.stop()


class BackgroundQueue:
    """Chooses the prompts for the background, and takes over what was computed there.

    A job that fails is not tried again: its sequence is prefilled in the foreground. After n failures in a row, the
    next 2^n - 1 long prompts are prefilled there, too, before another one is tried.
    """

    def __init__(self, cache: PrefixCache, min_tokens: int, max_skips: int) -> None:
        """Take prompts with at least `min_tokens` pending tokens, or none if that is 0."""
        self.job: PrefillJob | None = None
        """The job in progress."""
        self.num_failures = 0
        """Number of jobs that failed."""
        self._cache = cache
        self._min_tokens = min_tokens if cache.kv_cache.supports_partial_reuse else 0
        self._max_skips = max_skips
        self._failures_in_a_row = 0
        self._num_skips = 0
        """Number of long prompts to leave to the foreground before the next job."""
        self._had_turn = False

    def start_next(self, prefilling: Items[Sequence]) -> None:
        """Begin a job with the first long prompt, unless one is in progress or no sequence id is free for it."""
        if self.job is not None or not self._min_tokens:
            return
        for sequence in prefilling:
            if not self._is_long(sequence):
                continue
            if self._num_skips:
                self._num_skips -= 1
                sequence.allow_background = False
                continue
            scratch_seq_id = self._cache.take_seq_id()
            if scratch_seq_id is not None:
                self.job = PrefillJob(sequence, scratch_seq_id)
            return

    def foreground(self, prefilling: list[Sequence]) -> list[Sequence]:
        """Return the sequences to prefill in the foreground: while a job is in progress, those with short prompts.

        Other long prompts wait for their turn in the background.
        """
        if self.job is None:
            return prefilling
        return [s for s in prefilling if s is not self.job.sequence and not self._is_long(s)]

    def take_turn(self) -> bool:
        """Return whether this step's time goes to the job: every other step, while short prompts need time as well."""
        self._had_turn = not self._had_turn
        return self._had_turn

    def on_computed(self, job: PrefillJob, num_tokens: int, state: bytearray) -> bool:
        """Append saved cells of the job's next `num_tokens` tokens to its sequence. The last ones end the job.

        Return False if the job has ended before, or ends because there is no room for them.
        """
        if self.job is not job:
            return False
        sequence = job.sequence
        if not self._cache.kv_cache.append_state(sequence.seq_id, state, job.scratch_seq_id):
            self.on_failed(job)
            return False
        sequence.num_computed_tokens += num_tokens
        if sequence.num_computed_tokens >= job.end:
            self._failures_in_a_row = 0
            self.remove(sequence)
        return True

    def on_failed(self, job: PrefillJob) -> None:
        """Leave the rest of a failed job's prompt to the foreground, and do not try the next prompts either."""
        if self.job is not job:
            return
        self.num_failures += 1
        self._failures_in_a_row += 1
        self._num_skips = min(2**self._failures_in_a_row - 1, self._max_skips)
        job.sequence.allow_background = False
        self.remove(job.sequence)

    def remove(self, sequence: Sequence) -> None:
        """End the job of a sequence, if it has one."""
        job = self.job
        if job is not None and job.sequence is sequence:
            job.stop()
            self._cache.return_seq_id(job.scratch_seq_id)
            self.job = None

    def close(self) -> None:
        """End the job in progress."""
        if self.job is not None:
            self.remove(self.job.sequence)

    def _is_long(self, sequence: Sequence) -> bool:
        return (
            0 < self._min_tokens <= sequence.num_pending_tokens and sequence.allow_background and not sequence.has_media
        )
