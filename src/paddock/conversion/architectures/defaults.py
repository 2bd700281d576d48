"""Defaults of `text_config`: configs of vision-language models name only what differs from transformers' defaults."""

from collections.abc import Mapping
from typing import Any

_LLAMA = {
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-6,
}
_GEMMA3 = {
    "vocab_size": 262208,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-6,
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
}
TEXT_DEFAULTS: dict[str, dict[str, Any]] = {
    "gemma3_text": _GEMMA3,
    "llama": _LLAMA,
    "mistral": {
        **_LLAMA,
        "intermediate_size": 14336,
        "num_key_value_heads": 8,
        "max_position_embeddings": 131072,
        "sliding_window": 4096,
    },
    "qwen2": {**_LLAMA, "vocab_size": 151936, "intermediate_size": 22016, "max_position_embeddings": 32768},
}
"""By the `model_type` of the text part."""


def text_defaults(text: Mapping[str, Any]) -> dict[str, Any]:
    """Return transformers' defaults for a text part of this `model_type`; empty if none are known."""
    kind = text.get("model_type")
    found = dict(TEXT_DEFAULTS.get(kind, {})) if isinstance(kind, str) else {}
    if kind == "gemma3_text" and "rope_parameters" not in text:
        found |= {"rope_theta": 1_000_000.0, "rope_local_base_freq": 10_000.0}
    return found
