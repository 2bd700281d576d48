"""Which tokens a truncation keeps, and when a sequence is prefilling. Prompts with images: `test_placeholders.py`."""

import pytest

from paddock.engine.scheduler.sequence import PromptTooLong, Sequence, State, kept_tokens, truncate_prompt


@pytest.mark.parametrize(
    ("num_keep", "length", "adds_bos", "kept"),
    [
        (4, 100, False, 4),
        (0, 100, False, 0),
        (0, 100, True, 1),
        (-1, 100, False, 100),
        (200, 100, True, 100),
        (0, 0, True, 0),
    ],
)
def test_the_first_tokens_are_kept_and_always_the_bos(num_keep: int, length: int, adds_bos: bool, kept: int) -> None:
    assert kept_tokens(num_keep, length, adds_bos) == kept


def test_a_prompt_that_fits_is_not_touched() -> None:
    assert truncate_prompt(list(range(99)), 100, 4, False, False)[0] == list(range(99))


def test_a_long_prompt_keeps_its_beginning_and_half_of_what_is_left_of_its_end() -> None:
    tokens, _ = truncate_prompt(list(range(1000)), 100, 10, False, True)
    assert tokens == [*range(10), *range(1000 - 45, 1000)]


def test_a_long_prompt_that_may_not_be_truncated_is_refused_with_both_lengths() -> None:
    with pytest.raises(PromptTooLong, match=r"\(100 tokens\) exceeds .* \(100 tokens\)"):
        truncate_prompt(list(range(100)), 100, 4, False, False)


def test_a_sequence_is_prefilling_until_what_was_known_at_admission_is_computed() -> None:
    sequence = Sequence(0, [1, 2, 3], 100)
    assert not sequence.is_prefilling and sequence.num_pending_tokens == 3
    sequence.state, sequence.prefill_length = State.RUNNING, 3
    assert sequence.is_prefilling
    sequence.num_computed_tokens = 3
    sequence.tokens.append(4)
    assert not sequence.is_prefilling and sequence.num_pending_tokens == 1


def test_two_tokens_of_a_context_are_never_kept() -> None:
    assert Sequence(0, [1], 10, num_keep=50).num_keep == 8
