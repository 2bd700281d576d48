"""How much of a prompt goes into a step while other sequences are being answered.

A step with a piece of a prompt takes longer than one that only decodes, and every stream waits for it. The budget keeps
such a step within a few times a pure decode step. What a piece costs is learned from the steps before, as
`tokens * (a + b * context)`: the weights once for each token, and attention to all that came before it.
"""

STEP_RATIO = 3.4
"""How long a step may take, in pure decode steps. The bound to hold is 4 for the 99th percentile of gaps."""

FIRST_CHUNK = 28
"""Tokens, before anything has been measured."""

SLICE_RATIO = 1.2
"""How long a slice of a prompt that is computed aside may take, in pure decode steps as they are between slices: about
a third longer than undisturbed, since the caches are filled with other things each time."""

IDLE_SLICE = 0.1
"""Seconds of a slice when nobody waits for a token: whoever comes is seen after that."""

SMALLEST_CHUNK = 4
"""Tokens: with less, a prompt would hardly move."""

ROWS = 8
"""The kernels work on so many tokens at a time: a few more than a multiple take as long as the next one."""

WEIGHT = 0.2
"""Of the newest measurement in the moving average of decode steps."""

FORGET = 0.98
"""How much of what was learned about prompts stays with each step."""

CONTEXT_UNIT = 1024
"""Contexts are counted in thousands, so that both unknowns are of one size."""


class ChunkBudget:
    """Learns what steps cost, and says how many prompt tokens one may take."""

    def __init__(self, batch_tokens: int) -> None:
        self._batch_tokens = batch_tokens
        self._decode_seconds = 0.0
        self._cost = PrefillCost()

    def tokens(self, decoding: int, context: int) -> int:
        """How many prompt tokens behind `context` others the next step may take, with so many sequences decoding."""
        room = self._batch_tokens - decoding
        if not decoding:
            return room
        per_token = self._cost.per_token(context)
        if not self._decode_seconds or not per_token:
            return min(FIRST_CHUNK, room)
        affordable = int((STEP_RATIO - 1) * self._decode_seconds / per_token)
        if affordable > 2 * ROWS:
            affordable = (affordable + decoding) // ROWS * ROWS - decoding
        return max(min(affordable, room), min(SMALLEST_CHUNK, room))

    def slice(self, decoding: bool) -> float:
        """How many seconds a prompt that is computed aside gets before the next step."""
        return SLICE_RATIO * self._decode_seconds if decoding and self._decode_seconds else IDLE_SLICE

    def observe(self, decoding: int, prefilled: int, context: int, seconds: float) -> None:
        """Learn from a step: `prefilled` prompt tokens behind `context` others on average."""
        if not prefilled:
            before = self._decode_seconds
            self._decode_seconds = seconds if not before else before + WEIGHT * (seconds - before)
        elif not decoding:
            self._cost.learn(prefilled, context, seconds)
        elif self._decode_seconds:
            self._cost.learn(prefilled, context, max(seconds - self._decode_seconds, 0.1 * seconds))


class PrefillCost:
    """Least squares over what pieces of prompts took, the newest counting most."""

    def __init__(self) -> None:
        self._weight = self._context = self._squares = self._seconds = self._products = 0.0

    def learn(self, tokens: int, context: int, seconds: float) -> None:
        """Take a measurement; each counts alike, however many tokens it had."""
        x, y = context / CONTEXT_UNIT, seconds / tokens
        self._weight = FORGET * self._weight + 1
        self._context = FORGET * self._context + x
        self._squares = FORGET * self._squares + x * x
        self._seconds = FORGET * self._seconds + y
        self._products = FORGET * self._products + x * y

    def per_token(self, context: int) -> float:
        """Seconds for a token behind `context` others; 0 if nothing is known."""
        if not self._weight:
            return 0.0
        mean = self._seconds / self._weight
        spread = self._weight * self._squares - self._context**2
        if spread < 1e-3 * self._weight**2:
            return mean  # all at the same context: nothing to tell its part by
        slope = max((self._weight * self._products - self._context * self._seconds) / spread, 0.0)
        return max(mean + slope * (context / CONTEXT_UNIT - self._context / self._weight), mean / 4)
