"""Recurrent and hybrid models: only whole sequences are shared, and nothing is cut or shifted."""

from collections.abc import Iterator

import pytest

from paddock.engine.binding import LlamaModel
from paddock.engine.kvcache import UNLIMITED_CELLS
from tests.engine.kvcache.caches import TOKENS, RealCache, differs, loaded


@pytest.fixture(scope="module", params=["recurrent", "hybrid"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    with loaded(request.param, tmp_path_factory.mktemp("recurrent")) as model:
        yield model


@pytest.fixture
def cache(model: LlamaModel) -> Iterator[RealCache]:
    cache = RealCache(model)
    cache.compute(0, TOKENS[:100])
    yield cache
    cache.close()


def test_only_a_whole_sequence_is_reusable(cache: RealCache) -> None:
    assert not cache.kv_cache.supports_partial_reuse and not cache.kv_cache.can_shift
    assert [cache.kv_cache.reusable_prefix(0, 100, n) for n in (50, 99, 100, 120)] == [0, 0, 100, 100]


def test_a_fork_at_the_end_gives_the_logits_of_a_computed_sequence(cache: RealCache) -> None:
    cache.kv_cache.share(0, 1, 100)
    assert not differs(cache.compute(1, [9], 100), cache.compute(2, [*TOKENS[:100], 9]))
    assert not differs(cache.compute(0, [5], 100), cache.compute(3, [*TOKENS[:100], 5]))


def test_truncating_is_refused_and_changes_nothing(cache: RealCache) -> None:
    assert not cache.kv_cache.truncate(0, 50)
    assert not differs(cache.compute(0, [9], 100), cache.compute(1, [*TOKENS[:100], 9]))


def test_a_saved_state_is_restored(cache: RealCache) -> None:
    state = cache.kv_cache.save(0)
    cache.kv_cache.clear(0)
    assert cache.kv_cache.restore(1, state)
    assert not differs(cache.compute(1, [9], 100), cache.compute(2, [*TOKENS[:100], 9]))


def test_a_purely_recurrent_cache_never_fills(cache: RealCache, model: LlamaModel) -> None:
    assert (cache.kv_cache.num_cells == UNLIMITED_CELLS) == (not model.is_hybrid)
