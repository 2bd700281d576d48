from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.terminal.human import human_bytes, human_duration, human_number, human_time

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (1500, "1.5 KB"),
        (1185440, "1.2 MB"),
        (6176112, "6.2 MB"),
        (4661224676, "4.7 GB"),
        (13_999_999_999, "13 GB"),
        (2_000_000, "2 MB"),
        (1_000_001, "1.0 MB"),
        (1_500_000_000_000, "1.5 TB"),
        (2_500_000_000_000_000, "2500 TB"),
    ],
)
def test_a_size_is_written_with_at_most_one_decimal(size: int, text: str) -> None:
    assert human_bytes(size) == text


@given(st.integers(0, 10**16))
def test_a_written_size_is_within_a_tenth_of_the_real_one(size: int) -> None:
    number, unit = human_bytes(size).split(" ")
    scale = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]
    assert abs(float(number) * scale - size) <= max(size, 1) / 10


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (292800, "293K"), (22_566_144, "22.57M"), (23_000_000, "23M"), (8_030_261_248, "8.0B")],
)
def test_a_number_of_parameters_is_short(count: int, text: str) -> None:
    assert human_number(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.9, "Less than a second"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (299, "4 minutes"),
        (3599, "59 minutes"),
        (3600, "About an hour"),
        (5399, "About an hour"),
        (5400, "2 hours"),
        (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
        (13 * 86400, "13 days"),
        (14 * 86400, "2 weeks"),
        (59 * 86400, "8 weeks"),
        (60 * 86400, "2 months"),
        (729 * 86400, "24 months"),
        (731 * 86400, "2 years"),
    ],
)
def test_a_length_of_time_is_written_roughly(seconds: float, text: str) -> None:
    assert human_duration(timedelta(seconds=seconds)) == text


def test_a_moment_is_ago_or_from_now() -> None:
    assert human_time(NOW - timedelta(days=15), NOW) == "2 weeks ago"
    assert human_time(NOW, NOW) == "Less than a second ago"
    assert human_time(NOW + timedelta(minutes=4, seconds=59), NOW) == "4 minutes from now"


def test_the_zero_time_is_never_and_three_centuries_ahead_is_forever() -> None:
    assert human_time(datetime(1, 1, 1, tzinfo=UTC), NOW) == "Never"
    assert human_time(datetime(1, 1, 1, tzinfo=UTC), NOW, "Unknown") == "Unknown"
    assert human_time(NOW.replace(year=2318), NOW) == "Forever"
    assert human_time(NOW.replace(year=2040), NOW) == "14 years from now"


@given(st.datetimes(datetime(2, 1, 1), datetime(2500, 1, 1)), st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))
def test_every_moment_can_be_written(moment: datetime, now: datetime) -> None:
    text = human_time(moment.replace(tzinfo=UTC), now.replace(tzinfo=UTC))
    assert text == "Forever" or text.endswith(" ago" if moment <= now else " from now")
