"""Sequence ids and prefixes of finished sequences, on a KV cache that keeps books and checks every rule."""

import pytest

from paddock.engine.kvcache.prefix_cache import PrefixCache, PrefixCacheConfig
from paddock.engine.placeholders import Placeholders
from tests.engine.scheduler.book_kv_cache import BookKVCache, saved


class Cache:
    """A prefix cache and its books."""

    def __init__(
        self, cells: int = 100, seq_ids: int = 4, partial: bool = True, config: PrefixCacheConfig | None = None
    ) -> None:
        self.books = BookKVCache(cells, seq_ids, partial)
        self.cache = PrefixCache(self.books, config)

    def compute(self, tokens: list[int], source: int = -1, shared: int = 0) -> int:
        """Let a new sequence id hold `tokens`."""
        seq_id = self.cache.take_seq_id(exclude=source)
        assert seq_id is not None
        length = self.cache.load_prefix(seq_id, tokens, source, shared, placeholders=Placeholders())
        self.cache.tree.extend(seq_id, tokens[length:])
        self.books.append_state(seq_id, saved(tokens[length:]), self.scratch())
        return seq_id

    def keep(self, tokens: list[int]) -> int:
        """Let a finished sequence hold `tokens`."""
        seq_id = self.compute(tokens)
        self.cache.keep(seq_id, len(tokens))
        return seq_id

    def scratch(self) -> int:
        return next(seq_id for seq_id, held in self.books.held.items() if not held and seq_id not in self.cache.tree)


def test_ids_are_taken_from_the_least_recently_kept_when_none_is_free() -> None:
    c = Cache()
    first, second = c.keep([1, 1]), c.keep([2, 2])
    for _ in range(2):
        assert c.cache.take_seq_id() not in (None, first, second)
    assert c.cache.take_seq_id(exclude=first) == second
    assert c.cache.take_seq_id(exclude=first) is None
    assert c.cache.take_seq_id() == first


def test_cells_are_freed_from_the_least_recently_used() -> None:
    c = Cache(cells=10)
    first, second = c.keep([1] * 4), c.keep([2] * 4)
    assert c.cache.free_up(2) and first in c.cache
    assert c.cache.free_up(3) and first not in c.cache and second in c.cache
    assert not c.cache.free_up(11)
    assert c.cache.num_free_cells == 10 and not c.books.used()


def test_a_prefix_is_shared_and_makes_its_source_the_most_recently_used() -> None:
    c = Cache()
    source, other = c.keep([1, 2, 3, 4]), c.keep([9, 9])
    seq_id = c.compute([1, 2, 7], source, 2)
    assert c.books.held[seq_id][:2] == c.books.held[source][:2]
    assert c.cache.evict() and other not in c.cache and source in c.cache


def test_a_source_that_is_shared_whole_is_given_up() -> None:
    c = Cache()
    source = c.keep([1, 2])
    seq_id = c.compute([1, 2, 3], source, 2)
    assert source not in c.cache and not c.books.held[source]
    assert c.books.tokens[seq_id] == [1, 2, 3]


def test_only_cells_that_no_running_sequence_holds_count_as_kept() -> None:
    c = Cache()
    source = c.keep([1, 2, 3, 4])
    assert (c.cache.num_kept, c.cache.num_kept_tokens) == (1, 4)
    c.compute([1, 2, 7], source, 2)
    assert (c.cache.num_kept, c.cache.num_kept_tokens) == (1, 2)


def test_a_snapshot_is_kept_once_and_survives_its_source() -> None:
    c = Cache(seq_ids=5)
    source = c.compute([1, 2, 3])
    for _ in range(2):
        c.cache.snapshot(source, [1, 2, 3], 3)
    assert c.cache.num_kept == 1
    c.cache.release(source)
    assert list(c.cache.tree.common_prefixes([1, 2, 3]).values()) == [3]


def test_a_snapshot_that_finds_no_id_is_left_out() -> None:
    c = Cache(seq_ids=3)
    source = c.compute([1, 2])
    while c.cache.take_seq_id() is not None:
        pass
    c.cache.snapshot(source, [1, 2], 2)
    assert not c.cache.num_kept


def test_cells_become_exclusive_by_evicting_kept_sharers_and_copying_from_running_ones() -> None:
    c = Cache(seq_ids=6)
    first = c.compute([1, 2, 3, 4])
    kept = c.compute([1, 2, 3, 9], first, 3)
    c.cache.keep(kept, 4)
    running = c.compute([1, 2, 8], first, 2)
    assert c.cache.make_cells_exclusive(first, 2)
    assert kept not in c.cache and set(c.books.held[first]) & set(c.books.held[running])
    assert c.cache.make_cells_exclusive(first, 1)
    assert not set(c.books.held[first]) & set(c.books.held[running])
    assert c.cache.tree.num_cells == c.books.used() == 7


def test_cells_cannot_become_exclusive_without_room_for_a_copy() -> None:
    c = Cache(cells=6)
    first = c.compute([1, 2, 3, 4])
    c.compute([1, 2, 8], first, 2)
    assert not c.cache.make_cells_exclusive(first, 0)


OFFLOAD = PrefixCacheConfig(offload=True, min_reload_tokens=3, max_idle_cells=5)


def test_idle_sequences_are_offloaded_and_reloaded() -> None:
    c = Cache(config=OFFLOAD)
    c.keep([1, 2, 3, 4])
    c.cache.offload_idle()
    assert c.books.used() == 4, "few enough idle cells may stay"
    c.keep([5, 6, 7, 8])
    c.cache.offload_idle()
    assert c.books.used() == 4
    assert (c.cache.num_kept, c.cache.num_kept_tokens) == (2, 8)
    seq_id = c.compute([1, 2, 3, 9])
    assert c.books.tokens[seq_id] == [1, 2, 3, 9]
    assert c.cache.tree.length(seq_id) == 4


@pytest.mark.parametrize(
    ("prompt", "cells"), [([1, 2, 9], 100), ([1, 2, 3, 4, 9], 3)], ids=["too short", "more cells than are free"]
)
def test_a_reload_that_does_not_pay_or_fit_is_left_out(prompt: list[int], cells: int) -> None:
    c = Cache(cells=max(cells, 4), config=OFFLOAD)
    c.keep([1, 2, 3, 4])
    c.cache.evict_all()
    seq_id = c.cache.take_seq_id()
    assert seq_id is not None
    if cells < 4:
        other = c.cache.take_seq_id()
        assert other is not None
        c.cache.tree.insert(other, [8])
    assert c.cache.load_prefix(seq_id, prompt, -1, 0, placeholders=Placeholders()) == 0


def test_a_request_without_cache_reloads_nothing() -> None:
    c = Cache(config=OFFLOAD)
    c.keep([1, 2, 3, 4])
    c.cache.evict_all()
    seq_id = c.cache.take_seq_id()
    assert seq_id is not None
    prompt = [1, 2, 3, 4, 5]
    assert not c.cache.load_prefix(seq_id, prompt, -1, 0, placeholders=Placeholders(), use_host_cache=False)


def test_without_partial_reuse_nothing_is_offloaded() -> None:
    c = Cache(partial=False, config=OFFLOAD)
    assert c.cache.num_kept == 0
    c.cache.tree.insert(0, [1, 2])
    c.cache.keep(0, 2)
    c.cache.evict_all()
    assert c.cache.num_kept == 0
