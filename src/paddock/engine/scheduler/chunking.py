"""How prompts are cut into chunks: within a budget, at images and audio, and where a snapshot is needed."""

from collections.abc import Callable

from paddock.engine.multimodal.placeholders import PlaceholderRange
from paddock.engine.scheduler.output import EncoderInput, ScheduledChunk
from paddock.engine.scheduler.sequence import Sequence

HasEmbeddings = Callable[[Sequence, PlaceholderRange], bool]
"""Tells whether the embeddings of an image or audio, which comes next in a sequence, are there."""


def chunk_prompts(
    sequences: list[Sequence], room: int, has_embeddings: HasEmbeddings
) -> tuple[list[ScheduledChunk], list[EncoderInput]]:
    """Return the next chunks of prompts, at most `room` tokens, and the images and audio that have to be encoded first.

    The first sequences get the room. A non-causal image may take more, because it cannot be split.
    """
    chunks: list[ScheduledChunk] = []
    encoder_inputs: list[EncoderInput] = []
    for sequence in sequences:
        placeholder = sequence.placeholders.at(sequence.num_computed_tokens)
        if placeholder is not None and not has_embeddings(sequence, placeholder):
            encoder_inputs.append(EncoderInput(sequence, placeholder))
            continue
        start, end = sequence.num_computed_tokens, _chunk_end(sequence, room, placeholder)
        if start < end:
            logits_from = end - 1 if end == len(sequence.tokens) else end
            chunks.append(ScheduledChunk(sequence, start, end, logits_from, placeholder))
            room = max(room - (end - start), 0)
    return chunks, encoder_inputs


def _chunk_end(sequence: Sequence, room: int, placeholder: PlaceholderRange | None) -> int:
    """Return where the next chunk of a prompt ends, if it takes at most `room` tokens.

    It is text up to an image or audio, or a part of `placeholder`. It ends where a snapshot is needed.
    """
    start = sequence.num_computed_tokens
    end = min(len(sequence.tokens), start + room)
    if placeholder is None:
        following = sequence.placeholders.next_start(start)
        end = end if following is None else min(end, following)
    elif placeholder.non_causal:
        end = placeholder.end if room else start
    else:
        end = min(end, placeholder.end)
    return min([end, *(length for length in sequence.snapshot_lengths if length > start)])
