"""Which numbers of a checkpoint's files can become 32-bit floats, as a GGUF file has them."""

from typing import TypeGuard

_LARGEST = 3.4e38
_SMALLEST = 1.2e-38
"""Smaller ones lose digits, in the end all of them."""


def finite32(value: object) -> TypeGuard[float]:
    """Whether a value from JSON is a number (no truth value) that a 32-bit float can hold, however many digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def positive32(value: object) -> TypeGuard[float]:
    """Whether it is such a number, and above 0 as a 32-bit float, too."""
    return finite32(value) and value >= _SMALLEST
