"""Which architectures can be imported, and what each has of its own.

A row says the name that llama.cpp has for it, which of its settings llama.cpp wants, and what happens to its tensors.
The facts: llama.cpp's loaders (src/llama-model.cpp) and transformers' models. Each row is verified: `tests/conversion`
compares the logits with transformers'.
"""

import math
from dataclasses import replace

import numpy as np

from paddock.conversion.architectures.base import Architecture, Computed, Settings
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.encoders import ENCODERS
from paddock.conversion.checkpoint.numbers import finite32
from paddock.conversion.errors import ConversionError

__all__ = ["ARCHITECTURES", "Architecture", "Settings", "architecture_of"]


def decoder(config: Config) -> Settings:
    """What all models that write text have in common."""
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
        **rotation(config),
    }


def rotation(config: Config) -> Settings:
    """How positions are rotated."""
    rope = config.rope()
    settings: Settings = {"rope.freq_base": rope.theta}
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


def stretched_angles(config: Config) -> Computed:
    """By what each angle of Llama 3.1's rotation is divided, where the config asks for that."""
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


def experts(config: Config) -> Settings:
    """How many networks a layer of a mixture has, and how many of them see a token."""
    return {
        "expert_count": config.integer("num_local_experts", "num_experts"),
        "expert_used_count": config.integer("num_experts_per_tok"),
    }


def llama(config: Config) -> Settings:
    """Llama, Mistral and Mixtral."""
    mixture = config.has("num_local_experts") and config.integer("num_local_experts") > 0
    return {**decoder(config), **(experts(config) if mixture else {})}


def qwen_mixture(config: Config) -> Settings:
    """Mixtures of Qwen 2 and 3."""
    normalized = config.architecture == "Qwen3MoeForCausalLM"
    if config.flag("norm_topk_prob", default=normalized) != normalized:
        wanted = str(normalized).lower()
        raise ConversionError(f"config.json: norm_topk_prob must be {wanted} for {config.architecture}")
    sparse = config.integer("decoder_sparse_step", default=1)
    if sparse != 1 or config.get("mlp_only_layers"):
        raise ConversionError("config.json: mixtures with layers that are none are not imported")
    shared = config.integer("shared_expert_intermediate_size", default=0)
    return {
        **decoder(config),
        **experts(config),
        "expert_feed_forward_length": config.integer("moe_intermediate_size"),
        "expert_shared_feed_forward_length": shared or None,
    }


