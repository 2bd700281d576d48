"""JSON values in the format of Go's `%v`, which `show -v` prints."""

from typing import Any


def format_value(value: Any) -> str:
    """Format a value of a JSON document, in which every number is a 64-bit float."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return format_float(float(value))
        case list():
            return f"[{' '.join(map(format_value, value))}]"
        case dict():
            return f"map[{' '.join(f'{k}:{format_value(v)}' for k, v in sorted(value.items()))}]"
        case _:
            return str(value)


def format_float(value: float) -> str:
    """Format a float in the fewest digits, with an exponent below 1e-04 and from 1e+06 up.

    >>> format_float(128256), format_float(4294967295), format_float(0.00001)
    ('128256', '4.294967295e+09', '1e-05')
    """
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, point = _shortest(value)
    exponent = point - 1
    if not -4 <= exponent < 6:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"
    return sign + _plain(digits, point)


def format_decimal(value: float) -> str:
    """Format a float in the fewest digits and never with an exponent: `131072`, `0.00001`."""
    sign, digits, point = _shortest(value)
    return sign + _plain(digits, point)


def _shortest(value: float) -> tuple[str, str, int]:
    """Return the sign, the fewest digits that identify the float, and the position of the decimal point in them."""
    text = repr(value)
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) - (len(whole + fraction) - len(digits)) + int(exponent or 0)
    digits = digits.rstrip("0")
    return (sign, digits, point) if digits else (sign, "0", 1)


def _plain(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"
