import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.durations import FOREVER, InvalidDuration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("5m", 300 * 10**9),
        ("1h30m", 5400 * 10**9),
        ("1.5h", 5400 * 10**9),
        ("300ms", 300 * 10**6),
        ("-1m", -60 * 10**9),
        ("+2s", 2 * 10**9),
        ("0", 0),
        (".5s", 5 * 10**8),
        ("2µs", 2000),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("soon", 'time: invalid duration "soon"'),
        ("5", 'time: missing unit in duration "5"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
        ("1m-", 'time: unknown unit "m-" in duration "1m-"'),
        (".s", 'time: invalid duration ".s"'),
        ("-", 'time: invalid duration "-"'),
        ("9999999h", 'time: invalid duration "9999999h"'),
        ("٣s", 'time: invalid duration "\\xd9\\xa3s"'),
        ('a\n"\\', 'time: invalid duration "a\\x0a\\"\\\\"'),
        ("5\x00", 'time: unknown unit "\\x00" in duration "5\\x00"'),
        ("1" * 5_000 + "h", f'time: invalid duration "{"1" * 64}..."'),
        ("0." + "1" * 5_000 + "h", f'time: invalid duration "0.{"1" * 62}..."'),
    ],
)
def test_what_is_no_duration_is_refused_in_gos_words(text: str, message: str) -> None:
    with pytest.raises(InvalidDuration) as error:
        parse_duration(text)
    assert str(error.value) == message


@given(st.integers(-FOREVER, FOREVER))
def test_what_is_written_is_read_as_the_same(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidDuration):
        assert abs(parse_duration(text)) <= FOREVER


def test_a_text_without_end_is_refused_at_once() -> None:
    started = time.perf_counter()
    with pytest.raises(InvalidDuration):
        parse_duration("0h" * 5_000_000)
    assert time.perf_counter() - started < 10  # seconds; not the minutes that looking at it again and again takes


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0s"), (5_082_211, "5.082211ms"), (450_806, "450.806µs"), (90 * 10**9, "1m30s"), (5400 * 10**9, "1h30m0s")],
)
def test_a_duration_is_written_as_go_writes_it(nanoseconds: int, text: str) -> None:
    assert format_duration(nanoseconds) == text
