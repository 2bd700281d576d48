"""Whose turn it is to be computed aside: one long prompt at a time, while others are answered."""

from paddock.engine.kvcache.memory import Memory
from paddock.engine.kvcache.prefix_cache import PrefixCache
from paddock.engine.scheduler.sequence import Sequence


class Aside:
    """Tokens [start, end) of a sequence, to be computed aside. `scratch` is a slot for their cells to arrive in."""

    def __init__(self, sequence: Sequence, scratch: int) -> None:
        self.sequence = sequence
        self.scratch = scratch
        self.start = sequence.computed
        self.end = len(sequence.tokens) - 1


class AsideTurns:
    """Leaves prompts to be computed elsewhere, and takes in what was."""

    def __init__(self, memory: Memory, cache: PrefixCache, worth: int) -> None:
        """A prompt is left to it of which at least `worth` tokens are to be computed; 0 for none."""
        self.current: Aside | None = None
        """What is to be computed aside now."""
        self._memory = memory
        self._cache = cache
        self._worth = worth if memory.any_prefix else 0

    def choose(self, prefilling: list[Sequence]) -> None:
        """Leave the oldest long prompt to be computed aside, if none is and there is a slot for its cells' arrival."""
        if self.current is not None or not self._worth:
            return
        sequence = next((s for s in prefilling if self._is_long(s)), None)
        scratch = self._cache.take_slot() if sequence is not None else None
        if sequence is not None and scratch is not None:
            self.current = Aside(sequence, scratch)

    def others(self, prefilling: list[Sequence]) -> list[Sequence]:
        """Return the prompts that are computed here meanwhile.

        Long ones wait until it is their turn to be computed aside; short ones need not wait for a long one.
        """
        if self.current is None:
            return prefilling
        return [s for s in prefilling if s is not self.current.sequence and not self._is_long(s)]

    def arrived(self, count: int, state: bytearray) -> None:
        """The next `count` tokens were computed aside: take in their saved cells."""
        if self.current is None:
            return
        sequence = self.current.sequence
        if not self._memory.append(sequence.slot, state, self.current.scratch):
            self.end()
            return
        sequence.computed += count
        if sequence.computed >= self.current.end:
            self.leave(sequence)

    def end(self) -> None:
        """Nothing more comes from aside, now or later: what is left is computed here."""
        self._worth = 0
        if self.current is not None:
            self.leave(self.current.sequence)

    def leave(self, sequence: Sequence) -> None:
        """A sequence is not computed aside any more, if it was."""
        if self.current is not None and self.current.sequence is sequence:
            self._cache.return_slot(self.current.scratch)
            self.current = None

    def _is_long(self, sequence: Sequence) -> bool:
        return 0 < self._worth <= sequence.pending and not sequence.placeholders
