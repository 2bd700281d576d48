"""Events that carry arrays give them back without a copy, and statistics say how well the cache works."""

from array import array

import pytest

from paddock import ipc


def test_tokens_are_32_bit_integers_that_are_read_where_they_lie() -> None:
    event = ipc.Tokens.of(7, [1, -1, 2**31 - 1])
    assert event.data.nbytes == 12
    decoded = ipc.decode_event(ipc.encode(event)[4:])
    assert isinstance(decoded, ipc.Tokens)
    assert list(decoded.tokens) == [1, -1, 2**31 - 1]
    with pytest.raises(OverflowError):
        ipc.Tokens.of(7, [2**31])


def test_a_vector_is_32_bit_floats() -> None:
    batch = ipc.Embedded((ipc.Vector(1, 0, 5, array("f", [0.5, -1.0]).tobytes()),))
    decoded = ipc.decode_event(ipc.encode(batch)[4:])
    assert isinstance(decoded, ipc.Embedded)
    assert array("f", decoded.vectors[0].data).tolist() == [0.5, -1.0]


def test_the_hit_rate_is_the_share_of_prompt_tokens_that_were_cached() -> None:
    assert ipc.Statistics().hit_rate == 0.0
    assert ipc.Statistics(prompt_tokens=25, reused_tokens=75).hit_rate == 0.75
