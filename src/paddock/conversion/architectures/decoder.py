"""Hyperparameters that all decoders share: networks that write text token by token.

The facts come from llama.cpp's loaders (src/llama-model.cpp) and transformers' models.
"""

from paddock.conversion.architectures.architecture import Hyperparameters
from paddock.conversion.architectures.config import Config
from paddock.conversion.errors import ConversionError


def decoder(config: Config) -> Hyperparameters:
    """Return the settings that all decoders have."""
    width = config.head_width
    return {
        "vocab_size": config.integer("vocab_size"),
        "context_length": config.integer("max_position_embeddings", "n_positions"),
        "embedding_length": config.width,
        "block_count": config.integer("num_hidden_layers", "n_layer"),
        "feed_forward_length": config.integer("intermediate_size"),
        "attention.head_count": config.heads,
        "attention.head_count_kv": config.kv_heads,
        "attention.key_length": width,
        "attention.value_length": width,
        "attention.layer_norm_rms_epsilon": config.positive("rms_norm_eps", default=1e-6),
        "rope.dimension_count": width,
        **rope_settings(config),
    }


def rope_settings(config: Config) -> Hyperparameters:
    """Return the settings of rotary position embeddings (RoPE)."""
    rope = config.rope()
    settings: Hyperparameters = {"rope.freq_base": rope.theta}
    if rope.kind == "linear":
        settings |= {"rope.scaling.type": "linear", "rope.scaling.factor": rope.number("factor", 1.0)}
    elif rope.kind == "yarn":
        trained = rope.number("original_max_position_embeddings", config.number("max_position_embeddings"))
        settings |= {
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": rope.number("factor", 1.0),
            "rope.scaling.original_context_length": int(trained),
            "rope.scaling.yarn_beta_fast": rope.number("beta_fast", 32.0),
            "rope.scaling.yarn_beta_slow": rope.number("beta_slow", 1.0),
        }
    elif rope.kind not in ("default", "llama3", "longrope"):
        raise ConversionError(f"config.json: rope_scaling of the type {rope.kind} is not imported")
    return settings


def experts(config: Config) -> Hyperparameters:
    """Return the settings of a mixture of experts: how many each layer has, and how many process a token."""
    return {
        "expert_count": config.integer("num_local_experts", "num_experts"),
        "expert_used_count": config.integer("num_experts_per_tok"),
    }
