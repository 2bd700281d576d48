"""Decoding, logits, and what is done to the cells of a sequence."""

from collections.abc import Iterator

import numpy as np
import pytest

from paddock.engine.binding import Batch, BatchRejected, Context, ContextOptions, LlamaModel, SamplerChain
from tests.models import kinds


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(kinds.full_attention(tmp_path_factory.mktemp("context") / "model.gguf")))
    yield loaded
    loaded.close()


@pytest.fixture
def context(model: LlamaModel) -> Iterator[Context]:
    made = Context(model, ContextOptions(cells=256, batch_tokens=32, sequences=4))
    yield made
    made.close()


def decode(context: Context, tokens: list[int], position: int = 0, seq_id: int = 0) -> int:
    """Compute tokens of one sequence; return the index of the last one's logits."""
    batch = Batch(len(tokens))
    index = -1
    for offset, token in enumerate(tokens):
        index = batch.add(token, position + offset, seq_id, offset == len(tokens) - 1)
    context.decode(batch)
    return index


def test_logits_are_an_array_of_the_vocabularys_size(context: Context, model: LlamaModel) -> None:
    logits = context.logits(decode(context, [1, 2, 3]))
    assert logits.shape == (model.vocabulary_size,)
    assert logits.dtype == np.dtype(np.float32)
    assert np.isfinite(logits).all()


def test_the_sampler_reads_what_is_written_to_the_logits(context: Context) -> None:
    index = decode(context, [1, 2, 3])
    logits = context.logits(index)
    chain = SamplerChain()
    chain.add_greedy()
    assert chain.sample(context, index) == int(logits.argmax())
    logits[:] = -np.inf
    logits[17] = 0
    assert chain.sample(context, index) == 17
    chain.close()


def test_a_saved_state_goes_on_as_the_original_does(context: Context) -> None:
    decode(context, [1, 2, 3])
    state = context.save(0)
    assert context.restore(1, state)
    expected = context.logits(decode(context, [5], 3, seq_id=0)).copy()
    assert np.abs(context.logits(decode(context, [5], 3, seq_id=1)) - expected).max() < 1e-4


def test_shared_cells_stay_when_the_first_sequence_leaves(context: Context) -> None:
    decode(context, [1, 2, 3])
    expected = context.logits(decode(context, [5], 3)).copy()
    assert context.remove(0, 3)
    context.share(0, 1)
    assert context.remove(0)
    assert (context.first_position(0), context.first_position(1)) == (-1, 0)
    assert np.abs(context.logits(decode(context, [5], 3, seq_id=1)) - expected).max() < 1e-4


def test_a_gap_in_the_positions_is_rejected(context: Context) -> None:
    decode(context, [1, 2, 3])
    with pytest.raises(BatchRejected) as rejected:
        decode(context, [5], 9)
    assert rejected.value.code < 0


def test_a_checkpoint_that_returns_false_aborts_the_computation(model: LlamaModel) -> None:
    calls = 0

    def checkpoint() -> bool:
        nonlocal calls
        calls += 1
        return calls < 3

    context = Context(model, ContextOptions(cells=256, batch_tokens=32), checkpoint)
    for _ in range(100):
        context.remove(0)
        decode(context, list(range(1, 33)))
        if calls >= 3:
            break
    assert calls == 3
    context.close()
