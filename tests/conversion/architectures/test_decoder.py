from typing import Any

import pytest

from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.decoder import decoder, experts, rope_settings
from paddock.conversion.errors import ConversionError

VALUES: dict[str, Any] = {
    "vocab_size": 64,
    "max_position_embeddings": 128,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def test_a_decoders_sizes_become_metadata() -> None:
    settings = decoder(Config(VALUES))
    assert (settings["embedding_length"], settings["attention.head_count_kv"]) == (32, 2)
    assert settings["attention.key_length"] == settings["rope.dimension_count"] == 8


def test_yarn_keeps_the_context_that_was_trained() -> None:
    rope = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
    settings = rope_settings(Config({**VALUES, "rope_scaling": rope}))
    assert settings["rope.scaling.original_context_length"] == 32
    assert settings["rope.scaling.factor"] == 4.0
    without = rope_settings(Config({**VALUES, "rope_scaling": {"rope_type": "yarn"}}))
    assert without["rope.scaling.original_context_length"] == 128


def test_an_unknown_scaling_is_refused() -> None:
    with pytest.raises(ConversionError, match="type magic is not imported"):
        rope_settings(Config({**VALUES, "rope_scaling": {"rope_type": "magic"}}))


def test_experts_are_counted_by_either_key() -> None:
    assert experts(Config({"num_experts": 8, "num_experts_per_tok": 2})) == {
        "expert_count": 8,
        "expert_used_count": 2,
    }
