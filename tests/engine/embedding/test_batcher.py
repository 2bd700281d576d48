"""Texts are computed batch by batch, in their order, each whole or, where the cache allows, in parts."""

from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.engine.binding import LlamaModel
from paddock.engine.binding.embedding import Pooling, has_cache
from paddock.engine.embedding.batcher import EmbeddingBatcher, EmbeddingItem, EmbeddingSettings
from paddock.ipc import Embed
from tests.models.embedders import tiny_bert
from tests.models.llama import tiny_llama


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddingSettings]:
    """The settings of a model that can compute a text in parts."""
    yield from settings(tiny_llama(tmp_path_factory.mktemp("batcher") / "model.gguf", context_length=256))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddingSettings]:
    """The settings of a model that computes a text at once."""
    yield from settings(tiny_bert(tmp_path_factory.mktemp("batcher") / "model.gguf"))


def settings(file: Path) -> Iterator[EmbeddingSettings]:
    model = LlamaModel(str(file))
    yield EmbeddingSettings.of(model, [], cached=has_cache(model), threads=1)
    model.close()


def item(number: int, length: int, request: int = 1) -> EmbeddingItem:
    return EmbeddingItem(Embed(id=request, texts=()), number, [5 + n % 20 for n in range(number, number + length)])


def batcher(settings: EmbeddingSettings, *items: EmbeddingItem) -> EmbeddingBatcher:
    made = EmbeddingBatcher(settings, 64, 4, keep_context=True)
    made.waiting.extend(items)
    return made


def test_a_causal_model_without_pooling_gets_the_last_vector_and_an_encoder_the_mean(
    decoder: EmbeddingSettings, encoder: EmbeddingSettings
) -> None:
    assert (decoder.pooling, decoder.in_chunks, decoder.last_token_only) == (Pooling.LAST, True, True)
    assert not encoder.in_chunks and not encoder.last_token_only


def test_texts_of_one_batch_are_finished_together_and_in_their_order(encoder: EmbeddingSettings) -> None:
    texts = [item(number, 6) for number in range(3)]
    found = batcher(encoder, *texts)
    assert found.step(12) == texts[:2]
    assert found.step(12) == texts[2:]
    assert not found.waiting
    found.close()


def test_a_text_in_parts_has_the_vector_that_it_has_at_once(decoder: EmbeddingSettings) -> None:
    at_once, in_parts = item(0, 20), item(0, 20)
    whole = batcher(decoder, at_once)
    assert whole.step(64) == [at_once]
    parts = batcher(decoder, in_parts)
    assert parts.step(8) == [] and in_parts.num_computed_tokens == 8
    assert parts.step(8) == [] and parts.step(8) == [in_parts]
    assert in_parts.vector.tolist() == pytest.approx(at_once.vector.tolist(), abs=1e-2)
    for each in (whole, parts):
        each.close()


def test_the_texts_of_a_dropped_request_are_gone_and_the_others_stay(decoder: EmbeddingSettings) -> None:
    first, second = item(0, 20, request=1), item(1, 4, request=2)
    found = batcher(decoder, first, second)
    found.step(8)
    found.drop(1)
    assert found.step(8) == [second]
    found.close()


def test_a_mean_weighs_each_part_by_its_tokens() -> None:
    text = item(0, 4)
    text.pool(array("f", [4.0, 0.0]).tobytes(), 1, Pooling.MEAN)
    text.num_computed_tokens = 1
    text.pool(array("f", [0.0, 8.0]).tobytes(), 3, Pooling.MEAN)
    assert text.vector.tolist() == [1.0, 6.0]


def test_the_first_part_decides_the_vector_of_the_class_token() -> None:
    text = item(0, 4)
    text.pool(array("f", [1.0]).tobytes(), 2, Pooling.CLS)
    text.num_computed_tokens = 2
    text.pool(array("f", [2.0]).tobytes(), 2, Pooling.CLS)
    assert text.vector.tolist() == [1.0]
