"""Kinds of memory: what can be shared, cut, shifted and saved with each. The scheduler asks here and knows no rules.

The library's own answers are not reliable (it says yes and gives wrong logits), so the rules are ours; `tests/engine`
proves each on a model of its kind.
"""

from typing import Protocol

from paddock.engine.binding import Context, Model

UNLIMITED = 1 << 40
"""Cells of a memory whose size does not depend on how many tokens it has seen."""


class Memory(Protocol):
    """The cache as the scheduler sees it. A slot is a sequence id; a cell holds one token."""

    cells: int
    slots: int
    any_prefix: bool
    """Whether every prefix of what a slot holds can be shared, not only all of it."""
    can_shift: bool

    def reusable(self, slot: int, held: int, length: int) -> int:
        """Of a slot that holds `held` tokens, how many of the first `length` can be shared."""

    def share(self, source: int, target: int, length: int) -> None:
        """Let the empty slot `target` use the first `length` cells of `source`."""

    def clear(self, slot: int) -> None:
        """Let a slot hold nothing."""

    def cut(self, slot: int, length: int) -> bool:
        """Let a slot hold its first `length` tokens only; False if that cannot be."""

    def unshare(self, slot: int) -> bool:
        """Give a slot cells of its own; False if that cannot be (then it holds nothing)."""

    def save(self, slot: int) -> bytes:
        """Return what a slot holds, for `restore`."""

    def restore(self, slot: int, state: bytes) -> bool:
        """Let an empty slot hold what was saved, in cells of its own; False if that cannot be (then it is empty)."""

    def shift(self, slot: int, keep: int, drop: int) -> bool:
        """Drop `drop` tokens after the first `keep` and move the rest up. The slot must not share those cells."""


class FullAttention:
    """Every token's keys and values stay: any prefix can be shared and cut, and cells can change position."""

    any_prefix = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self.cells = context.cells
        self.slots = context.sequences
        self.can_shift = context.can_shift

    def reusable(self, slot: int, held: int, length: int) -> int:
        """All of them."""
        return min(held, length)

    def share(self, source: int, target: int, length: int) -> None:
        """Let `target` use cells of `source`; it is emptied first, since the library mixes cells without a word."""
        self._context.remove(target)
        self._context.share(source, target, length)

    def clear(self, slot: int) -> None:
        """Let a slot hold nothing."""
        self._context.remove(slot)

    def cut(self, slot: int, length: int) -> bool:
        """Let a slot hold its first `length` tokens only."""
        return self._context.remove(slot, length, -1)

    def unshare(self, slot: int) -> bool:
        """Save the slot's state and restore it into cells of its own."""
        return self.restore(slot, self.save(slot))

    def save(self, slot: int) -> bytes:
        """Copy the cells out."""
        return self._context.save(slot)

    def restore(self, slot: int, state: bytes) -> bool:
        """Copy cells in."""
        self._context.remove(slot)
        if self._context.restore(slot, state):
            return True
        self._context.remove(slot)
        return False

    def shift(self, slot: int, keep: int, drop: int) -> bool:
        """Drop and move up; the keys are rotated to their new positions at the next step."""
        if not self._context.remove(slot, keep, keep + drop):
            return False
        self._context.shift(slot, keep + drop, -1, -drop)
        return True


class Stateful(FullAttention):
    """Memory that has forgotten: what a slot holds can be shared whole, as it stands, and no other way.

    Recurrent and hybrid models, and those with a sliding window, whose older cells are gone.
    """

    any_prefix = False

    def __init__(self, context: Context, *, unlimited: bool = False, window: int = 0) -> None:
        super().__init__(context)
        self.can_shift = False
        self._window = window
        if unlimited:
            self.cells = UNLIMITED

    def reusable(self, slot: int, held: int, length: int) -> int:
        """All or nothing; with a sliding window also a prefix whose window is still there."""
        if held <= length:
            return held
        if self._window and 0 <= self._context.first_position(slot) <= max(0, length - self._window):
            return length
        return 0

    def share(self, source: int, target: int, length: int) -> None:
        """Fork the state; a recurrent one is copied as it is, whatever the range."""
        self._context.remove(target)
        self._context.share(source, target, length if self._window else -1)

    def cut(self, slot: int, length: int) -> bool:
        """It cannot be."""
        return False

    def unshare(self, slot: int) -> bool:
        """There is no need: states are copied when they change."""
        return False


def memory_of(model: Model, context: Context) -> Memory:
    """Return the memory of the kind that `model` has."""
    if model.is_recurrent and not model.is_hybrid:
        return Stateful(context, unlimited=True)
    if model.is_hybrid:
        return Stateful(context)
    if model.sliding_window:
        return Stateful(context, window=model.sliding_window)
    return FullAttention(context)
