"""Checks that numbers from a checkpoint's JSON files can become 32-bit floats, as GGUF stores them."""

from typing import TypeGuard

_LARGEST = 3.4e38
_SMALLEST = 1.2e-38
"""Smaller numbers lose digits, in the end all of them."""


def finite32(value: object) -> TypeGuard[float]:
    """Return whether a value from JSON is a number (no boolean) within the range of a 32-bit float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def positive32(value: object) -> TypeGuard[float]:
    """Return whether a value from JSON is a number that stays above 0 as a 32-bit float."""
    return finite32(value) and value >= _SMALLEST
