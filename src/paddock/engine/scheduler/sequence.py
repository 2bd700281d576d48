"""A sequence: the tokens of one generation in progress, and how many of them are computed. It knows no model."""

from enum import Enum

from paddock.engine.placeholders import NO_PLACEHOLDERS, Placeholders


class State(Enum):
    """State of a sequence."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"


class Sequence:
    """Tokens of a prompt, then of the reply to it. The scheduler owns the attributes after the line.

    A step of the engine lets the computed tokens catch up with the known ones, all at once or in chunks.
    """

    def __init__(
        self,
        number: int,
        tokens: list[int],
        num_ctx: int,
        *,
        num_keep: int = 0,
        may_shift: bool = True,
        use_cache: bool = True,
        placeholders: Placeholders | None = None,
    ) -> None:
        """Begin with the prompt `tokens`.

        `number` is the request's id. `placeholders` are the ranges of images and audio in the prompt.
        """
        self.id = number
        self.tokens = list(tokens)
        self.placeholders = placeholders or NO_PLACEHOLDERS
        self.has_media = placeholders is not None and len(placeholders) > 0
        """Whether images or audio are or were among the tokens."""
        self.prompt_length = len(tokens)
        self.num_ctx = num_ctx
        """Most tokens of prompt and reply that the sequence may hold at once."""
        self.num_keep = min(num_keep, num_ctx - 2)
        """Number of tokens at the beginning that a context shift keeps."""
        self.may_shift = may_shift
        self.use_cache = use_cache
        # ---
        self.state = State.WAITING
        self.arrival = 0
        """Place in the order of arrival."""
        self.seq_id = -1
        """llama.cpp's id for the cells; -1 without cells."""
        self.num_computed_tokens = 0
        self.num_cells = 0
        """Number of tokens for which cells are reserved; at least the computed ones."""
        self.prefill_started = False
        """Whether a step has computed something for the prompt: text, embeddings, or a slice of background prefill."""
        self.prefill_length = 0
        """Number of tokens to compute before one is sampled: those known when the sequence was admitted."""
        self.num_cached_tokens: int | None = None
        """Number of tokens that were found in the cache when the sequence was first admitted; None before."""
        self.waits_for_prefix_of: tuple[Sequence, int] | None = None
        """A sequence that is computing a prefix of this one, and the length of that prefix."""
        self.snapshot_lengths: set[int] = set()
        """Lengths at which to keep the state, where a cache does not support partial reuse."""
        self.shifted = False
        """Whether the cells depend on tokens that are gone. Then nobody else may use those after the kept ones."""
        self.allow_background = True
        """Whether the prefill may run in the background."""

    @property
    def num_pending_tokens(self) -> int:
        """Number of known tokens that are not computed yet."""
        return len(self.tokens) - self.num_computed_tokens

    def position(self, index: int) -> int:
        """Return the position of the token `index`, which differs from the index after an image or audio."""
        return self.placeholders.position(index) if self.has_media else index

    def round_down(self, length: int) -> int:
        """Return the greatest length up to `length` that splits no image or audio."""
        return self.placeholders.round_down(length) if self.has_media else length

    @property
    def is_prefilling(self) -> bool:
        """Whether the sequence is running, but has tokens to compute before it streams its reply."""
        return self.state is State.RUNNING and self.num_computed_tokens < self.prefill_length


class PromptTooLong(ValueError):
    """The prompt does not fit the context and may not be truncated."""


def kept_tokens(num_keep: int, prompt_length: int, adds_bos: bool) -> int:
    """Return how many tokens at the beginning a truncation or a shift keeps.

    These are `num_keep`, or the whole prompt if that is negative, and always BOS.
    """
    keep = prompt_length if num_keep < 0 else min(num_keep, prompt_length)
    return max(keep, int(adds_bos and prompt_length > 0))


def truncate_prompt(
    prompt: list[int],
    num_ctx: int,
    num_keep: int,
    adds_bos: bool,
    truncate: bool,
    placeholders: Placeholders | None = None,
) -> tuple[list[int], Placeholders | None]:
    """Return a prompt that leaves room for a reply within `num_ctx`, and the ranges of images and audio in it.

    A prompt of `num_ctx` tokens or more keeps its first tokens (see `kept_tokens`) and its newest ones, which fill half
    of what is left. Images and audio are never removed: other text goes in their place, and less of it if need be.

    Raises:
        PromptTooLong: if the prompt does not fit and `truncate` is off, or if its images and audio leave no room.
    """
    if len(prompt) < num_ctx:
        return prompt, placeholders
    if not truncate:
        raise PromptTooLong(
            f"request ({len(prompt)} tokens) exceeds the available context size ({num_ctx} tokens), try increasing it"
        )
    keep = min(kept_tokens(num_keep, len(prompt), adds_bos), num_ctx - 4)
    newest = max((num_ctx - keep) // 2, 1)
    placeholders = placeholders or NO_PLACEHOLDERS
    start, end = _range_to_remove(len(prompt), num_ctx, keep, len(prompt) - keep - newest, placeholders)
    return prompt[:start] + prompt[end:], placeholders.without(start, end)


def _range_to_remove(length: int, num_ctx: int, keep: int, excess: int, placeholders: Placeholders) -> tuple[int, int]:
    """Return which text to remove from a prompt of `length`: `excess` tokens if so many stand together, else fewer."""
    texts = list(
        zip([keep, *(s.end for s in placeholders)], [*(s.start for s in placeholders), length - 1], strict=True)
    )
    for count in (excess, length - num_ctx + min(num_ctx // 4, 64)):
        for start, end in texts:
            start = max(start, keep)
            if end - start >= count:
                return start, start + count
    num_media_tokens = sum(placeholder.num_tokens for placeholder in placeholders)
    raise PromptTooLong(
        f"request ({length} tokens, {num_media_tokens} of them of images and audio) exceeds the available context size "
        f"({num_ctx} tokens), try increasing it"
    )
