"""Values that break things: numbers at the edges of their types, odd texts, and changes of JSON."""

import random
from collections.abc import Sequence
from typing import Any

EDGES = (0, 1, 2, 3, 7, 255, 256, 65535, 65536, 1_000_000, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1)
FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e-9, 1e9, 3.4e38, 1e308, float("inf"), float("-inf"), float("nan"))
TEXTS = (
    "",
    " ",
    "a",
    "\0",
    "\n",
    "\ufeff",
    "\u2581",
    "ÿ" * 3,
    "💡",
    "%s%n%d",
    "{{",
    "}}",
    "{%",
    "<|im_start|>",
    "../../etc/passwd",
    "/etc/passwd",
    "none",
    "llama",
    "clip",
    "a" * 5000,
)


def number_near(value: int, dice: random.Random) -> int:
    """Return a whole number at an edge or near `value`; never negative."""
    near = (value + 1, max(0, value - 1), value * 2, value // 2, value * 7 + 3, dice.randrange(1, 300))
    return dice.choice((*EDGES, *near, *near))


def changed_json(value: Any, dice: random.Random, words: Sequence[Any] = ()) -> Any:
    """Return a JSON value with one place changed, deep copies elsewhere.

    Args:
        value: the value.
        dice: what decides.
        words: values of the field that may stand anywhere, beside the usual suspects.
    """
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(list(value))
        how = dice.randrange(9)
        if how == 0:
            return {name: one for name, one in value.items() if name != key}
        if how == 1:
            return {dice.choice([*value, *TEXTS]) if name == key else name: one for name, one in value.items()}
        if how == 2:
            return value | {str(dice.choice([*(w for w in words if isinstance(w, str)), *TEXTS])): value[key]}
        if how == 3:
            return value | {key: value}  # as deep as it gets without a circle
        return value | {key: changed_json(value[key], dice, words)}
    if isinstance(value, list) and value and dice.random() < 0.85:
        place = dice.randrange(len(value))
        how = dice.randrange(7)
        if how == 0:
            return value[:place] + value[place + 1 :]
        if how == 1:
            return value * dice.choice((2, 10, 300))
        if how == 2:
            return [*value, value]
        return [*value[:place], changed_json(value[place], dice, words), *value[place + 1 :]]
    return other_value(value, dice, words)


def other_value(value: Any, dice: random.Random, words: Sequence[Any] = ()) -> Any:
    """Return another value than this one, often of the same type."""
    if words and dice.random() < 0.3:
        return dice.choice(list(words))
    if isinstance(value, bool) or dice.random() < 0.15:
        return dice.choice((None, True, False, 0, -1, 1.5, "", [], {}, [[]], {"a": {}}, [None]))
    if isinstance(value, int):
        return dice.choice((1, 1, 1, -1)) * number_near(abs(value), dice)
    if isinstance(value, float):
        finite = [one for one in FLOATS if abs(one) < 1e300]
        return dice.choice([*finite, value * 2, -value, int(value)])
    if isinstance(value, str):
        return changed_text(value, dice)
    return dice.choice((None, 0, "", [], {}, value))


def changed_text(text: str, dice: random.Random) -> str:
    """Return a text with one place changed."""
    how = dice.randrange(7)
    place = dice.randrange(len(text) + 1)
    end = min(len(text), place + dice.randrange(1, 12))
    if how == 0:
        return dice.choice(TEXTS)
    if how == 1:
        return text[:place] + dice.choice(TEXTS)[:20] + text[place:]
    if how == 2:
        return text[:place] + text[end:]
    if how == 3:
        return text[:place] + text[place:end] * dice.choice((2, 3, 50)) + text[end:]
    if how == 4:
        return text[:place]
    if how == 5 and text:
        other = dice.randrange(len(text))
        return text[:place] + text[other : other + dice.randrange(1, 40)] + text[place:]
    return text[:place] + chr(dice.choice((0x20, 0x22, 0x27, 0x5C, 0x7B, 0x7D, 0x28, 0x29, 0xE9, 0x2581))) + text[end:]


def damaged(data: bytes, dice: random.Random, within: int) -> bytes:
    """Return bytes with a few changed among the first `within`, cut off, or with some more in between."""
    within = max(1, min(within, len(data)))
    how = dice.randrange(5)
    place = dice.randrange(within)
    if how == 0:
        return data[:place]
    if how == 1:
        return data[: dice.randrange(len(data) + 1)]
    if how == 2:
        return data[:place] + dice.randbytes(dice.choice((1, 4, 8))) + data[place:]
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8))):
        changed[dice.randrange(within)] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    return bytes(changed)
