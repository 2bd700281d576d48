"""The field `keep_alive`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.durations import FOREVER
from paddock.protocol.json import BadRequest
from paddock.protocol.keep_alive import read_keep_alive

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        (None, None),
        (0, 0),
        ("0", 0),
        (5, 5 * SECOND),
        (0.5, SECOND // 2),
        ("5m", 300 * SECOND),
        ("1h30m", 5400 * SECOND),
        (-1, FOREVER),
        ("-1s", FOREVER),
        (1e300, FOREVER),
        (float("nan"), FOREVER),
    ],
)
def test_seconds_and_durations_are_nanoseconds_and_negative_ones_are_forever(
    value: Any, nanoseconds: int | None
) -> None:
    assert read_keep_alive(value) == nanoseconds


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "Unsupported type: 'bool'"),
        ({}, "Unsupported type: 'map[string]interface {}'"),
        ([], "Unsupported type: '[]interface {}'"),
        ("soon", 'time: invalid duration "soon"'),
    ],
)
def test_anything_else_is_refused_in_the_words_of_go(value: Any, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_keep_alive(value)
    assert str(caught.value) == message


@given(st.one_of(st.integers(), st.floats(), st.text(max_size=20)))
def test_a_value_is_refused_or_within_64_bits(value: Any) -> None:
    try:
        found = read_keep_alive(value)
    except BadRequest:
        return
    assert found is not None
    assert 0 <= found <= FOREVER
