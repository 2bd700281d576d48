"""Placeholders: where the embeddings of images and audio are among a sequence's tokens, and which positions they take.

Each embedding has a placeholder token in the sequence: a number below -1, made from the hash of the file. So equal
files are equal tokens to the prefix cache, and different files are not. A chunk of a file is never split: a prefix that
would end inside one ends before it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

FIRST_PLACEHOLDER_TOKEN = -2
"""The greatest placeholder token; -1 belongs to the prefix cache."""

INDEX_BITS, CHUNK_BITS = 24, 16
"""Bits of a placeholder token for the embedding in its chunk and for the chunk in its file."""


@dataclass(frozen=True)
class PlaceholderRange:
    """Tokens [start, start + num_tokens) of a sequence, which stand for one chunk of an image or of audio."""

    start: int
    num_tokens: int
    num_positions: int
    """Number of positions that they take; fewer than tokens where positions have several dimensions."""
    file: bytes
    """Hash of the file."""
    chunk: int
    """Number of the chunk in the file."""
    non_causal: bool
    """Whether all must be computed in one batch, since each embedding attends to those after it, too."""

    @property
    def end(self) -> int:
        """Index after the last token."""
        return self.start + self.num_tokens


class Placeholders:
    """The placeholder ranges of one sequence, in order."""

    def __init__(self, ranges: Sequence[PlaceholderRange] = ()) -> None:
        self._ranges = tuple(ranges)
        self._starts = [one.start for one in self._ranges]

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __len__(self) -> int:
        return len(self._ranges)

    def __iter__(self) -> Iterator[PlaceholderRange]:
        return iter(self._ranges)

    def at(self, index: int) -> PlaceholderRange | None:
        """Return the range that the token `index` belongs to, if any."""
        if not self._ranges:
            return None
        number = bisect_right(self._starts, index) - 1
        return self._ranges[number] if number >= 0 and index < self._ranges[number].end else None

    def next_start(self, index: int) -> int | None:
        """Return the start of the first range after the token `index`, if any."""
        number = bisect_right(self._starts, index)
        return self._starts[number] if number < len(self._starts) else None

    def round_down(self, length: int) -> int:
        """Return the greatest length up to `length` that splits no range."""
        one = self.at(length)
        return length if one is None else one.start

    def position(self, index: int) -> int:
        """Return the position of the token `index`; inside a range, as if each of its tokens took one position."""
        if not self._ranges:
            return index
        return index - sum(one.num_tokens - one.num_positions for one in self._ranges if one.end <= index)

    def without(self, start: int, end: int) -> "Placeholders":
        """Return the ranges that are left when the tokens [start, end) are removed; neither end may split a range."""
        if not self._ranges:
            return self
        before = [one for one in self._ranges if one.end <= start]
        after = [replace(one, start=one.start - (end - start)) for one in self._ranges if one.start >= end]
        return Placeholders([*before, *after])


NO_PLACEHOLDERS = Placeholders()
"""Those of a sequence of text only."""


def placeholder_tokens(file: bytes, chunk: int, length: int) -> list[int]:
    """Return the placeholder tokens of a chunk with `length` embeddings, given the hash of its file."""
    first = (int.from_bytes(file) << CHUNK_BITS | chunk) << INDEX_BITS
    return [FIRST_PLACEHOLDER_TOKEN - first - index for index in range(length)]
