"""Tiny image and audio encoders with random weights, in projector files for the models of `tests.models.kinds`.

Their names and keys are llama.cpp's (architecture "clip"). What the embeddings say is noise, but other noise for each
image, and of the size of the models' own token embeddings, so that an image changes what comes after it.
"""

from pathlib import Path
from typing import Any

import numpy as np

import gguf
from tests.models.kinds import HEAD_SIZE, WIDTH, ModelWriter
from tests.models.llama import finish

SIZE, PATCH = 28, 7
"""Side of an image and of a patch, in pixels."""

PATCHES = (SIZE // PATCH) ** 2
VISION_WIDTH, VISION_FEED_FORWARD, VISION_HEADS = 32, 48, 4
MEAN, DEVIATION = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
EPSILON = 1e-5

RATE = 16_000
"""Whisper's sample rate; every 30 seconds become this many positions:"""
POSITIONS = 1500
AUDIO_WIDTH, AUDIO_FEED_FORWARD, AUDIO_HEADS, AUDIO_LAYERS, MEL_BINS = 32, 48, 4, 2, 16
STACKED = 50
"""Positions that become one embedding."""
CELLS_OF_A_PIECE = POSITIONS // STACKED
PROJECTED = 40
"""Width between the projector's two layers."""


def llava(path: Path, *, seed: int = 0, layers: int = 3, width: int = WIDTH) -> Path:
    """Write a CLIP with a projector of two layers; llama.cpp skips the CLIP's last layer, as LLaVA does."""
    encoder = EncoderWriter(path, "mlp", layers, width, seed)
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3, PATCH, PATCH, scale=0.1)
    encoder.matrix("v.position_embd.weight", PATCHES, VISION_WIDTH, scale=0.5)
    encoder.norm("v.pre_ln")
    encoder.blocks()
    encoder.linear("mm.0", width, VISION_WIDTH)
    encoder.linear("mm.2", width, width, scale=0.4)
    return encoder.finish()


def gemma(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH, size: int = SIZE) -> Path:
    """Write a SigLIP with Gemma 3's projector: four patches become one embedding; attention is not causal."""
    return _gemma(path, seed, layers, width, size).finish()


