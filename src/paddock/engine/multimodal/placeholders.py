"""Where the cells of pictures and recordings lie among a sequence's tokens, and which positions they take.

In a sequence each of these cells stands as a number that no token has: below -1, and made from the file's hash. So
equal files are equal tokens to the prefix cache, and nothing else is. A part of a file is cut nowhere: where a prefix
would end in the middle of one, it ends before it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

FIRST_CELL = -2
"""The greatest number that stands for a cell of a file; -1 is the tree's own."""

CELL_BITS, PART_BITS = 24, 16
"""Room in that number for the cell in its part and for the part in its file."""


@dataclass(frozen=True)
class Span:
    """Cells [start, start + length) of a sequence: one part of a picture or a recording."""

    start: int
    length: int
    positions: int
    """How many positions they take; fewer than cells where embeddings have places in several dimensions."""
    file: bytes
    """The hash of what it is a part of."""
    part: int
    at_once: bool
    """Whether all of it has to be computed in one batch, since the embeddings see those after them, too."""

    @property
    def end(self) -> int:
        """The index after its last cell."""
        return self.start + self.length


class Spans:
    """All those of one sequence, in order."""

    def __init__(self, spans: Sequence[Span] = ()) -> None:
        self._spans = tuple(spans)
        self._starts = [span.start for span in self._spans]

    def __bool__(self) -> bool:
        return bool(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def at(self, index: int) -> Span | None:
        """Return the one that the cell `index` belongs to."""
        if not self._spans:
            return None
        number = bisect_right(self._starts, index) - 1
        return self._spans[number] if number >= 0 and index < self._spans[number].end else None

    def next_start(self, index: int) -> int | None:
        """Return where the first one after `index` begins."""
        number = bisect_right(self._starts, index)
        return self._starts[number] if number < len(self._starts) else None

    def whole(self, length: int) -> int:
        """Return the greatest length up to `length` that ends in the middle of none."""
        span = self.at(length)
        return length if span is None else span.start

    def position(self, index: int) -> int:
        """Return the position of the token `index`; within a span, as if its cells were counted one by one."""
        if not self._spans:
            return index
        return index - sum(span.length - span.positions for span in self._spans if span.end <= index)

    def without(self, start: int, end: int) -> "Spans":
        """Return what is left when the tokens [start, end) are taken out; neither is in the middle of one."""
        if not self._spans:
            return self
        before = [span for span in self._spans if span.end <= start]
        after = [replace(span, start=span.start - (end - start)) for span in self._spans if span.start >= end]
        return Spans([*before, *after])


def cell_numbers(file: bytes, part: int, length: int) -> list[int]:
    """Return what stands in a sequence for the cells of a part of a file, given the file's hash."""
    first = (int.from_bytes(file) << PART_BITS | part) << CELL_BITS
    return [FIRST_CELL - first - cell for cell in range(length)]
