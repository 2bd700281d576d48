"""Each sampler of a chain does what its name says, with the logits of a real model."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel, SamplerChain
from tests.models import kinds

DRAWS = 60


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A context whose last batch has the logits of one token, at index 0."""
    model = LlamaModel(str(kinds.full_attention(tmp_path_factory.mktemp("sampler") / "model.gguf")))
    context = Context(model, ContextOptions(cells=256, batch_tokens=32))
    batch = Batch(1)
    batch.add(5, 0, 0, True)
    context.decode(batch)
    yield context
    batch.close()
    context.close()
    model.close()


def draws(context: Context, add: Callable[[SamplerChain], None], seed: int = 1) -> list[int]:
    """Return tokens that a chain with some samplers and a random draw at its end chooses."""
    chain = SamplerChain()
    add(chain)
    chain.add_draw(seed)
    try:
        return [chain.sample(context, 0) for _ in range(DRAWS)]
    finally:
        chain.close()


def by_likelihood(context: Context) -> list[int]:
    return [int(token) for token in np.argsort(-context.logits(0), kind="stable")]


def test_greedy_takes_the_likeliest_token(context: Context) -> None:
    chain = SamplerChain()
    chain.add_greedy()
    assert chain.sample(context, 0) == by_likelihood(context)[0]
    chain.close()


def test_top_k_keeps_the_likeliest_tokens(context: Context) -> None:
    assert set(draws(context, lambda chain: chain.add_top_k(3))) == set(by_likelihood(context)[:3])


def test_a_low_temperature_is_nearly_greedy_and_a_high_one_is_not(context: Context) -> None:
    assert set(draws(context, lambda chain: chain.add_temperature(1e-4))) == {by_likelihood(context)[0]}
    assert len(set(draws(context, lambda chain: chain.add_temperature(50)))) > DRAWS / 2


@pytest.mark.parametrize(
    "add",
    [
        lambda chain: chain.add_top_p(1e-6),
        lambda chain: chain.add_min_p(1.0),
        lambda chain: chain.add_top_n_sigma(1e-3),
    ],
    ids=["top-p", "min-p", "top-n-sigma"],
)
def test_the_narrowest_setting_leaves_one_token(context: Context, add: Callable[[SamplerChain], None]) -> None:
    assert set(draws(context, add)) == {by_likelihood(context)[0]}


def test_typical_sampling_may_leave_out_the_likeliest_token(context: Context) -> None:
    assert len(set(draws(context, lambda chain: chain.add_typical(1e-6)))) == 1


def test_the_same_seed_draws_the_same_tokens(context: Context) -> None:
    def nothing(chain: SamplerChain) -> None:
        """Leave the chain as it is."""

    assert draws(context, nothing, 7) == draws(context, nothing, 7) != draws(context, nothing, 8)


def test_a_penalty_makes_an_accepted_token_less_likely(context: Context) -> None:
    first, second = by_likelihood(context)[:2]
    chain = SamplerChain()
    chain.add_penalties(len(context.logits(0)), 8, 1.0, 0.0, 100.0)
    chain.add_greedy()
    chain.accept(first)
    assert chain.sample(context, 0) == second
    chain.close()


@pytest.mark.parametrize("version", [1, 2])
def test_mirostat_draws_a_token(context: Context, version: int) -> None:
    chain = SamplerChain()
    size = len(context.logits(0))
    chain.add_mirostat(version, size, 1, 5.0, 0.1)
    assert all(0 <= chain.sample(context, 0) < size for _ in range(5))
    chain.close()
    chain.close()  # closing twice does no harm
