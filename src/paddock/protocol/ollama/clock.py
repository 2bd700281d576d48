"""The time, as answers carry it."""

import time

SECOND = 1_000_000_000
"""In nanoseconds."""


class Clock:
    """Writes the time as Go does: RFC 3339 in UTC with nanoseconds. The seconds are formatted once each."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """Return the present."""
        second, nanosecond = divmod(time.time_ns(), SECOND)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return f"{self._text}{nanosecond:09d}Z"
