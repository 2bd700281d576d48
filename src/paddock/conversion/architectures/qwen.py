"""Qwen 2 and 3, dense and with experts."""

from dataclasses import replace

from paddock.conversion.architectures.architecture import NO_PREFIX, ROTARY_BUFFERS, Architecture, Hyperparameters
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.decoder import decoder, experts
from paddock.conversion.errors import ConversionError


def qwen_mixture(config: Config) -> Hyperparameters:
    """Return the settings of mixtures of experts of Qwen 2 and 3."""
    normalized = config.architecture == "Qwen3MoeForCausalLM"
    if config.flag("norm_topk_prob", default=normalized) != normalized:
        expected = str(normalized).lower()
        raise ConversionError(f"config.json: norm_topk_prob must be {expected} for {config.architecture}")
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


QWEN2 = Architecture("qwen2", decoder, prefixes=NO_PREFIX, skipped=ROTARY_BUFFERS)
QWEN3 = Architecture("qwen3", decoder, prefixes=NO_PREFIX, skipped=ROTARY_BUFFERS)

ARCHITECTURES: dict[str, Architecture] = {
    "Qwen2ForCausalLM": QWEN2,
    "Qwen3ForCausalLM": QWEN3,
    "Qwen2MoeForCausalLM": Architecture("qwen2moe", qwen_mixture, skipped=ROTARY_BUFFERS),
    "Qwen3MoeForCausalLM": Architecture("qwen3moe", qwen_mixture, skipped=ROTARY_BUFFERS),
    "Qwen2Model": replace(QWEN2, embeds=True),
    "Qwen3Model": replace(QWEN3, embeds=True),
}
"""By the first of `architectures` in `config.json`."""
