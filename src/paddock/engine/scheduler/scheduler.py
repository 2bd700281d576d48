"""Which tokens are computed next, and whose cells make room for them.

A sequence has known tokens and computed tokens, and a step lets the second catch up with the first. Sequences that
stream their replies come first. The rest of the batch goes to prompts, oldest first. A prefix that is in the cache is
shared instead of computed, and a prefix that another sequence is computing is waited for. Finished sequences stay
in the cache until their cells or ids are needed: the least recently used goes first, then the youngest running sequence
is preempted and computed again later.
"""

import bisect
from collections.abc import Iterator
from operator import attrgetter

from paddock.engine.kvcache.base import KVCache
from paddock.engine.kvcache.prefix_cache import PrefixCache
from paddock.engine.scheduler.background import BackgroundQueue, PrefillJob
from paddock.engine.scheduler.budget import ChunkBudget
from paddock.engine.scheduler.chunking import HasEmbeddings, PromptChunks, chunk_prompts
from paddock.engine.scheduler.config import SchedulerConfig
from paddock.engine.scheduler.output import ScheduledChunk, ScheduleOutput
from paddock.engine.scheduler.prefix_match import PrefixMatch, match_prefix
from paddock.engine.scheduler.sequence import Sequence, State

UNSHAREABLE = -1
"""Stands in the prefix tree for tokens whose cells nobody else may use. No prompt contains it."""

BY_ARRIVAL = attrgetter("arrival")


