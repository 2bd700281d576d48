"""Record what transformers computes with tiny vision-language checkpoints, for `tests/conversion`.

`python -m tools.record_vision_checkpoints [CASE …]` needs torch and transformers, which the tests do without.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from tests.conversion.vision_checkpoints import BEGIN, END, PLACE, RECORDED, VOCABULARY, sample_image, seeing_weights

from tools.record_checkpoints import SMALL

_TEXT = {**SMALL, "vocab_size": VOCABULARY}
_GEMMA = {"model_type": "gemma3_text", "head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 64,
          "num_hidden_layers": 7}  # fmt: skip
_STRETCHED = {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
}
_TOWER = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "patch_size": 14,
}
_SIGLIP = {**_TOWER, "model_type": "siglip_vision_model", "vision_use_head": False}
_CLIP = {**_TOWER, "model_type": "clip_vision_model", "projection_dim": 16}

GEMMA3, LLAVA = "Gemma3ForConditionalGeneration", "LlavaForConditionalGeneration"
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "gemma3": (GEMMA3, _GEMMA, {**_SIGLIP, "image_size": 112}, {"mm_tokens_per_image": 4}),
    "gemma3-stretched": (
        GEMMA3,
        {**_GEMMA, "rope_parameters": _STRETCHED},
        {**_SIGLIP, "image_size": 56},
        {"mm_tokens_per_image": 4},
    ),
    "llava": (LLAVA, {"model_type": "llama"}, {**_CLIP, "image_size": 56}, {}),
    "llava-last": (
        LLAVA,
        {"model_type": "mistral", "sliding_window": None},
        {**_CLIP, "image_size": 56, "hidden_act": "gelu"},
        {"vision_feature_layer": -1},
    ),
    "llava-siglip": (
        LLAVA,
        {"model_type": "qwen2"},
        {**_SIGLIP, "image_size": 42},
        {"vision_feature_layer": -1, "vision_feature_select_strategy": "full"},
    ),
}
"""By case: the architecture, and the configuration of the text part, the tower, and the projector."""

BEFORE, AFTER = (32, 29, 4, 3, 5), (29, 7, 9, 29, 10, 6, 4)
"""`PROMPT` as tokens, before and after the image."""


def record(case: str) -> None:
    """Record a case."""
    import torch
    import transformers
    from safetensors import safe_open
    from safetensors.numpy import save_file

    architecture, text, tower, more = CASES[case]
    kind = getattr(transformers, architecture)
    places = {"image_token_index": PLACE, "boi_token_index": BEGIN, "eoi_token_index": END}
    config = kind.config_class(text_config={**_TEXT, **text}, vision_config=tower, **places, **more)
    with tempfile.TemporaryDirectory() as folder:
        kind(config).save_pretrained(folder)
        described = json.loads((Path(folder) / "config.json").read_text())
        file = Path(folder) / "model.safetensors"
        with safe_open(file, "np") as saved:
            shapes = {name: tuple(saved.get_slice(name).get_shape()) for name in saved.keys()}  # noqa: SIM118
        save_file(seeing_weights(shapes, architecture), file, {"format": "pt"})
        model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    mean, deviation = spread_of(tower)
    pixels = (sample_image(tower["image_size"]) / 255 - mean) / deviation
    values = torch.tensor(pixels.transpose(2, 0, 1)[None], dtype=torch.float32)
    with torch.no_grad():
        vectors = model.get_image_features(values)
        vectors = torch.cat(tuple(getattr(vectors, "pooler_output", vectors))).reshape(-1, _TEXT["hidden_size"])
        around = ((BEGIN,), (END,)) if architecture == GEMMA3 else ((), ())
        tokens = [*BEFORE, *around[0], *[PLACE] * len(vectors), *around[1], *AFTER]
        ids = torch.tensor([tokens])
        seen = {"token_type_ids": (ids == PLACE).long()} if architecture == GEMMA3 else {}
        logits = model(input_ids=ids, pixel_values=values, **seen).logits[0, -1]
    RECORDED.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        RECORDED / f"{case}.npz",
        vectors=vectors.numpy(),
        logits=logits.numpy(),
        tokens=np.array(tokens, np.int32),
        described=np.array(json.dumps({"config": described, "shapes": shapes})),
    )
    print(case, tuple(vectors.shape), f"{vectors.min():.2f} to {vectors.max():.2f}", f"{logits.max():.2f}")


def spread_of(tower: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Return the mean and the standard deviation by which the tower's own processor normalizes colors."""
    from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

    clip = tower["model_type"].startswith("clip")
    return (OPENAI_CLIP_MEAN, OPENAI_CLIP_STD) if clip else ([0.5] * 3, [0.5] * 3)


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        record(name)
