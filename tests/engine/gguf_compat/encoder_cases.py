"""Kinds of encoders, each as in Ollama's file of a whole model and as in llama.cpp's projector file.

What Ollama's converters write (github.com/ollama/ollama, convert) is said here once more, the other way round than
`paddock.engine.gguf_compat.projectors` says it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.models import kinds, ollama_files, ollama_projectors, projectors
from tests.models.ollama_files import Renames, Tensors, rewritten
from tests.models.projectors import (
    DEVIATION,
    EPSILON,
    MEAN,
    PATCH,
    SIZE,
    VISION_FEED_FORWARD,
    VISION_HEADS,
    VISION_WIDTH,
)

ENCODER = ("v.", "a.", "mm.")
LAYERS = (0, 1)
PATCHED = ("v.patch_embd.weight", "v.patch_embd.weight.1")
"""Tensors of 32 bits in llama.cpp's form, so that every backend can compute them; of 16 in Ollama's."""

SIZES = {
    "block_count": 2,
    "embedding_length": VISION_WIDTH,
    "attention.head_count": VISION_HEADS,
    "patch_size": PATCH,
    "image_mean": list(MEAN),
    "image_std": list(DEVIATION),
}
"""Keys of every encoder, and of most of them:"""
FEED_FORWARD = {"feed_forward_length": VISION_FEED_FORWARD}
PRECISION = {"attention.layer_norm_epsilon": EPSILON}


def split_attention(tensors: Tensors, layers: Iterable[int] = LAYERS) -> None:
    """Split one tensor into three."""
    for layer in layers:
        for part in ("weight", "bias"):
            joined = tensors.pop(f"v.blk.{layer}.attn_qkv.{part}")
            for which, rows in zip("qkv", np.split(joined, 3), strict=True):
                tensors[f"v.blk.{layer}.attn_{which}.{part}"] = rows


def as_qwen3(tensors: Tensors) -> None:
    """Make one tensor of those of two frames, its rows and channels in one dimension, and split the attention's."""
    split_attention(tensors)
    frames = [tensors.pop(name) for name in PATCHED]
    both = np.stack(frames, 2)
    tensors["v.patch_embed.weight"] = both.reshape(-1, *both.shape[2:])


def as_mistral(tensors: Tensors) -> None:
    """Deinterleave each head: put the pairs that RoPE rotates together into its two halves."""
    del tensors["v.token_embd.img_break"]
    for layer in LAYERS:
        for which in "qk":
            name = f"v.blk.{layer}.attn_{which}.weight"
            heads = tensors[name].reshape(VISION_HEADS, -1, 2, VISION_WIDTH)
            tensors[name] = np.concatenate([heads[:, :, 0], heads[:, :, 1]], 1).reshape(-1, VISION_WIDTH)


QWEN3_NAMES = [
    ("v.post_ln.", "v.merger.norm."),
    ("mm.0.", "v.merger.linear_fc1."),
    ("mm.2.", "v.merger.linear_fc2."),
    ("v.patch_embd.", "v.patch_embed."),
    ("v.position_embd.", "v.pos_embed."),
    *((f"v.deepstack.0.{old}.", f"v.deepstack_merger.0.{new}.") for old, new in (("fc1", "linear_fc1"),)),
    ("v.deepstack.0.fc2.", "v.deepstack_merger.0.linear_fc2."),
    ("v.deepstack.0.norm.", "v.deepstack_merger.0.norm."),
    (".ln1.", ".norm1."),
    (".ln2.", ".norm2."),
    (".ffn_up.", ".mlp.linear_fc1."),
    (".ffn_down.", ".mlp.linear_fc2."),
]
MISTRAL_NAMES = [
    ("v.patch_embd.", "v.patch_conv."),
    ("v.pre_ln.", "v.encoder_norm."),
    (".attn_out.", ".attn_output."),
    (".ln1.", ".attn_norm."),
    (".ln2.", ".ffn_norm."),
    ("mm.1.", "mm.linear_1."),
    ("mm.2.", "mm.linear_2."),
    ("mm.patch_merger.", "mm.patch_merger.merging_layer."),
    ("mm.input_norm.", "mm.norm."),
]
LLAMA_NAMES = [
    ("v.class_embd", "v.class_embedding"),
    ("v.position_embd.weight", "v.positional_embedding_vlm"),
    ("v.patch_embd.", "v.patch_embedding."),
    ("v.pre_ln.", "v.layernorm_pre."),
    ("v.post_ln.", "v.layernorm_post."),
    (".attn_out.", ".attn_output."),
    (".ln1.", ".attn_norm."),
    (".ln2.", ".ffn_norm."),
    (".ffn_up.", ".mlp.fc1."),
    (".ffn_down.", ".mlp.fc2."),
    ("mm.model.mlp.1.", "v.vision_adapter.mlp.fc1."),
    ("mm.model.mlp.2.", "v.vision_adapter.mlp.fc2."),
    ("mm.model.fc.", "mm.linear_1."),
]
DEEPSEEK_NAMES = [
    ("v.sam.pos_embd.weight", "s.position_embd"),
    (".pre_ln.", ".norm1."),
    (".post_ln.", ".norm2."),
    ("v.norm1.", "v.pre_layrnorm."),
    (".attn.out.", ".attn.proj."),
    (".attn.pos_h.weight", ".attn.rel_pos_h"),
    (".attn.pos_w.weight", ".attn.rel_pos_w"),
    ("v.sam.", "s."),
    (".attn_qkv.", ".self_attn.qkv_proj."),
    (".attn_out.", ".self_attn.out_proj."),
    (".ln1.", ".layer_norm1."),
    (".ln2.", ".layer_norm2."),
    (".ffn_up.", ".mlp.fc1."),
    (".ffn_down.", ".mlp.fc2."),
    ("mm.model.fc.", "mm.layers."),
    ("v.image_newline", "mm.image_newline"),
    ("v.view_seperator", "mm.view_seperator"),
]
GEMMA4_NAMES = [
    ("a.pre_encode.out.", "mm.a.fc."),
    ("a.input_projection.", "a.pre_encode.out."),
    ("mm.a.pre_encode.out.", "mm.a.input_projection."),
    *(
        (f"a.blk.{layer}.{old}.", f"a.blk.{layer}.{new}.")
        for layer in LAYERS
        for old, new in (
            ("ln2", "layer_pre_norm"),
            ("attn_pre_norm", "ln1"),
            ("attn_post_norm", "ln2"),
            ("attn_k_rel", "linear_pos"),
        )
    ),
]
TWO_FRAMES = [("v.patch_embd.weight.1", "v.patch_embd_1.weight"), ("v.patch_embd.weight", "v.patch_embd_0.weight")]


