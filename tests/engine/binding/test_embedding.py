"""What an embedding model's file says, and the vectors of its context."""

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paddock.engine.binding import Batch, ContextOptions, LlamaModel, embedding
from paddock.engine.binding.embedding import EmbeddingContext, Normalizer, NoVector, Pooling
from tests.models.embedders import tiny_bert
from tests.models.llama import tiny_llama


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Callable[[Path], Path]], LlamaModel]]:
    models: list[LlamaModel] = []

    def load(make: Callable[[Path], Path]) -> LlamaModel:
        models.append(LlamaModel(str(make(tmp_path_factory.mktemp("embedding") / "model.gguf"))))
        return models[-1]

    yield load
    for model in models:
        model.close()


Load = Callable[[Callable[[Path], Path]], LlamaModel]


def test_a_generating_model_names_no_pooling(load: Load) -> None:
    model = load(tiny_llama)
    assert embedding.pooling_of(model) is Pooling.UNSPECIFIED
    assert not embedding.is_made_to_embed(model)
    assert embedding.is_causal(model) and embedding.has_cache(model)
    assert not embedding.has_word_pieces(model)
    assert embedding.rank_template(model) is None


def test_pooling_and_attention_are_read_from_the_file(load: Load) -> None:
    facts = {"llama.pooling_type": 1, "llama.attention.causal": False}
    model = load(lambda path: tiny_llama(path, metadata=facts))
    assert embedding.pooling_of(model) is Pooling.MEAN
    assert embedding.is_made_to_embed(model)
    assert not embedding.is_causal(model)


def test_a_bert_computes_a_text_at_once_and_has_word_pieces(load: Load) -> None:
    model = load(tiny_bert)
    assert not embedding.has_cache(model)
    assert embedding.has_word_pieces(model)
    assert embedding.normalizer_of(model) == Normalizer()
    assert embedding.separator_of(model) >= 0
    assert embedding.is_control_token(model, embedding.separator_of(model))


def test_the_vector_of_one_token_is_its_own_pooled_or_not(load: Load) -> None:
    model = load(lambda path: tiny_llama(path, metadata={"llama.pooling_type": 1}))
    vectors = []
    for pooling in (Pooling.MEAN, Pooling.NONE):
        context = EmbeddingContext(model, ContextOptions(cells=32, batch_tokens=32, pooling=pooling))
        batch = Batch(1)
        index = batch.add(5, 0, 0, True)
        context.decode(batch)
        found = context.of_sequence(0) if pooling is Pooling.MEAN else context.of_token(index)
        vectors.append(array("f", found))
        if pooling is Pooling.MEAN:
            with pytest.raises(NoVector):
                context.of_sequence(1)
        batch.close()
        context.close()
    pooled, single = vectors
    assert len(pooled) == embedding.embedding_width(model)
    assert pooled.tolist() == pytest.approx(single.tolist(), abs=1e-4)
    assert any(abs(value) > 1e-3 for value in pooled)
