"""Counts the calls that something takes: a measure of work that no other process on the machine changes."""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_calls(action: Callable[[], object]) -> Counter[str]:
    """Return how often each function, in Python or C, is called by its name while `action` runs in this thread."""
    counts: Counter[str] = Counter()

    def note(frame: FrameType, event: str, function: Any) -> None:
        if event == "call":
            counts[frame.f_code.co_name] += 1
        elif event == "c_call":
            counts[function.__name__] += 1

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    del counts["setprofile"]
    return counts
