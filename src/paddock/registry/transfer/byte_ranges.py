"""Which bytes of a file are there: a set of numbers, kept as ranges."""

from collections.abc import Iterable, Iterator


class ByteRanges:
    """Ranges `(start, end)` of bytes, `end` not included; sorted, apart from each other."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self.ranges: list[tuple[int, int]] = []
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Put the bytes from `start` up to `end` in; some may be there already."""
        if start >= end:
            return
        before = [r for r in self.ranges if r[1] < start]
        after = [r for r in self.ranges if r[0] > end]
        touching = self.ranges[len(before) : len(self.ranges) - len(after)]
        if touching:
            start, end = min(start, touching[0][0]), max(end, touching[-1][1])
        self.ranges = [*before, (start, end), *after]

    def gaps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges between `start` and `end` that are not there, in order."""
        for first, last in self.ranges:
            if first >= end:
                break
            if first > start:
                yield start, first
            start = max(start, last)
        if start < end:
            yield start, end

    @property
    def covered(self) -> int:
        """How many bytes are there."""
        return sum(end - start for start, end in self.ranges)

    @property
    def frontier(self) -> int:
        """Up to where everything is there from the beginning."""
        return self.ranges[0][1] if self.ranges and self.ranges[0][0] == 0 else 0
