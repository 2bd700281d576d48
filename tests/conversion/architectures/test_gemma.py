from typing import Any

import pytest

from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.gemma import gemma2, gemma3, gemma_embedding
from paddock.conversion.errors import ConversionError
from tests.conversion.architectures.test_decoder import VALUES

GEMMA: dict[str, Any] = {**VALUES, "head_dim": 16, "query_pre_attn_scalar": 16, "architectures": ["Gemma3TextModel"]}


@pytest.mark.parametrize("settings", [gemma2, gemma3])
def test_attention_scaled_by_another_number_is_refused(settings: Any) -> None:
    assert settings(Config(GEMMA))["attention.key_length"] == 16
    with pytest.raises(ConversionError, match="query_pre_attn_scalar must be head_dim"):
        settings(Config({**GEMMA, "query_pre_attn_scalar": 17}))


def test_the_largest_models_scale_attention_by_their_width() -> None:
    large = {**GEMMA, "num_hidden_layers": 62, "query_pre_attn_scalar": 8}
    assert gemma3(Config(large))["block_count"] == 62


def test_layers_in_another_order_are_refused() -> None:
    kinds = ["sliding_attention"] * 5 + ["full_attention"]
    assert gemma3(Config({**GEMMA, "layer_types": kinds}))["attention.sliding_window"] == 4096
    with pytest.raises(ConversionError, match="every sixth"):
        gemma3(Config({**GEMMA, "layer_types": kinds[::-1]}))


def test_an_embedder_attends_in_both_directions() -> None:
    assert gemma_embedding(Config({**GEMMA, "use_bidirectional_attention": True}))["attention.causal"] is False
    with pytest.raises(ConversionError, match="use_bidirectional_attention must be true"):
        gemma_embedding(Config(GEMMA))
