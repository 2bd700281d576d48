"""A KV cache that computes nothing: it keeps books of what each cell would hold, and checks every rule."""

import json

from paddock.engine.scheduler.output import ScheduledChunk, ScheduleOutput
from paddock.engine.scheduler.scheduler import UNSHAREABLE


class BookKVCache:
    """Knows which cells each sequence id has, and from which tokens each cell was computed."""

    def __init__(self, cells: int, seq_ids: int, partial: bool = True, can_shift: bool = True) -> None:
        self.num_cells, self.num_seq_ids = cells, seq_ids
        self.supports_partial_reuse, self.can_shift = partial, can_shift and partial
        self.held: dict[int, list[int]] = {s: [] for s in range(seq_ids)}
        """Sequence id → numbers of its cells."""
        self.tokens: dict[int, list[int]] = {s: [] for s in range(seq_ids)}
        self.shifted: set[int] = set()
        self.num_computed = 0
        """Number of cells that were ever computed or loaded."""

    def used(self) -> int:
        return len({cell for cells in self.held.values() for cell in cells})

    def reusable_prefix(self, seq_id: int, held: int, length: int) -> int:
        assert held == len(self.held[seq_id])
        return min(held, length) if self.supports_partial_reuse else held if held <= length else 0

    def share(self, source: int, target: int, length: int) -> None:
        assert not self.held[target]
        assert self.supports_partial_reuse or length == len(self.held[source])
        assert not inside_an_image(self.tokens[source], length)
        self.held[target] = self.held[source][:length]
        self.tokens[target] = self.tokens[source][:length]

    def clear(self, seq_id: int) -> None:
        self.held[seq_id], self.tokens[seq_id] = [], []
        self.shifted.discard(seq_id)

    def truncate(self, seq_id: int, length: int) -> bool:
        assert not inside_an_image(self.tokens[seq_id], length)
        if self.supports_partial_reuse:
            self.held[seq_id], self.tokens[seq_id] = self.held[seq_id][:length], self.tokens[seq_id][:length]
            self.shifted.discard(seq_id)
        return self.supports_partial_reuse

    def unshare(self, seq_id: int) -> bool:
        count = len(self.held[seq_id])
        self.held[seq_id] = []
        assert self.used() + count <= self.num_cells
        self.held[seq_id] = self._new(count)
        return True

    def save(self, seq_id: int) -> bytearray:
        return saved(self.tokens[seq_id])

    def restore(self, seq_id: int, state: bytearray) -> bool:
        assert not self.held[seq_id]
        self.tokens[seq_id] = json.loads(state)
        self.held[seq_id] = self._new(len(self.tokens[seq_id]))
        assert self.used() <= self.num_cells
        return True

    def append_state(self, seq_id: int, state: bytearray, scratch_seq_id: int) -> bool:
        assert self.supports_partial_reuse and not self.held[scratch_seq_id]
        tokens = json.loads(state)
        if not tokens:
            return False
        self.tokens[seq_id] += tokens
        self.held[seq_id] += self._new(len(tokens))
        assert self.used() <= self.num_cells
        return True

    def shift(self, seq_id: int, keep: int, drop: int) -> bool:
        assert self.can_shift
        others = {c for s, cells in self.held.items() if s != seq_id for c in cells}
        assert not others & set(self.held[seq_id][keep:]), "a cell has one position"
        del self.held[seq_id][keep : keep + drop]
        del self.tokens[seq_id][keep : keep + drop]
        self.shifted.add(seq_id)
        return True

    def compute(self, output: ScheduleOutput) -> list[ScheduledChunk]:
        """Compute all chunks as a model would, and return them."""
        chunks = [*output.media_chunks, *output.chunks]
        for chunk in chunks:
            sequence, start, end, placeholder = chunk.sequence, chunk.start, chunk.end, chunk.placeholder
            assert start == len(self.held[sequence.seq_id])
            assert placeholder == sequence.placeholders.at(start)
            if placeholder is not None:
                assert end <= placeholder.end
                assert not placeholder.non_causal or (start, end) == (placeholder.start, placeholder.end)
            else:
                assert all(token >= 0 for token in sequence.tokens[start:end])
            self.held[sequence.seq_id] += self._new(end - start)
            self.tokens[sequence.seq_id] += sequence.tokens[start:end]
        assert self.used() <= self.num_cells
        return chunks

    def _new(self, count: int) -> list[int]:
        self.num_computed += count
        return list(range(self.num_computed - count, self.num_computed))


def saved(tokens: list[int]) -> bytearray:
    """The saved state of some tokens, as `restore` and `append_state` take it."""
    return bytearray(json.dumps(tokens).encode())


def inside_an_image(tokens: list[int], length: int) -> bool:
    """Whether the first `length` tokens end in the middle of an image."""
    return 0 < length < len(tokens) and tokens[length] < UNSHAREABLE and tokens[length] == tokens[length - 1] - 1
