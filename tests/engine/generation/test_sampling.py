"""The sampler chain is what the options ask for, and log probabilities are those of the logits."""

import math
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.binding import LlamaModel
from paddock.engine.generation import sampling
from paddock.engine.generation.sampling import choose_seed, log_probabilities, make_chain, needs_history, token_logprob
from paddock.ipc import Sampling


class RecordedChain:
    """Notes the samplers that are added, in their order."""

    def __init__(self) -> None:
        self.added: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.added.append((name.removeprefix("add_"), *arguments))


class Vocabulary:
    """As much of a model as sampling needs."""

    vocabulary_size = 5

    def piece(self, token: int, special: bool = False) -> bytes:
        return (b"a", b"b", "é".encode()[:1], b"<s>" if special else b"", b"e")[token]


MODEL = cast(LlamaModel, Vocabulary())


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sampling, "SamplerChain", RecordedChain)
    return lambda **options: cast(Any, make_chain(MODEL, Sampling(seed=7, **options), 100)).added


def test_the_default_chain_has_what_the_defaults_turn_on(chain: Any) -> None:
    assert chain() == [("top_k", 40), ("top_p", 0.9), ("temperature", 0.8), ("draw", 7)]


def test_every_option_has_its_place_in_the_order(chain: Any) -> None:
    options = {"repeat_penalty": 1.1, "top_n_sigma": 1.5, "typical_p": 0.5, "min_p": 0.1}
    assert [name for name, *_ in chain(**options)] == [
        *("penalties", "top_n_sigma", "top_k", "typical", "top_p", "min_p", "temperature", "draw")
    ]


def test_the_penalties_have_room_for_the_context_and_no_more(chain: Any) -> None:
    for last, room in ((-1, 100), (64, 64), (2**31 - 1, 100)):
        assert chain(repeat_penalty=1.1, repeat_last_n=last)[0] == ("penalties", 5, room, 1.1, 0.0, 0.0)


def test_a_temperature_by_which_logits_cannot_be_divided_is_none(chain: Any) -> None:
    for temperature in (0.0, 1e-45, 1e-300, 9e-7):
        assert chain(temperature=temperature) == [("greedy",)]
    assert ("temperature", 1e-6) in chain(temperature=1e-6)


@pytest.mark.parametrize("off", [0.0, -1.0, -0.5])
def test_top_n_sigma_is_on_above_zero(chain: Any, off: float) -> None:
    assert chain(top_n_sigma=off) == chain()
    assert chain(top_n_sigma=1.5)[0] == ("top_n_sigma", 1.5)


def test_what_is_off_is_left_out(chain: Any) -> None:
    assert chain(top_k=0, top_p=1.0, min_p=0.0, typical_p=1.0) == [("temperature", 0.8), ("draw", 7)]


def test_temperature_zero_takes_the_likeliest(chain: Any) -> None:
    assert chain(temperature=0) == [("greedy",)]
    assert chain(temperature=0, frequency_penalty=0.5) == [("penalties", 5, 64, 1.0, 0.5, 0.0), ("greedy",)]


@pytest.mark.parametrize("version", [1, 2])
def test_mirostat_takes_the_place_of_the_other_filters(chain: Any, version: int) -> None:
    assert chain(mirostat=version) == [("temperature", 0.8), ("mirostat", version, 5, 7, 5.0, 0.1)]


def test_penalties_may_count_the_whole_context_or_nothing(chain: Any) -> None:
    assert chain(repeat_penalty=2.0, repeat_last_n=-1)[0] == ("penalties", 5, 100, 2.0, 0.0, 0.0)
    assert chain(repeat_penalty=2.0, repeat_last_n=0)[0] == ("top_k", 40)


def test_only_penalties_need_the_prompts_tokens() -> None:
    assert not needs_history(Sampling())
    assert needs_history(Sampling(repeat_penalty=1.1))
    assert needs_history(Sampling(presence_penalty=-1.0))
    assert needs_history(Sampling(frequency_penalty=0.5))


@given(st.integers(0, 2**40))
def test_a_seed_has_32_bits_and_never_asks_for_a_random_one(seed: int) -> None:
    assert 0 <= choose_seed(seed) < 2**32 - 1
    assert seed >= 2**32 - 1 or choose_seed(seed) == seed


def test_a_negative_seed_is_random() -> None:
    assert len({choose_seed(-1) for _ in range(20)}) > 15


def test_log_probabilities_are_those_of_the_softmax() -> None:
    logits = np.array([1000.0, 1001.0, 0.0], np.float32)
    values = log_probabilities(logits)
    assert np.exp(values).sum() == pytest.approx(1)
    assert values[1] - values[0] == pytest.approx(1)
    assert logits.tolist() == [1000.0, 1001.0, 0.0]


def test_a_token_is_described_with_the_likeliest_in_its_place() -> None:
    logits = np.log(np.array([0.1, 0.4, 0.2, 0.3, 1e-9], np.float32))
    entry = token_logprob(MODEL, 0, logits, 3)
    assert (entry.token, entry.bytes) == ("a", b"a")
    assert entry.logprob == pytest.approx(math.log(0.1), abs=1e-6)
    assert [(t.token, t.bytes) for t in entry.top] == [("b", b"b"), ("<s>", b"<s>"), ("\ufffd", b"\xc3")]
    assert token_logprob(MODEL, 0, logits, 0).top == ()
    assert len(token_logprob(MODEL, 0, logits, 99).top) == 5
