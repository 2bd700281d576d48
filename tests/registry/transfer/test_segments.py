import random

from hypothesis import given
from hypothesis import strategies as st

from paddock.registry.transfer.config import DownloadConfig
from paddock.registry.transfer.segments import Segment, SegmentQueue

CONFIG = DownloadConfig(min_segment=10, max_segment=40, segment_seconds=2, write_bytes=1)


def ranges(segments: list[Segment | None]) -> list[tuple[int, int] | None]:
    return [None if segment is None else (segment.offset, segment.end) for segment in segments]


def test_gaps_are_handed_out_in_segments_whose_size_follows_the_speed() -> None:
    queue = SegmentQueue([(0, 15), (20, 100)], CONFIG)
    assert ranges([queue.take(), queue.take(), queue.take()]) == [(0, 10), (10, 15), (20, 30)]
    queue.measured(30, 2)
    assert ranges([queue.take()]) == [(30, 60)], "two seconds at 15 bytes per second"
    queue.measured(1000, 1)
    assert ranges([queue.take()]) == [(60, 100)], "no more than the largest segment"


def test_a_connection_without_a_gap_takes_the_rear_half_of_the_longest_segment() -> None:
    queue = SegmentQueue([(0, 10), (10, 13)], CONFIG)
    first, second = queue.take(), queue.take()
    assert first is not None and second is not None
    third = queue.take()
    assert ranges([first, second, third]) == [(0, 5), (10, 13), (5, 10)]
    assert third is not None and queue.active == 3
    first.offset, third.offset = 2, 7
    assert queue.take() is None, "what is left is not worth another connection"


def test_the_rest_of_a_segment_that_failed_comes_first_again() -> None:
    queue = SegmentQueue([(0, 30)], CONFIG)
    segment = queue.take()
    assert segment is not None
    segment.offset = 4
    queue.release(segment)
    assert queue.active == 0
    assert ranges([queue.take(), queue.take()]) == [(4, 10), (10, 20)]


@given(bounds=st.sets(st.integers(0, 200), min_size=2, max_size=8), seed=st.integers(0, 1 << 32))
def test_every_byte_is_fetched_once_whatever_fails(bounds: set[int], seed: int) -> None:
    dice = random.Random(seed)
    edges = sorted(bounds)
    gaps = list(zip(edges[::2], edges[1::2], strict=False))
    queue = SegmentQueue(gaps, CONFIG)
    fetched: list[int] = []
    active: list[Segment] = []
    while True:
        if not active or dice.random() < 0.5:
            segment = queue.take()
            if segment is not None:
                active.append(segment)
            elif not active:
                break
        segment = dice.choice(active)
        count = dice.randint(0, segment.end - segment.offset)
        fetched += range(segment.offset, segment.offset + count)
        segment.offset += count
        if segment.offset == segment.end or dice.random() < 0.3:
            active.remove(segment)
            queue.release(segment)
    assert sorted(fetched) == [byte for start, end in gaps for byte in range(start, end)]
