"""Llama, Mistral and Mixtral."""

import math
from dataclasses import replace

import numpy as np

from paddock.conversion.architectures.architecture import (
    NO_PREFIX,
    ROTARY_BUFFERS,
    Architecture,
    Computed,
    Hyperparameters,
)
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.decoder import decoder, experts
from paddock.conversion.errors import ConversionError


def llama(config: Config) -> Hyperparameters:
    """Return the settings of Llama, Mistral and Mixtral."""
    mixture = config.has("num_local_experts") and config.integer("num_local_experts") > 0
    return {**decoder(config), **(experts(config) if mixture else {})}


def rope_factors(config: Config) -> Computed:
    """Return the divisor of each RoPE frequency as in Llama 3.1; nothing if the configuration does not ask for it."""
    rope = config.rope()
    if rope.kind != "llama3":
        return {}
    width = config.head_width
    angles = rope.theta ** -(np.arange(0, width, 2, dtype=np.float64) / width)
    factor = rope.number("factor", 8.0)
    low, high = rope.number("low_freq_factor", 1.0), rope.number("high_freq_factor", 4.0)
    trained = rope.number("original_max_position_embeddings", 8192.0)
    if factor <= 0 or high <= low:
        raise ConversionError("config.json: rope_scaling has impossible factors")
    turns = trained * angles / (2 * math.pi)
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return {"rope_freqs.weight": (1 / (smooth + (1 - smooth) / factor)).astype(np.float32)}


LLAMA = Architecture(
    "llama",
    llama,
    prefixes=NO_PREFIX,
    skipped=ROTARY_BUFFERS,
    permuted=("q_proj", "k_proj"),
    computed=rope_factors,
)

ARCHITECTURES: dict[str, Architecture] = {
    "LlamaForCausalLM": LLAMA,
    "MistralForCausalLM": LLAMA,
    "MixtralForCausalLM": LLAMA,
    "LlamaModel": replace(LLAMA, embeds=True),
    "MistralModel": replace(LLAMA, embeds=True),
}
"""By the first of `architectures` in `config.json`."""
