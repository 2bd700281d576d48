from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.kvcache.host_cache import HostCache


def state(name: str) -> bytearray:
    return bytearray(name.encode())


def test_the_state_with_the_longest_common_prefix_is_found() -> None:
    cache = HostCache(100)
    cache.add([1, 2, 3, 4], state("a"))
    cache.add([1, 2, 9], state("b"))
    state_id, length = cache.find([1, 2, 3, 7])
    assert (cache.load(state_id), length, cache.length(state_id)) == (state("a"), 3, 4)
    assert cache.find([5]) == (-1, 0)


def test_a_longer_state_replaces_its_prefixes() -> None:
    cache = HostCache(100)
    cache.add([1, 2], state("a"))
    cache.add([1, 2, 3], state("b"))
    cache.add([1, 2, 3], state("c"))
    assert len(cache.states) == 1 and cache.num_tokens == 3
    assert cache.load(cache.find([1, 2, 3])[0]) == state("c")


def test_the_least_recently_used_state_leaves_first() -> None:
    cache = HostCache(6)
    cache.add([1, 1, 1], state("a"))
    cache.add([2, 2, 2], state("b"))
    cache.load(cache.find([1])[0])
    cache.add([3, 3, 3], state("c"))
    assert cache.find([2]) == (-1, 0)
    assert cache.find([1])[1] == cache.find([3])[1] == 1


def test_a_state_over_the_limit_is_not_kept_and_displaces_nothing() -> None:
    cache = HostCache(3)
    cache.add([1, 2, 3], state("a"))
    cache.add([1, 2, 3, 4], state("b"))
    assert len(cache.states) == 1 and cache.num_tokens == 3


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8)))
def test_the_limit_holds_and_the_newest_state_is_there(prompts: list[list[int]]) -> None:
    cache = HostCache(10)
    for number, tokens in enumerate(prompts):
        cache.add(tokens, state(str(number)))
        assert cache.num_tokens <= 10
        state_id, length = cache.find(tokens)
        assert length == len(tokens) and cache.load(state_id) == state(str(number))
