"""Memory that native code has freed, and the C library keeps for itself."""

import sys
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Return freed memory to the system. Takes a few milliseconds; does nothing without glibc.

    The C library keeps what was allocated in pieces of up to 32 MB, and each thread has a heap of its own.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    import ctypes

    try:
        function: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except AttributeError:  # another C library
        return None
    return function
