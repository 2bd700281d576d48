"""Which tokens are computed next, and whose cells make room for them.

Every step decodes one token of each running sequence and fills the rest of the batch with pieces of prompts, oldest
first. A prefix that any slot holds is shared, not computed; one that is being computed for another sequence is waited
for. Finished sequences stay in the cache until their cells or slots are needed: the least recently used goes first,
then the youngest running sequence is preempted and computed again later.
"""

import bisect
from collections.abc import Callable, Iterator
from typing import NamedTuple

from paddock.engine.kvcache.memory import Memory
from paddock.engine.kvcache.prefix_cache import PrefixCache
from paddock.engine.multimodal.placeholders import PlaceholderRange
from paddock.engine.scheduler.background import AsideTurns
from paddock.engine.scheduler.budget import ChunkBudget
from paddock.engine.scheduler.sequence import Sequence, State

WORTH_WAITING = 16
"""Tokens of a common prefix that make it better to wait for them than to compute them twice."""

WORTH_KEEPING = 32
"""Tokens that make a state worth a slot of its own, with kinds of memory that cannot be cut."""

HEADROOM = 16
"""Cells left to each running sequence when another one is admitted, so that it need not leave again at once."""

HIDDEN = -1
"""Stands in the tree for tokens whose cells nobody else may use: no prompt holds it."""


class Work(NamedTuple):
    """Tokens [start, start + length) of a sequence, to be computed in the next step."""

    sequence: Sequence
    start: int
    length: int


