"""What one step of the engine computes, as the scheduler decides it.

Most are structs of msgspec, which are made in a third of the time of named tuples: each token needs some.
"""

from collections.abc import Sequence as Items
from typing import NamedTuple

import msgspec

from paddock.engine.placeholders import PlaceholderRange
from paddock.engine.scheduler.background import PrefillJob
from paddock.engine.scheduler.sequence import Sequence


class ScheduledChunk(msgspec.Struct):
    """Tokens [start, end) of a sequence, to be computed in this step."""

    sequence: Sequence
    start: int
    end: int
    logits_from: int
    """Index of the first token whose logits are needed; `end` if none are."""
    placeholder: PlaceholderRange | None = None
    """The range of an image or audio that all of the chunk's tokens belong to; None for text."""


class EncoderInput(NamedTuple):
    """A part of an image or audio whose embeddings a sequence needs before it can go on."""

    sequence: Sequence
    placeholder: PlaceholderRange


class ScheduleOutput(msgspec.Struct):
    """Everything that one step computes: a slice of background prefill, then encoding, then the chunks."""

    chunks: list[ScheduledChunk]
    """Text, to be computed in one batch. The chunks of sequences that stream their replies come first."""
    num_streaming: int
    """Number of sequences that stream their replies. They wait for this step."""
    media_chunks: Items[ScheduledChunk] = ()
    """Images and audio, each to be computed in a batch of its own, before the text."""
    num_prompt_tokens: int = 0
    """Number of tokens in the chunks of sequences that do not stream yet."""
    prompt_context: int = 0
    """Average number of tokens before one of those."""
    started: Items[Sequence] = ()
    """Sequences for whose prompts this step is the first that computes something."""
    encoder_inputs: Items[EncoderInput] = ()
    """Images and audio to encode, the oldest sequence's first."""
    background: PrefillJob | None = None
    """The background prefill that gets a slice of time in this step."""
    slice_seconds: float = 0.0
    """Seconds for the background prefill, and for encoding."""
