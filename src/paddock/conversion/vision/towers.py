"""Vision transformers: the settings and tensors of each kind, in a checkpoint and in a GGUF file.

The facts come from transformers' models SigLIP and CLIP, and llama.cpp's loader of them (tools/mtmd/clip.cpp).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.conversion.architectures.config import Config
from paddock.conversion.errors import ConversionError

Tensors = dict[str, tuple[str, tuple[int, ...]]]
"""By the name in the checkpoint: the name in the file, and the required shape, outermost dimension first."""

COLOR_CHANNELS = 3
COLOR_STATISTICS: dict[str, tuple[list[float], list[float]]] = {
    "siglip": ([0.5] * 3, [0.5] * 3),
    "clip": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
}
"""Mean and standard deviation by which each colour is normalized, unless a checkpoint has its own."""
_ACTIVATIONS: dict[str, dict[str, bool]] = {
    "gelu": {"clip.use_gelu": True},
    "gelu_new": {"clip.use_gelu": True},
    "gelu_pytorch_tanh": {"clip.use_gelu": True},
    "quick_gelu": {},
    "silu": {"clip.use_silu": True},
}
_SHARED_DEFAULTS = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "image_size": 224,
    "num_channels": COLOR_CHANNELS,
}


@dataclass(frozen=True)
class Tower:
    """A vision transformer: turns patches of an image into vectors, layer by layer."""

    kind: str
    """`siglip` or `clip`."""
    width: int
    feed_forward: int
    layers: int
    heads: int
    image: int
    """Pixels along each side of an image."""
    patch: int
    """Pixels along each side of a patch."""
    epsilon: float
    activation: Mapping[str, bool]

    @property
    def side(self) -> int:
        """Patches along each side of an image."""
        return self.image // self.patch

    @property
    def has_class_embedding(self) -> bool:
        """Whether a class embedding, which stands for the whole image, precedes the patches."""
        return self.kind == "clip"

    def settings(self, layers: int, mean: list[float], deviation: list[float]) -> dict[str, Any]:
        """Return the metadata of a file with the first `layers` layers of the tower."""
        return {
            "clip.has_vision_encoder": True,
            **self.activation,
            "clip.vision.image_size": self.image,
            "clip.vision.patch_size": self.patch,
            "clip.vision.embedding_length": self.width,
            "clip.vision.feed_forward_length": self.feed_forward,
            "clip.vision.block_count": layers,
            "clip.vision.attention.head_count": self.heads,
            "clip.vision.attention.layer_norm_epsilon": self.epsilon,
            "clip.vision.image_mean": mean,
            "clip.vision.image_std": deviation,
        }

    def tensors(self, layers: int, *, last_norm: bool) -> Tensors:
        """Return the tensors of the first `layers` layers; `last_norm` includes the norm after the last one."""
        width = self.width
        found: Tensors = {
            "embeddings.patch_embedding.weight": (
                "v.patch_embd.weight",
                (width, COLOR_CHANNELS, self.patch, self.patch),
            ),
            "embeddings.position_embedding.weight": (
                "v.position_embd.weight",
                (self.side**2 + self.has_class_embedding, width),
            ),
        }
        if self.kind == "clip":
            found["embeddings.class_embedding"] = ("v.class_embd", (width,))
            found |= _norm("pre_layrnorm", "v.pre_ln", width)  # spelt this way in every checkpoint
        else:
            found["embeddings.patch_embedding.bias"] = ("v.patch_embd.bias", (width,))
        for layer in range(layers):
            theirs, ours = f"encoder.layers.{layer}", f"v.blk.{layer}"
            for part, target in (("q_proj", "q"), ("k_proj", "k"), ("v_proj", "v"), ("out_proj", "out")):
                found |= linear(f"{theirs}.self_attn.{part}", f"{ours}.attn_{target}", width, width)
            found |= linear(f"{theirs}.mlp.fc1", f"{ours}.ffn_up", self.feed_forward, width)
            found |= linear(f"{theirs}.mlp.fc2", f"{ours}.ffn_down", width, self.feed_forward)
            found |= _norm(f"{theirs}.layer_norm1", f"{ours}.ln1", width)
            found |= _norm(f"{theirs}.layer_norm2", f"{ours}.ln2", width)
        if last_norm:
            found |= _norm("post_layernorm", "v.post_ln", width)
        return found


def linear(theirs: str, ours: str, rows: int, columns: int, *, bias: bool = True) -> Tensors:
    """Return the tensors of a linear layer."""
    found: Tensors = {f"{theirs}.weight": (f"{ours}.weight", (rows, columns))}
    return found | ({f"{theirs}.bias": (f"{ours}.bias", (rows,))} if bias else {})


def tower_of(values: Mapping[str, Any]) -> Tower:
    """Return the tower that a checkpoint's `vision_config` describes.

    Raises:
        ConversionError: if its kind is not supported, or its sizes are impossible.
    """
    make = _TOWERS.get(str(values.get("model_type")))
    if make is None:
        named, known = str(values.get("model_type"))[:80], ", ".join(_TOWERS)
        raise ConversionError(f'a vision tower of the type "{named}" cannot be imported; supported: {known}')
    tower = make(values)
    if not tower.width or not tower.layers or not tower.heads or not tower.patch:
        raise ConversionError("config.json describes a vision tower without width, layers, heads or patches")
    if tower.width % tower.heads or tower.side < 1:
        raise ConversionError("config.json describes a vision tower whose sizes do not fit together")
    if tower.feed_forward == tower.width:
        # llama.cpp takes such matrices for those of old files, which have them transposed.
        raise ConversionError("a vision tower whose intermediate_size is its hidden_size cannot be imported")
    return tower


def activation(config: Config, key: str, default: str) -> Mapping[str, bool]:
    """Return the metadata for an activation function.

    Raises:
        ConversionError: if the engine does not have it.
    """
    name = config.get(key) or default
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        raise ConversionError(f'config.json: {key} "{str(name)[:40]}" of a vision tower is not imported')
    return _ACTIVATIONS[name]


def _siglip(values: Mapping[str, Any]) -> Tower:
    defaults = {"patch_size": 16, "layer_norm_eps": 1e-6}
    return _tower("siglip", Config({**_SHARED_DEFAULTS, **defaults, **_set_values(values)}), "gelu_pytorch_tanh")


def _clip(values: Mapping[str, Any]) -> Tower:
    defaults = {"patch_size": 32, "layer_norm_eps": 1e-5}
    return _tower("clip", Config({**_SHARED_DEFAULTS, **defaults, **_set_values(values)}), "quick_gelu")


def _set_values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _tower(kind: str, config: Config, acts: str) -> Tower:
    if config.integer("num_channels") != COLOR_CHANNELS:
        raise ConversionError(f"config.json: num_channels of a vision tower must be {COLOR_CHANNELS}")
    return Tower(
        kind,
        config.integer("hidden_size"),
        config.integer("intermediate_size"),
        config.integer("num_hidden_layers"),
        config.integer("num_attention_heads"),
        config.integer("image_size"),
        config.integer("patch_size"),
        config.positive("layer_norm_eps"),
        activation(config, "hidden_act", acts),
    )


_TOWERS: dict[str, Callable[[Mapping[str, Any]], Tower]] = {"siglip_vision_model": _siglip, "clip_vision_model": _clip}
"""By `model_type`."""


def _norm(theirs: str, ours: str, width: int) -> Tensors:
    return {f"{theirs}.{part}": (f"{ours}.{part}", (width,)) for part in ("weight", "bias")}
