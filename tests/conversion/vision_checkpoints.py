"""Tiny checkpoints of vision-language models, and what is recorded of them.

As with `checkpoints`, weights come from the names of the tensors. `data/vision/<case>.npz` has the configuration, the
shapes, and what transformers computed: the embeddings of an image, and the logits after a prompt with it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.conversion.checkpoints import DATA, Array, byte_tokenizer, weights, write_safetensors

RECORDED = DATA / "vision"
VOCABULARY = 64
BEGIN, END, PLACE = 60, 61, 62
"""Tokens before an image, after it, and in its place."""
PROMPT = "the tea[img-0] is hot"


def sample_image(size: int) -> "np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]":
    """Return an image of smooth colors for a tower of this size, of shape (rows, columns, channels)."""
    down, across = np.mgrid[0:size, 0:size] / size
    waves = [np.sin(7 * down + 3 * across), np.cos(5 * across * down), np.sin(11 * across) * down]
    return np.stack([np.round(127.5 + 127 * wave) for wave in waves], -1).astype(np.uint8)


def seeing_weights(shapes: Mapping[str, Sequence[int]], architecture: str) -> dict[str, Array]:
    """Return 32-bit weights of these names and shapes, always the same; patches weigh as much as their positions."""
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        less_one = architecture.startswith("Gemma") and "vision_tower" not in name
        (values,) = weights({name: shape}, norms_plus_one=less_one).values()
        found[name] = values * np.float32(0.05) if "patch_embedding.weight" in name else values
    return found


def write_seeing_checkpoint(
    folder: Path, config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]], names: Mapping[str, str] | None = None
) -> Path:
    """Write a whole checkpoint into `folder` and return it; `names` are replacements in the names of tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    tensors = seeing_weights(shapes, config["architectures"][0])
    for old, new in (names or {}).items():
        tensors = {name.replace(old, new): values for name, values in tensors.items()}
    write_safetensors(folder / "model.safetensors", tensors)
    tokenizer = byte_tokenizer(BEGIN)
    for number, text in ((BEGIN, "<start_of_image>"), (END, "<end_of_image>"), (PLACE, "<image>")):
        tokenizer["added_tokens"].append({"id": number, "content": text, "special": True, "normalized": False})
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder


def recorded(case: str) -> tuple[Array, Array, list[int], dict[str, Any], dict[str, tuple[int, ...]]]:
    """Return an image's embeddings, the logits after the prompt, its tokens, the configuration, and the shapes."""
    found = np.load(RECORDED / f"{case}.npz")
    described = json.loads(str(found["described"]))
    return found["vectors"], found["logits"], found["tokens"].tolist(), described["config"], described["shapes"]
