"""The scheduler on a memory that only keeps books: whatever comes, no cell leaks and nobody starves."""

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paddock.engine.kvcache.memory import UNLIMITED
from paddock.engine.multimodal.placeholders import PlaceholderRange, Placeholders, placeholder_tokens
from paddock.engine.scheduler.budget import ChunkBudget
from paddock.engine.scheduler.scheduler import HIDDEN, Scheduler, Work
from paddock.engine.scheduler.sequence import Sequence, State


class BookMemory:
    """Knows for each slot what each of its cells was computed from: the tokens up to it. Checks every rule."""

    def __init__(self, cells: int, slots: int, any_prefix: bool, can_shift: bool) -> None:
        self.cells, self.slots = cells, slots
        self.any_prefix, self.can_shift = any_prefix, can_shift and any_prefix
        self.held: dict[int, list[int]] = {s: [] for s in range(slots)}
        """Slot → ids of its cells."""
        self.tokens: dict[int, list[int]] = {s: [] for s in range(slots)}
        self.shifted: set[int] = set()
        self.made = 0

    def used(self) -> int:
        return len({cell for cells in self.held.values() for cell in cells})

    def reusable(self, slot: int, held: int, length: int) -> int:
        assert held == len(self.held[slot])
        return min(held, length) if self.any_prefix else held if held <= length else 0

    def share(self, source: int, target: int, length: int) -> None:
        assert not self.held[target]
        assert self.any_prefix or length == len(self.held[source])
        assert not in_a_picture(self.tokens[source], length)
        self.held[target] = self.held[source][:length]
        self.tokens[target] = self.tokens[source][:length]

    def clear(self, slot: int) -> None:
        self.held[slot], self.tokens[slot] = [], []
        self.shifted.discard(slot)

    def cut(self, slot: int, length: int) -> bool:
        assert not in_a_picture(self.tokens[slot], length)
        if self.any_prefix:
            self.held[slot], self.tokens[slot] = self.held[slot][:length], self.tokens[slot][:length]
            self.shifted.discard(slot)
        return self.any_prefix

    def unshare(self, slot: int) -> bool:
        count = len(self.held[slot])
        self.held[slot] = []
        assert self.used() + count <= self.cells
        self.held[slot] = self._new(count)
        return True

    def save(self, slot: int) -> bytearray:
        return bytearray(json.dumps(self.tokens[slot]).encode())

    def restore(self, slot: int, state: bytearray) -> bool:
        assert not self.held[slot]
        self.tokens[slot] = json.loads(state)
        self.held[slot] = self._new(len(self.tokens[slot]))
        assert self.used() <= self.cells
        return True

    def append(self, slot: int, state: bytearray, scratch: int) -> bool:
        assert self.any_prefix and not self.held[scratch]
        tokens = json.loads(state)
        if not tokens:
            return False
        self.tokens[slot] += tokens
        self.held[slot] += self._new(len(tokens))
        assert self.used() <= self.cells
        return True

    def shift(self, slot: int, keep: int, drop: int) -> bool:
        assert self.can_shift
        others = {c for s, cells in self.held.items() if s != slot for c in cells}
        assert not others & set(self.held[slot][keep:]), "a cell has one position"
        del self.held[slot][keep : keep + drop]
        del self.tokens[slot][keep : keep + drop]
        self.shifted.add(slot)
        return True

    def compute(self, works: list[Work]) -> None:
        for sequence, start, length in works:
            assert start == len(self.held[sequence.slot])
            placeholder = sequence.placeholders.at(start)
            if placeholder is not None:
                assert start + length <= placeholder.end
                assert not placeholder.non_causal or (start, length) == (placeholder.start, placeholder.num_tokens)
            else:
                assert all(token >= 0 for token in sequence.tokens[start : start + length])
            self.held[sequence.slot] += self._new(length)
            self.tokens[sequence.slot] += sequence.tokens[start : start + length]
        assert self.used() <= self.cells

    def _new(self, count: int) -> list[int]:
        self.made += count
        return list(range(self.made - count, self.made))


def in_a_picture(tokens: list[int], length: int) -> bool:
    """Whether the first `length` tokens end in the middle of a picture."""
    return 0 < length < len(tokens) and tokens[length] < HIDDEN and tokens[length] == tokens[length - 1] - 1


def at_once(work: Work) -> bool:
    placeholder = work.sequence.placeholders.at(work.start)
    return placeholder is not None and placeholder.non_causal


