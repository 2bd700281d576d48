"""Cached prefixes outside the cache: saved states in ordinary memory, found by their tokens.

Every step looks at all cells that are in use, its own or not: on a CPU, twelve thousand tokens of finished sequences
double what a prompt costs. Here they slow nobody, and to bring a thousand of them back takes milliseconds.
"""

from collections import OrderedDict
from collections.abc import Sequence

from paddock.engine.kvcache.radix_tree import PrefixTree


class Parking:
    """States of finished sequences, up to `room` tokens in all; the least recently used leaves first."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._tree = PrefixTree()
        self._states: OrderedDict[int, bytearray] = OrderedDict()
        self._next = 0
        self.tokens = 0
        """In all states together."""

    def __len__(self) -> int:
        return len(self._states)

    def add(self, tokens: Sequence[int], state: bytearray) -> None:
        """Keep a state that holds `tokens`; others that hold no more than it does leave."""
        if len(tokens) > self._room:
            return
        for number, length in self._tree.common(tokens).items():
            if length == self._tree.length(number):
                self.remove(number)
        self._tree.insert(self._next, tokens)
        self._states[self._next] = state
        self.tokens += len(tokens)
        self._next += 1
        while self.tokens > self._room:
            self.remove(next(iter(self._states)))

    def find(self, tokens: Sequence[int]) -> tuple[int, int]:
        """Return the state that has most in common with `tokens`, and how much that is; (-1, 0) if there is none."""
        return max(self._tree.common(tokens).items(), key=lambda found: found[1], default=(-1, 0))

    def length(self, number: int) -> int:
        """How many tokens a state holds."""
        return self._tree.length(number)

    def state(self, number: int) -> bytearray:
        """Return a state; it is used, so it stays longer."""
        self._states.move_to_end(number)
        return self._states[number]

    def remove(self, number: int) -> None:
        """Forget a state."""
        self.tokens -= self._tree.length(number)
        self._tree.remove(number)
        del self._states[number]
