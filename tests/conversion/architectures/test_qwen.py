from typing import Any

import pytest

from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.qwen import qwen_mixture
from paddock.conversion.errors import ConversionError
from tests.conversion.architectures.test_decoder import VALUES

MIXTURE = {**VALUES, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "norm_topk_prob": True}


def settings(**changes: Any) -> dict[str, Any]:
    return qwen_mixture(Config({**MIXTURE, "architectures": ["Qwen3MoeForCausalLM"], **changes}))


def test_a_shared_expert_is_optional() -> None:
    assert settings()["expert_shared_feed_forward_length"] is None
    assert settings(shared_expert_intermediate_size=24)["expert_shared_feed_forward_length"] == 24


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm_topk_prob": False}, "norm_topk_prob must be true"),
        ({"architectures": ["Qwen2MoeForCausalLM"]}, "norm_topk_prob must be false"),
        ({"decoder_sparse_step": 2}, "layers that are none"),
        ({"mlp_only_layers": [0]}, "layers that are none"),
    ],
)
def test_mixtures_that_the_engine_would_compute_differently_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        settings(**changes)