class SchedulerMachine(RuleBasedStateMachine):
    @initialize(
        cells=st.sampled_from([24, 40, 100, UNLIMITED]),
        slots=st.integers(2, 6),
        any_prefix=st.booleans(),
        can_shift=st.booleans(),
        batch=st.sampled_from([1, 4, 64]),
        park=st.booleans(),
        aside_from=st.sampled_from([0, 2, 10]),
    )
    def start(
        self, cells: int, slots: int, any_prefix: bool, can_shift: bool, batch: int, park: bool, aside_from: int
    ) -> None:
        self.memory = BookMemory(cells, slots, any_prefix, can_shift)
        self.batch = batch
        self.scheduler = Scheduler(
            self.memory,
            ChunkBudget(batch),
            batch_tokens=batch,
            max_running=4,
            park=park,
            aside_from=aside_from,
            has_embeddings=self.has_embeddings,
        )
        self.asked: dict[tuple[int, PlaceholderRange], int] = {}
        self.alive: list[Sequence] = []
        self.targets: dict[int, int] = {}
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
        pictures=st.lists(st.tuples(st.sampled_from([b"a", b"b"]), st.integers(1, 6), st.booleans()), max_size=2),
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
        pictures: list[tuple[bytes, int, bool]],
    ) -> None:
        room = min(room, self.memory.cells)
        tokens = [7] * prefix
        placeholders: list[PlaceholderRange] = []
        for key, cells, at_once in pictures:
            if len(tokens) + cells < room and cells <= self.batch:
                # All cells of a picture, or those of one that is as large, are the same for everybody.
                key = key + bytes([cells, at_once])
                placeholders.append(PlaceholderRange(len(tokens), cells, cells, key, 0, at_once))
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
        self.targets[sequence.id] = reply
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
        hopeless = self.scheduler.rejected()
        if hopeless is not None:
            self.scheduler.drop(hopeless)
            self.alive.remove(hopeless)

    @precondition(lambda self: self.scheduler.asides.current is not None)
    @rule(fails=st.sampled_from([False, False, True]))
    def come_from_aside(self, fails: bool) -> None:
        job = self.scheduler.asides.current
        assert job is not None
        sequence = job.sequence
        tokens = [] if fails else sequence.tokens[sequence.computed : min(sequence.computed + 5, job.end)]
        self.scheduler.asides.arrived(len(tokens), bytearray(json.dumps(tokens).encode()))

    @rule(times=st.integers(1, 5))
    def step(self, times: int) -> None:
        for _ in range(times):
            self.one_step()

    def has_embeddings(self, sequence: Sequence, placeholder: PlaceholderRange) -> bool:
        """Let each picture be asked for a few times."""
        times = self.asked[sequence.id, placeholder] = self.asked.get((sequence.id, placeholder), 0) + 1
        return times > placeholder.num_tokens % 3

    def one_step(self) -> None:
        works = self.scheduler.plan()
        assert sum(w.length for w in works if not at_once(w)) <= self.batch
        waits = self.scheduler.asides.current is not None or self.scheduler.unencoded
        assert works or not self.alive or waits, "somebody can always go on"
        decoding = {s.id for s in self.alive if s.state is State.DECODING}
        assert decoding <= {w.sequence.id for w in works}, "who is being answered never waits"
        self.memory.compute(works)
        self.scheduler.computed(works)
        for sequence, start, length in works:
            if start + length < len(sequence.tokens):
                continue
            self.targets[sequence.id] -= 1
            if self.targets[sequence.id] <= 0 or not self.scheduler.extend(sequence, 100 + sequence.id):
                self.scheduler.finish(sequence)
                self.alive.remove(sequence)

    @invariant()
    def tree_and_cells_agree(self) -> None:
        tree, memory = self.scheduler.cache.tree, self.memory
        for slot in range(memory.slots):
            if slot not in tree:
                assert not memory.held[slot]
                continue
            promised = tree.tokens(slot)
            computed = memory.tokens[slot]
            assert len(computed) <= len(promised)
            for said, held in zip(promised, computed, strict=False):
                assert said in (HIDDEN, held)
            if slot in memory.shifted and len(computed) > self.scheduler._by_slot[slot].num_keep:
                assert HIDDEN in promised
        assert memory.used() <= tree.cells <= memory.cells

    @invariant()
    def what_a_slot_holds_was_computed_from_what_comes_before(self) -> None:
        """Two slots that hold the same cell hold the same tokens up to it, unless one was shifted since."""
        seen: dict[int, list[int]] = {}
        for slot, cells in self.memory.held.items():
            if slot in self.memory.shifted:
                continue
            for i, cell in enumerate(cells):
                before = self.memory.tokens[slot][: i + 1]
                assert seen.setdefault(cell, before) == before

    @invariant()
    def slots_are_free_cached_or_running(self) -> None:
        scheduler = self.scheduler
        cache = scheduler.cache
        free, cached, running = set(cache._free_slots), set(cache._kept), set(scheduler._by_slot)
        assert len(cache._free_slots) == len(free)
        scratch = {scheduler.asides.current.scratch} if scheduler.asides.current else set()
        assert len(free) + len(cached) + len(running) + len(scratch) == self.memory.slots
        assert free | cached | running | scratch == set(range(self.memory.slots))

    def teardown(self) -> None:
        """In the end everybody has been served, and what is left is cache."""
        if not hasattr(self, "scheduler"):
            return
        for _ in range(20_000):
            if not self.alive:
                break
            self.one_step()
            if self.scheduler.asides.current is not None:
                self.come_from_aside(False)
        assert not self.alive
        assert self.scheduler.running == self.scheduler.waiting == 0
        self.scheduler.cache.evict_all()
        assert self.scheduler.cache.tree.cells == self.memory.used() == 0


