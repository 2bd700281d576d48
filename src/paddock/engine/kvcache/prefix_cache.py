"""The prefix cache: which slots are free, which keep finished sequences, and how one's tokens are had from another."""

from collections import OrderedDict
from collections.abc import Sequence

from paddock.engine.kvcache.host_cache import Parking
from paddock.engine.kvcache.memory import Memory
from paddock.engine.kvcache.radix_tree import PrefixTree
from paddock.engine.multimodal.placeholders import Placeholders

WORTH_UNPARKING = 16
"""Tokens more than can be shared that make it worth to restore a parked state."""

KEPT_BESIDE_RUNNING = 256
"""Cells that only finished sequences hold while others run. The kernels look at all cells in use, and count by 256."""


class PrefixCache:
    """Slots and cells of one memory. What is finished stays until its slot or cells are needed."""

    def __init__(self, memory: Memory, *, park: bool = False) -> None:
        """With `park`, what has to leave the memory is kept outside it."""
        self.tree = PrefixTree()
        self.memory = memory
        self._free_slots = list(range(memory.slots - 1, -1, -1))
        self._kept: OrderedDict[int, None] = OrderedDict()
        """Slots of finished sequences and saved states, least recently used first."""
        self._parking = Parking(memory.cells) if park and memory.any_prefix else None

    def __contains__(self, slot: int) -> bool:
        """Whether a slot keeps something finished."""
        return slot in self._kept

    @property
    def free_cells(self) -> int:
        """How many cells nobody holds, a kept prefix neither."""
        return self.memory.cells - self.tree.cells

    @property
    def kept(self) -> int:
        """How many finished sequences and saved states there are."""
        return len(self._kept) + (len(self._parking) if self._parking is not None else 0)

    @property
    def kept_tokens(self) -> int:
        """How many tokens only those hold."""
        return self._kept_cells + (self._parking.tokens if self._parking is not None else 0)

    @property
    def _kept_cells(self) -> int:
        return sum(len(node.tokens) for node in self.tree.nodes() if node.slots <= self._kept.keys())

    def take_slot(self, but: int = -1) -> int | None:
        """Return an empty slot, made so if need be, though not from `but`; None if all are in use."""
        if not self._free_slots and not self.evict(but):
            return None
        return self._free_slots.pop()

    def give_back(self, slot: int) -> None:
        """Empty a slot."""
        self.tree.remove(slot)
        self.return_slot(slot)

    def return_slot(self, slot: int) -> None:
        """Take back a slot from `take_slot` to which no tokens were ascribed."""
        self.memory.clear(slot)
        self._free_slots.append(slot)

    def evict(self, but: int = -1) -> bool:
        """Forget what was used least recently, `but` that slot; False if there is nothing."""
        slot = next((s for s in self._kept if s != but), None)
        if slot is None:
            return False
        self._forget(slot)
        return True

    def evict_all(self) -> None:
        """Forget everything that lies in the memory."""
        while self.evict():
            pass

    def trim(self) -> None:
        """Move what is finished out of the way of those that run, if it can be kept elsewhere."""
        while self._parking is not None and self._kept and self._kept_cells > KEPT_BESIDE_RUNNING:
            self.evict()

    def free(self, cells: int) -> bool:
        """Forget until so many cells are free; False if there are not so many."""
        while self.free_cells < cells:
            if not self.evict():
                return False
        return True

    def begin(
        self,
        slot: int,
        tokens: Sequence[int],
        source: int,
        shared: int,
        *,
        placeholders: Placeholders,
        use_parked: bool = True,
    ) -> int:
        """Let an empty slot hold a beginning of `tokens`, in which files are at `placeholders`, and return its length.

        That is the first `shared` tokens in the cells of `source`, or more if a parked state has more.
        """
        parked = self._unpark(slot, tokens, shared, placeholders) if use_parked else 0
        if parked:
            self.tree.insert(slot, tokens[:parked])
            return parked
        if shared:
            self.memory.share(source, slot, placeholders.position(shared))
        self.tree.insert(slot, tokens[:shared], source, shared)
        if source in self._kept:
            if self.memory.any_prefix and self.tree.length(source) == shared:
                del self._kept[source]  # the new one holds all that it held
                self.give_back(source)
            else:
                self._kept.move_to_end(source)
        return shared

    def keep(self, slot: int, length: int) -> None:
        """Keep the first `length` tokens of a slot, all that it has computed, as cache."""
        self.tree.truncate(slot, length)
        self._kept[slot] = None

    def fork(self, source: int, tokens: Sequence[int], position: int) -> None:
        """Keep the state of `source` as it stands, having seen `tokens`, in a slot of its own, if one can be had.

        `position` is that of the next token.
        """
        length = len(tokens)
        known = self.tree.common(tokens)
        if any(known.get(slot) == length == self.tree.length(slot) for slot in self._kept):
            return
        slot = self.take_slot()
        if slot is None:
            return
        self.memory.share(source, slot, position)
        self.tree.insert(slot, tokens, source, length)
        self._kept[slot] = None

    def own_cells(self, slot: int, start: int) -> bool:
        """See that nobody shares a slot's cells from `start` on; False if that cannot be. Nothing may be promised."""
        for other in self.tree.sharers(slot, start) & self._kept.keys():
            self._forget(other)
        if not self.tree.sharers(slot, start):
            return True
        tokens = self.tree.tokens(slot)
        if not self.free(len(tokens)) or not self.memory.unshare(slot):
            return False
        self.tree.remove(slot)
        self.tree.insert(slot, tokens)
        return True

    def _forget(self, slot: int) -> None:
        if self._parking is not None:
            self._parking.add(self.tree.tokens(slot), self.memory.save(slot))
        del self._kept[slot]
        self.give_back(slot)

    def _unpark(self, slot: int, tokens: Sequence[int], shared: int, placeholders: Placeholders) -> int:
        """Restore the parked state that has most in common with `tokens`; return how much, 0 if it is not worth it."""
        if self._parking is None:
            return 0
        number, length = self._parking.find(tokens)
        length = placeholders.round_down(min(length, len(tokens) - 1))
        if length - shared < WORTH_UNPARKING or self.free_cells < self._parking.length(number):
            return 0
        if not self.memory.restore(slot, self._parking.state(number)):
            return 0
        self.memory.cut(slot, placeholders.position(length))
        return length
