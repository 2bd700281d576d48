"""Where the cells of pictures and recordings lie among a sequence's tokens, and which positions they take.

In a sequence each of these cells stands as a number that no token has: below -1, and made from the file's hash. So
equal files are equal tokens to the prefix cache, and nothing else is. A part of a file is cut nowhere: where a prefix
would end in the middle of one, it ends before it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

FIRST_PLACEHOLDER_TOKEN = -2
"""The greatest number that stands for a cell of a file; -1 is the tree's own."""

INDEX_BITS, CHUNK_BITS = 24, 16
"""Room in that number for the cell in its part and for the part in its file."""


@dataclass(frozen=True)
class PlaceholderRange:
    """Cells [start, start + length) of a sequence: one part of a picture or a recording."""

    start: int
    num_tokens: int
    num_positions: int
    """How many positions they take; fewer than cells where embeddings have places in several dimensions."""
    file: bytes
    """The hash of what it is a part of."""
    chunk: int
    non_causal: bool
    """Whether all of it has to be computed in one batch, since the embeddings see those after them, too."""

    @property
    def end(self) -> int:
        """The index after its last cell."""
        return self.start + self.num_tokens


class Placeholders:
    """All those of one sequence, in order."""

    def __init__(self, placeholders: Sequence[PlaceholderRange] = ()) -> None:
        self._ranges = tuple(placeholders)
        self._starts = [placeholder.start for placeholder in self._ranges]

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __len__(self) -> int:
        return len(self._ranges)

    def __iter__(self) -> Iterator[PlaceholderRange]:
        return iter(self._ranges)

    def at(self, index: int) -> PlaceholderRange | None:
        """Return the one that the cell `index` belongs to."""
        if not self._ranges:
            return None
        number = bisect_right(self._starts, index) - 1
        return self._ranges[number] if number >= 0 and index < self._ranges[number].end else None

    def next_start(self, index: int) -> int | None:
        """Return where the first one after `index` begins."""
        number = bisect_right(self._starts, index)
        return self._starts[number] if number < len(self._starts) else None

    def round_down(self, length: int) -> int:
        """Return the greatest length up to `length` that ends in the middle of none."""
        placeholder = self.at(length)
        return length if placeholder is None else placeholder.start

    def position(self, index: int) -> int:
        """Return the position of the token `index`; within a placeholder, as if its cells were counted one by one."""
        if not self._ranges:
            return index
        return index - sum(
            placeholder.num_tokens - placeholder.num_positions
            for placeholder in self._ranges
            if placeholder.end <= index
        )

    def without(self, start: int, end: int) -> "Placeholders":
        """Return what is left when the tokens [start, end) are taken out; neither is in the middle of one."""
        if not self._ranges:
            return self
        before = [placeholder for placeholder in self._ranges if placeholder.end <= start]
        after = [
            replace(placeholder, start=placeholder.start - (end - start))
            for placeholder in self._ranges
            if placeholder.start >= end
        ]
        return Placeholders([*before, *after])


def placeholder_tokens(file: bytes, chunk: int, length: int) -> list[int]:
    """Return what stands in a sequence for the cells of a part of a file, given the file's hash."""
    first = (int.from_bytes(file) << CHUNK_BITS | chunk) << INDEX_BITS
    return [FIRST_PLACEHOLDER_TOKEN - first - cell for cell in range(length)]
