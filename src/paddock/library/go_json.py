"""JSON and numbers as Go writes them, so that equal models have equal digests whichever server made them."""

import json
import math

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_HTML = str.maketrans(_ESCAPES)
_NAMED = dict(zip("\a\b\f\n\r\t\v", ("\\a", "\\b", "\\f", "\\n", "\\r", "\\t", "\\v"), strict=True))


def go_number(value: int | float, *, json_rules: bool = True) -> str:
    """Return the shortest text that reads back as the number.

    Args:
        json_rules: write as Go's JSON encoder, with plain digits from 1e-6 up to 1e21; otherwise as `%v` prints a
            64-bit float, with an exponent below 1e-4.
    """
    if isinstance(value, int):
        return str(value)
    if value == 0 or not math.isfinite(value):
        return "0"
    low = 1e-6 if json_rules else 1e-4
    mantissa, _, exponent = f"{value!r}".lower().partition("e")
    if not low <= abs(value) < 1e21:
        if not exponent:
            mantissa, _, exponent = _scientific(value).partition("e")
        power = int(exponent)
        digits = mantissa.removesuffix(".0")
        return f"{digits}e{'-' if power < 0 else '+'}{abs(power) if json_rules else f'{abs(power):02}'}"
    if exponent:  # Python uses exponents for smaller numbers than Go does
        text = f"{value:.{max(0, len(mantissa.replace('-', '').replace('.', '')) - 1 - int(exponent))}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return mantissa.removesuffix(".0")


def go_json(value: object) -> str:
    """Return a JSON value as one line: no spaces, keys sorted, `<`, `>` and `&` escaped.

    Raises:
        TypeError: if it is not a JSON value.
    """
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return go_number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).translate(_HTML)
    if isinstance(value, dict):
        return "{" + ",".join(f"{go_json(str(k))}:{go_json(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(go_json, value)) + "]"
    raise TypeError(f"{type(value).__name__} is not a JSON type")


def go_quoted(text: str) -> str:
    """Return `text` as `%q` prints it: in quotes, on one line, with unprintable characters escaped."""
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return "\\" + character
    if character in _NAMED:
        return _NAMED[character]
    if character.isprintable():
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _scientific(value: float) -> str:
    for digits in range(17):
        if float(text := f"{value:.{digits}e}") == value:
            return text
    return f"{value:.17e}"