class Scheduler:
    """Decides what each step computes: call `schedule`, compute that, then report what came of it.

    `on_computed` and `on_no_space` take reports on chunks, `background` on background prefill, `budget` on time.
    """

    def __init__(
        self,
        kv_cache: KVCache,
        *,
        batch_tokens: int,
        max_running: int,
        config: SchedulerConfig | None = None,
        has_embeddings: HasEmbeddings = lambda _sequence, _placeholder: True,
    ) -> None:
        """Schedule at most `max_running` sequences at once, and at most `batch_tokens` tokens in a batch.

        One sequence id stays free for snapshots and background prefill. `has_embeddings` tells whether the embeddings
        of an image or audio, which comes next in a sequence, are there.
        """
        self._config = config or SchedulerConfig()
        self.cache = PrefixCache(kv_cache, self._config.cache)
        self.budget = ChunkBudget(batch_tokens, self._config.budget)
        self.background = BackgroundQueue(
            self.cache, self._config.min_background_tokens, self._config.max_background_skips
        )
        self.num_preemptions = 0
        self.num_cached_tokens = 0
        """Number of prompt tokens that were found in the cache."""
        self._has_embeddings = has_embeddings
        self._kv_cache = kv_cache
        self._batch_tokens = batch_tokens
        self._max_running = min(max_running, batch_tokens, max(1, kv_cache.num_seq_ids - 1))
        self._max_streaming_tokens = batch_tokens // self._max_running
        """Most tokens of one streaming sequence in a step, so that all of them fit into a batch."""
        self._waiting: list[Sequence] = []
        self._running: list[Sequence] = []
        self._by_seq_id: dict[int, Sequence] = {}
        self._num_arrivals = 0
        self._any_prefilling = False
        """Whether a running sequence may be prefilling."""
        self._full = False
        """Whether the oldest waiting sequence found no room, and none has become free since."""

    @property
    def num_running(self) -> int:
        """Number of sequences that hold cells and are not finished."""
        return len(self._running)

    @property
    def num_waiting(self) -> int:
        """Number of sequences that wait for admission."""
        return len(self._waiting)

    def add(self, sequence: Sequence) -> None:
        """Queue a sequence. Its `num_ctx` must be at most the number of cells, so that it fits when alone."""
        self._num_arrivals += 1
        sequence.arrival = self._num_arrivals
        self._waiting.append(sequence)

    def schedule(self) -> ScheduleOutput:
        """Return what the next step computes. Nothing in it means that all wait for encoding or for each other."""
        chunks = self._schedule_streaming()
        if self._waiting and not self._full:
            self._admit()
        if self._any_prefilling:
            return self._schedule_prompts(chunks)
        return ScheduleOutput(chunks, len(chunks))

    def on_computed(self, chunks: list[ScheduledChunk]) -> None:
        """Record that `chunks` lie in the KV cache now."""
        for chunk in chunks:
            sequence, end = chunk.sequence, chunk.end
            sequence.num_computed_tokens = end
            if sequence.snapshot_lengths and end in sequence.snapshot_lengths:
                sequence.snapshot_lengths.discard(end)
                position = sequence.position(end)
                self.cache.snapshot(sequence.seq_id, sequence.tokens[:end], position)

    def on_no_space(self) -> Sequence | None:
        """Free some cells, because llama.cpp found none for a batch. Return the sequence that cannot go on, if any."""
        if self.cache.evict():
            return None
        if len(self._running) > 1:
            self._preempt(self._running[-1])
            return None
        return self._running[0] if self._running else None

    def append_token(self, sequence: Sequence, token: int) -> bool:
        """Add a sampled token. Return False if the sequence has to end: its context is full and may not be shifted."""
        tokens = sequence.tokens
        tokens.append(token)
        if len(tokens) < sequence.num_ctx:
            return True
        if not sequence.may_shift:
            return False
        self._shift(sequence)
        return True

    def finish(self, sequence: Sequence) -> None:
        """End a sequence, whatever its state. Its computed tokens stay in the cache."""
        self._full = False
        if sequence.state is State.WAITING:
            self._waiting.remove(sequence)
        elif sequence.state is State.RUNNING:
            self._running.remove(sequence)
            self._retire(sequence)
        sequence.state = State.FINISHED

    def drop(self, sequence: Sequence) -> None:
        """End a sequence whose cells may be wrong: nothing of it stays in the cache."""
        if sequence.state is not State.RUNNING:
            self.finish(sequence)
            return
        self._running.remove(sequence)
        self._release(sequence)
        sequence.state = State.FINISHED

    # Streams

    def _schedule_streaming(self) -> list[ScheduledChunk]:
        """Return the chunks of all sequences that stream their replies: what they have pending, up to a fair share.

        Each gets cells for its tokens first. Kept prefixes make room, then the youngest running sequence is preempted.
        """
        tree = self.cache.tree
        while True:
            streaming = self._streaming()
            needed = 0
            for sequence in streaming:
                needed += len(sequence.tokens) - sequence.num_cells
            if tree.num_cells + needed <= self._kv_cache.num_cells:
                break
            if not self.cache.evict():
                assert len(self._running) > 1, "a sequence alone always has the cells that its context needs"
                self._preempt(self._running[-1])
        chunks = []
        for sequence in streaming:
            tokens, num_cells = sequence.tokens, sequence.num_cells
            end = len(tokens)
            if num_cells < end:
                tree.extend(
                    sequence.seq_id, [UNSHAREABLE] * (end - num_cells) if sequence.shifted else tokens[num_cells:]
                )
                sequence.num_cells = end
            start, logits_from = sequence.num_computed_tokens, end - 1
            if end - start > self._max_streaming_tokens:
                logits_from = end = start + self._max_streaming_tokens
            chunks.append(ScheduledChunk(sequence, start, end, logits_from))
        return chunks

    def _streaming(self) -> list[Sequence]:
        """Return the running sequences that are not prefilling."""
        if not self._any_prefilling:
            return self._running
        streaming = [s for s in self._running if s.num_computed_tokens >= s.prefill_length]
        self._any_prefilling = len(streaming) < len(self._running)
        return streaming

    # Prompts

    def _schedule_prompts(self, streaming: list[ScheduledChunk]) -> ScheduleOutput:
        """Add to the chunks of streaming sequences what else the step computes."""
        foreground = [s for s in self._running if s.num_computed_tokens < s.prefill_length]
        if streaming:
            self.background.start_next(foreground)
        if self.background.job is not None:
            foreground = self.background.foreground(foreground)
        num_streaming_tokens = 0
        for chunk in streaming:
            num_streaming_tokens += chunk.end - chunk.start
        context = foreground[0].num_computed_tokens if foreground else 0
        room = self.budget.prompt_tokens(num_streaming_tokens, context)
        prompts = chunk_prompts(foreground, room, self._has_embeddings)
        encoder_inputs, job = prompts.encoder_inputs, self.background.job
        if job is not None and prompts.num_tokens:
            # Chunks of short prompts and slices of the job take turns: both in one step would make it too long.
            if self.background.take_turn():
                prompts = PromptChunks()
            else:
                job = None
        return ScheduleOutput(
            streaming + prompts.text,
            len(streaming),
            prompts.media,
            prompts.num_tokens,
            prompts.context_sum // max(prompts.num_tokens, 1),
            _newly_started(prompts, job),
            encoder_inputs,
            job,
            self.budget.slice_seconds(bool(streaming)) if job is not None or encoder_inputs else 0.0,
        )

    # Room

    def _preempt(self, sequence: Sequence) -> None:
        """Take all cells from a running sequence."""
        self.num_preemptions += 1
        self._requeue(sequence)

    def _requeue(self, sequence: Sequence) -> None:
        """Let a running sequence wait, without cells, until there is room to compute it again."""
        self._running.remove(sequence)
        self._release(sequence)
        sequence.state = State.WAITING
        bisect.insort(self._waiting, sequence, key=BY_ARRIVAL)

    def _release(self, sequence: Sequence) -> None:
        """Free everything that a sequence holds."""
        self._full = False
        if self.background.job is not None:
            self.background.remove(sequence)
        self.cache.release(sequence.seq_id)
        self._by_seq_id.pop(sequence.seq_id)
        sequence.seq_id = -1
        sequence.num_computed_tokens = sequence.num_cells = 0
        sequence.shifted = False
        sequence.snapshot_lengths = set()

    def _retire(self, sequence: Sequence) -> None:
        """Keep the computed tokens of a sequence as cache, as far as others may use them."""
        if self.background.job is not None:
            self.background.remove(sequence)
        seq_id, length = sequence.seq_id, sequence.num_computed_tokens
        if sequence.shifted:
            length = min(length, sequence.num_keep)
        length = sequence.round_down(length)
        is_less = sequence.shifted or length < sequence.num_computed_tokens
        if is_less and not self._kv_cache.truncate(seq_id, sequence.position(length)):
            length = 0
        if not length:
            self._release(sequence)
            return
        self.cache.keep(seq_id, length)
        if self._running:
            self.cache.offload_idle()
        self._by_seq_id.pop(seq_id)
        sequence.seq_id = -1

    # Admission

    def _admit(self) -> None:
        """Let waiting sequences run, oldest first, until one finds no room."""
        for sequence in self._ready_to_admit():
            if len(self._running) >= self._max_running:
                break
            if not self._try_admit(sequence):
                self._full = True
                break

    def _ready_to_admit(self) -> Iterator[Sequence]:
        """Yield the waiting sequences, oldest first, except those that wait for the prefix of another one."""
        for sequence in tuple(self._waiting):
            if sequence.waits_for_prefix_of is not None:
                other, length = sequence.waits_for_prefix_of
                # The last few tokens are not worth another step of waiting, unless the state is needed exactly there.
                partial = self._kv_cache.supports_partial_reuse
                enough = length - self._config.min_tokens_to_wait + 1 if partial else length
                if other.is_prefilling and other.num_computed_tokens < enough:
                    continue
                sequence.waits_for_prefix_of = None
            yield sequence

    def _try_admit(self, sequence: Sequence) -> bool:
        """Let a waiting sequence run, or wait for a prefix. Return False if there is no room for it."""
        cache, match = self.cache, PrefixMatch()
        if sequence.use_cache:
            match = match_prefix(sequence, cache, self._by_seq_id)
            if self._wait_or_snapshot(sequence, match):
                return True
        if not sequence.use_cache and not self._running:
            # To repeat itself exactly it needs the same cells each time: their places decide how sums are rounded.
            cache.evict_all()
        seq_id = cache.take_seq_id(exclude=match.source)
        if seq_id is None:
            return False
        shared = cache.load_prefix(
            seq_id,
            sequence.tokens,
            match.source,
            match.shared,
            placeholders=sequence.placeholders if sequence.has_media else None,
            use_host_cache=sequence.use_cache,
        )
        if not cache.free_up(len(sequence.tokens) - shared + self._config.headroom_cells * len(self._running)):
            cache.release(seq_id)
            return False
        cache.tree.extend(seq_id, sequence.tokens[shared:])
        self._start(sequence, seq_id, shared)
        return True

    def _start(self, sequence: Sequence, seq_id: int, shared: int) -> None:
        """Let a sequence run whose first `shared` tokens are computed."""
        self._waiting.remove(sequence)
        sequence.seq_id = seq_id
        sequence.num_computed_tokens = shared
        sequence.num_cells = sequence.prefill_length = len(sequence.tokens)
        if sequence.num_cached_tokens is None:
            sequence.num_cached_tokens = shared
            self.num_cached_tokens += shared
        sequence.state = State.RUNNING
        self._any_prefilling = True
        self._by_seq_id[seq_id] = sequence
        self.cache.offload_idle()
        bisect.insort(self._running, sequence, key=BY_ARRIVAL)
        if sequence.use_cache and not self._kv_cache.supports_partial_reuse:
            end = sequence.round_down(len(sequence.tokens) - 1)
            if end - shared >= self._config.min_snapshot_tokens:
                sequence.snapshot_lengths.add(end)

    def _wait_or_snapshot(self, sequence: Sequence, match: PrefixMatch) -> bool:
        """Let a sequence wait if a running one computes much more of its prefix than is there. Return whether it waits.

        Where a cache does not support partial reuse, plan a snapshot at the end of the common prefix.
        """
        partial = self._kv_cache.supports_partial_reuse
        worth_it = self._config.min_tokens_to_wait if partial else self._config.min_snapshot_tokens
        if match.longest - match.shared < worth_it:
            return False
        holder = match.holder
        waits = holder is not None and holder.is_prefilling and holder.num_computed_tokens < match.longest
        if holder is None or not waits:
            holder = sequence
        else:
            sequence.waits_for_prefix_of = holder, match.longest
        if not partial:
            holder.snapshot_lengths.add(match.longest)
        return waits

    # Context shift

    def _shift(self, sequence: Sequence) -> None:
        """Make room in a full context: keep the beginning and drop half of the rest.

        Where cells cannot change position, or are shared and cannot be made exclusive, the rest is computed again.
        """
        keep, seq_id, tree = sequence.round_down(sequence.num_keep), sequence.seq_id, self.cache.tree
        drop = max((sequence.num_computed_tokens - keep) // 2, 1)
        split = sequence.placeholders.at(keep + drop)
        if split is not None:
            drop = split.end - keep
        shifted = (
            self._kv_cache.can_shift
            and self.cache.make_cells_exclusive(seq_id, keep)
            and self._kv_cache.shift(seq_id, keep, drop)
        )
        del sequence.tokens[keep : keep + drop]
        sequence.placeholders = sequence.placeholders.without(keep, keep + drop)
        if not shifted:
            self._requeue(sequence)
            return
        sequence.num_computed_tokens -= drop
        sequence.num_cells = sequence.prefill_length = sequence.num_computed_tokens
        sequence.shifted = True
        tree.truncate(seq_id, keep)
        tree.extend(seq_id, [UNSHAREABLE] * (sequence.num_computed_tokens - keep))
        self._full = False


def _newly_started(prompts: PromptChunks, job: PrefillJob | None) -> list[Sequence]:
    """Return the sequences for whose prompts nothing has been computed before, and mark them."""
    computed = [part.sequence for parts in (prompts.text, prompts.media, prompts.encoder_inputs) for part in parts]
    if job is not None:
        computed.append(job.sequence)
    started = [sequence for sequence in computed if not sequence.prefill_started]
    for sequence in started:
        sequence.prefill_started = True
    return started
