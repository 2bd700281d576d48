"""A sequence: the tokens of one generation in progress, and how far they are computed. It knows nothing of a model."""

from enum import Enum

from paddock.engine.multimodal.placeholders import Placeholders


class State(Enum):
    """Where a sequence stands."""

    WAITING = "waiting"
    PREFILLING = "prefilling"
    DECODING = "decoding"
    FINISHED = "finished"


class Sequence:
    """Tokens of a prompt, then of the reply to it. The scheduler owns what is below the line."""

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
        """Begin with the prompt `tokens`; `number` is the request's, `placeholders` are where its files stand."""
        self.id = number
        self.tokens = list(tokens)
        self.placeholders = placeholders or Placeholders()
        self.prompt_length = len(tokens)
        self.num_ctx = num_ctx
        """Most tokens of prompt and reply that it may hold at once."""
        self.num_keep = min(num_keep, num_ctx - 2)
        """How many tokens at the beginning survive a shift."""
        self.may_shift = may_shift
        self.use_cache = use_cache
        # ---
        self.state = State.WAITING
        self.arrival = 0
        self.slot = -1
        self.computed = 0
        """How many of its tokens lie in the cache."""
        self.reused: int | None = None
        """How many were there when it first started."""
        self.awaits: tuple[Sequence, int] | None = None
        """Another one that is computing a prefix of this one's, and how far it must get."""
        self.checkpoints: set[int] = set()
        """Lengths at which its state is to be kept, for kinds of memory that cannot be cut."""
        self.shifted = False
        """Whether its cells were computed with tokens before them that are gone: nobody else may use those."""

    @property
    def pending(self) -> int:
        """How many of its tokens are still to be computed."""
        return len(self.tokens) - self.computed


class PromptTooLong(ValueError):
    """The prompt does not fit the context and may not be cut."""


def kept_tokens(num_keep: int, prompt_length: int, adds_bos: bool) -> int:
    """How many tokens at the beginning survive a cut or a shift: `num_keep`, all of the prompt if negative, and BOS."""
    keep = prompt_length if num_keep < 0 else min(num_keep, prompt_length)
    return max(keep, int(adds_bos and prompt_length > 0))


def cut_prompt(
    prompt: list[int],
    num_ctx: int,
    num_keep: int,
    adds_bos: bool,
    truncate: bool,
    placeholders: Placeholders | None = None,
) -> tuple[list[int], Placeholders]:
    """Return a prompt that fits `num_ctx` with room for a reply, and where pictures and recordings stand in it.

    One of `num_ctx` tokens or more is cut to those to keep and the newest, down to half of what is not kept. Where
    one of these stands in what would go, other text goes, less if need be.

    Raises:
        PromptTooLong: if it does not fit and `truncate` is off, or for its pictures and recordings.
    """
    placeholders = placeholders or Placeholders()
    if len(prompt) < num_ctx:
        return prompt, placeholders
    if not truncate:
        raise PromptTooLong(
            f"request ({len(prompt)} tokens) exceeds the available context size ({num_ctx} tokens), try increasing it"
        )
    keep = min(kept_tokens(num_keep, len(prompt), adds_bos), num_ctx - 4)
    newest = max((num_ctx - keep) // 2, 1)
    start, end = _dispensable(len(prompt), num_ctx, keep, len(prompt) - keep - newest, placeholders)
    return prompt[:start] + prompt[end:], placeholders.without(start, end)


def _dispensable(length: int, num_ctx: int, keep: int, excess: int, placeholders: Placeholders) -> tuple[int, int]:
    """Return which tokens a prompt of `length` goes without: `excess` of them, if so many stand together."""
    texts = list(
        zip([keep, *(s.end for s in placeholders)], [*(s.start for s in placeholders), length - 1], strict=True)
    )
    for wanted in (excess, length - num_ctx + min(num_ctx // 4, 64)):
        for start, end in texts:
            start = max(start, keep)
            if end - start >= wanted:
                return start, start + wanted
    cells = sum(placeholder.num_tokens for placeholder in placeholders)
    raise PromptTooLong(
        f"request ({length} tokens, {cells} of them of images and audio) exceeds the available context size "
        f"({num_ctx} tokens), try increasing it"
    )
