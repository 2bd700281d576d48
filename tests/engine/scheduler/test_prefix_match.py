import pytest

from paddock.engine.kvcache.prefix_cache import PrefixCache
from paddock.engine.placeholders import PlaceholderRange, Placeholders, placeholder_tokens
from paddock.engine.scheduler.prefix_match import PrefixMatch, match_prefix
from paddock.engine.scheduler.sequence import Sequence
from tests.engine.scheduler.book_kv_cache import BookKVCache, saved


class Held:
    """A cache with finished and running sequences."""

    def __init__(self, partial: bool = True) -> None:
        self.kv_cache = BookKVCache(1000, 6, partial)
        self.cache = PrefixCache(self.kv_cache)
        self.running: dict[int, Sequence] = {}

    def finished(self, tokens: list[int]) -> int:
        seq_id = self.cache.take_seq_id()
        assert seq_id is not None
        self.cache.tree.insert(seq_id, tokens)
        self.kv_cache.restore(seq_id, saved(tokens))
        self.cache.keep(seq_id, len(tokens))
        return seq_id

    def in_progress(self, tokens: list[int], computed: int) -> Sequence:
        sequence = Sequence(0, tokens, 100)
        seq_id = self.cache.take_seq_id()
        assert seq_id is not None
        self.cache.tree.insert(seq_id, tokens)
        self.kv_cache.restore(seq_id, saved(tokens[:computed]))
        sequence.seq_id, sequence.num_computed_tokens = seq_id, computed
        self.running[seq_id] = sequence
        return sequence

    def match(self, tokens: list[int], placeholders: Placeholders | None = None) -> PrefixMatch:
        return match_prefix(Sequence(9, tokens, 100, placeholders=placeholders), self.cache, self.running)


def test_nothing_in_common_matches_nothing() -> None:
    held = Held()
    held.finished([1, 2, 3])
    assert held.match([2, 3]) == PrefixMatch()


def test_the_longest_computed_prefix_is_shared() -> None:
    held = Held()
    held.finished([1, 2, 9])
    longer = held.finished([1, 2, 3, 4])
    assert held.match([1, 2, 3, 7]) == PrefixMatch(longer, 3, 3, None)


def test_the_last_token_never_counts() -> None:
    held = Held()
    seq_id = held.finished([1, 2, 3])
    assert held.match([1, 2, 3]) == PrefixMatch(seq_id, 2, 2, None)


def test_of_a_sequence_in_progress_only_what_is_computed_is_shared() -> None:
    held = Held()
    sequence = held.in_progress([1, 2, 3, 4, 5], 2)
    assert held.match([1, 2, 3, 4, 9]) == PrefixMatch(sequence.seq_id, 2, 4, sequence)


def test_of_equal_prefixes_a_finished_one_counts_as_the_longest() -> None:
    held = Held()
    held.in_progress([1, 2, 3, 4], 1)
    seq_id = held.finished([1, 2, 3, 5])
    assert held.match([1, 2, 3, 6]) == PrefixMatch(seq_id, 3, 3, None)


@pytest.mark.parametrize(("tokens", "shared"), [([1, 2, 3, 4], 3), ([1, 2, 9], 0)])
def test_without_partial_reuse_only_a_whole_sequence_is_shared(tokens: list[int], shared: int) -> None:
    held = Held(partial=False)
    held.finished([1, 2, 3])
    assert held.match(tokens).shared == shared


def test_an_image_counts_whole_or_not_at_all() -> None:
    image = placeholder_tokens(b"a", 0, 4)
    placeholders = Placeholders([PlaceholderRange(1, 4, 4, b"a", 0, False)])
    held = Held()
    held.finished([1, *image[:2]])
    assert held.match([1, *image, 7], placeholders).longest == 1
    held.finished([1, *image, 8])
    assert held.match([1, *image, 7], placeholders).longest == 5
