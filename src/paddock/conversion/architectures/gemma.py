"""Gemma 1 to 3, and EmbeddingGemma."""

from paddock.conversion.architectures.architecture import NO_PREFIX, ROTARY_BUFFERS, Architecture, Hyperparameters
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.decoder import decoder
from paddock.conversion.errors import ConversionError

VISION_TENSORS = r"vision_tower|multi_modal_projector|vision_model|embed_vision"
"""Pattern of tensors that belong to a vision tower and its projector (`conversion.vision`)."""
TEXT_PREFIXES = ("model.language_model.", "language_model.")
"""Prefixes of the text model's tensors in checkpoints that also have a vision tower."""


def gemma2(config: Config) -> Hyperparameters:
    """Return the settings of Gemma 2: alternating sliding-window and full attention, and capped logits."""
    scalar = config.number("query_pre_attn_scalar", default=float(config.head_width))
    layers = config.integer("num_hidden_layers")
    if scalar != (config.width // config.heads if layers == 46 else config.head_width):
        raise ConversionError("config.json: query_pre_attn_scalar must be head_dim, the width of a head")
    return {
        **decoder(config),
        "attention.sliding_window": config.integer("sliding_window", default=4096),
        "attn_logit_softcapping": config.number("attn_logit_softcapping", default=50.0),
        "final_logit_softcapping": config.number("final_logit_softcapping", default=30.0),
    }


def gemma3(config: Config) -> Hyperparameters:
    """Return the settings of Gemma 3: five sliding-window layers per full one, each kind with its own RoPE base."""
    scalar = config.number("query_pre_attn_scalar", default=256.0)
    layers = config.integer("num_hidden_layers")
    if scalar != (config.width // config.heads if layers == 62 else config.head_width):
        raise ConversionError("config.json: query_pre_attn_scalar must be head_dim, the width of a head")
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and any(
        (kind == "full_attention") != (layer % 6 == 5) for layer, kind in enumerate(kinds)
    ):
        raise ConversionError("config.json: layer_types other than every sixth with full attention are not imported")
    sliding, capped = config.rope("sliding_attention"), config.has("final_logit_softcapping")
    local = config.number("rope_local_base_freq", default=sliding.theta)
    return {
        **decoder(config),
        "attention.sliding_window": config.integer("sliding_window", default=4096),
        "final_logit_softcapping": config.number("final_logit_softcapping") if capped else None,
        "rope.freq_base_swa": local,
    }


def gemma_embedding(config: Config) -> Hyperparameters:
    """Return the settings of EmbeddingGemma: Gemma 3 with bidirectional attention."""
    if not config.flag("use_bidirectional_attention"):
        raise ConversionError(f"config.json: use_bidirectional_attention must be true for {config.architecture}")
    return {**gemma3(config), "attention.causal": False, "final_logit_softcapping": None}


GEMMA3 = Architecture(
    "gemma3",
    gemma3,
    prefixes=TEXT_PREFIXES,
    skipped=rf"{ROTARY_BUFFERS}|{VISION_TENSORS}",
    norms_plus_one=True,
)

ARCHITECTURES: dict[str, Architecture] = {
    "GemmaForCausalLM": Architecture("gemma", decoder, skipped=rf"{ROTARY_BUFFERS}|^lm_head", norms_plus_one=True),
    "Gemma2ForCausalLM": Architecture("gemma2", gemma2, skipped=rf"{ROTARY_BUFFERS}|^lm_head", norms_plus_one=True),
    "Gemma3ForCausalLM": GEMMA3,
    "Gemma3ForConditionalGeneration": GEMMA3,
    "Gemma3TextModel": Architecture(
        "gemma-embedding",
        gemma_embedding,
        prefixes=NO_PREFIX,
        skipped=ROTARY_BUFFERS,
        norms_plus_one=True,
        embeds=True,
        has_dense=True,
    ),
}
"""By the first of `architectures` in `config.json`."""
