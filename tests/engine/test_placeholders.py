"""Placeholders of images in prompts: tokens, positions, and what is cut from a prompt that is too long."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.binding import LlamaModel
from paddock.engine.binding.mtmd import MediaChunk
from paddock.engine.multimodal.preprocessing import MediaFile, ProcessedMedia, referenced_media, tokenize_with_media
from paddock.engine.placeholders import (
    FIRST_PLACEHOLDER_TOKEN,
    PlaceholderRange,
    Placeholders,
    placeholder_tokens,
)
from paddock.engine.scheduler.sequence import PromptTooLong, truncate_prompt
from paddock.ipc import Placeholder
from tests.models.llama import tiny_llama


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(tiny_llama(Path(tmp_path_factory.mktemp("placeholders")) / "model.gguf")))
    yield loaded
    loaded.close()


def seen(name: str, *parts: MediaChunk) -> ProcessedMedia:
    return ProcessedMedia(MediaFile(name.encode(), b""), parts)


@st.composite
def prompts_with_images(draw: st.DrawFn) -> tuple[list[int], Placeholders]:
    """Draw a prompt with images, each with embedding tokens of its own."""
    tokens = draw(st.lists(st.integers(0, 9), max_size=12))
    placeholders = []
    for number in range(draw(st.integers(0, 4))):
        cells = draw(st.integers(1, 9))
        placeholders.append(
            PlaceholderRange(len(tokens), cells, draw(st.integers(1, cells)), bytes([number]), 0, False)
        )
        tokens += placeholder_tokens(bytes([number]), 0, cells)
        tokens += draw(st.lists(st.integers(0, 9), max_size=12))
    return [*tokens, 5], Placeholders(placeholders)


def agrees(tokens: list[int], placeholders: Placeholders) -> bool:
    """Return whether the tokens of images are where the placeholders say, whole, and nowhere else."""
    cells: dict[int, int] = {}
    for placeholder in placeholders:
        cells |= zip(
            range(placeholder.start, placeholder.end),
            placeholder_tokens(placeholder.file, 0, placeholder.num_tokens),
            strict=True,
        )
    return cells == {index: token for index, token in enumerate(tokens) if token < 0}


@settings(deadline=None)
@given(prompts_with_images(), st.data())
def test_a_place_in_the_middle_of_an_image_is_one_before_it(
    prompt: tuple[list[int], Placeholders], data: st.DataObject
) -> None:
    tokens, placeholders = prompt
    assert agrees(tokens, placeholders)
    length = data.draw(st.integers(0, len(tokens)))
    middles = [placeholder for placeholder in placeholders if placeholder.start < length < placeholder.end]
    assert placeholders.round_down(length) == (middles[0].start if middles else length)
    inside = [placeholder for placeholder in placeholders if placeholder.start <= length < placeholder.end]
    assert placeholders.at(length) == (inside[0] if inside else None)
    assert placeholders.next_start(length) == min((s.start for s in placeholders if s.start > length), default=None)


@settings(deadline=None)
@given(prompts_with_images())
def test_positions_grow_by_those_of_each_token_and_each_image(prompt: tuple[list[int], Placeholders]) -> None:
    tokens, placeholders = prompt
    position, index = 0, 0
    while index < len(tokens):
        assert placeholders.position(index) == position
        placeholder = placeholders.at(index)
        index, position = (
            (placeholder.end, position + placeholder.num_positions) if placeholder else (index + 1, position + 1)
        )


@settings(deadline=None)
@given(prompts_with_images(), st.integers(8, 60), st.integers(-1, 20), st.booleans())
def test_a_prompt_that_is_cut_keeps_its_images_whole_or_is_refused(
    prompt: tuple[list[int], Placeholders], num_ctx: int, num_keep: int, adds_bos: bool
) -> None:
    tokens, placeholders = prompt
    try:
        cut, left = truncate_prompt(tokens, num_ctx, num_keep, adds_bos, True, placeholders)
    except PromptTooLong:
        assert placeholders
        assert len(tokens) >= num_ctx
        return
    assert len(cut) < num_ctx
    assert left is not None and agrees(cut, left)
    assert len(left) == len(placeholders)
    assert cut[-1] == tokens[-1]
    if len(tokens) < num_ctx:
        assert cut == tokens


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.integers(8, 60), st.integers(-1, 20), st.booleans())
def test_text_alone_always_fits_and_keeps_its_newest_half(
    tokens: list[int], num_ctx: int, num_keep: int, adds_bos: bool
) -> None:
    cut, _ = truncate_prompt(tokens, num_ctx, num_keep, adds_bos, True)
    assert len(cut) < num_ctx
    assert tokens[len(tokens) - 1 :] == cut[len(cut) - 1 :]
    with pytest.raises(PromptTooLong) if len(tokens) >= num_ctx else nullcontext():
        truncate_prompt(tokens, num_ctx, num_keep, adds_bos, False)


def test_each_file_that_has_a_place_is_referenced_once_in_the_order_of_the_places() -> None:
    assert referenced_media([Placeholder(0, 2), Placeholder(3, 0), Placeholder(3, 2)]) == [2, 0]


def test_an_image_is_text_and_cells_in_its_place(model: LlamaModel) -> None:
    before, after = model.tokenize("see", add_special=False), model.tokenize(" it", add_special=False)
    parts = (
        MediaChunk(text_tokens=(7, 8)),
        MediaChunk(num_embeddings=3, num_positions=2),
        MediaChunk(text_tokens=(9,)),
        MediaChunk(num_embeddings=2, num_positions=2),
    )
    tokens, placeholders = tokenize_with_media(model, "", "see it[img-1]", [Placeholder(3, 0)], {0: seen("a", *parts)})
    left = model.tokenize(" it[img-1]", add_special=False)
    cells = placeholder_tokens(b"a", 1, 3), placeholder_tokens(b"a", 3, 2)
    assert tokens == [model.bos, *before, 7, 8, *cells[0], 9, *cells[1], *left]
    assert [(s.num_tokens, s.num_positions, s.chunk) for s in placeholders] == [(3, 2, 1), (2, 2, 3)]
    assert after


def test_what_was_before_comes_before_and_its_placeholders_are_text(model: LlamaModel) -> None:
    image = seen("a", MediaChunk(num_embeddings=1, num_positions=1))
    tokens, placeholders = tokenize_with_media(model, "old [img-0] ", "new ", [Placeholder(4, 0)], {0: image})
    assert len(placeholders) == 1
    assert tokens[: next(iter(placeholders)).start] == model.tokenize("old [img-0] new ")


def test_placeholder_tokens_are_negative_and_differ_between_files() -> None:
    keys = [b"\0" * 20, b"\xff" * 20, b"\0" * 19 + b"\1"]
    numbers = [n for key in keys for part in (0, 1, 9) for n in placeholder_tokens(key, part, 500)]
    assert max(numbers) == FIRST_PLACEHOLDER_TOKEN
    assert len(set(numbers)) == len(numbers)