@dataclass(frozen=True)
class Kind:
    """A kind of encoder in Ollama's form and in llama.cpp's."""

    architecture: str
    write: Callable[[Path], Path]
    names: Renames
    """Replacements, in this order, that turn llama.cpp's names into Ollama's."""
    keys: Mapping[str, Any]
    """Its metadata, by key without the architecture's name."""
    floats: Sequence[str] = PATCHED
    """Tensors of 32 bits in llama.cpp's form and of 16 bits in Ollama's."""
    precise: Sequence[str] = ()
    """Matrices of 32 bits in both forms."""
    reshape: Callable[[Tensors], None] = lambda tensors: None
    """Further changes to the tensors, under llama.cpp's names."""
    text: Callable[[Path], Path] = kinds.full_attention
    image_size: tuple[int, int] = (112, 84)
    more: Mapping[str, Any] = field(default_factory=dict)
    """Keys that are not under the name of the architecture."""


KINDS = {
    "gemma3": Kind(
        "gemma3",
        projectors.gemma,
        ollama_files.GEMMA_NAMES,
        {f"vision.{key}": value for key, value in (SIZES | FEED_FORWARD | PRECISION).items()}
        | {"vision.image_size": SIZE, "mm.tokens_per_image": projectors.PATCHES // 4},
        floats=("v.patch_embd.weight", "v.position_embd.weight"),
        text=kinds.sliding_window,
        image_size=(28, 28),
    ),
    "qwen25vl": Kind(
        "qwen25vl",
        ollama_projectors.qwen25,
        [
            ("v.post_ln.", "v.merger.ln_q."),
            ("mm.0.", "v.merger.mlp.0."),
            ("mm.2.", "v.merger.mlp.2."),
            *TWO_FRAMES,
        ],
        {f"vision.{key}": value for key, value in (SIZES | PRECISION).items()}
        | {
            "vision.patch_size": 14,
            "vision.num_channels": 3,
            "vision.spatial_merge_size": 2,
            "vision.window_size": ollama_projectors.WINDOW,
            "vision.fullatt_block_indexes": [1, 3],
        },
        image_size=(168, 84),
    ),
    "qwen3vl": Kind(
        "qwen3vl",
        projectors.deep_qwen,
        QWEN3_NAMES,
        {f"vision.{key}": value for key, value in (SIZES | PRECISION).items()}
        | {"vision.patch_size": 14, "vision.spatial_merge_size": 2, "vision.deepstack_visual_indexes": [0]},
        floats=(*PATCHED, "v.position_embd.weight"),
        reshape=as_qwen3,
        text=projectors.deep_qwen_text,
    ),
    "qwen35": Kind(
        "qwen35",
        lambda path: projectors.deep_qwen(path, deep=False),
        QWEN3_NAMES,
        {f"vision.{key}": value for key, value in (SIZES | FEED_FORWARD | PRECISION).items()}
        | {"vision.patch_size": 14, "vision.num_channels": 3, "vision.spatial_merge_size": 2},
        floats=(*PATCHED, "v.position_embd.weight"),
        reshape=as_qwen3,
    ),
    "llama4": Kind(
        "llama4",
        ollama_projectors.llama4,
        LLAMA_NAMES,
        {f"vision.{key}": value for key, value in (SIZES | FEED_FORWARD).items()}
        | {"vision.image_size": SIZE, "vision.layer_norm_epsilon": EPSILON, "vision.pixel_shuffle_ratio": 0.5},
        floats=(),
        precise=("v.position_embd.weight",),
        image_size=(60, 30),
    ),
    "glmocr": Kind(
        "glmocr",
        ollama_projectors.glm,
        TWO_FRAMES,
        {f"vision.{key}": value for key, value in SIZES.items()}
        | {
            "vision.patch_size": 14,
            "vision.image_size": SIZE,
            "vision.spatial_merge_size": 2,
            "vision.intermediate_size": VISION_FEED_FORWARD,
            "vision.out_hidden_size": kinds.WIDTH,
            "vision.attention.layer_norm_rms_epsilon": EPSILON,
        },
    ),
    "gemma4": Kind(
        "gemma4",
        ollama_projectors.gemma4,
        GEMMA4_NAMES,
        {f"vision.{key}": value for key, value in (SIZES | FEED_FORWARD | PRECISION).items()}
        | {"vision.patch_size": ollama_projectors.SMALL_PATCH, "vision.projector.scale_factor": 2},
    ),
    "deepseekocr": Kind(
        "deepseekocr",
        ollama_projectors.deepseek,
        DEEPSEEK_NAMES,
        {f"vision.{key}": value for key, value in SIZES.items() if key != "attention.head_count"}
        | {"vision.block_count": 1, "vision.head_count": VISION_HEADS, "vision.image_size": 224}
        | {"sam.block_count": ollama_projectors.SAM_LAYERS, "sam.embedding_length": ollama_projectors.SAM_WIDTH}
        | {"sam.head_count": ollama_projectors.SAM_HEADS, "vision.patch_size": 14},
        floats=(
            *("v.patch_embd.weight", "v.position_embd.weight", "v.sam.patch_embd.weight"),
            *("v.sam.neck.0.weight", "v.sam.neck.2.weight", "v.sam.net_2.weight", "v.sam.net_3.weight"),
        ),
        precise=(
            "v.sam.pos_embd.weight",
            *(f"v.sam.blk.{i}.attn.pos_{axis}.weight" for i in range(ollama_projectors.SAM_LAYERS) for axis in "hw"),
        ),
        image_size=(64, 48),
    ),
}
MISTRAL = Kind(
    "mistral3",
    ollama_projectors.pixtral,
    MISTRAL_NAMES,
    {f"vision.{key}": value for key, value in (SIZES | FEED_FORWARD).items()}
    | {"vision.image_size": SIZE, "vision.rope.freq_base": 10_000.0, "spatial_merge_size": 2},
    reshape=as_mistral,
    image_size=(56, 42),
)
"""The end of a row is a token of the model's own here, so that it needs one that has that."""


def in_ollamas_words(
    path: Path, text: Path, encoder: Path, kind: Kind, more: Callable[[Tensors], object] = len, table: Any = None
) -> Path:
    """Write one file of a language model and an encoder as Ollama's converter does.

    `more` happens to the encoder before; `table` is to be that of the tokens.
    """

    def change(tensors: Tensors) -> None:
        found = {name: tensors.pop(name) for name in list(tensors) if name.startswith(ENCODER)}
        kind.reshape(found)
        more(found)
        for name, values in found.items():
            if name not in kind.precise and values.dtype == np.float32:
                values = short(values)
            for old, new in kind.names:
                name = name.replace(old, new, 1)
            assert name not in tensors, name
            tensors[name] = values
        if table is not None:
            tensors["token_embd.weight"] = table

    keys = {f"{kind.architecture}.{key}": value for key, value in kind.keys.items()} | dict(kind.more)
    return rewritten(path, [text, encoder], kind.architecture, keys=keys, change=change)


def in_its_own_file(path: Path, encoder: Path, kind: Kind, more: Callable[[Tensors], object] = len) -> Path:
    """Write the same encoder with the same values in llama.cpp's form."""

    def change(tensors: Tensors) -> None:
        for name, values in tensors.items():
            if name not in kind.precise:
                tensors[name] = short(values).astype(np.float32) if name in kind.floats else short(values)
        more(tensors)

    return rewritten(path, [encoder], "clip", change=change)


def short(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values.astype(np.float16) if values.ndim > 1 else values
