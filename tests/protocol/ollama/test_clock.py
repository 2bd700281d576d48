"""Timestamps of replies."""

import datetime
import re
import time

import pytest

from paddock.protocol.ollama import Clock
from paddock.protocol.ollama.clock import local_time


def test_the_time_is_rfc_3339_in_utc_with_nanoseconds() -> None:
    before = datetime.datetime.now(datetime.UTC)
    text = Clock().now()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", text)
    found = datetime.datetime.fromisoformat(text)
    assert abs(found - before) < datetime.timedelta(seconds=5)


def test_each_second_has_its_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([999_999_999, 1_000_000_000, 1_000_000_001, 61_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(times))
    clock = Clock()
    assert [clock.now() for _ in range(4)] == [
        "1970-01-01T00:00:00.999999999Z",
        "1970-01-01T00:00:01.000000000Z",
        "1970-01-01T00:00:01.000000001Z",
        "1970-01-01T00:01:01.000000000Z",
    ]


def test_times_are_local_to_the_nanosecond(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_763_697_822_120_000_001
    try:
        for zone, expected in [
            ("UTC", "2025-11-21T04:03:42.120000001Z"),
            ("Asia/Kolkata", "2025-11-21T09:33:42.120000001+05:30"),
            ("America/St_Johns", "2025-11-21T00:33:42.120000001-03:30"),
        ]:
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert local_time(moment) == expected
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
        assert local_time(1_763_697_822_000_000_000) == "2025-11-21T04:03:42Z"
        assert local_time(1_763_697_822_500_000_000) == "2025-11-21T04:03:42.5Z"
    finally:
        monkeypatch.undo()
        time.tzset()
