"""LLaVA: one of several language models behind a vision tower."""

from dataclasses import replace

from paddock.conversion.architectures.architecture import ROTARY_BUFFERS, Architecture
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.gemma import TEXT_PREFIXES, VISION_TENSORS
from paddock.conversion.architectures.llama import LLAMA
from paddock.conversion.architectures.qwen import QWEN2, QWEN3
from paddock.conversion.errors import ConversionError

LLAVA = "LlavaForConditionalGeneration"
_TEXT_MODELS = {"llama": LLAMA, "mistral": LLAMA, "qwen2": QWEN2, "qwen3": QWEN3}
"""By the `model_type` of the text part."""


def llava_architecture(config: Config) -> Architecture:
    """Return how the language model of a LLaVA checkpoint is imported.

    Raises:
        ConversionError: if it is one that cannot be imported.
    """
    kind = config.get("model_type")
    found = _TEXT_MODELS.get("llama" if kind == "llava" else str(kind))
    if found is None:
        supported = ", ".join(_TEXT_MODELS)
        raise ConversionError(
            f'{LLAVA} with the text model "{str(kind)[:80]}" cannot be imported; supported: {supported}'
        )
    return replace(found, prefixes=TEXT_PREFIXES, skipped=rf"{ROTARY_BUFFERS}|{VISION_TENSORS}")
