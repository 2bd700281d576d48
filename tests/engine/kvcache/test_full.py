"""Full attention: whatever is shared, truncated, saved or shifted, the next logits are right."""

from collections.abc import Iterator

import pytest

from paddock.engine.binding import LlamaModel
from tests.engine.kvcache.caches import TOKENS, RealCache, differs, loaded


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    with loaded("full attention", tmp_path_factory.mktemp("full")) as model:
        yield model


@pytest.fixture
def cache(model: LlamaModel) -> Iterator[RealCache]:
    cache = RealCache(model)
    cache.compute(0, TOKENS[:100])
    yield cache
    cache.close()


def test_any_prefix_is_reusable(cache: RealCache) -> None:
    assert cache.kv_cache.supports_partial_reuse
    assert [cache.kv_cache.reusable_prefix(0, 100, n) for n in (1, 99, 100, 120)] == [1, 99, 100, 100]


def test_a_shared_prefix_gives_the_logits_of_a_computed_one(cache: RealCache) -> None:
    cache.compute(1, TOKENS[60:90])  # sharing replaces what the target held
    cache.kv_cache.share(0, 1, 50)
    other = [9, 8, 7]
    shared = cache.compute(1, other, 50)
    assert not differs(shared, cache.compute(2, TOKENS[:50] + other))
    assert not differs(cache.compute(0, [5], 100), cache.compute(3, [*TOKENS[:100], 5]))


def test_a_truncated_sequence_goes_on_from_its_end(cache: RealCache) -> None:
    assert cache.kv_cache.truncate(0, 30)
    assert not differs(cache.compute(0, [9], 30), cache.compute(1, [*TOKENS[:30], 9]))


def test_a_saved_state_is_restored_after_others_used_the_cells(cache: RealCache) -> None:
    state = cache.kv_cache.save(0)
    cache.kv_cache.clear(0)
    cache.compute(1, TOKENS[:120])
    assert cache.kv_cache.restore(2, state)
    assert not differs(cache.compute(2, [9], 100), cache.compute(3, [*TOKENS[:100], 9]))


def test_a_restore_without_room_leaves_the_sequence_empty(model: LlamaModel) -> None:
    cache = RealCache(model, cells=256)
    for seq_id in range(2):
        cache.compute(seq_id, TOKENS[:120])
    state = cache.kv_cache.save(0)
    assert not cache.kv_cache.restore(2, state)
    assert cache.context.first_position(2) == -1
    assert not cache.kv_cache.append_state(2, state, 3)
    cache.close()


def test_appended_states_continue_a_sequence(cache: RealCache) -> None:
    cache.kv_cache.share(0, 1, 100)
    assert cache.kv_cache.truncate(1, 60)
    cache.context.share(0, 2, 60, 100)
    state = cache.kv_cache.save(2)
    cache.kv_cache.clear(2)
    assert cache.kv_cache.append_state(1, state, 2)
    assert cache.context.first_position(2) == -1
    assert not differs(cache.compute(1, [9], 100), cache.compute(3, [*TOKENS[:100], 9]))


def test_an_unshared_sequence_does_not_change_with_the_other_one(cache: RealCache) -> None:
    cache.kv_cache.share(0, 1, 100)
    assert cache.kv_cache.unshare(1)
    assert cache.kv_cache.shift(1, 10, 40)
    assert not differs(cache.compute(0, [5], 100), cache.compute(3, [*TOKENS[:100], 5]))


def test_a_shift_moves_later_tokens_up(cache: RealCache) -> None:
    assert cache.kv_cache.can_shift
    assert cache.kv_cache.shift(0, 10, 60)
    cache.compute(0, [9], 40)  # the position after the 100 - 60 tokens that are left
    assert cache.context.first_position(0) == 0
    assert cache.kv_cache.truncate(0, 10)
    assert not differs(cache.compute(0, [9], 10), cache.compute(1, [*TOKENS[:10], 9]))
