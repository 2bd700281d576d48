"""How much of a prompt goes into a step while other sequences are being answered.

A step with a piece of a prompt takes longer than one that only decodes, and every stream waits for it. The budget keeps
such a step within a few times a pure decode step, by what earlier steps took.
"""

STEP_RATIO = 3.0
"""How long a step may take, in pure decode steps. The bound to hold is 4 for the 99th percentile of gaps."""

FIRST_CHUNK = 32
"""Tokens, before anything has been measured."""

SMALLEST_CHUNK = 8
"""Tokens: with less, a prompt would hardly move."""

WEIGHT = 0.2
"""Of the newest measurement in the moving averages."""


class ChunkBudget:
    """Learns what steps cost, and says how many prompt tokens one may take."""

    def __init__(self, batch_tokens: int) -> None:
        self._batch_tokens = batch_tokens
        self._decode_seconds = 0.0
        self._prefill_seconds = 0.0
        """Per token, beside decoding."""

    def tokens(self, decoding: int) -> int:
        """How many prompt tokens the next step may take, with so many sequences decoding."""
        if not decoding:
            return self._batch_tokens
        room = self._batch_tokens - decoding
        if not self._decode_seconds or not self._prefill_seconds:
            return min(FIRST_CHUNK, room)
        seconds = (STEP_RATIO - 1) * self._decode_seconds
        return max(min(int(seconds / self._prefill_seconds), room), min(SMALLEST_CHUNK, room))

    def observe(self, decoding: int, prefilled: int, seconds: float) -> None:
        """Learn from a step."""
        if not prefilled:
            self._decode_seconds = _average(self._decode_seconds, seconds)
        elif not decoding:
            self._prefill_seconds = self._prefill_seconds or seconds / prefilled
        elif self._decode_seconds:
            cost = max(seconds - self._decode_seconds, 0.1 * seconds) / prefilled
            self._prefill_seconds = _average(self._prefill_seconds, cost)


def _average(before: float, now: float) -> float:
    return now if not before else before + WEIGHT * (now - before)
