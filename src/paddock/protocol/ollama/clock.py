"""Timestamps of replies."""

import time

from paddock.durations import NANOSECONDS


class Clock:
    """Writes the current time as Go does: RFC 3339 in UTC with nanoseconds. Formats each second once."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """Return the current time, for example `2026-11-21T09:15:02.105383921Z`."""
        second, nanosecond = divmod(time.time_ns(), NANOSECONDS["s"])
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return f"{self._text}{nanosecond:09d}Z"


def local_time(nanoseconds: int) -> str:
    """Return a time since 1970 as RFC 3339, local, to the nanosecond, without trailing zeros."""
    seconds, fraction = divmod(nanoseconds, NANOSECONDS["s"])
    moment = time.localtime(seconds)
    digits = f".{fraction:09}".rstrip("0").rstrip(".")
    minutes = moment.tm_gmtoff // 60
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "Z"
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}{digits}{offset}"