class Scheduler:
    """Decides, step by step. It computes nothing: `plan`, compute, then say what came of it."""

    def __init__(
        self,
        memory: Memory,
        budget: ChunkBudget,
        *,
        batch_tokens: int,
        max_running: int,
        park: bool = False,
        aside_from: int = 0,
        has_embeddings: Callable[[Sequence, PlaceholderRange], bool] = lambda _sequence, _placeholder: True,
    ) -> None:
        """Schedule onto `memory`, at most `max_running` sequences at once; that is less than the slots it has.

        With `aside_from`, a prompt of which so many tokens are to be computed while others are answered is left to be
        computed elsewhere: see `asides`. `has_embeddings` says whether a picture, which comes next in a
        sequence, can be computed: see `unencoded`.
        """
        self.cache = PrefixCache(memory, park=park)
        self.asides = AsideTurns(memory, self.cache, aside_from)
        self.unencoded: list[tuple[Sequence, PlaceholderRange]] = []
        """Pictures for whose embeddings sequences wait, the oldest sequence's first."""
        self._has_embeddings = has_embeddings
        self.preemptions = 0
        self.reused_tokens = 0
        self._memory = memory
        self._budget = budget
        self._batch_tokens = batch_tokens
        self._max_running = min(max_running, batch_tokens, max(1, memory.slots - 1))
        self._waiting: list[Sequence] = []
        self._running: list[Sequence] = []
        self._by_slot: dict[int, Sequence] = {}
        self._arrivals = 0
        self._full = False
        """Whether the oldest waiting sequence found no room, and none has been given back since."""

    @property
    def running(self) -> int:
        """How many sequences hold cells and go on."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many sequences wait."""
        return len(self._waiting)

    def add(self, sequence: Sequence) -> None:
        """Queue a sequence. It fits the memory when alone: `num_ctx` is at most the number of cells."""
        self._arrivals += 1
        sequence.arrival = self._arrivals
        self._waiting.append(sequence)

    def plan(self) -> list[Work]:
        """Choose what the next step computes; empty if there is nothing that can be."""
        self._make_cells_for_decoding()
        self._admit()
        works = [Work(s, s.computed, 1) for s in self._running if s.state is State.DECODING]
        prefilling = [s for s in self._running if s.state is State.PREFILLING]
        if works:
            self.asides.choose(prefilling)
        prefilling = self.asides.others(prefilling)
        self.unencoded = []
        if not prefilling:
            return works
        room = min(self._batch_tokens - len(works), self._budget.tokens(len(works), prefilling[0].computed))
        for sequence in prefilling:
            count = self._piece(sequence, room)
            stop = min((c for c in sequence.checkpoints if c > sequence.computed), default=None)
            if stop is not None:
                count = min(count, stop - sequence.computed)
            if count:
                works.append(Work(sequence, sequence.computed, count))
                room = max(room - count, 0)
        return works

    def computed(self, works: list[Work]) -> None:
        """Take note that `works` lie in the cache now."""
        for sequence, start, length in works:
            sequence.computed = start + length
            if sequence.state is State.PREFILLING and not sequence.pending:
                sequence.state = State.DECODING
            if sequence.computed in sequence.checkpoints:
                sequence.checkpoints.discard(sequence.computed)
                position = sequence.placeholders.position(sequence.computed)
                self.cache.fork(sequence.slot, sequence.tokens[: sequence.computed], position)

    def rejected(self) -> Sequence | None:
        """The library found no room for a plan: free some, or return the sequence that cannot go on."""
        if self.cache.evict():
            return None
        if len(self._running) > 1:
            self._preempt(self._running[-1])
            return None
        return self._running[0] if self._running else None

    def extend(self, sequence: Sequence, token: int) -> bool:
        """Add a sampled token; False if the sequence has to end, since its context is full and may not be shifted."""
        sequence.tokens.append(token)
        if len(sequence.tokens) < sequence.num_ctx:
            return True
        if not sequence.may_shift:
            return False
        self._shift(sequence)
        return True

    def finish(self, sequence: Sequence) -> None:
        """End a sequence, whatever it is doing; what it has computed stays as cache."""
        self._full = False
        if sequence.state is State.WAITING:
            self._waiting.remove(sequence)
        elif sequence.state is not State.FINISHED:
            self._running.remove(sequence)
            self._retire(sequence)
        sequence.state = State.FINISHED

    def drop(self, sequence: Sequence) -> None:
        """End a sequence whose cells may be wrong: nothing of it is kept."""
        if sequence in self._running:
            self._running.remove(sequence)
            self._release(sequence)
            sequence.state = State.FINISHED
        else:
            self.finish(sequence)

    def _piece(self, sequence: Sequence, room: int) -> int:
        """How many tokens of a prompt are next: of text up to a picture, or of a picture, as far as there is room."""
        count = min(sequence.pending, room)
        if not sequence.placeholders:
            return count
        placeholder = sequence.placeholders.at(sequence.computed)
        if placeholder is None:
            stop = sequence.placeholders.next_start(sequence.computed)
            return count if stop is None else min(count, stop - sequence.computed)
        if not self._has_embeddings(sequence, placeholder):
            self.unencoded.append((sequence, placeholder))
            return 0
        if placeholder.non_causal:
            return placeholder.num_tokens if room else 0
        return min(count, placeholder.end - sequence.computed)

    # Room

    def _make_cells_for_decoding(self) -> None:
        """Give each decoding sequence a cell for its next token: free cached ones, then preempt the youngest."""
        while True:
            growing = [
                s for s in self._running if s.state is State.DECODING and self.cache.tree.length(s.slot) < len(s.tokens)
            ]
            if self.cache.free_cells >= len(growing):
                break
            if not self.cache.evict():
                assert len(self._running) > 1, "a sequence alone always has the cells that its context needs"
                self._preempt(self._running[-1])
        for sequence in growing:
            self.cache.tree.extend(sequence.slot, [HIDDEN if sequence.shifted else sequence.tokens[-1]])

    def _preempt(self, sequence: Sequence) -> None:
        """Take everything from a running sequence."""
        self.preemptions += 1
        self._requeue(sequence)

    def _requeue(self, sequence: Sequence) -> None:
        """Let a running sequence wait, without cells, and be computed again when there is room."""
        self._running.remove(sequence)
        self._release(sequence)
        sequence.state = State.WAITING
        bisect.insort(self._waiting, sequence, key=lambda s: s.arrival)

    def _release(self, sequence: Sequence) -> None:
        """Give back all that a sequence holds."""
        self._full = False
        self.asides.leave(sequence)
        self.cache.give_back(sequence.slot)
        self._by_slot.pop(sequence.slot)
        sequence.slot = -1
        sequence.computed = 0
        sequence.shifted = False
        sequence.checkpoints = set()

    def _retire(self, sequence: Sequence) -> None:
        """Keep what a sequence has computed as cache, as far as others may use it."""
        self.asides.leave(sequence)
        slot, length = sequence.slot, sequence.computed
        if sequence.shifted:
            length = min(length, sequence.num_keep)
        length = sequence.placeholders.round_down(length)
        is_less = sequence.shifted or length < sequence.computed
        if is_less and not self._memory.cut(slot, sequence.placeholders.position(length)):
            length = 0
        if not length:
            self._release(sequence)
            return
        self.cache.keep(slot, length)
        if self._running:
            self.cache.trim()
        self._by_slot.pop(slot)
        sequence.slot = -1

    # Admission

    def _admit(self) -> None:
        if self._full:
            return
        for sequence in self._arrived():
            if len(self._running) >= self._max_running:
                break
            if not self._try_admit(sequence):
                self._full = True
                break

    def _arrived(self) -> Iterator[Sequence]:
        """Go through those that wait, oldest first, but for those that wait for another one's prefix."""
        for sequence in tuple(self._waiting):
            if sequence.awaits is not None:
                other, length = sequence.awaits
                # The last few tokens are not worth another step of waiting, unless a state is wanted just there.
                enough = length - WORTH_WAITING + 1 if self._memory.any_prefix else length
                if other.state is State.PREFILLING and other.computed < enough:
                    continue
                sequence.awaits = None
            yield sequence

    def _try_admit(self, sequence: Sequence) -> bool:
        """Let a waiting sequence run, or let it wait for a prefix; False if there is no room for it."""
        source, shared = self._find_prefix(sequence)
        if sequence.awaits is not None:
            return True
        cache = self.cache
        if not sequence.use_cache and not self._running:
            # To repeat itself exactly it needs the same cells each time: where others lie decides how sums are rounded.
            cache.evict_all()
        slot = cache.take_slot(but=source)
        if slot is None:
            return False
        shared = cache.begin(
            slot, sequence.tokens, source, shared, placeholders=sequence.placeholders, use_parked=sequence.use_cache
        )
        if not cache.free(len(sequence.tokens) - shared + HEADROOM * len(self._running)):
            cache.give_back(slot)
            return False
        cache.tree.extend(slot, sequence.tokens[shared:])
        self._start(sequence, slot, shared)
        return True

    def _start(self, sequence: Sequence, slot: int, shared: int) -> None:
        self._waiting.remove(sequence)
        sequence.slot = slot
        sequence.computed = shared
        if sequence.reused is None:
            sequence.reused = shared
            self.reused_tokens += shared
        sequence.state = State.PREFILLING
        self._by_slot[slot] = sequence
        self.cache.trim()
        bisect.insort(self._running, sequence, key=lambda s: s.arrival)
        end = sequence.placeholders.round_down(len(sequence.tokens) - 1)
        if not self._memory.any_prefix and sequence.use_cache and end - shared >= WORTH_KEEPING:
            sequence.checkpoints.add(end)

    def _find_prefix(self, sequence: Sequence) -> tuple[int, int]:
        """Return the slot that shares most with a sequence, and how much; or let the sequence wait for one to come.

        The last token is always computed, since its logits are needed.
        """
        if not sequence.use_cache:
            return -1, 0
        limit = len(sequence.tokens) - 1
        source, shared = -1, 0
        longest, deepest = 0, -1
        common = self.cache.tree.common(sequence.tokens)
        for slot, length in common.items():
            length = sequence.placeholders.round_down(min(length, limit))
            holder = self._by_slot.get(slot)
            held = holder.computed if holder is not None else self.cache.tree.length(slot)
            if length > longest or (length == longest and holder is None):
                longest, deepest = length, slot
            usable = (
                self._memory.reusable(slot, held, sequence.placeholders.round_down(min(length, held))) if held else 0
            )
            if usable > shared:
                source, shared = slot, usable
        if longest - shared >= (WORTH_WAITING if self._memory.any_prefix else WORTH_KEEPING):
            self._await_or_checkpoint(sequence, self._by_slot.get(deepest), longest)
        return source, shared

    def _await_or_checkpoint(self, sequence: Sequence, holder: Sequence | None, length: int) -> None:
        """More is common than can be shared now: somebody is computing it, or it has to be kept at that length."""
        coming = holder is not None and holder.state is State.PREFILLING and holder.computed < length
        if coming:
            assert holder is not None
            sequence.awaits = holder, length
        if not self._memory.any_prefix:
            (holder if coming and holder is not None else sequence).checkpoints.add(length)

    # Context and states

    def _shift(self, sequence: Sequence) -> None:
        """Make room in a full context: keep the beginning, drop half of the rest.

        Where cells cannot change position, or are shared and cannot be had alone, the rest is computed again.
        """
        keep, slot, tree = sequence.placeholders.round_down(sequence.num_keep), sequence.slot, self.cache.tree
        drop = max((sequence.computed - keep) // 2, 1)
        cut = sequence.placeholders.at(keep + drop)
        if cut is not None:
            drop = cut.end - keep
        shifted = self._memory.can_shift and self.cache.own_cells(slot, keep) and self._memory.shift(slot, keep, drop)
        del sequence.tokens[keep : keep + drop]
        sequence.placeholders = sequence.placeholders.without(keep, keep + drop)
        if shifted:
            sequence.computed -= drop
            sequence.shifted = True
            tree.truncate(slot, keep)
            tree.extend(slot, [HIDDEN] * (sequence.computed - keep))
            self._full = False
            return
        self._requeue(sequence)
