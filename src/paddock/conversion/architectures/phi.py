"""Phi-3 and Phi-4-mini."""

import math

import numpy as np

from paddock.conversion.architectures.architecture import ROTARY_BUFFERS, Architecture, Computed, Hyperparameters
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.decoder import decoder
from paddock.conversion.checkpoint.numbers import finite32
from paddock.conversion.errors import ConversionError


def phi3(config: Config) -> Hyperparameters:
    """Return the settings of Phi-3 and Phi-4-mini."""
    settings = decoder(config)
    partial = config.rope().number("partial_rotary_factor", config.number("partial_rotary_factor", default=1.0))
    rope, longest = config.rope(), config.integer("max_position_embeddings")
    trained = int(
        rope.number(
            "original_max_position_embeddings",
            config.number("original_max_position_embeddings", default=float(longest)),
        )
    )
    if trained < 2:
        raise ConversionError("config.json: original_max_position_embeddings must be more than 1")
    settings |= {
        "rope.dimension_count": int(partial * config.head_width),
        "rope.scaling.original_context_length": trained,
        "attention.sliding_window": config.integer("sliding_window", default=0) or None,
    }
    if rope.kind == "longrope":
        scale = longest / trained
        factor = 1.0 if scale <= 1 else math.sqrt(1 + math.log(scale) / math.log(trained))
        settings["rope.scaling.attn_factor"] = rope.number("attention_factor", factor)
    return settings


def rope_factors(config: Config) -> Computed:
    """Return the divisors of the RoPE frequencies for short and for long contexts (LongRoPE)."""
    rope = config.rope()
    if rope.kind != "longrope":
        return {}
    found: Computed = {}
    for key in ("long", "short"):
        values = rope.scaling.get(f"{key}_factor")
        if not isinstance(values, list) or not all(map(finite32, values)):
            raise ConversionError(f"config.json: rope_scaling.{key}_factor must be numbers")
        found[f"rope_factors_{key}.weight"] = np.array(values, np.float32)
    return found


ARCHITECTURES: dict[str, Architecture] = {
    "Phi3ForCausalLM": Architecture("phi3", phi3, skipped=ROTARY_BUFFERS, computed=rope_factors),
}
"""By the first of `architectures` in `config.json`."""
