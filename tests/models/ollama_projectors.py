"""Encoders of kinds that Ollama's library keeps in the same file as the language model."""

from pathlib import Path

from tests.models.kinds import WIDTH
from tests.models.projectors import PATCH, PATCHES, VISION_FEED_FORWARD, VISION_HEADS, VISION_WIDTH, EncoderWriter

HEAD = VISION_WIDTH // VISION_HEADS
MERGED = 4 * VISION_WIDTH
"""Width of four patches that become one embedding."""

BREAK = "[IMG_BREAK]"
"""The token at the end of a row of Pixtral's patches."""

WINDOW = 112
"""Side of Qwen2.5-VL's attention windows in pixels: llama.cpp supports no other size."""

SMALL_PATCH = 4
PLACES = 32
"""Rows and columns of patches for which this Gemma 4 has position embeddings."""

BINS = 128
"""Frequency bins of Gemma 4's audio encoder, which two convolutions reduce to a quarter, with these channels:"""
CHANNELS = 4

SAM_WIDTH, SAM_HEADS, SAM_WINDOW, SAM_PATCH, SAM_SIDE = 8, 1, 14, 16, 16
SAM_LAYERS = 3
"""Layers, of which the third has full attention over all 4096 patches; llama.cpp needs both kinds."""


def pixtral(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH) -> Path:
    """Write Pixtral's encoder as Mistral Small 3.1 has it: a token stands at the end of each row of embeddings."""
    encoder = _More(path, "pixtral", layers, width, seed, activation="silu")
    encoder.writer.add_uint32("clip.vision.spatial_merge_size", 2)
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3, PATCH, PATCH, scale=0.1)
    encoder.gain("v.pre_ln")
    for i in range(layers):
        for part in ("q", "k", "v", "out"):
            encoder.matrix(f"v.blk.{i}.attn_{part}.weight", VISION_WIDTH, VISION_WIDTH, scale=0.3)
        encoder.gated(i, biases=False)
    encoder.gain("mm.input_norm")
    encoder.matrix("mm.patch_merger.weight", VISION_WIDTH, MERGED)
    encoder.matrix("mm.1.weight", width, VISION_WIDTH, scale=0.3)
    encoder.matrix("mm.2.weight", width, width, scale=0.3)
    encoder.vector("v.token_embd.img_break", width)
    return encoder.finish()


def qwen25(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH) -> Path:
    """Write Qwen2.5-VL's encoder: full attention in every second layer, windows in the others."""
    encoder = _More(path, "qwen2.5vl_merger", layers, width, seed, patch=14, activation="silu")
    encoder.writer.add_uint32("clip.vision.n_wa_pattern", 2)
    encoder.writer.add_uint32("clip.vision.window_size", WINDOW)
    encoder.writer.add_uint32("clip.vision.spatial_merge_size", 2)
    encoder.two_frames()
    for i in range(layers):
        for part in ("q", "k", "v", "out"):
            encoder.linear(f"v.blk.{i}.attn_{part}", VISION_WIDTH, VISION_WIDTH, scale=0.3)
        encoder.gated(i, biases=True)
    encoder.gain("v.post_ln")
    encoder.linear("mm.0", MERGED, MERGED)
    encoder.linear("mm.2", width, MERGED, scale=0.4)
    return encoder.finish()


def glm(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH) -> Path:
    """Write GLM-4V's encoder as GLM-OCR has it, without learned positions."""
    encoder = _More(path, "glm4v", layers, width, seed, patch=14, activation="silu")
    encoder.writer.add_uint32("clip.vision.spatial_merge_size", 2)
    encoder.two_frames()
    encoder.vector("v.patch_embd.bias", VISION_WIDTH)
    for i in range(layers):
        encoder.linear(f"v.blk.{i}.attn_qkv", 3 * VISION_WIDTH, VISION_WIDTH, scale=0.3)
        encoder.linear(f"v.blk.{i}.attn_out", VISION_WIDTH, VISION_WIDTH)
        encoder.gain(f"v.blk.{i}.attn_q_norm", HEAD)
        encoder.gain(f"v.blk.{i}.attn_k_norm", HEAD)
        encoder.gated(i, biases=True)
    encoder.gain("v.post_ln")
    encoder.matrix("mm.patch_merger.weight", width, VISION_WIDTH, 2, 2, scale=0.1)
    encoder.vector("mm.patch_merger.bias", width)
    encoder.matrix("mm.model.fc.weight", width, width)
    encoder.gain("mm.post_norm", width)
    encoder.vector("mm.post_norm.bias", width)
    encoder.matrix("mm.gate.weight", 96, width)
    encoder.matrix("mm.up.weight", 96, width)
    encoder.matrix("mm.down.weight", width, 96)
    return encoder.finish()