def gemma2(config: Config) -> Settings:
    """Gemma 2: layers with a window by turns with layers that see everything, and logits that are capped."""
    wanted = config.number("query_pre_attn_scalar", default=float(config.head_width))
    layers = config.integer("num_hidden_layers")
    if wanted != (config.width // config.heads if layers == 46 else config.head_width):
        raise ConversionError("config.json: query_pre_attn_scalar must be head_dim, the width of a head")
    return {
        **decoder(config),
        "attention.sliding_window": config.integer("sliding_window", default=4096),
        "attn_logit_softcapping": config.number("attn_logit_softcapping", default=50.0),
        "final_logit_softcapping": config.number("final_logit_softcapping", default=30.0),
    }


def gemma3(config: Config) -> Settings:
    """Gemma 3: five layers with a window to one that sees everything, each kind with a rotation of its own."""
    wanted = config.number("query_pre_attn_scalar", default=256.0)
    layers = config.integer("num_hidden_layers")
    if wanted != (config.width // config.heads if layers == 62 else config.head_width):
        raise ConversionError("config.json: query_pre_attn_scalar must be head_dim, the width of a head")
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and any(
        (kind == "full_attention") != (layer % 6 == 5) for layer, kind in enumerate(kinds)
    ):
        raise ConversionError("config.json: layer_types other than every sixth with full attention are not imported")
    nearby, capped = config.rope("sliding_attention"), config.has("final_logit_softcapping")
    local = config.number("rope_local_base_freq", default=nearby.theta)
    return {
        **decoder(config),
        "attention.sliding_window": config.integer("sliding_window", default=4096),
        "final_logit_softcapping": config.number("final_logit_softcapping") if capped else None,
        "rope.freq_base_swa": local,
    }


def gemma_embedding(config: Config) -> Settings:
    """EmbeddingGemma: Gemma 3 in which each token sees those after it, too."""
    if not config.flag("use_bidirectional_attention"):
        raise ConversionError(f"config.json: use_bidirectional_attention must be true for {config.architecture}")
    return {**gemma3(config), "attention.causal": False, "final_logit_softcapping": None}


def phi3(config: Config) -> Settings:
    """Phi-3 and Phi-4-mini."""
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


def long_angles(config: Config) -> Computed:
    """By what each angle of Phi-3's rotation is divided: for short contexts and for long ones."""
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


_ROTARY = r"rotary_emb\.inv_freq$|rotary_pos_emb"
_HALVES = ("q_proj", "k_proj")
_BARE = ("",)
"""Prefixes of checkpoints of the network alone, whose tensors are not named `model.` …"""
_VISION = r"vision_tower|multi_modal_projector|vision_model|embed_vision"

LLAMA = Architecture("llama", llama, prefixes=_BARE, left_out=_ROTARY, turned=_HALVES, computed=stretched_angles)
QWEN2 = Architecture("qwen2", decoder, prefixes=_BARE, left_out=_ROTARY)
QWEN3 = Architecture("qwen3", decoder, prefixes=_BARE, left_out=_ROTARY)
GEMMA3 = Architecture(
    "gemma3",
    gemma3,
    prefixes=("model.language_model.", "language_model."),
    left_out=rf"{_ROTARY}|{_VISION}",
    norms_plus_one=True,
)

ARCHITECTURES: dict[str, Architecture] = {
    "LlamaForCausalLM": LLAMA,
    "MistralForCausalLM": LLAMA,
    "MixtralForCausalLM": LLAMA,
    "Qwen2ForCausalLM": QWEN2,
    "Qwen3ForCausalLM": QWEN3,
    "Qwen2MoeForCausalLM": Architecture("qwen2moe", qwen_mixture, left_out=_ROTARY),
    "Qwen3MoeForCausalLM": Architecture("qwen3moe", qwen_mixture, left_out=_ROTARY),
    "GemmaForCausalLM": Architecture("gemma", decoder, left_out=rf"{_ROTARY}|^lm_head", norms_plus_one=True),
    "Gemma2ForCausalLM": Architecture("gemma2", gemma2, left_out=rf"{_ROTARY}|^lm_head", norms_plus_one=True),
    "Gemma3ForCausalLM": GEMMA3,
    "Gemma3ForConditionalGeneration": GEMMA3,
    "Phi3ForCausalLM": Architecture("phi3", phi3, left_out=_ROTARY, computed=long_angles),
    "LlamaModel": replace(LLAMA, embeds=True),
    "MistralModel": replace(LLAMA, embeds=True),
    "Qwen2Model": replace(QWEN2, embeds=True),
    "Qwen3Model": replace(QWEN3, embeds=True),
    "Gemma3TextModel": Architecture(
        "gemma-embedding",
        gemma_embedding,
        prefixes=_BARE,
        left_out=_ROTARY,
        norms_plus_one=True,
        embeds=True,
        has_dense=True,
    ),
    **ENCODERS,
}
"""The first of `architectures` in `config.json` → how it is imported."""

LLAVA = "LlavaForConditionalGeneration"
"""A model of its own kind behind a vision tower."""
_BEHIND_LLAVA = {"llama": LLAMA, "mistral": LLAMA, "qwen2": QWEN2, "qwen3": QWEN3}


def architecture_of(config: Config) -> Architecture:
    """Return how a checkpoint is imported.

    Raises:
        ConversionError: naming the architecture, if it cannot be.
    """
    name = config.architecture
    found = _of_llava(config) if name == LLAVA else ARCHITECTURES.get(name)
    if found is None:
        supported = ", ".join([*ARCHITECTURES, LLAVA])
        raise ConversionError(f'the architecture "{name[:80]}" cannot be imported; supported: {supported}')
    return found


def _of_llava(config: Config) -> Architecture:
    kind = config.get("model_type")
    found = _BEHIND_LLAVA.get("llama" if kind == "llava" else str(kind))
    if found is None:
        supported = ", ".join(_BEHIND_LLAVA)
        raise ConversionError(
            f'{LLAVA} with the text model "{str(kind)[:80]}" cannot be imported; supported: {supported}'
        )
    return replace(found, prefixes=GEMMA3.prefixes, left_out=GEMMA3.left_out)
