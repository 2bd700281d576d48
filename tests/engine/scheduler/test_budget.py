import pytest

from paddock.engine.scheduler.budget import BudgetConfig, ChunkBudget, PrefillCost


def cost(rows: int, context: int, decoding: int = 0) -> float:
    """A machine on which a token costs 4 ms, and 2.5 ms more for each thousand before it."""
    return 0.015 * decoding + rows * (0.004 + 0.0025 * context / 1024)


def test_without_streams_a_prompt_gets_whole_batches() -> None:
    assert ChunkBudget(512).prompt_tokens(0, 0) == 512


def test_a_step_stays_within_its_bound_as_the_prompt_grows() -> None:
    budget = ChunkBudget(512)
    for _ in range(10):
        budget.observe(4, 0, 0, cost(0, 0, 4))
    for context in range(0, 4096, 512):
        budget.observe(0, 512, context + 256, cost(512, context + 256))
    context, sizes = 0, []
    while context < 4000:
        size = budget.prompt_tokens(4, context)
        sizes.append(size)
        seconds = cost(size, context, 4)
        assert seconds <= 1.1 * BudgetConfig.step_ratio * cost(0, 0, 4)
        budget.observe(4, size, context, seconds)
        context += size
    assert sizes[0] > 2 * sizes[-1]


def test_an_unknown_machine_is_learned_in_a_few_steps() -> None:
    budget = ChunkBudget(512)
    budget.observe(4, 0, 0, 0.06)
    context = 0
    for step in range(60):
        size = budget.prompt_tokens(4, context)
        seconds = cost(size, context, 4)
        if step > 3:
            assert seconds <= 1.2 * BudgetConfig.step_ratio * 0.06
        budget.observe(4, size, context, seconds)
        context += size


@pytest.mark.parametrize("decoding", [1, 4, 15, 16, 500, 511])
def test_a_prompt_always_makes_progress_and_a_batch_never_overflows(decoding: int) -> None:
    budget = ChunkBudget(512)
    budget.observe(decoding, 0, 0, 1e-9)
    budget.observe(decoding, 100, 0, 100.0)
    assert 1 <= budget.prompt_tokens(decoding, 10**6) <= 512 - decoding


def test_the_cost_of_the_context_is_separated_from_that_of_the_weights() -> None:
    learned = PrefillCost()
    for context in range(0, 4000, 100):
        learned.learn(20, context, cost(20, context))
    assert learned.per_token(0) == pytest.approx(0.004, rel=0.01)
    assert learned.per_token(4096) == pytest.approx(0.014, rel=0.01)


def test_a_slice_is_a_little_longer_than_a_decode_step_and_long_when_nobody_streams() -> None:
    budget = ChunkBudget(512, BudgetConfig(slice_ratio=1.5, idle_slice_seconds=0.25))
    assert budget.slice_seconds(True) == 0.25, "nothing has been measured yet"
    budget.observe(4, 0, 0, 0.02)
    assert budget.slice_seconds(True) == pytest.approx(0.03)
    assert budget.slice_seconds(False) == 0.25


def test_decode_steps_are_averaged_with_the_newest_counting_most() -> None:
    budget = ChunkBudget(512, BudgetConfig(slice_ratio=1.0, decode_weight=0.5))
    for seconds in (0.01, 0.03, 0.02):
        budget.observe(1, 0, 0, seconds)
    assert budget.slice_seconds(True) == pytest.approx(0.02)
