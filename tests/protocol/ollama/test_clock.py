"""Timestamps of replies."""

import datetime
import re
import time

import pytest

from paddock.protocol.ollama import Clock


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