def llama4(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH) -> Path:
    """Write Llama 4's encoder."""
    encoder = _More(path, "llama4", layers, width, seed)
    encoder.writer.add_uint32("clip.vision.projector.scale_factor", 2)
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3 * PATCH * PATCH, scale=0.1)
    encoder.vector("v.class_embd", VISION_WIDTH)
    encoder.matrix("v.position_embd.weight", PATCHES + 1, VISION_WIDTH, scale=0.5)
    encoder.norm("v.pre_ln")
    encoder.blocks()
    encoder.norm("v.post_ln")
    encoder.matrix("mm.model.mlp.1.weight", 48, MERGED)
    encoder.matrix("mm.model.mlp.2.weight", 40, 48)
    encoder.matrix("mm.model.fc.weight", width, 40, scale=0.3)
    return encoder.finish()


def gemma4(path: Path, *, seed: int = 0, layers: int = 2, width: int = WIDTH, ears: bool = False) -> Path:
    """Write Gemma 4's image encoder, and with `ears` its audio encoder."""
    encoder = _More(path, "gemma4v", layers, width, seed, patch=SMALL_PATCH, size=224, activation="")
    encoder.writer.add_uint32("clip.vision.projector.scale_factor", 2)
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3, SMALL_PATCH, SMALL_PATCH, scale=0.2)
    encoder.matrix("v.position_embd.weight", 2, PLACES, VISION_WIDTH, scale=0.3)
    for i in range(layers):
        for part in ("q", "k", "v", "out"):
            encoder.matrix(f"v.blk.{i}.attn_{part}.weight", VISION_WIDTH, VISION_WIDTH, scale=0.3)
        encoder.gain(f"v.blk.{i}.attn_q_norm", HEAD)
        encoder.gain(f"v.blk.{i}.attn_k_norm", HEAD)
        encoder.gain(f"v.blk.{i}.attn_post_norm")
        encoder.gain(f"v.blk.{i}.ffn_post_norm")
        encoder.gated(i, biases=False)
        encoder.clamped(f"v.blk.{i}.attn_q")
        encoder.clamped(f"v.blk.{i}.ffn_up")
    encoder.vector("v.std_bias", VISION_WIDTH)
    encoder.tensor("v.std_scale", 1 + encoder.rng.standard_normal(VISION_WIDTH) * 0.1)
    encoder.matrix("mm.input_projection.weight", width, VISION_WIDTH, scale=0.3)
    if ears:
        encoder.conformer(layers, width)
    return encoder.finish()


def deepseek(path: Path, *, seed: int = 0, layers: int = 1, width: int = WIDTH) -> Path:
    """Write DeepSeek-OCR's encoder: a SAM, and a CLIP that gets its outputs."""
    encoder = _More(path, "deepseekocr", layers, width, seed, patch=14, size=224)
    for key, number in (("block_count", SAM_LAYERS), ("embedding_length", SAM_WIDTH), ("head_count", SAM_HEADS)):
        encoder.writer.add_uint32(f"clip.vision.sam.{key}", number)
    encoder.writer.add_uint32("clip.vision.window_size", SAM_WINDOW)
    encoder.sam()
    encoder.matrix("v.patch_embd.weight", VISION_WIDTH, 3, 14, 14, scale=0.05)
    encoder.vector("v.class_embd", VISION_WIDTH)
    encoder.matrix("v.position_embd.weight", SAM_SIDE * SAM_SIDE + 1, VISION_WIDTH, scale=0.5)
    encoder.norm("v.pre_ln")
    encoder.blocks(joined=True)
    encoder.linear("mm.model.fc", width, 2 * VISION_WIDTH)
    encoder.vector("v.image_newline", width)
    encoder.vector("v.view_seperator", width)
    return encoder.finish()


