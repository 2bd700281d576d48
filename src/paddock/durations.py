"""Durations in Go's notation (`1h30m`, `300ms`), as clients and settings write them.

The grammar and the error texts are those of Go's `time.ParseDuration`.
"""

import re

SECOND = 1_000_000_000
"""Nanoseconds of a second."""

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
"""Nanoseconds of each unit."""

FOREVER = 2**63 - 1
"""The longest duration, in nanoseconds; what a negative `keep_alive` means."""

MAX_LENGTH = 256
"""Most characters of a duration. Go's parser has no limit, but millions of characters take a while."""

MAX_QUOTED = 64
"""Most characters of an overlong text that an error repeats."""

_PART = re.compile(r"(\d*)(?:\.(\d*))?([^\d.]*)", re.ASCII)
_ESCAPED = re.compile(r"[^ !#-\[\]-\x7f]")


class InvalidDuration(ValueError):
    """A text is not a duration."""


def parse_duration(text: str) -> int:
    """Return the nanoseconds that `text` denotes, at most `FOREVER`.

    Raises:
        InvalidDuration: with the wording of Go's parser, and only the beginning of an overlong text.
    """
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest or len(text) > MAX_LENGTH:
        raise InvalidDuration(f"time: invalid duration {_quoted(text)}")
    total = 0
    while rest:
        match = _PART.match(rest)
        assert match is not None
        whole, fraction, unit = match.groups()
        if not whole and not fraction:
            raise InvalidDuration(f"time: invalid duration {_quoted(text)}")
        if not unit:
            raise InvalidDuration(f"time: missing unit in duration {_quoted(text)}")
        if unit not in NANOSECONDS:
            raise InvalidDuration(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
        scale = NANOSECONDS[unit]
        total += int(whole or 0) * scale
        if fraction:
            total += int(fraction) * scale // 10 ** len(fraction)
        if total > FOREVER:
            raise InvalidDuration(f"time: invalid duration {_quoted(text)}")
        rest = rest[match.end() :]
    return -total if text[0] == "-" else total


def format_duration(nanoseconds: int) -> str:
    """Return a duration as Go's `Duration.String` writes it: `1h30m0s`, `5.082211ms`, `450.806µs`."""
    if nanoseconds == 0:
        return "0s"
    sign, n = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, scale in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if n < scale * 1000:
            return f"{sign}{_decimal(n, scale)}{unit}"
    minutes, rest = divmod(n, NANOSECONDS["m"])
    seconds = f"{_decimal(rest, NANOSECONDS['s'])}s"
    if minutes == 0:
        return sign + seconds
    hours, minutes = divmod(minutes, 60)
    return sign + (f"{hours}h" if hours else "") + f"{minutes}m{seconds}"


def _decimal(n: int, scale: int) -> str:
    whole, fraction = divmod(n, scale)
    if not fraction:
        return str(whole)
    return f"{whole}." + str(fraction).rjust(len(str(scale)) - 1, "0").rstrip("0")


def _quoted(text: str) -> str:
    """Quote a text as Go's parser of durations does: control and non-ASCII characters as escaped bytes."""
    shown = text if len(text) <= MAX_LENGTH else text[:MAX_QUOTED] + "..."
    return '"' + _ESCAPED.sub(_escape, shown) + '"'


def _escape(match: "re.Match[str]") -> str:
    character = match[0]
    if character in '"\\':
        return "\\" + character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
