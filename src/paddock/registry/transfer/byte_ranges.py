"""The bytes of a file that are present: a set of numbers, kept as ranges."""

from collections.abc import Iterable, Iterator


class ByteRanges:
    """Sorted ranges `(start, end)` of bytes, `end` not included, that neither overlap nor touch."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self.ranges: list[tuple[int, int]] = []
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Add the bytes from `start` to before `end`; some may be present already."""
        if start >= end:
            return
        before = [r for r in self.ranges if r[1] < start]
        after = [r for r in self.ranges if r[0] > end]
        touching = self.ranges[len(before) : len(self.ranges) - len(after)]
        if touching:
            start, end = min(start, touching[0][0]), max(end, touching[-1][1])
        self.ranges = [*before, (start, end), *after]

    def gaps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges between `start` and `end` that are missing, in order."""
        for first, last in self.ranges:
            if first >= end:
                break
            if first > start:
                yield start, first
            start = max(start, last)
        if start < end:
            yield start, end

    @property
    def num_bytes(self) -> int:
        """Number of bytes that are present."""
        return sum(end - start for start, end in self.ranges)

    @property
    def contiguous_end(self) -> int:
        """End of the range that begins at byte 0; 0 if that byte is missing."""
        return self.ranges[0][1] if self.ranges and self.ranges[0][0] == 0 else 0
