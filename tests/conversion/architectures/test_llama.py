import numpy as np
import pytest

from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.llama import llama, rope_factors
from paddock.conversion.errors import ConversionError
from tests.conversion.architectures.test_decoder import VALUES


def test_a_mixture_also_has_experts() -> None:
    assert "expert_count" not in llama(Config(VALUES))
    assert llama(Config({**VALUES, "num_local_experts": 4, "num_experts_per_tok": 2}))["expert_count"] == 4


def test_only_llama_3_scales_single_frequencies() -> None:
    assert rope_factors(Config(VALUES)) == {}
    rope = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "original_max_position_embeddings": 8192}
    factors = rope_factors(Config({**VALUES, "head_dim": 128, "rope_scaling": rope}))["rope_freqs.weight"]
    assert factors.shape == (64,)
    assert (factors[0], factors[-1]) == (1.0, 8.0)
    assert (np.diff(factors) >= 0).all()


@pytest.mark.parametrize("wrong", [{"factor": 0}, {"low_freq_factor": 4.0, "high_freq_factor": 4.0}])
def test_impossible_factors_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConversionError, match="impossible factors"):
        rope_factors(Config({**VALUES, "rope_scaling": {"rope_type": "llama3", **wrong}}))
