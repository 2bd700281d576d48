"""Cached prefixes in host memory: saved states that are found by their tokens.

Each step's attention looks at every cell in use, whoever holds it. On a CPU, 12,000 cells of finished sequences
double the time of a prompt. In host memory they slow nobody down, and reloading a thousand tokens takes milliseconds.
"""

from collections import OrderedDict
from collections.abc import Sequence

from paddock.engine.kvcache.radix_tree import PrefixTree


class HostCache:
    """States of finished sequences, up to `max_tokens` tokens in all. The least recently used state leaves first."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._tree = PrefixTree()
        self.states: OrderedDict[int, bytearray] = OrderedDict()
        """Saved states by their ids, least recently used first."""
        self._next_id = 0
        self.num_tokens = 0
        """Number of tokens in all states together."""

    def add(self, tokens: Sequence[int], state: bytearray) -> None:
        """Keep the state of `tokens`, and drop the states of its prefixes. A state over the limit is not kept."""
        if len(tokens) > self._max_tokens:
            return
        for state_id, length in self._tree.common_prefixes(tokens).items():
            if length == self._tree.length(state_id):
                self.remove(state_id)
        self._tree.insert(self._next_id, tokens)
        self.states[self._next_id] = state
        self.num_tokens += len(tokens)
        self._next_id += 1
        while self.num_tokens > self._max_tokens:
            self.remove(next(iter(self.states)))

    def find(self, tokens: Sequence[int]) -> tuple[int, int]:
        """Return the id of the state that shares the longest prefix with `tokens`, and its length; (-1, 0) if none."""
        return max(self._tree.common_prefixes(tokens).items(), key=lambda found: found[1], default=(-1, 0))

    def length(self, state_id: int) -> int:
        """Return the number of tokens of a state."""
        return self._tree.length(state_id)

    def load(self, state_id: int) -> bytearray:
        """Return a state and mark it as the most recently used one."""
        self.states.move_to_end(state_id)
        return self.states[state_id]

    def remove(self, state_id: int) -> None:
        """Drop a state."""
        self.num_tokens -= self._tree.length(state_id)
        self._tree.remove(state_id)
        del self.states[state_id]
