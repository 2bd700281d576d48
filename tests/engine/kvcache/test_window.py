"""Sliding windows: a prefix is reusable as long as the window before its end is there."""

from collections.abc import Iterator

import pytest

from paddock.engine.binding import LlamaModel
from tests.engine.kvcache.caches import TOKENS, RealCache, differs, loaded
from tests.models.kinds import WINDOW


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    with loaded("sliding window", tmp_path_factory.mktemp("window")) as model:
        yield model


@pytest.fixture
def cache(model: LlamaModel) -> Iterator[RealCache]:
    cache = RealCache(model)
    yield cache
    cache.close()


def go_on(cache: RealCache, position: int) -> None:
    """Compute the rest of the tokens in small batches. The oldest windowed cells are overwritten."""
    for start in range(position, len(TOKENS), 20):
        cache.compute(0, TOKENS[start : start + 20], start)


def test_a_prefix_is_reusable_until_its_window_is_gone(cache: RealCache) -> None:
    kv_cache = cache.kv_cache
    cache.compute(0, TOKENS[:40])
    assert [kv_cache.reusable_prefix(0, 40, n) for n in (20, 40, 50)] == [20, 40, 40]
    go_on(cache, 40)
    first = cache.context.first_position(0)
    assert first > 0, "the oldest windowed cells are gone"
    assert kv_cache.reusable_prefix(0, 440, first + WINDOW) == first + WINDOW
    assert kv_cache.reusable_prefix(0, 440, first + WINDOW - 1) == 0
    assert kv_cache.reusable_prefix(0, 440, 440) == 440


def test_a_shared_prefix_keeps_its_window_when_the_source_goes_on(cache: RealCache) -> None:
    cache.compute(0, TOKENS[:60])
    cache.kv_cache.share(0, 1, 60)
    go_on(cache, 60)
    assert cache.context.first_position(0) > 60
    assert not differs(cache.compute(1, [9], 60), cache.compute(2, [*TOKENS[:60], 9]))


def test_truncating_is_right_within_the_window_and_refused_beyond_it(cache: RealCache) -> None:
    go_on(cache, 0)
    assert not cache.kv_cache.truncate(0, 40)
    end = cache.context.first_position(0) + WINDOW
    assert cache.kv_cache.truncate(0, end)
    assert not differs(cache.compute(0, [9], end), cache.compute(1, [*TOKENS[:end], 9]))


def test_cells_cannot_change_their_position(cache: RealCache) -> None:
    assert not cache.kv_cache.can_shift and not cache.kv_cache.supports_partial_reuse
