"""How many prompt tokens a step may take while other sequences stream their replies.

A step with part of a prompt takes longer than one without, and every stream waits for it. The budget keeps such a step
within a few times a pure decode step. The cost of a chunk is learned from the steps before it as
`tokens * (a + b * context)`: each token passes the weights once, and attends to all tokens before it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class BudgetConfig:
    """Tuning of the token budget."""

    step_ratio: float = 3.4
    """Longest step with prompt tokens, in pure decode steps. The 99th percentile of gaps must stay below 4."""
    first_chunk_tokens: int = 28
    """Tokens of a chunk before anything has been measured."""
    slice_ratio: float = 1.2
    """Length of a slice of background prefill, in decode steps as they are between slices. Those take about a third
    longer than undisturbed ones, because the slices evict their data from the processor's caches."""
    idle_slice_seconds: float = 0.1
    """Length of a slice when nobody streams: a new request waits that long."""
    min_chunk_tokens: int = 4
    """Smallest chunk; with less, a prompt would hardly make progress."""
    row_multiple: int = 8
    """The kernels process rows in groups of this size: a few rows more cost as much as another group."""
    decode_weight: float = 0.2
    """Weight of the newest measurement in the moving average of decode steps."""
    decay: float = 0.98
    """Factor by which each new chunk reduces the weight of the earlier ones."""


CONTEXT_UNIT = 1024
"""Contexts are counted in thousands of tokens, so that both unknowns have a similar magnitude."""


class ChunkBudget:
    """Learns the cost of steps, and limits the prompt tokens in one."""

    def __init__(self, batch_tokens: int, config: BudgetConfig | None = None) -> None:
        self._config = config or BudgetConfig()
        self._batch_tokens = batch_tokens
        self._decode_weight = self._config.decode_weight
        self._decode_seconds = 0.0
        self._cost = PrefillCost(self._config.decay)

    def prompt_tokens(self, num_decoding: int, context: int) -> int:
        """Return how many prompt tokens the next step may take.

        The step also decodes `num_decoding` tokens. `context` tokens come before those of the prompt.
        """
        config = self._config
        room = self._batch_tokens - num_decoding
        if not num_decoding:
            return room
        per_token = self._cost.per_token(context)
        if not self._decode_seconds or not per_token:
            return min(config.first_chunk_tokens, room)
        affordable = int((config.step_ratio - 1) * self._decode_seconds / per_token)
        rows = config.row_multiple
        if affordable > 2 * rows:
            affordable = (affordable + num_decoding) // rows * rows - num_decoding
        return max(min(affordable, room), min(config.min_chunk_tokens, room))

    def slice_seconds(self, streaming: bool) -> float:
        """Return how many seconds a background prefill or an encoding may take before the next step."""
        if streaming and self._decode_seconds:
            return self._config.slice_ratio * self._decode_seconds
        return self._config.idle_slice_seconds

    def observe(self, num_decoding: int, num_prompt_tokens: int, context: int, seconds: float) -> None:
        """Learn from a step that decoded `num_decoding` tokens and computed `num_prompt_tokens` of prompts.

        `context` is the average number of tokens before one of the latter.
        """
        if not num_prompt_tokens:
            before = self._decode_seconds
            self._decode_seconds = before + self._decode_weight * (seconds - before) if before else seconds
        elif not num_decoding:
            self._cost.learn(num_prompt_tokens, context, seconds)
        elif self._decode_seconds:
            self._cost.learn(num_prompt_tokens, context, max(seconds - self._decode_seconds, 0.1 * seconds))


class PrefillCost:
    """A least-squares fit of the cost of chunks, in which the newest chunks count most."""

    def __init__(self, decay: float = BudgetConfig.decay) -> None:
        self._decay = decay
        self._weight = self._context = self._squares = self._seconds = self._products = 0.0

    def learn(self, num_tokens: int, context: int, seconds: float) -> None:
        """Add a measurement. Each counts the same, however many tokens the chunk had."""
        decay = self._decay
        x, y = context / CONTEXT_UNIT, seconds / num_tokens
        self._weight = decay * self._weight + 1
        self._context = decay * self._context + x
        self._squares = decay * self._squares + x * x
        self._seconds = decay * self._seconds + y
        self._products = decay * self._products + x * y

    def per_token(self, context: int) -> float:
        """Return the seconds that a token takes after `context` others; 0 if nothing is known."""
        if not self._weight:
            return 0.0
        mean = self._seconds / self._weight
        spread = self._weight * self._squares - self._context**2
        if spread < 1e-3 * self._weight**2:
            return mean  # all measured at the same context, which does not tell how the cost depends on it
        slope = max((self._weight * self._products - self._context * self._seconds) / spread, 0.0)
        return max(mean + slope * (context / CONTEXT_UNIT - self._context / self._weight), mean / 4)
