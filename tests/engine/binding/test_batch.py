"""What stands in a batch after tokens were added, one by one or at once."""

from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.binding import Batch

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
