"""Values as Go's libraries print them: JSON, and bare numbers. All numbers are 64-bit floats."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paddock.templates.errors import TemplateFailed


def json_text(
    value: Any, spaced: bool = False, escaped: bool = True, sorted_keys: bool = False, indent: int = 0
) -> str:
    """Return `value` as JSON, its keys in their order.

    `spaced` puts a blank behind commas and colons, as Python does; `escaped` writes `<`, `>` and `&` as `\\u003c` …;
    `indent` spreads it over lines, with that many blanks a level.

    Raises:
        TemplateFailed: for a number that JSON has no text for.
    """
    return _written(value, _Style(spaced or indent > 0, escaped, sorted_keys, indent), 0)


def bare(value: Any) -> str:
    """Return a single value without quotes, as Go's `%v` does: numbers get an exponent from 1e+06 on.

    Raises:
        TemplateFailed: for a number that is none.
    """
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int | float):
        return _number(value, least=-4, below=6, exponent_digits=2)
    return str(value)


def whole_or_bare(value: float) -> str:
    """Return a number, with all its digits where it is whole and fits 64 bits.

    Raises:
        TemplateFailed: for a number that is none.
    """
    number = _finite(value)
    return str(int(number)) if number.is_integer() and -(2.0**63) <= number < 2.0**63 else bare(value)


@dataclass(frozen=True, slots=True)
class _Style:
    spaced: bool
    escaped: bool
    sorted_keys: bool
    indent: int


def _written(value: Any, style: _Style, depth: int) -> str:
    if isinstance(value, str):
        return _string(value, style.escaped)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int | float):
        return _number(value, least=-6, below=21, exponent_digits=1)
    if isinstance(value, Mapping):
        colon = ": " if style.spaced else ":"
        keys = sorted(value, key=str) if style.sorted_keys else value
        items = [f"{_string(str(key), style.escaped)}{colon}{_written(value[key], style, depth + 1)}" for key in keys]
        return _joined("{", items, "}", style, depth)
    if isinstance(value, list | tuple):
        return _joined("[", [_written(item, style, depth + 1) for item in value], "]", style, depth)
    return _string(str(value), style.escaped)


def _joined(start: str, items: list[str], end: str, style: _Style, depth: int) -> str:
    if not style.indent or not items:
        return start + (", " if style.spaced else ",").join(items) + end
    line = "\n" + " " * (style.indent * (depth + 1))
    return f"{start}{line}{f',{line}'.join(items)}\n{' ' * (style.indent * depth)}{end}"


def _string(text: str, escaped: bool) -> str:
    written = _encode(text)
    for character, escape in _ESCAPES if escaped else _ALWAYS_ESCAPED:
        if character in written:
            written = written.replace(character, escape)
    return written


def _number(value: float, *, least: int, below: int, exponent_digits: int) -> str:
    """Return the shortest digits that round-trip; without exponent for those from `least` to `below`."""
    number = _finite(value)
    mantissa, _, power = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = int(power or 0) + (len(whole) - 1 if whole != "0" else len(digits) - len(fraction) - 1)
    digits = digits.rstrip("0") or "0"
    sign = "-" if math.copysign(1, number) < 0 else ""
    if number == 0:
        return f"{sign}0"
    if not least <= exponent < below:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{'-' if exponent < 0 else '+'}{abs(exponent):0{exponent_digits}}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    digits = digits.ljust(exponent + 1, "0")
    return f"{sign}{digits[: exponent + 1]}{'.' if digits[exponent + 1 :] else ''}{digits[exponent + 1 :]}"


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond floats
        number = math.inf
    if not math.isfinite(number):
        raise TemplateFailed(f"json: unsupported value: {number}")
    return number


_WORDS = {None: "null", True: "true", False: "false"}
_encode = json.JSONEncoder(ensure_ascii=False).encode
_ALWAYS_ESCAPED = [(c, f"\\u{ord(c):04x}") for c in "\u2028\u2029"]
_ESCAPES = [(c, f"\\u{ord(c):04x}") for c in "<>&"] + _ALWAYS_ESCAPED