TestScheduler = SchedulerMachine.TestCase
TestScheduler.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


def a_scheduler(cells: int = 10_000, slots: int = 8, batch: int = 512, any_prefix: bool = True) -> Scheduler:
    memory = BookMemory(cells, slots, any_prefix, True)
    return Scheduler(memory, ChunkBudget(batch), batch_tokens=batch, max_running=4)


def run(scheduler: Scheduler, sequence: Sequence, reply: int = 1) -> int:
    """Run one sequence to its end; return how many tokens were computed for it."""
    memory = scheduler._memory
    assert isinstance(memory, BookMemory)
    before = memory.made
    scheduler.add(sequence)
    while sequence.state is not State.FINISHED:
        works = scheduler.plan()
        memory.compute(works)
        scheduler.computed(works)
        for work in works:
            if work.start + work.length == len(work.sequence.tokens):
                reply -= 1
                scheduler.extend(work.sequence, 5)
                if not reply:
                    scheduler.finish(work.sequence)
    return memory.made - before


def run_together(scheduler: Scheduler, sequences: list[Sequence]) -> int:
    """Run several until each has its first token; return how many tokens were computed."""
    memory = scheduler._memory
    assert isinstance(memory, BookMemory)
    before = memory.made
    for sequence in sequences:
        scheduler.add(sequence)
    while any(s.state is not State.FINISHED for s in sequences):
        works = scheduler.plan()
        memory.compute(works)
        scheduler.computed(works)
        for work in works:
            if work.start + work.length == len(work.sequence.tokens):
                scheduler.finish(work.sequence)
    return memory.made - before


def test_a_prefix_that_two_need_at_the_same_time_is_computed_once() -> None:
    scheduler = a_scheduler()
    prefix = list(range(1000))
    both = [Sequence(i, [*prefix, 2000 + i, 3000], 4096) for i in range(2)]
    assert run_together(scheduler, both) == 1000 + 2 * 2
    assert [s.reused for s in both] == [0, 1000]


def test_a_chats_next_turn_computes_only_what_is_new() -> None:
    scheduler = a_scheduler()
    first = Sequence(0, list(range(100)), 4096)
    run(scheduler, first, reply=10)
    second = Sequence(1, [*first.tokens, 7, 8, 9], 4096)
    assert run(scheduler, second) == 3 + 1
    assert second.reused == 109


def test_a_change_in_the_middle_reuses_up_to_the_first_difference() -> None:
    scheduler = a_scheduler()
    run(scheduler, Sequence(0, list(range(100)), 4096))
    changed = Sequence(1, [*range(50), 999, *range(51, 100)], 4096)
    assert run(scheduler, changed) == 50
    assert changed.reused == 50


def test_the_last_token_of_a_prompt_is_always_computed() -> None:
    scheduler = a_scheduler()
    run(scheduler, Sequence(0, list(range(100)), 4096), reply=5)
    again = Sequence(1, list(range(100)), 4096)
    run(scheduler, again)
    assert again.reused == 99


def test_who_wants_no_cache_gets_none() -> None:
    scheduler = a_scheduler()
    run(scheduler, Sequence(0, list(range(100)), 4096))
    fresh = Sequence(1, list(range(100)), 4096, use_cache=False)
    assert run(scheduler, fresh) == 100