class _More(EncoderWriter):
    """Writes the parts that only these encoders have."""

    def gain(self, name: str, length: int = VISION_WIDTH) -> None:
        self.tensor(f"{name}.weight", 1 + self.rng.standard_normal(length) * 0.1)

    def two_frames(self) -> None:
        for name in ("v.patch_embd.weight", "v.patch_embd.weight.1"):
            self.matrix(name, VISION_WIDTH, 3, 14, 14, scale=0.05)

    def gated(self, layer: int, *, biases: bool) -> None:
        name = f"v.blk.{layer}"
        self.gain(f"{name}.ln1")
        self.gain(f"{name}.ln2")
        shapes = dict.fromkeys(("gate", "up"), (VISION_FEED_FORWARD, VISION_WIDTH))
        for part, shape in (shapes | {"down": (VISION_WIDTH, VISION_FEED_FORWARD)}).items():
            self.matrix(f"{name}.ffn_{part}.weight", *shape)
            if biases:
                self.vector(f"{name}.ffn_{part}.bias", shape[0])

    def clamped(self, name: str) -> None:
        for end, number in (("input_min", -0.8), ("input_max", 0.7), ("output_min", -0.9), ("output_max", 0.6)):
            self.tensor(f"{name}.{end}", [number])

    def conformer(self, layers: int, width: int) -> None:
        """Add the keys and tensors of Gemma 4's audio encoder."""
        self.kinds["audio"] = "gemma4a"
        writer = self.writer
        writer.add_bool("clip.has_audio_encoder", True)
        for key, number in (
            ("embedding_length", VISION_WIDTH),
            ("feed_forward_length", MERGED),
            ("projection_dim", width),
            ("block_count", layers),
            ("attention.head_count", VISION_HEADS),
            ("num_mel_bins", BINS),
        ):
            writer.add_uint32(f"clip.audio.{key}", number)
        writer.add_float32("clip.audio.attention.layer_norm_epsilon", 1e-6)
        for i, channels in ((0, 1), (1, CHANNELS)):
            self.matrix(f"a.conv1d.{i}.weight", CHANNELS, channels, 3, 3, scale=0.3)
            self.gain(f"a.conv1d.{i}.norm", CHANNELS)
        self.matrix("a.input_projection.weight", VISION_WIDTH, CHANNELS * BINS // 4)
        for i in range(layers):
            name = f"a.blk.{i}"
            for part in ("q", "k", "v", "out", "k_rel"):
                self.matrix(f"{name}.attn_{part}.weight", VISION_WIDTH, VISION_WIDTH, scale=0.3)
            self.gain(f"{name}.per_dim_scale", HEAD)
            for half in ("", "_1"):
                self.matrix(f"{name}.ffn_up{half}.weight", MERGED, VISION_WIDTH)
                self.matrix(f"{name}.ffn_down{half}.weight", VISION_WIDTH, MERGED)
            norms = ("attn_pre_norm", "attn_post_norm", "conv_norm", "norm_conv", "ln2")
            for part in (*norms, "ffn_norm", "ffn_norm_1", "ffn_post_norm", "ffn_post_norm_1"):
                self.gain(f"{name}.{part}")
            self.matrix(f"{name}.conv_pw1.weight", 2 * VISION_WIDTH, VISION_WIDTH, scale=0.3)
            self.matrix(f"{name}.conv_dw.weight", VISION_WIDTH, 5, scale=0.3)
            self.matrix(f"{name}.conv_pw2.weight", VISION_WIDTH, VISION_WIDTH, scale=0.3)
        self.linear("a.pre_encode.out", 48, VISION_WIDTH)
        self.matrix("mm.a.input_projection.weight", width, 48, scale=0.3)

    def sam(self) -> None:
        """Add the tensors of a SAM whose first two layers have windowed attention."""
        width = SAM_WIDTH
        self.matrix("v.sam.patch_embd.weight", width, 3, SAM_PATCH, SAM_PATCH, scale=0.05)
        self.vector("v.sam.patch_embd.bias", width)
        self.matrix("v.sam.pos_embd.weight", 1, SAM_SIDE, SAM_SIDE, width, scale=0.3)
        norms = ["neck.1", "neck.3"]
        for i in range(SAM_LAYERS):
            name = f"v.sam.blk.{i}"
            self.linear(f"{name}.attn.qkv", 3 * width, width)
            self.linear(f"{name}.attn.out", width, width)
            for axis in "hw":
                self.matrix(f"{name}.attn.pos_{axis}.weight", 2 * SAM_WINDOW - 1, width // SAM_HEADS)
            self.linear(f"{name}.mlp.lin1", 32, width)
            self.linear(f"{name}.mlp.lin2", width, 32)
            norms += [f"blk.{i}.pre_ln", f"blk.{i}.post_ln"]
        for name in norms:
            self.gain(f"v.sam.{name}", width)
            self.vector(f"v.sam.{name}.bias", width)
        self.matrix("v.sam.neck.0.weight", width, width, 1, 1)
        self.matrix("v.sam.neck.2.weight", width, width, 3, 3)
        self.matrix("v.sam.net_2.weight", 24, width, 3, 3)
        self.matrix("v.sam.net_3.weight", VISION_WIDTH, 24, 3, 3)