def _gemma(path: Path, seed: int, layers: int, width: int, size: int) -> "EncoderWriter":
    encoder = EncoderWriter(path, "gemma3", layers, width, seed, size=size)
    encoder.writer.add_uint32("clip.vision.projector.scale_factor", 2)
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3, PATCH, PATCH, scale=0.1)
    encoder.vector("v.patch_embd.bias", VISION_WIDTH)
    encoder.matrix("v.position_embd.weight", (size // PATCH) ** 2, VISION_WIDTH, scale=0.5)
    encoder.blocks()
    encoder.norm("v.post_ln")
    encoder.tensor("mm.soft_emb_norm.weight", np.ones(VISION_WIDTH))
    encoder.matrix("mm.input_projection.weight", VISION_WIDTH, width, scale=0.3)
    return encoder


def ultravox(path: Path, *, seed: int = 0, width: int = WIDTH) -> Path:
    """Write a Whisper with Ultravox's projector, for audio only: 30 embeddings for each half minute."""
    encoder = EncoderWriter(path, "", 0, width, seed)
    encoder.ear(width)
    return encoder.finish()


def gemma_with_ears(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH) -> Path:
    """Write `gemma` and `ultravox` into one file, for models with vision and audio."""
    encoder = _gemma(path, seed, layers, width, SIZE)
    encoder.ear(width)
    return encoder.finish()


def qwen(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH) -> Path:
    """Write Qwen2-VL's encoder: images keep their aspect ratio, and embeddings have positions in two dimensions."""
    encoder = EncoderWriter(path, "qwen2vl_merger", layers, width, seed, patch=14)
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3, 14, 14, scale=0.05)
    encoder.matrix("v.patch_embd.weight.1", VISION_WIDTH, 3, 14, 14, scale=0.05)
    encoder.blocks()
    encoder.norm("v.post_ln")
    encoder.linear("mm.0", 4 * VISION_WIDTH, 4 * VISION_WIDTH)
    encoder.linear("mm.2", width, 4 * VISION_WIDTH, scale=0.4)
    return encoder.finish()


def qwen_text(path: Path, *, seed: int = 0, layers: int = 3) -> Path:
    """Write the language model that goes with `qwen`: its tokens have positions in several dimensions."""
    model = ModelWriter(path, "qwen2vl", layers, [2] * layers, seed)
    model.writer.add_rope_dimension_sections([2, 3, 3, 0])
    model.vocabulary(1.0, 0.3)
    model.ones("output_norm")
    for i in range(layers):
        model.attention(i)
        for name, rows in (("q", WIDTH), ("k", WIDTH // 2), ("v", WIDTH // 2)):
            model.tensor(f"blk.{i}.attn_{name}.bias", model.rng.standard_normal(rows) * 0.1)
        model.feed_forward(i)
    return model.finish()


def deep_qwen(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH, deep: bool = True) -> Path:
    """Write Qwen3-VL's encoder: its first layer also feeds the language model's first layer.

    Without that (not `deep`) it is Qwen3.5's.
    """
    encoder = EncoderWriter(path, "qwen3vl_merger", layers, width, seed, patch=14)
    encoder.writer.add_array("clip.vision.is_deepstack_layers", [deep] + [False] * (layers - 1))
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3, 14, 14, scale=0.05)
    encoder.matrix("v.patch_embd.weight.1", VISION_WIDTH, 3, 14, 14, scale=0.05)
    encoder.vector("v.patch_embd.bias", VISION_WIDTH)
    encoder.matrix("v.position_embd.weight", 16, VISION_WIDTH, scale=0.5)
    encoder.blocks(joined=True)
    encoder.norm("v.post_ln")
    merged = 4 * VISION_WIDTH
    if deep:
        encoder.tensor("v.deepstack.0.norm.weight", np.ones(merged))
        encoder.vector("v.deepstack.0.norm.bias", merged)
        encoder.linear("v.deepstack.0.fc1", merged, merged)
        encoder.linear("v.deepstack.0.fc2", width, merged, scale=0.4)
    encoder.linear("mm.0", merged, merged)
    encoder.linear("mm.2", width, merged, scale=0.4)
    return encoder.finish()


def deep_qwen_text(path: Path, *, seed: int = 0, layers: int = 3) -> Path:
    """Write the language model that goes with `deep_qwen`."""
    model = ModelWriter(path, "qwen3vl", layers, [2] * layers, seed)
    model.writer.add_rope_dimension_sections([2, 3, 3, 0])
    model.writer.add_uint32("qwen3vl.n_deepstack_layers", 1)
    model.writer.add_key_length(HEAD_SIZE)
    model.writer.add_value_length(HEAD_SIZE)
    model.vocabulary(1.0, 0.3)
    model.ones("output_norm")
    for i in range(layers):
        model.attention(i)
        model.ones(f"blk.{i}.attn_q_norm", HEAD_SIZE)
        model.ones(f"blk.{i}.attn_k_norm", HEAD_SIZE)
        model.feed_forward(i)
    return model.finish()


class EncoderWriter:
    """Writes a projector file."""

    def __init__(
        self,
        path: Path,
        kind: str,
        layers: int,
        width: int,
        seed: int,
        *,
        patch: int = PATCH,
        size: int = SIZE,
        activation: str = "gelu",
    ) -> None:
        self.path, self.layers = path, layers
        self.kinds = {"vision": kind} if kind else {}
        self.rng = np.random.default_rng(seed)
        self.writer = writer = gguf.GGUFWriter(path, "clip")
        writer.add_type("mmproj")
        writer.add_file_type(0)
        if activation:
            writer.add_bool(f"clip.use_{activation}", True)
        if not kind:
            return
        writer.add_bool("clip.has_vision_encoder", True)
        writer.add_uint32("clip.vision.image_size", size)
        writer.add_uint32("clip.vision.patch_size", patch)
        writer.add_uint32("clip.vision.embedding_length", VISION_WIDTH)
        writer.add_uint32("clip.vision.feed_forward_length", VISION_FEED_FORWARD)
        writer.add_uint32("clip.vision.projection_dim", width)
        writer.add_uint32("clip.vision.block_count", layers)
        writer.add_uint32("clip.vision.attention.head_count", VISION_HEADS)
        writer.add_float32("clip.vision.attention.layer_norm_epsilon", EPSILON)
        writer.add_array("clip.vision.image_mean", list(MEAN))
        writer.add_array("clip.vision.image_std", list(DEVIATION))

    def tensor(self, name: str, values: Any) -> None:
        self.writer.add_tensor(name, np.ascontiguousarray(values, np.float32))

    def matrix(self, name: str, *shape: int, scale: float = 0.15) -> None:
        self.tensor(name, self.rng.standard_normal(shape) * scale)

    def vector(self, name: str, length: int) -> None:
        self.tensor(name, self.rng.standard_normal(length) * 0.1)

    def linear(self, name: str, rows: int, columns: int, scale: float = 0.2) -> None:
        self.matrix(f"{name}.weight", rows, columns, scale=scale)
        self.vector(f"{name}.bias", rows)

    def norm(self, name: str) -> None:
        self.tensor(f"{name}.weight", 1 + self.rng.standard_normal(VISION_WIDTH) * 0.1)
        self.vector(f"{name}.bias", VISION_WIDTH)

    def blocks(self, *, joined: bool = False) -> None:
        for i in range(self.layers):
            if joined:
                self.linear(f"v.blk.{i}.attn_qkv", 3 * VISION_WIDTH, VISION_WIDTH)
            for part in ("attn_out",) if joined else ("attn_q", "attn_k", "attn_v", "attn_out"):
                self.linear(f"v.blk.{i}.{part}", VISION_WIDTH, VISION_WIDTH)
            self.norm(f"v.blk.{i}.ln1")
            self.norm(f"v.blk.{i}.ln2")
            self.linear(f"v.blk.{i}.ffn_up", VISION_FEED_FORWARD, VISION_WIDTH)
            self.linear(f"v.blk.{i}.ffn_down", VISION_WIDTH, VISION_FEED_FORWARD)

    def ear(self, width: int) -> None:
        """Add the keys and tensors of Whisper's encoder and Ultravox's projector."""
        writer = self.writer
        writer.add_bool("clip.has_audio_encoder", True)
        self.kinds["audio"] = "ultravox"
        writer.add_uint32("clip.audio.embedding_length", AUDIO_WIDTH)
        writer.add_uint32("clip.audio.feed_forward_length", AUDIO_FEED_FORWARD)
        writer.add_uint32("clip.audio.projection_dim", width)
        writer.add_uint32("clip.audio.block_count", AUDIO_LAYERS)
        writer.add_uint32("clip.audio.attention.head_count", AUDIO_HEADS)
        writer.add_float32("clip.audio.attention.layer_norm_epsilon", EPSILON)
        writer.add_uint32("clip.audio.num_mel_bins", MEL_BINS)
        writer.add_uint32("clip.audio.projector.stack_factor", STACKED)
        for number, channels in ((1, MEL_BINS), (2, AUDIO_WIDTH)):
            kernel = self.rng.standard_normal((AUDIO_WIDTH, channels, 3)) * 0.2
            writer.add_tensor(f"a.conv1d.{number}.weight", kernel.astype(np.float16))
            self.tensor(f"a.conv1d.{number}.bias", self.rng.standard_normal((AUDIO_WIDTH, 1)) * 0.1)
        self.matrix("a.position_embd.weight", POSITIONS, AUDIO_WIDTH, scale=0.3)
        for i in range(AUDIO_LAYERS):
            for part in ("attn_q", "attn_v", "attn_out"):
                self.linear(f"a.blk.{i}.{part}", AUDIO_WIDTH, AUDIO_WIDTH)
            self.matrix(f"a.blk.{i}.attn_k.weight", AUDIO_WIDTH, AUDIO_WIDTH, scale=0.2)
            self.norm(f"a.blk.{i}.ln1")
            self.norm(f"a.blk.{i}.ln2")
            self.linear(f"a.blk.{i}.ffn_up", AUDIO_FEED_FORWARD, AUDIO_WIDTH)
            self.linear(f"a.blk.{i}.ffn_down", AUDIO_WIDTH, AUDIO_FEED_FORWARD)
        self.norm("a.post_ln")
        self.tensor("mm.a.norm_pre.weight", 1 + self.rng.standard_normal(AUDIO_WIDTH * STACKED) * 0.1)
        self.matrix("mm.a.mlp.1.weight", 2 * PROJECTED, AUDIO_WIDTH * STACKED, scale=0.05)
        self.tensor("mm.a.norm_mid.weight", 1 + self.rng.standard_normal(PROJECTED) * 0.1)
        self.matrix("mm.a.mlp.2.weight", width, PROJECTED, scale=0.2)

    def finish(self) -> Path:
        for sense, kind in self.kinds.items():
            self.writer.add_string(
                f"clip.{sense}.projector_type" if len(self.kinds) > 1 else "clip.projector_type", kind
            )
        finish(self.writer)
        return self.path
