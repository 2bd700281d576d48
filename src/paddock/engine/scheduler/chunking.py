"""How prompts are cut into chunks: within a budget, at images and audio, and where a snapshot is needed."""

from collections.abc import Callable

from paddock.engine.placeholders import PlaceholderRange
from paddock.engine.scheduler.output import EncoderInput, ScheduledChunk
from paddock.engine.scheduler.sequence import Sequence

HasEmbeddings = Callable[[Sequence, PlaceholderRange], bool]
"""Tells whether the embeddings of an image or audio, which comes next in a sequence, are there."""


class PromptChunks:
    """The next chunks of some prompts, and what has to be encoded before others can have one."""

    def __init__(self) -> None:
        self.text: list[ScheduledChunk] = []
        self.media: list[ScheduledChunk] = []
        self.encoder_inputs: list[EncoderInput] = []
        self.num_tokens = 0
        """Number of tokens in all chunks."""
        self.context_sum = 0
        """Sum over all tokens of the number of tokens before them."""

    def add(self, chunk: ScheduledChunk) -> None:
        """Add a chunk of text, or of an image or audio."""
        (self.text if chunk.placeholder is None else self.media).append(chunk)
        num_tokens = chunk.end - chunk.start
        self.num_tokens += num_tokens
        self.context_sum += num_tokens * ((chunk.start + chunk.end) // 2)


def chunk_prompts(sequences: list[Sequence], room: int, has_embeddings: HasEmbeddings) -> PromptChunks:
    """Return the next chunks of prompts, at most `room` tokens.

    The first sequences get the room. A non-causal image may take more, because it cannot be split.
    """
    chunks = PromptChunks()
    for sequence in sequences:
        start, placeholder = sequence.num_computed_tokens, None
        if sequence.has_media:
            placeholder = sequence.placeholders.at(start)
            if placeholder is not None and not has_embeddings(sequence, placeholder):
                chunks.encoder_inputs.append(EncoderInput(sequence, placeholder))
                continue
        end = _chunk_end(sequence, room, placeholder)
        if start < end:
            logits_from = end - 1 if end == len(sequence.tokens) else end
            chunks.add(ScheduledChunk(sequence, start, end, logits_from, placeholder))
            room = max(room - (end - start), 0)
    return chunks


def _chunk_end(sequence: Sequence, room: int, placeholder: PlaceholderRange | None) -> int:
    """Return where the next chunk of a prompt ends, if it takes at most `room` tokens.

    It is text up to an image or audio, or a part of `placeholder`. It ends where a snapshot is needed.
    """
    start = sequence.num_computed_tokens
    end = min(len(sequence.tokens), start + room)
    if placeholder is not None:
        end = min(end, placeholder.end) if not placeholder.non_causal else placeholder.end if room else start
    elif sequence.has_media:
        following = sequence.placeholders.next_start(start)
        end = end if following is None else min(end, following)
    for length in sequence.snapshot_lengths:
        if start < length < end:
            end = length
    return end
