"""Chunks of prompts cover each prompt once, in order, within the room, and split no image that must not be split."""

from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.placeholders import PlaceholderRange, Placeholders, placeholder_tokens
from paddock.engine.scheduler.chunking import chunk_prompts
from paddock.engine.scheduler.sequence import Sequence


def with_image(text: int, cells: int, rest: int, non_causal: bool = False) -> Sequence:
    """A prompt of some text, an image of `cells` tokens, and more text."""
    placeholder = PlaceholderRange(text, cells, cells, b"a", 0, non_causal)
    tokens = [1] * text + placeholder_tokens(b"a", 0, cells) + [2] * rest
    return Sequence(0, tokens, 1000, placeholders=Placeholders([placeholder]))


def test_the_first_prompts_get_the_room() -> None:
    first, second, third = (Sequence(i, [i] * 10, 100) for i in range(3))
    chunks = chunk_prompts([first, second, third], 15, lambda *_: True)
    assert [(c.sequence, c.start, c.end, c.logits_from) for c in chunks.text] == [(first, 0, 10, 9), (second, 0, 5, 5)]


def test_an_image_without_embeddings_is_to_be_encoded_first_and_others_go_on() -> None:
    waiting, text = with_image(0, 4, 2), Sequence(1, [1] * 3, 100)
    chunks = chunk_prompts([waiting, text], 15, lambda *_: False)
    assert [c.sequence for c in chunks.text] == [text] and not chunks.media
    assert [(e.sequence, e.placeholder.num_tokens) for e in chunks.encoder_inputs] == [(waiting, 4)]


def test_text_before_an_image_does_not_wait_for_it() -> None:
    chunks = chunk_prompts([with_image(3, 4, 2)], 15, lambda *_: False)
    assert [(c.start, c.end, c.placeholder) for c in chunks.text] == [(0, 3, None)] and not chunks.encoder_inputs


def test_a_non_causal_image_is_computed_whole_or_not_at_all() -> None:
    sequence = with_image(0, 20, 2, non_causal=True)
    assert not chunk_prompts([sequence], 0, lambda *_: True).num_tokens
    (chunk,) = chunk_prompts([sequence], 1, lambda *_: True).media
    assert (chunk.start, chunk.end, chunk.logits_from) == (0, 20, 20)


def test_a_chunk_ends_where_a_snapshot_is_needed() -> None:
    sequence = Sequence(0, [1] * 20, 100)
    sequence.snapshot_lengths = {8, 13}
    ends = []
    while sequence.num_pending_tokens:
        (chunk,) = chunk_prompts([sequence], 10, lambda *_: True).text
        sequence.num_computed_tokens = chunk.end
        ends.append(chunk.end)
    assert ends == [8, 13, 20]


@given(st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.booleans(), st.data())
def test_chunks_follow_one_another_to_the_end(
    text: int, cells: int, rest: int, non_causal: bool, data: st.DataObject
) -> None:
    sequence = with_image(text, cells, rest, non_causal)
    while sequence.num_pending_tokens:
        room = data.draw(st.integers(1, 8))
        chunks = chunk_prompts([sequence], room, lambda *_: True)
        (chunk,) = [*chunks.text, *chunks.media]
        assert bool(chunks.media) == (chunk.placeholder is not None)
        assert chunks.num_tokens == chunk.end - chunk.start
        assert chunk.start <= chunks.context_sum / chunks.num_tokens <= chunk.end
        whole = chunk.placeholder is not None and non_causal
        assert chunk.start == sequence.num_computed_tokens < chunk.end
        assert whole or chunk.end - chunk.start <= room
        assert {sequence.placeholders.at(i) for i in range(chunk.start, chunk.end)} == {chunk.placeholder}
        assert (chunk.logits_from < chunk.end) == (chunk.end == len(sequence.tokens))
        sequence.num_computed_tokens = chunk.end
