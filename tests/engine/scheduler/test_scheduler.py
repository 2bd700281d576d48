"""The scheduler on a KV cache that only keeps books: whatever comes, no cell leaks and nobody starves."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paddock.engine.kvcache.base import UNLIMITED_CELLS
from paddock.engine.kvcache.prefix_cache import PrefixCacheConfig
from paddock.engine.placeholders import PlaceholderRange, Placeholders, placeholder_tokens
from paddock.engine.scheduler.config import SchedulerConfig
from paddock.engine.scheduler.output import ScheduledChunk
from paddock.engine.scheduler.scheduler import UNSHAREABLE, Scheduler
from paddock.engine.scheduler.sequence import Sequence, State
from tests.engine.scheduler.book_kv_cache import BookKVCache, saved
from tests.examples import scaled


class SchedulerMachine(RuleBasedStateMachine):
    """Requests come and go, steps find no room, images wait for their embeddings, background prefills fail."""

    @initialize(
        cells=st.sampled_from([24, 40, 100, UNLIMITED_CELLS]),
        seq_ids=st.integers(2, 6),
        partial=st.booleans(),
        can_shift=st.booleans(),
        batch=st.sampled_from([1, 4, 64]),
        offload=st.booleans(),
        min_background_tokens=st.sampled_from([0, 2, 10]),
    )
    def start(
        self,
        cells: int,
        seq_ids: int,
        partial: bool,
        can_shift: bool,
        batch: int,
        offload: bool,
        min_background_tokens: int,
    ) -> None:
        self.kv_cache = BookKVCache(cells, seq_ids, partial, can_shift)
        self.batch = batch
        self.scheduler = Scheduler(
            self.kv_cache,
            batch_tokens=batch,
            max_running=4,
            config=SchedulerConfig(
                min_background_tokens=min_background_tokens,
                max_background_skips=3,
                cache=PrefixCacheConfig(offload=offload),
            ),
            has_embeddings=self.has_embeddings,
        )
        self.lookups: dict[tuple[int, PlaceholderRange], int] = {}
        self.alive: list[Sequence] = []
        self.started: set[int] = set()
        self.replies_left: dict[int, int] = {}
        self.number = 0
        self.rejections = 0

    @rule(
        prompt=st.lists(st.integers(0, 1), min_size=1, max_size=20),
        prefix=st.integers(0, 40),
        reply=st.integers(1, 30),
        room=st.integers(2, 24) | st.integers(30, 60),
        keep=st.integers(0, 6),
        may_shift=st.booleans(),
        use_cache=st.booleans(),
        images=st.lists(st.tuples(st.sampled_from([b"a", b"b"]), st.integers(1, 6), st.booleans()), max_size=2),
    )
    def arrive(
        self,
        prompt: list[int],
        prefix: int,
        reply: int,
        room: int,
        keep: int,
        may_shift: bool,
        use_cache: bool,
        images: list[tuple[bytes, int, bool]],
    ) -> None:
        room = min(room, self.kv_cache.num_cells)
        tokens = [7] * prefix
        placeholders: list[PlaceholderRange] = []
        for key, cells, non_causal in images:
            if len(tokens) + cells < room and cells <= self.batch:
                # Equal images have equal tokens for everybody.
                key = key + bytes([cells, non_causal])
                placeholders.append(PlaceholderRange(len(tokens), cells, cells, key, 0, non_causal))
                tokens += placeholder_tokens(key, 0, cells)
        tokens = (tokens + prompt)[: max(1, room - 1)]
        placeholders = [placeholder for placeholder in placeholders if placeholder.end <= len(tokens)]
        sequence = Sequence(
            self.number,
            tokens,
            max(room, 2),
            num_keep=keep,
            may_shift=may_shift,
            use_cache=use_cache,
            placeholders=Placeholders(placeholders),
        )
        self.number += 1
        self.alive.append(sequence)
        self.replies_left[sequence.id] = reply
        self.scheduler.add(sequence)

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def hang_up(self, data: st.DataObject) -> None:
        sequence = data.draw(st.sampled_from(self.alive))
        self.alive.remove(sequence)
        self.scheduler.finish(sequence)
        assert sequence.state is State.FINISHED

    @precondition(lambda self: self.rejections < 3)
    @rule()
    def find_no_room(self) -> None:
        self.rejections += 1
        hopeless = self.scheduler.on_no_space()
        if hopeless is not None:
            self.scheduler.drop(hopeless)
            self.alive.remove(hopeless)

    @precondition(lambda self: self.scheduler.background.job is not None)
    @rule(fails=st.sampled_from([None, None, "to compute", "to load"]))
    def work_in_the_background(self, fails: str | None) -> None:
        queue = self.scheduler.background
        job = queue.job
        assert job is not None
        sequence = job.sequence
        tokens = sequence.tokens[sequence.num_computed_tokens : min(sequence.num_computed_tokens + 5, job.end)]
        if fails == "to compute":
            queue.on_failed(job)
        else:
            tokens = [] if fails else tokens
            queue.on_computed(job, len(tokens), saved(tokens))
        if fails:
            assert queue.job is None and not sequence.allow_background

    @rule(times=st.integers(1, 5))
    def step(self, times: int) -> None:
        for _ in range(times):
            self.one_step()

    def has_embeddings(self, sequence: Sequence, placeholder: PlaceholderRange) -> bool:
        """Let each image be looked for a few times before it is encoded."""
        times = self.lookups[sequence.id, placeholder] = self.lookups.get((sequence.id, placeholder), 0) + 1
        return times > placeholder.num_tokens % 3

    def one_step(self) -> None:
        output = self.scheduler.schedule()
        self.check(output.started, output.background is not None or bool(output.encoder_inputs), output.slice_seconds)
        chunks = [*output.media_chunks, *output.chunks]
        whole_images = [c for c in output.media_chunks if c.placeholder is not None and c.placeholder.non_causal]
        assert sum(c.end - c.start for c in chunks if c not in whole_images) <= self.batch
        assert {c.sequence.id for c in chunks} <= self.started, "what is computed has started"
        assert chunks or not self.alive or output.background or output.encoder_inputs, "somebody can always go on"
        streaming = {s.id for s in self.alive if s.state is State.RUNNING and not s.is_prefilling}
        assert {c.sequence.id for c in output.chunks[: output.num_streaming]} == streaming, "streams never wait"
        prompts = [*output.media_chunks, *output.chunks[output.num_streaming :]]
        assert output.num_prompt_tokens == sum(c.end - c.start for c in prompts)
        assert len({c.sequence.id for c in chunks}) == len(chunks), "one chunk of each sequence"
        self.kv_cache.compute(output)
        self.scheduler.on_computed(chunks)
        for chunk in chunks:
            sequence, end, logits_from = chunk.sequence, chunk.end, chunk.logits_from
            assert (logits_from < end) == (end == len(sequence.tokens)), "logits exactly where a token is sampled"
            if logits_from == end:
                continue
            self.replies_left[sequence.id] -= 1
            if self.replies_left[sequence.id] <= 0 or not self.scheduler.append_token(sequence, 100 + sequence.id):
                self.scheduler.finish(sequence)
                self.alive.remove(sequence)

    def check(self, started: object, has_slice: bool, seconds: float) -> None:
        assert isinstance(started, list | tuple)
        numbers = {sequence.id for sequence in started}
        assert len(numbers) == len(started) and not numbers & self.started, "each sequence starts once"
        self.started |= numbers
        assert (seconds > 0) == has_slice

    @invariant()
    def the_tree_and_the_cells_agree(self) -> None:
        tree, kv_cache = self.scheduler.cache.tree, self.kv_cache
        for seq_id in range(kv_cache.num_seq_ids):
            if seq_id not in tree:
                assert not kv_cache.held[seq_id]
                continue
            promised = tree.tokens(seq_id)
            computed = kv_cache.tokens[seq_id]
            assert len(computed) <= len(promised)
            for in_tree, in_cell in zip(promised, computed, strict=False):
                assert in_tree in (UNSHAREABLE, in_cell)
            if seq_id in kv_cache.shifted and len(computed) > self.scheduler._by_seq_id[seq_id].num_keep:
                assert UNSHAREABLE in promised
        assert kv_cache.used() <= tree.num_cells <= kv_cache.num_cells

    @invariant()
    def running_sequences_know_their_cells(self) -> None:
        for seq_id, sequence in self.scheduler._by_seq_id.items():
            assert sequence.state is State.RUNNING and sequence.seq_id == seq_id
            assert sequence.num_cells == self.scheduler.cache.tree.length(seq_id)
            assert sequence.num_computed_tokens == len(self.kv_cache.held[seq_id]) <= sequence.num_cells

    @invariant()
    def a_cell_was_computed_from_the_tokens_before_it(self) -> None:
        """Two sequence ids that share a cell hold the same tokens up to it, unless one was shifted since."""
        seen: dict[int, list[int]] = {}
        for seq_id, cells in self.kv_cache.held.items():
            if seq_id in self.kv_cache.shifted:
                continue
            for i, cell in enumerate(cells):
                before = self.kv_cache.tokens[seq_id][: i + 1]
                assert seen.setdefault(cell, before) == before

    @invariant()
    def sequence_ids_are_free_kept_or_running(self) -> None:
        scheduler = self.scheduler
        cache = scheduler.cache
        free, kept, running = set(cache._free_seq_ids), set(cache._kept), set(scheduler._by_seq_id)
        assert len(cache._free_seq_ids) == len(free)
        scratch = {scheduler.background.job.scratch_seq_id} if scheduler.background.job else set()
        assert len(free) + len(kept) + len(running) + len(scratch) == self.kv_cache.num_seq_ids
        assert free | kept | running | scratch == set(range(self.kv_cache.num_seq_ids))

    def teardown(self) -> None:
        """In the end everybody has been served, and what is left is cache."""
        if not hasattr(self, "scheduler"):
            return
        for _ in range(20_000):
            if not self.alive:
                break
            self.one_step()
            if self.scheduler.background.job is not None:
                self.work_in_the_background(None)
        assert not self.alive
        assert self.scheduler.num_running == self.scheduler.num_waiting == 0
        self.scheduler.cache.evict_all()
        assert self.scheduler.cache.tree.num_cells == self.kv_cache.used() == 0


TestScheduler = SchedulerMachine.TestCase
TestScheduler.settings = settings(max_examples=scaled(200), stateful_step_count=30, deadline=None)


class Run:
    """A scheduler on a KV cache that keeps books, with steps that compute what it decides."""

    def __init__(
        self, cells: int = 10_000, seq_ids: int = 8, batch: int = 512, partial: bool = True, **config: object
    ) -> None:
        self.kv_cache = BookKVCache(cells, seq_ids, partial)
        self.scheduler = Scheduler(
            self.kv_cache,
            batch_tokens=batch,
            max_running=4,
            config=SchedulerConfig(**config),  # type: ignore[arg-type]
        )

    def step(self) -> list[ScheduledChunk]:
        """Compute one step, and append a token wherever one is sampled."""
        chunks = self.kv_cache.compute(self.scheduler.schedule())
        self.scheduler.on_computed(chunks)
        for chunk in chunks:
            if chunk.logits_from < chunk.end:
                self.scheduler.append_token(chunk.sequence, 5)
        return chunks

    def answer(self, *sequences: Sequence, reply: int = 1) -> int:
        """Run sequences together, until each has `reply` tokens. Return how many tokens were computed."""
        before = self.kv_cache.num_computed
        for sequence in sequences:
            self.scheduler.add(sequence)
        while any(s.state is not State.FINISHED for s in sequences):
            self.step()
            for sequence in sequences:
                if sequence.state is State.RUNNING and len(sequence.tokens) == sequence.prompt_length + reply:
                    self.scheduler.finish(sequence)
        return self.kv_cache.num_computed - before


def test_a_prefix_that_two_need_at_the_same_time_is_computed_once() -> None:
    prefix = list(range(1000))
    both = [Sequence(i, [*prefix, 2000 + i, 3000], 4096) for i in range(2)]
    assert Run().answer(*both) == 1000 + 2 * 2
    assert [s.num_cached_tokens for s in both] == [0, 1000]


def test_a_prompt_starts_when_its_first_tokens_are_computed_not_when_it_is_admitted() -> None:
    run = Run(batch=64)
    first, second = Sequence(0, list(range(100)), 4096), Sequence(1, list(range(1000, 1100)), 4096)
    for sequence in (first, second):
        run.scheduler.add(sequence)
    started = []
    for _ in range(3):
        output = run.scheduler.schedule()
        started.append(list(output.started))
        run.scheduler.on_computed(run.kv_cache.compute(output))
        assert second.state is State.RUNNING
    assert started == [[first], [second], []]


def test_a_long_prompt_starts_with_the_first_slice_of_its_background_prefill() -> None:
    run = Run(min_background_tokens=100)
    streaming, long, second = (Sequence(i, [i, *range(10, 10 + n)], 4000) for i, n in enumerate((50, 1000, 900)))
    run.scheduler.add(streaming)
    run.step()
    run.scheduler.add(long)
    run.scheduler.add(second)
    assert list(run.scheduler.schedule().started) == [long]
    assert not run.scheduler.schedule().started


def test_a_short_common_prefix_is_not_waited_for() -> None:
    both = [Sequence(i, [*range(20), 2000 + i], 4096) for i in range(2)]
    assert Run(min_tokens_to_wait=21).answer(*both) == 2 * 21


def test_a_chats_next_turn_computes_only_what_is_new() -> None:
    run = Run()
    first = Sequence(0, list(range(100)), 4096)
    run.answer(first, reply=10)
    second = Sequence(1, [*first.tokens, 7, 8, 9], 4096)
    assert run.answer(second) == 3 + 1
    assert second.num_cached_tokens == 109


def test_a_change_in_the_middle_reuses_the_tokens_before_it() -> None:
    run = Run()
    run.answer(Sequence(0, list(range(100)), 4096))
    changed = Sequence(1, [*range(50), 999, *range(51, 100)], 4096)
    assert run.answer(changed) == 50
    assert changed.num_cached_tokens == 50


def test_the_last_token_of_a_prompt_is_always_computed() -> None:
    run = Run()
    run.answer(Sequence(0, list(range(100)), 4096), reply=5)
    again = Sequence(1, list(range(100)), 4096)
    run.answer(again)
    assert again.num_cached_tokens == 99


def test_a_sequence_that_declines_the_cache_is_computed_anew() -> None:
    run = Run()
    run.answer(Sequence(0, list(range(100)), 4096))
    assert run.answer(Sequence(1, list(range(100)), 4096, use_cache=False)) == 100


def test_without_partial_reuse_the_third_sequence_reuses_the_branch_of_the_second() -> None:
    run = Run(partial=False, seq_ids=16)
    reused = []
    for i in range(3):
        sequence = Sequence(i, [*range(200), 500 + i, *range(600, 640)], 4096)
        run.answer(sequence)
        reused.append(sequence.num_cached_tokens)
    assert reused == [0, 0, 200]


def test_without_partial_reuse_sequences_that_come_together_share_at_their_branch() -> None:
    several = [Sequence(i, [*range(200), 500 + i, *range(600, 640)], 4096) for i in range(4)]
    assert Run(partial=False, seq_ids=16, batch=64).answer(*several) == 200 + 4 * 41
    assert [s.num_cached_tokens for s in several] == [0, 200, 200, 200]


def test_an_offloaded_prefix_is_found_again() -> None:
    run = Run(cache=PrefixCacheConfig(offload=True))
    first = Sequence(0, list(range(100)), 4096)
    run.answer(first, reply=10)
    run.answer(Sequence(9, list(range(5000, 5500)), 4096))
    run.answer(Sequence(8, list(range(6000, 6500)), 4096))
    assert run.kv_cache.used() <= 500 + 256
    second = Sequence(1, [*first.tokens, 7, 8, 9], 4096)
    run.answer(second)
    assert second.num_cached_tokens == 109
    other = Sequence(2, [*range(60), 999], 4096)
    run.answer(other)
    assert other.num_cached_tokens == 60


def test_the_least_recently_used_prefix_is_evicted_first() -> None:
    run = Run(cells=250)
    for i in range(2):
        run.answer(Sequence(i, [1000 * (i + 1) + n for n in range(100)], 250))
    run.answer(Sequence(2, [1000 + n for n in range(100)], 250))
    run.answer(Sequence(3, [5000 + n for n in range(100)], 250))
    kept = Sequence(4, [1000 + n for n in range(100)], 250)
    run.answer(kept)
    assert kept.num_cached_tokens == 99


def test_the_youngest_is_preempted_and_comes_back() -> None:
    run = Run(cells=64, seq_ids=4)
    old, young = Sequence(0, [1] * 10, 60), Sequence(1, [2] * 10, 60)
    for sequence in (old, young):
        run.scheduler.add(sequence)
    while len(old.tokens) < 55:
        run.step()
    run.scheduler.finish(old)
    assert run.scheduler.num_preemptions >= 1
    assert young.state is State.WAITING
    for _ in range(10):
        run.step()
    assert not young.is_prefilling
    assert run.kv_cache.tokens[young.seq_id] == young.tokens[: young.num_computed_tokens]


def test_known_tokens_that_came_at_once_are_computed_in_one_step_with_logits_of_the_last() -> None:
    run = Run()
    sequence = Sequence(0, [1, 2, 3], 100)
    run.scheduler.add(sequence)
    run.step()
    run.scheduler.append_token(sequence, 6)
    run.scheduler.append_token(sequence, 7)
    (chunk,) = run.step()
    assert (chunk.start, chunk.end, chunk.logits_from) == (3, 6, 5)


def test_more_known_tokens_than_a_fair_share_of_the_batch_take_several_steps() -> None:
    run = Run(batch=8)
    sequence = Sequence(0, [1, 2, 3], 100)
    run.scheduler.add(sequence)
    run.step()
    for token in (6, 7, 8, 9):
        run.scheduler.append_token(sequence, token)
    spans = [(c.start, c.end, c.logits_from) for _ in range(3) for c in run.step()]
    assert spans == [(3, 5, 5), (5, 7, 7), (7, 8, 7)]


def test_a_full_context_drops_half_of_what_is_not_kept_and_goes_on() -> None:
    run = Run()
    sequence = Sequence(0, list(range(20)), 30, num_keep=4)
    run.scheduler.add(sequence)
    for _ in range(40):
        (chunk,) = run.step()
        assert chunk.end - chunk.start == (20 if not chunk.start else 1)
    assert sequence.shifted and len(sequence.tokens) < 30
    assert sequence.tokens[:4] == [0, 1, 2, 3]


def test_a_full_context_that_may_not_shift_ends_the_sequence() -> None:
    scheduler = Run().scheduler
    sequence = Sequence(0, [1, 2], 4, may_shift=False)
    assert scheduler.append_token(sequence, 3)
    assert not scheduler.append_token(sequence, 4)


def test_a_batch_that_finds_no_room_evicts_preempts_and_then_gives_up() -> None:
    run = Run()
    run.answer(Sequence(9, [9] * 10, 100))
    first, second = Sequence(0, [1] * 10, 100), Sequence(1, [2] * 10, 100)
    run.scheduler.add(first)
    run.scheduler.add(second)
    run.step()
    assert run.scheduler.on_no_space() is None and run.scheduler.num_running == 2
    assert run.scheduler.on_no_space() is None and second.state is State.WAITING
    assert run.scheduler.on_no_space() is first
    run.scheduler.drop(first)
    assert first.state is State.FINISHED and run.kv_cache.used() == 0


def test_a_long_prompt_beside_a_stream_is_prefilled_in_the_background_and_a_short_one_need_not_wait() -> None:
    run = Run(min_background_tokens=100)
    background = run.scheduler.background
    streaming, long, second, short = (
        Sequence(i, [i, *range(10, 10 + n)], 4000) for i, n in enumerate((50, 1000, 900, 20))
    )
    run.scheduler.add(streaming)
    run.step()
    run.scheduler.add(long)
    assert {c.sequence for c in run.step()} == {streaming}
    assert background.job is not None and background.job.sequence is long
    run.scheduler.add(second)
    run.scheduler.add(short)
    # Slices of the background prefill and chunks of the short prompt take turns.
    assert [{c.sequence for c in run.step()} for _ in range(2)] == [{streaming}, {streaming, short}]
    background.on_computed(background.job, len(long.tokens) - 1, saved(long.tokens[:-1]))
    assert [{c.sequence for c in run.step()} for _ in range(2)] == [{streaming, short}, {streaming, short, long}]
    assert long.num_computed_tokens == len(long.tokens) - 1
    assert background.job is not None and background.job.sequence is second
