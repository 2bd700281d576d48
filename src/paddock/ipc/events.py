"""Events: what a runner sends to the fleet. Durations are nanoseconds."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

FinishReason = Literal["stop", "length"]
"""`stop`: the model ended its reply, a stop text came or the constraint was complete; `length`: a limit was reached."""

FailureKind = Literal["invalid", "too_long", "overloaded", "engine"]
"""`invalid`: the request asks for what the model cannot do; `too_long`: it does not fit the context; `overloaded`: the
runner has no room for it now; `engine`: the runner is at fault."""


class Loaded(msgspec.Struct, tag="loaded", frozen=True, kw_only=True):
    """The model is ready; the answer to `LoadModel`. Says what was chosen where the command left the choice."""

    context_length: int
    """Most tokens of prompt and reply that one request may use."""
    pool_tokens: int
    """Cells of the KV cache."""
    max_sequences: int
    """Most sequences that run at once."""
    threads: int
    flash_attention: bool
    gpu: bool = False
    """Whether the runner can compute on a GPU, so that `gpu_layers` and `main_gpu` have an effect."""
    description: str
    """Name of the model's architecture, size and quantization, for the log."""
    adds_bos: bool = False
    """Whether tokenizing puts the beginning-of-sequence token before a prompt."""
    bos: str = ""
    """Text of the beginning-of-sequence token; "" if there is none."""
    eos: str = ""
    """Text of the end-of-sequence token; "" if there is none."""
    memory: int = 0
    """Bytes that the model and its projector occupy, as the runner counts them."""


class LoadFailed(msgspec.Struct, tag="load_failed", frozen=True):
    """The model cannot be loaded; the runner ends. The other answer to `LoadModel`."""

    message: str


class TokenLogprob(msgspec.Struct, frozen=True, array_like=True):
    """A token's log probability, with the likeliest tokens in its place."""

    token: str
    """The token's text, with replacement characters for what is no UTF-8."""
    logprob: float
    """Natural logarithm of the probability that the model gave it, before sampling options and constraints."""
    bytes: bytes
    """The token's text as it is."""
    top: tuple["TokenLogprob", ...] = ()
    """The likeliest tokens, likeliest first; their own `top` is empty."""


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a reply's text, whole characters only. Pieces come in order."""

    id: int
    text: str
    logprobs: tuple[TokenLogprob, ...] | None = None
    """One of each token that was generated since the last chunk, if the request wants them. A token may come before
    its text, which is held back while it could begin a stop text."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A reply is complete; nothing more of its id comes."""

    id: int
    reason: FinishReason
    prompt_tokens: int
    """Number of tokens of the prompt, after it was cut if it was."""
    cached_tokens: int
    """Number of the prompt's tokens that were found in the cache."""
    prompt_duration: int
    """From the first computation for the prompt to the first token."""
    reply_tokens: int
    reply_duration: int
    """From the first token to the end."""


class Failed(msgspec.Struct, frozen=True):
    """A request of any kind failed; nothing more of its id comes."""

    id: int
    message: str
    kind: FailureKind = "engine"


class Step(msgspec.Struct, tag="step", frozen=True, omit_defaults=True):
    """The results of one or several steps of the engine, for all requests together.

    A request's chunks come in order and before its end. There is at most one end of each id.
    """

    chunks: tuple[Chunk, ...] = ()
    finished: tuple[Finished, ...] = ()
    failed: tuple[Failed, ...] = ()


class Tokens(msgspec.Struct, tag="tokens", frozen=True):
    """The answer to `Tokenize`."""

    id: int
    data: memoryview
    """Token ids as 32-bit integers in native byte order: of a long text there are millions, too many to decode."""

    @classmethod
    def of(cls, id: int, tokens: Iterable[int]) -> "Tokens":
        """Return the event that holds `tokens`."""
        return cls(id, memoryview(array("i", tokens)).cast("B"))

    @property
    def tokens(self) -> Sequence[int]:
        """Token ids, read from `data` without a copy."""
        return self.data.cast("i")


class Measured(msgspec.Struct, tag="measured", frozen=True):
    """The answer to `Measure`."""

    id: int
    tokens: tuple[int, ...]
    """Number of tokens that each file takes in a prompt, in the order of the files."""


class Vector(msgspec.Struct, frozen=True, array_like=True):
    """The embedding of one text, or its score."""

    id: int
    number: int
    """Index of the text in its request."""
    tokens: int
    """Number of tokens that were computed for it; of a text that was cut, only those that were left."""
    data: bytes
    """Components as 32-bit floats in native byte order."""


class Embedded(msgspec.Struct, tag="embedded", frozen=True):
    """Vectors that one batch completed, for all requests together and in no particular order."""

    vectors: tuple[Vector, ...]


class Statistics(msgspec.Struct, tag="statistics", frozen=True, kw_only=True):
    """State of the runner. Unasked for: sent when it has changed, at most once a second.

    Counts of tokens and steps are totals since the model was loaded.
    """

    running: int = 0
    """Number of sequences in progress."""
    waiting: int = 0
    """Number of requests that wait to start."""
    cached: int = 0
    """Number of finished sequences and saved states that are kept for their prefixes."""
    cached_tokens: int = 0
    """Number of tokens in the cache that only those hold."""
    prompt_tokens: int = 0
    """Number of prompt tokens that were computed."""
    reused_tokens: int = 0
    """Number of prompt tokens that were found in the cache."""
    reply_tokens: int = 0
    """Number of tokens that were generated."""
    steps: int = 0
    busy_seconds: float = 0.0
    """Time spent computing."""
    tokens_per_second: float = 0.0
    """Prompt tokens computed and tokens generated per second of computing, since the last report."""
    preemptions: int = 0
    """Number of times that a running sequence had to give its cells to others."""
    background_failures: int = 0
    """Number of long prompts whose prefill in the background failed, so that they were computed in the foreground."""
    encoded_media: int = 0
    """Number of pieces of images and audio that were encoded; reused embeddings and cells do not count."""
    free_cells: int = 0
    """Number of cells of the KV cache that hold nothing."""

    @property
    def hit_rate(self) -> float:
        """Share of all prompt tokens that were found in the cache."""
        total = self.prompt_tokens + self.reused_tokens
        return self.reused_tokens / total if total else 0.0


Event = Loaded | LoadFailed | Step | Tokens | Measured | Embedded | Statistics
