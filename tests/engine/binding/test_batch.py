"""What stands in a batch after tokens were added, one by one or at once, as llama.cpp reads it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.binding.batch import Batch, InputVectorBatch

Run = tuple[list[int], int, int, int]

runs = st.lists(
    st.tuples(
        st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6), st.integers(0, 99), st.integers(0, 9)
    ).flatmap(lambda run: st.tuples(*map(st.just, run), st.integers(0, len(run[0])))),
    max_size=5,
)


def content(batch: Batch) -> list[tuple[int, int, int, int, bool]]:
    """Token, position, number of ids, id and logits of each, as llama.cpp reads them."""
    struct = batch.struct
    return [
        (struct.token[i], struct.pos[i], struct.n_seq_id[i], struct.seq_id[i][0], bool(struct.logits[i]))
        for i in range(batch.size)
    ]


@given(runs, runs)
def test_runs_of_tokens_are_the_same_as_their_tokens_one_by_one(before: list[Run], after: list[Run]) -> None:
    one, other = Batch(32), Batch(32)
    for several in (before, after):  # the second filling replaces the first
        one.clear()
        other.clear()
        for tokens, position, seq_id, num_logits in several:
            last = one.extend(tokens, position, seq_id, num_logits)
            for i, token in enumerate(tokens):
                index = other.add(token, position + i, seq_id, i >= len(tokens) - num_logits)
            assert last == index
        assert content(one) == content(other)
    one.close()
    other.close()


def rows(batch: Batch) -> list[tuple[int, int, int, int]]:
    """Return token, position, sequence id and logits flag of each row, read through the struct's pointers."""
    raw = batch.struct
    assert all(raw.n_seq_id[i] == 1 for i in range(batch.size))
    return [(raw.token[i], raw.pos[i], raw.seq_id[i][0], raw.logits[i]) for i in range(batch.size)]


def test_tokens_keep_their_order_and_indexes() -> None:
    batch = Batch(4)
    assert [batch.add(7, 0, 2, False), batch.add(9, 5, 0, True)] == [0, 1]
    assert rows(batch) == [(7, 0, 2, 0), (9, 5, 0, 1)]


def test_a_cleared_batch_is_filled_from_its_beginning() -> None:
    batch = Batch(2)
    batch.add(7, 0, 2, True)
    batch.clear()
    assert batch.add(8, 1, 1, False) == 0
    assert rows(batch) == [(8, 1, 1, 0)]


def test_a_batch_that_is_full_takes_no_more() -> None:
    batch = Batch(1)
    batch.add(7, 0, 0, False)
    with pytest.raises(IndexError):
        batch.add(7, 1, 0, False)


def test_a_run_of_tokens_that_does_not_fit_is_refused() -> None:
    batch = Batch(3)
    with pytest.raises(BufferError):
        batch.extend([1, 2, 3, 4], 0, 0, 1)
    assert batch.size == 0


def test_vectors_stand_in_place_of_tokens() -> None:
    batch = InputVectorBatch(2, 3)
    batch.add_vector(struct.pack("3f", 1, 2, 3), 0, 1, True)
    batch.add_vector(struct.pack("3f", 4, 5, 6), 1, 1, False)
    assert not batch.struct.token
    assert [batch.struct.embd[i] for i in range(6)] == [1, 2, 3, 4, 5, 6]
    assert [batch.struct.pos[i] for i in range(2)] == [0, 1]


def test_a_vector_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="8 bytes where 12 are needed"):
        InputVectorBatch(2, 3).add_vector(struct.pack("2f", 1, 2), 0, 0, True)
