"""The segments of a download: which bytes each connection fetches next."""

from collections.abc import Iterable
from dataclasses import dataclass

from paddock.registry.transfer.config import DownloadConfig


@dataclass(eq=False)
class Segment:
    """A range of bytes that one connection fetches."""

    offset: int
    """The next byte to fetch."""
    end: int
    """One past the last byte; another connection may take over the rear half."""


class SegmentQueue:
    """The missing bytes of a layer, handed out to connections segment by segment.

    Args:
        gaps: ranges `(start, end)` of the missing bytes, in order.
    """

    def __init__(self, gaps: Iterable[tuple[int, int]], config: DownloadConfig) -> None:
        self._gaps = list(gaps)
        self._config = config
        self._active: list[Segment] = []
        self._speed = 0.0
        """Bytes per second of the last segment that was fetched."""

    @property
    def active(self) -> int:
        """Number of segments that are being fetched."""
        return len(self._active)

    def take(self) -> Segment | None:
        """Return the next segment; None if the other connections need no help.

        It is the first gap or the beginning of it. If there is no gap, it is the rear half of the longest segment that
        another connection fetches.
        """
        segment = self._from_gaps() if self._gaps else self._from_slowest()
        if segment is not None:
            self._active.append(segment)
        return segment

    def release(self, segment: Segment) -> None:
        """Take back a segment; what is missing of it comes first again."""
        self._active.remove(segment)
        if segment.offset < segment.end:
            self._gaps.insert(0, (segment.offset, segment.end))

    def measured(self, size: int, seconds: float) -> None:
        """Note how long a connection took for `size` bytes, which decides the size of the next segments."""
        self._speed = size / max(seconds, 1e-3)

    def _from_gaps(self) -> Segment:
        start, end = self._gaps.pop(0)
        config = self._config
        size = int(min(max(self._speed * config.segment_seconds, config.min_segment), config.max_segment))
        cut = min(end, start + size)
        if cut < end:
            self._gaps.insert(0, (cut, end))
        return Segment(start, cut)

    def _from_slowest(self) -> Segment | None:
        slowest = max(self._active, key=lambda segment: segment.end - segment.offset, default=None)
        if slowest is None or slowest.end - slowest.offset < 4 * self._config.write_bytes:
            return None
        # The rear half begins far behind the bytes that the other connection writes next, so the two never overlap.
        middle = (slowest.offset + slowest.end) // 2
        segment = Segment(middle, slowest.end)
        slowest.end = middle
        return segment
