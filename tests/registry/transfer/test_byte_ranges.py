from hypothesis import given
from hypothesis import strategies as st

from paddock.registry.transfer.byte_ranges import ByteRanges

ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)))


@given(ranges)
def test_it_is_the_set_of_the_bytes_that_were_put_in(put: list[tuple[int, int]]) -> None:
    ranges = ByteRanges(put)
    bytes_ = {byte for start, end in put for byte in range(start, end)}
    assert {byte for start, end in ranges.ranges for byte in range(start, end)} == bytes_
    assert ranges.num_bytes == len(bytes_)
    assert ranges.contiguous_end == next(i for i in range(62) if i not in bytes_)
    assert all(a[1] < b[0] for a, b in zip(ranges.ranges, ranges.ranges[1:], strict=False))


@given(ranges, st.integers(0, 60), st.integers(0, 60))
def test_gaps_are_what_is_not_there(put: list[tuple[int, int]], start: int, end: int) -> None:
    bytes_ = {byte for a, b in put for byte in range(a, b)}
    gaps = list(ByteRanges(put).gaps(start, end))
    assert [b for a, e in gaps for b in range(a, e)] == [b for b in range(start, end) if b not in bytes_]
    assert all(a < e for a, e in gaps)
