"""Which tokens are computed next, and whose cells make room for them.

Every step decodes one token of each running sequence and fills the rest of the batch with pieces of prompts, oldest
first. A prefix that any slot holds is shared, not computed; one that is being computed for another sequence is waited
for. Finished sequences stay in the cache until their cells or slots are needed: the least recently used goes first,
then the youngest running sequence is preempted and computed again later.
"""

import bisect
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from paddock.engine.budget import ChunkBudget
from paddock.engine.memory import Memory
from paddock.engine.parking import Parking
from paddock.engine.prefix_tree import PrefixTree
from paddock.engine.sequence import Sequence, State

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
        self, memory: Memory, budget: ChunkBudget, *, batch_tokens: int, max_running: int, park: bool = False
    ) -> None:
        """Schedule onto `memory`, at most `max_running` sequences at once; that is less than the slots it has.

        With `park`, what is finished is kept outside the cache, where it slows nobody.
        """
        self.tree = PrefixTree()
        self.preemptions = 0
        self.reused_tokens = 0
        self._memory = memory
        self._budget = budget
        self._batch_tokens = batch_tokens
        self._max_running = min(max_running, batch_tokens, max(1, memory.slots - 1))
        self._waiting: list[Sequence] = []
        self._running: list[Sequence] = []
        self._by_slot: dict[int, Sequence] = {}
        self._cached: OrderedDict[int, None] = OrderedDict()
        """Slots of finished sequences, least recently used first."""
        self._parking = Parking(memory.cells) if park and memory.any_prefix else None
        self._free_slots = list(range(memory.slots - 1, -1, -1))
        self._arrivals = 0

    @property
    def running(self) -> int:
        """How many sequences hold cells and go on."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many sequences wait."""
        return len(self._waiting)

    @property
    def free_cells(self) -> int:
        """How many cells nobody holds, a cached prefix neither."""
        return self._memory.cells - self.tree.cells

    @property
    def cached_slots(self) -> int:
        """How many finished sequences and saved states are kept."""
        return len(self._cached) + (len(self._parking) if self._parking is not None else 0)

    @property
    def cached_tokens(self) -> int:
        """How many tokens only those hold."""
        parked = self._parking.tokens if self._parking is not None else 0
        return parked + sum(len(n.tokens) for n in self.tree.nodes() if n.slots <= self._cached.keys())

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
        context = next((s.computed for s in self._running if s.state is State.PREFILLING), 0)
        room = min(self._batch_tokens - len(works), self._budget.tokens(len(works), context))
        for sequence in self._running:
            if sequence.state is not State.PREFILLING:
                continue
            count = min(sequence.pending, room)
            stop = min((c for c in sequence.checkpoints if c > sequence.computed), default=None)
            if stop is not None:
                count = min(count, stop - sequence.computed)
            if count:
                works.append(Work(sequence, sequence.computed, count))
                room -= count
        return works

    def computed(self, works: list[Work]) -> None:
        """Take note that `works` lie in the cache now."""
        for sequence, start, length in works:
            sequence.computed = start + length
            if sequence.state is State.PREFILLING and not sequence.pending:
                sequence.state = State.DECODING
            if sequence.computed in sequence.checkpoints:
                sequence.checkpoints.discard(sequence.computed)
                self._keep_state(sequence)

    def rejected(self) -> Sequence | None:
        """The library found no room for a plan: free some, or return the sequence that cannot go on."""
        if self._evict():
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
        if sequence.state is State.WAITING:
            self._waiting.remove(sequence)
        elif sequence.state is not State.FINISHED:
            self._running.remove(sequence)
            self._retire_slot(sequence)
        sequence.state = State.FINISHED

    def drop(self, sequence: Sequence) -> None:
        """End a sequence whose cells may be wrong: nothing of it is kept."""
        if sequence in self._running:
            self._running.remove(sequence)
            self._release(sequence)
            sequence.state = State.FINISHED
        else:
            self.finish(sequence)

    # Room

    def _make_cells_for_decoding(self) -> None:
        """Give each decoding sequence a cell for its next token: free cached ones, then preempt the youngest."""
        while True:
            growing = [
                s for s in self._running if s.state is State.DECODING and self.tree.length(s.slot) < len(s.tokens)
            ]
            if self.free_cells >= len(growing):
                break
            if not self._evict():
                assert len(self._running) > 1, "a sequence alone always has the cells that its context needs"
                self._preempt(self._running[-1])
        for sequence in growing:
            self.tree.extend(sequence.slot, [HIDDEN if sequence.shifted else sequence.tokens[-1]])

    def _evict(self, keep: int = -1) -> bool:
        """Forget the least recently used cached slot other than `keep`; False if there is none."""
        slot = next((s for s in self._cached if s != keep), None)
        if slot is None:
            return False
        del self._cached[slot]
        self._memory.clear(slot)
        self.tree.remove(slot)
        self._free_slots.append(slot)
        return True

    def _free(self, cells: int) -> bool:
        """Forget cached slots until so many cells are free; False if there are not so many."""
        while self.free_cells < cells:
            if not self._evict():
                return False
        return True

    def _touch(self, slot: int, *, last: bool = True) -> None:
        """Let a cached slot be the last to go, or the first."""
        self._cached.move_to_end(slot, last)

    def _preempt(self, sequence: Sequence) -> None:
        """Take everything from a running sequence; it is computed again when there is room."""
        self.preemptions += 1
        self._running.remove(sequence)
        self._release(sequence)
        sequence.state = State.WAITING
        bisect.insort(self._waiting, sequence, key=lambda s: s.arrival)

    def _release(self, sequence: Sequence) -> None:
        slot = sequence.slot
        self._memory.clear(slot)
        self.tree.remove(slot)
        del self._by_slot[slot]
        self._free_slots.append(slot)
        sequence.slot = -1
        sequence.computed = 0
        sequence.shifted = False
        sequence.checkpoints = set()

    def _retire_slot(self, sequence: Sequence) -> None:
        """Keep what a sequence has computed as cache, as far as others may use it."""
        slot, length = sequence.slot, sequence.computed
        if sequence.shifted:
            length = min(length, sequence.num_keep)
            if not self._memory.cut(slot, length):
                length = 0
        if not length:
            self._release(sequence)
            return
        self.tree.truncate(slot, length)
        if self._parking is not None:
            self._parking.add(sequence.tokens[:length], self._memory.save(slot))
            self._release(sequence)
            return
        del self._by_slot[slot]
        self._cached[slot] = None
        sequence.slot = -1

    # Admission

    def _admit(self) -> None:
        for sequence in self._arrived():
            if len(self._running) >= self._max_running or not self._try_admit(sequence):
                break

    def _arrived(self) -> Iterator[Sequence]:
        """Go through those that wait, oldest first, but for those that wait for another one's prefix."""
        for sequence in tuple(self._waiting):
            if sequence.awaits is not None:
                other, length = sequence.awaits
                if other.state is State.PREFILLING and other.computed < length:
                    continue
                sequence.awaits = None
            yield sequence

    def _try_admit(self, sequence: Sequence) -> bool:
        """Let a waiting sequence run, or let it wait for a prefix; False if there is no room for it."""
        source, shared = self._find_prefix(sequence)
        if sequence.awaits is not None:
            return True
        if not sequence.use_cache and not self._running:
            # To repeat itself exactly it needs the same cells each time: where others lie decides how sums are rounded.
            while self._evict():
                pass
        if not self._free_slots and not self._evict(keep=source):
            return False
        slot = self._free_slots.pop()
        parked = self._unpark(sequence, slot, shared)
        if parked:
            shared = parked
            self.tree.insert(slot, sequence.tokens[:parked])
        else:
            if shared:
                self._memory.share(source, slot, shared)
            self.tree.insert(slot, sequence.tokens[:shared], source, shared)
        if source in self._cached:
            # If the new one holds all that the old one held, the old one has no more use.
            covered = self._memory.any_prefix and self.tree.length(source) == shared
            self._touch(source, last=not covered)
            if covered:
                self._evict()
        needed = len(sequence.tokens) - shared + HEADROOM * len(self._running)
        if not self._free(needed):
            self._memory.clear(slot)
            self.tree.remove(slot)
            self._free_slots.append(slot)
            return False
        self.tree.extend(slot, sequence.tokens[shared:])
        self._start(sequence, slot, shared)
        return True

    def _unpark(self, sequence: Sequence, slot: int, shared: int) -> int:
        """Restore a parked state that has more in common than what can be shared; return how much, or 0."""
        if self._parking is None or not sequence.use_cache:
            return 0
        number, length = self._parking.find(sequence.tokens)
        length = min(length, len(sequence.tokens) - 1)
        if length - shared < WORTH_WAITING or self.free_cells < self._parking.length(number):
            return 0
        if not self._memory.restore(slot, self._parking.state(number)):
            return 0
        self._memory.cut(slot, length)
        return length

    def _start(self, sequence: Sequence, slot: int, shared: int) -> None:
        self._waiting.remove(sequence)
        sequence.slot = slot
        sequence.computed = shared
        if sequence.reused is None:
            sequence.reused = shared
            self.reused_tokens += shared
        sequence.state = State.PREFILLING
        self._by_slot[slot] = sequence
        bisect.insort(self._running, sequence, key=lambda s: s.arrival)
        end = len(sequence.tokens) - 1
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
        common = self.tree.common(sequence.tokens)
        for slot, length in common.items():
            length = min(length, limit)
            holder = self._by_slot.get(slot)
            held = holder.computed if holder is not None else self.tree.length(slot)
            if length > longest or (length == longest and holder is None):
                longest, deepest = length, slot
            usable = self._memory.reusable(slot, held, min(length, held)) if held else 0
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
        keep, slot = sequence.num_keep, sequence.slot
        drop = max((sequence.computed - keep) // 2, 1)
        shifted = self._memory.can_shift and self._own_cells(sequence) and self._memory.shift(slot, keep, drop)
        del sequence.tokens[keep : keep + drop]
        if shifted:
            sequence.computed -= drop
            sequence.shifted = True
            self.tree.truncate(slot, keep)
            self.tree.extend(slot, [HIDDEN] * (sequence.computed - keep))
            return
        self._memory.clear(slot)
        self.tree.remove(slot)
        self.tree.insert(slot, sequence.tokens)
        sequence.computed = 0
        sequence.shifted = False
        sequence.state = State.PREFILLING

    def _own_cells(self, sequence: Sequence) -> bool:
        """See that nobody shares a sequence's cells behind the kept ones; False if that cannot be."""
        slot, keep = sequence.slot, sequence.num_keep
        for other in self.tree.sharers(slot, keep) & self._cached.keys():
            self._touch(other, last=False)
            self._evict()
        if not self.tree.sharers(slot, keep):
            return True
        if not self._free(sequence.computed):
            return False
        tokens = self.tree.tokens(slot)
        if not self._memory.unshare(slot):
            return False
        self.tree.remove(slot)
        self.tree.insert(slot, tokens)
        return True

    def _keep_state(self, sequence: Sequence) -> None:
        """Save the state of a sequence as it stands, in a slot of its own."""
        length = sequence.computed
        known = self.tree.common(sequence.tokens[:length])
        if any(
            self.tree.length(slot) == length for slot in self._cached.keys() & known.keys() if known[slot] == length
        ):
            return
        if not self._free_slots and not self._evict():
            return
        slot = self._free_slots.pop()
        self._memory.share(sequence.slot, slot, length)
        self.tree.insert(slot, sequence.tokens[:length], sequence.slot, length)
        self._cached[slot] = None
