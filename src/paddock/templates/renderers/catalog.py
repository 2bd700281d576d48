"""The renderers by name: the template of each, and the variables that it sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock.templates.errors import TemplateError


class UnknownRenderer(TemplateError):
    """A model names a renderer that does not exist."""


@dataclass(frozen=True)
class Renderer:
    """A template with the settings of one renderer.

    `places_images`: whether placeholders for images are put into the messages. `thinks`: whether the model thinks if
    the request does not say. `options`: further variables of the template.
    """

    template: str
    bos: str = ""
    places_images: bool = False
    thinks: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def renderer(name: str) -> Renderer:
    """Return the renderer of this name.

    Raises:
        UnknownRenderer: if there is none.
    """
    try:
        return _RENDERERS[name]
    except KeyError:
        raise UnknownRenderer(f'unknown renderer "{name}"') from None


def renderer_names() -> frozenset[str]:
    """Return all names that `render` knows."""
    return frozenset(_RENDERERS)


def leading_bos(name: str) -> str:
    """Return the text of the beginning-of-sequence token that a renderer adds, "" if it leaves that to the tokenizer.

    The renderer's prompts begin with this text, so a tokenizer that adds the token itself must not double it. Only
    `cohere` does not write the token that it names.

    Raises:
        UnknownRenderer: if there is no renderer of this name.
    """
    return renderer(name).bos


_DEEPSEEK_BOS = "<｜begin▁of▁sentence｜>"
_GEMMA_BOS = "<bos>"
_LFM_BOS = "<|startoftext|>"
_POOLSIDE_BOS = "〈|EOS|〉"
_OLMO = (
    "You are Olmo, a helpful AI assistant built by Ai2. Your date cutoff is December 2024, "
    "and your model weights are available at https://huggingface.co/allenai."
)

_RENDERERS: Mapping[str, Renderer] = {
    "cogito": Renderer("cogito", _DEEPSEEK_BOS),
    "cohere": Renderer("cohere", "<BOS_TOKEN>", thinks=True),
    "deepseek3.1": Renderer("deepseek3_1", _DEEPSEEK_BOS),
    "functiongemma": Renderer("functiongemma", _GEMMA_BOS),
    "gemma4": Renderer("gemma4", _GEMMA_BOS, places_images=True, options={"shows_no_thoughts": False}),
    "gemma4-large": Renderer("gemma4", _GEMMA_BOS, places_images=True, options={"shows_no_thoughts": True}),
    "gemma4-small": Renderer("gemma4", _GEMMA_BOS, places_images=True, options={"shows_no_thoughts": False}),
    "glimmer": Renderer("glimmer", "<|begin_of_text|>", places_images=True, thinks=True),
    "glm-4.7": Renderer("glm4_7", thinks=True),
    "glm-ocr": Renderer("glm_ocr", places_images=True, thinks=True),
    "laguna": Renderer("laguna", _POOLSIDE_BOS),
    "lfm2": Renderer("lfm2", _LFM_BOS, places_images=True, options={"writes_thoughts": False}),
    "lfm2-thinking": Renderer("lfm2", _LFM_BOS, places_images=True, options={"writes_thoughts": True}),
    "nemotron-3-nano": Renderer(
        "nemotron3", places_images=True, thinks=True, options={"has_toggles": True, "after_thoughts": "\n"}
    ),
    "nemotron-3.5-nano": Renderer(
        "nemotron3", places_images=True, thinks=True, options={"has_toggles": False, "after_thoughts": ""}
    ),
    "olmo3": Renderer("olmo3", options={"introduction": "You are a helpful function-calling AI assistant."}),
    "olmo3.1": Renderer("olmo3", options={"introduction": _OLMO}),
    "olmo3-think": Renderer("olmo3_think", options={"introduction": _OLMO}),
    "olmo3-32b-think": Renderer("olmo3_think", options={"introduction": "You are a helpful AI assistant."}),
    "ornith": Renderer("qwen3_5", places_images=True, thinks=True, options={"keeps_thoughts": True}),
    "poolside-v1": Renderer("poolside", _POOLSIDE_BOS),
    "qwen3-coder": Renderer("qwen3_coder"),
    "qwen3-vl-instruct": Renderer("qwen3_vl", places_images=True),
    "qwen3-vl-thinking": Renderer("qwen3_vl", places_images=True, thinks=True),
    "qwen3.5": Renderer("qwen3_5", places_images=True, thinks=True, options={"keeps_thoughts": False}),
    "qwen3.8": Renderer("qwen3_8", places_images=True, thinks=True),
}
