"""Kinds of memory: what can be shared, cut, shifted and saved with each. The scheduler asks here and knows no rules.

The library's own answers are not reliable (it says yes and gives wrong logits), so the rules are ours; `tests/engine`
proves each on a model of its kind.
"""

from typing import Protocol

from paddock.engine.binding import Context, Model

WINDOW_OR_STATE = 1
"""Flag of the library: save and restore only a window's cells or a recurrent state."""

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

    def save(self, slot: int) -> bytearray:
        """Return what a slot holds, for `restore`."""

    def restore(self, slot: int, state: bytearray) -> bool:
        """Let an empty slot hold what was saved, in cells of its own; False if that cannot be (then it is empty)."""

    def append(self, slot: int, state: bytearray, scratch: int) -> bool:
        """Let `slot` hold saved cells of the positions after its own, too; False if that cannot be.

        They come through the empty slot `scratch`, which is emptied again.
        """

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
        self._context.share(source, target, 0, length)

    def clear(self, slot: int) -> None:
        """Let a slot hold nothing."""
        self._context.remove(slot)

    def cut(self, slot: int, length: int) -> bool:
        """Let a slot hold its first `length` tokens only."""
        return self._context.remove(slot, length, -1)

    def unshare(self, slot: int) -> bool:
        """Save the slot's state and restore it into cells of its own."""
        return self.restore(slot, self.save(slot))

    def save(self, slot: int) -> bytearray:
        """Copy the cells out."""
        return self._context.save(slot)

    def restore(self, slot: int, state: bytearray) -> bool:
        """Copy cells in."""
        self._context.remove(slot)
        if self._context.restore(slot, state):
            return True
        self._context.remove(slot)
        return False

    def append(self, slot: int, state: bytearray, scratch: int) -> bool:
        """Copy cells in under another name, then share them."""
        if not self.restore(scratch, state):
            return False
        self._context.share(scratch, slot)
        self._context.remove(scratch)
        return True

    def shift(self, slot: int, keep: int, drop: int) -> bool:
        """Drop and move up; the keys are rotated to their new positions at the next step."""
        if not self._context.remove(slot, keep, keep + drop):
            return False
        self._context.shift(slot, keep + drop, -1, -drop)
        return True


class States(FullAttention):
    """Recurrent and hybrid models: a slot's state is that of its last token, and can be forked there only."""

    any_prefix = False

    def __init__(self, context: Context, *, hybrid: bool) -> None:
        """Take a hybrid's attention cells into account; a purely recurrent model has none."""
        super().__init__(context)
        self.can_shift = False  # the library says otherwise
        if not hybrid:
            self.cells = UNLIMITED

    def reusable(self, slot: int, held: int, length: int) -> int:
        """All or nothing: a hybrid shared in the middle would get the state of the end, without a word."""
        return held if held <= length else 0

    def cut(self, slot: int, length: int) -> bool:
        """It cannot be."""
        return False


class Window(FullAttention):
    """Sliding-window attention: of old tokens, the windowed layers' cells may be gone.

    Of a prefix they are needed for its last `window` tokens. The library gives windowed cells that several sequences
    share to nobody else, until it finds no room; so each slot gets a copy of its own of those.
    """

    any_prefix = False

    def __init__(self, context: Context, window: int) -> None:
        super().__init__(context)
        self.can_shift = False
        self._window = window

    def reusable(self, slot: int, held: int, length: int) -> int:
        """A prefix whose window is still there."""
        if held <= length:
            return held
        first = self._context.first_position(slot)
        return length if 0 <= first <= max(0, length - self._window) else 0

    def share(self, source: int, target: int, length: int) -> None:
        """Share the cells of the other layers, copy those of the window."""
        super().share(source, target, length)
        if not self._context.restore(target, self._context.save(target, WINDOW_OR_STATE), WINDOW_OR_STATE):
            super().share(source, target, length)  # no room for a copy: shared cells are right, if fewer

    def cut(self, slot: int, length: int) -> bool:
        """As far as the window allows."""
        return self.reusable(slot, length + 1, length) == length and super().cut(slot, length)


def memory_of(model: Model, context: Context) -> Memory:
    """Return the memory of the kind that `model` has."""
    if model.is_recurrent and not model.is_hybrid:
        return States(context, hybrid=False)
    if model.is_hybrid:
        return States(context, hybrid=True)
    if model.sliding_window:
        return Window(context, model.sliding_window)
    return FullAttention(context)