def test_with_memory_that_cannot_be_cut_a_branch_is_kept_for_the_third() -> None:
    scheduler = a_scheduler(any_prefix=False, slots=16)
    prefix = list(range(200))
    reused = []
    for i in range(3):
        sequence = Sequence(i, [*prefix, 500 + i, *range(600, 640)], 4096)
        run(scheduler, sequence)
        reused.append(sequence.reused)
    assert reused == [0, 0, 200]


def test_with_memory_that_cannot_be_cut_those_who_come_together_share_at_the_branch() -> None:
    scheduler = a_scheduler(any_prefix=False, slots=16, batch=64)
    several = [Sequence(i, [*range(200), 500 + i, *range(600, 640)], 4096) for i in range(4)]
    assert run_together(scheduler, several) == 200 + 4 * 41
    assert [s.reused for s in several] == [0, 200, 200, 200]


def test_what_is_parked_is_found_again() -> None:
    memory = BookMemory(10_000, 8, True, True)
    scheduler = Scheduler(memory, ChunkBudget(512), batch_tokens=512, max_running=4, park=True)
    first = Sequence(0, list(range(100)), 4096)
    run(scheduler, first, reply=10)
    run(scheduler, Sequence(9, list(range(5000, 5500)), 4096))
    run(scheduler, Sequence(8, list(range(6000, 6500)), 4096))
    assert memory.used() <= 500 + 256
    second = Sequence(1, [*first.tokens, 7, 8, 9], 4096)
    run(scheduler, second)
    assert second.reused == 109
    other = Sequence(2, [*range(60), 999], 4096)
    run(scheduler, other)
    assert other.reused == 60


def test_the_least_recently_used_leaf_goes_first() -> None:
    scheduler = a_scheduler(cells=250)
    for i in range(2):
        run(scheduler, Sequence(i, [1000 * (i + 1) + n for n in range(100)], 250))
    run(scheduler, Sequence(2, [1000 + n for n in range(100)], 250))
    third = [5000 + n for n in range(100)]
    run(scheduler, Sequence(3, third, 250))
    kept = Sequence(4, [1000 + n for n in range(100)], 250)
    run(scheduler, kept)
    assert kept.reused == 99


def test_the_youngest_is_preempted_and_comes_back() -> None:
    scheduler = a_scheduler(cells=64, slots=4)
    memory = scheduler._memory
    assert isinstance(memory, BookMemory)
    old, young = Sequence(0, [1] * 10, 60), Sequence(1, [2] * 10, 60)
    for sequence in (old, young):
        scheduler.add(sequence)
    states = []
    while State.FINISHED not in (old.state, young.state):
        works = scheduler.plan()
        memory.compute(works)
        scheduler.computed(works)
        states.append(young.state)
        for work in works:
            if work.start + work.length == len(work.sequence.tokens):
                scheduler.extend(work.sequence, 3)
                if len(work.sequence.tokens) == 55:
                    scheduler.finish(work.sequence)
    assert old.state is State.FINISHED
    assert scheduler.preemptions >= 1
    assert states[-1] is State.WAITING
    for _ in range(10):
        works = scheduler.plan()
        memory.compute(works)
        scheduler.computed(works)
    assert young.state is State.DECODING
    assert memory.tokens[young.slot] == young.tokens[: young.computed]


def test_a_long_prompt_beside_others_is_left_to_be_computed_aside_and_a_short_one_need_not_wait() -> None:
    memory = BookMemory(10_000, 8, True, True)
    scheduler = Scheduler(memory, ChunkBudget(512), batch_tokens=512, max_running=4, aside_from=100)

    def step() -> list[Work]:
        works = scheduler.plan()
        memory.compute(works)
        scheduler.computed(works)
        for work in works:
            if work.sequence.state is State.DECODING:
                scheduler.extend(work.sequence, 5)
        return works

    streaming, long, second, short = (
        Sequence(i, [i, *range(10, 10 + n)], 4000) for i, n in enumerate((50, 1000, 900, 20))
    )
    scheduler.add(streaming)
    step()
    scheduler.add(long)
    assert {w.sequence for w in step()} == {streaming}
    assert scheduler.asides.current is not None and scheduler.asides.current.sequence is long
    scheduler.add(second)
    scheduler.add(short)
    assert {w.sequence for w in step()} == {streaming, short}
    scheduler.asides.arrived(len(long.tokens) - 1, bytearray(json.dumps(long.tokens[:-1]).encode()))
    works = {w.sequence: w.length for w in step()}
    assert works == {streaming: 1, short: 1, long: 1}
    assert scheduler.asides.current is not None and scheduler.asides.current.sequence is second
