"""Sizes, counts and times in words, in the notation that scripts expect of `list` and `ps`."""

from datetime import datetime, timedelta

_BYTE_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "KB"))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_FOREVER_YEARS = 20
"""The server writes a time further ahead than this for a model that is never unloaded."""


def human_bytes(size: int) -> str:
    """Format a size with decimal units: `999 B`, `1.2 MB`, `13 GB` (from 10 up without a fraction)."""
    for scale, unit in _BYTE_UNITS:
        if size >= scale:
            value = size / scale
            if value >= 10 or value == int(value):
                return f"{int(value)} {unit}"
            return f"{value:.1f} {unit}"
    return f"{size} B"


def human_number(count: int) -> str:
    """Format a number of parameters: `293K`, `22.57M`, `8.0B`."""
    if count >= 10**9:
        billions = count / 10**9
        return f"{billions:.0f}B" if billions.is_integer() else f"{billions:.1f}B"
    if count >= 10**6:
        millions = count / 10**6
        return f"{millions:.0f}M" if millions.is_integer() else f"{millions:.2f}M"
    if count >= 10**3:
        return f"{count / 10**3:.0f}K"
    return str(count)


def human_duration(duration: timedelta) -> str:
    """Format a length of time roughly: `Less than a second`, `About a minute`, `4 hours`, `2 weeks`."""
    seconds = int(duration.total_seconds())
    if seconds < 1:
        return "Less than a second"
    if seconds < _MINUTE:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = seconds // _MINUTE
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    hours = int(duration.total_seconds() / _HOUR + 0.5)
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    days = hours // 24
    if hours < 24 * 14:
        return f"{days} days"
    if hours < 24 * 30 * 2:
        return f"{days // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{days // 30} months"
    return f"{seconds // _DAY // 365} years"


def human_time(moment: datetime, now: datetime, zero: str = "Never") -> str:
    """Format `moment` as seen from `now`: `2 weeks ago`, `4 minutes from now`, `Forever`.

    Go's zero time, in the year 1, becomes `zero`.
    """
    if moment.year == 1:
        return zero
    passed = now - moment
    if passed >= timedelta(0):
        return f"{human_duration(passed)} ago"
    if int(-passed.total_seconds()) // _DAY // 365 > _FOREVER_YEARS:
        return "Forever"
    return f"{human_duration(-passed)} from now"
