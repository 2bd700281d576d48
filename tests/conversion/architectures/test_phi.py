from typing import Any

import pytest

from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.phi import phi3, rope_factors
from paddock.conversion.errors import ConversionError
from tests.conversion.architectures.test_decoder import VALUES

LONG: dict[str, Any] = {
    **VALUES,
    "original_max_position_embeddings": 32,
    "partial_rotary_factor": 0.5,
    "rope_scaling": {"type": "longrope", "long_factor": [2.0, 3.0], "short_factor": [1.0, 1.5]},
}


def test_a_part_of_each_head_is_rotated() -> None:
    settings = phi3(Config(LONG))
    assert (settings["rope.dimension_count"], settings["rope.scaling.original_context_length"]) == (4, 32)
    assert settings["rope.scaling.attn_factor"] == pytest.approx((1 + 2 / 5) ** 0.5)


def test_factors_are_written_for_short_and_long_contexts() -> None:
    found = rope_factors(Config(LONG))
    assert {name: list(values) for name, values in found.items()} == {
        "rope_factors_long.weight": [2.0, 3.0],
        "rope_factors_short.weight": [1.0, 1.5],
    }
    assert rope_factors(Config(VALUES)) == {}


def test_factors_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ConversionError, match="long_factor must be numbers"):
        rope_factors(Config({**LONG, "rope_scaling": {"type": "longrope", "long_factor": ["a"]}}))


def test_a_context_of_one_token_is_refused() -> None:
    with pytest.raises(ConversionError, match="must be more than 1"):
        phi3(Config({**LONG, "original_max_position_embeddings": 1}))
