"""Translations of image and audio encoders inside a model's file to the projector files that llama.cpp reads.

In Ollama's library these encoders lie in the same file as the language model, in tensors whose names start with `v.`,
`a.` or `mm.`. The differences are known from Ollama's own program (see `language_models`).
"""

from collections.abc import Callable
from itertools import chain
from math import isqrt
from typing import TYPE_CHECKING, Any

from paddock.engine.gguf_compat.editor import F32, HeaderEditor
from paddock.engine.gguf_compat.header import FileRange, TranslatedTensor
from paddock.gguf.encoded import array, boolean, f32, text, u32
from paddock.gguf.types import BOOL, FLOAT32

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

HALVES = (0.5, 0.5, 0.5)
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
LIMITS = (".input_min", ".input_max", ".output_min", ".output_max")
"""Suffixes of the tensors to whose values Gemma 4 clamps inputs and outputs of its linear layers."""
_SIZES = (
    "block_count",
    "embedding_length",
    "feed_forward_length",
    "attention.head_count",
    "attention.layer_norm_epsilon",
    "image_size",
    "patch_size",
    "num_channels",
    "spatial_merge_size",
)
"""Keys with the same name in both forms."""


def _begin(
    editor: HeaderEditor, projector: str, *, mean: tuple[float, ...] = HALVES, deviation: tuple[float, ...] = HALVES
) -> str:
    """Set the keys that all image encoders have; return the prefix of the file's own keys."""
    name = editor.header.architecture
    for key in _SIZES:
        editor.copy(f"{name}.vision.{key}", f"clip.vision.{key}")
    editor.copy(f"{name}.embedding_length", "clip.vision.projection_dim")
    for key, numbers in (("image_mean", mean), ("image_std", deviation)):
        editor.copy(f"{name}.vision.{key}", f"clip.vision.{key}")
        if len(editor.header.metadata.get(f"clip.vision.{key}", array(FLOAT32, ())).numbers) < len(numbers):
            editor.set(f"clip.vision.{key}", array(FLOAT32, numbers))  # some files have an empty array
    editor.set("clip.has_vision_encoder", boolean(True))
    editor.set("clip.projector_type", text(projector))
    editor.set_architecture("clip")
    return f"{name}."


def _rename(editor: HeaderEditor, *names: tuple[str, str]) -> None:
    for old, new in names:
        editor.replace_in_names(old, new)


def _layers(editor: HeaderEditor, sense: str = "vision") -> range:
    """Return the numbers of an encoder's layers, bounded by the number of tensors."""
    return range(min(editor.header.number(f"clip.{sense}.block_count"), len(editor.header.tensors)))


def _gemma3(editor: HeaderEditor) -> None:
    prefix = _begin(editor, "gemma3")
    editor.set("clip.use_gelu", boolean(True))
    patches = editor.header.number("clip.vision.image_size") // max(1, editor.header.number("clip.vision.patch_size"))
    side = isqrt(editor.header.number(f"{prefix}mm.tokens_per_image"))
    if side and patches % side == 0:
        editor.set("clip.vision.projector.scale_factor", u32(patches // side))
    _rename(
        editor,
        ("v.patch_embedding.", "v.patch_embd."),
        ("v.position_embedding.", "v.position_embd."),
        ("v.post_layernorm.", "v.post_ln."),
        (".layer_norm1.", ".ln1."),
        (".layer_norm2.", ".ln2."),
        (".attn_output.", ".attn_out."),
        (".mlp.fc1.", ".ffn_up."),
        (".mlp.fc2.", ".ffn_down."),
        ("mm.mm_input_projection.", "mm.input_projection."),
        ("mm.mm_soft_emb_norm.", "mm.soft_emb_norm."),
    )
    editor.to_float32("v.patch_embd.weight", "v.position_embd.weight")


def _gemma4(editor: HeaderEditor) -> None:
    has_vision, has_audio = editor.header.has("v."), editor.header.has("a.")
    name = editor.header.architecture
    if has_vision:
        _begin(editor, "gemma4v", mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0))
        editor.set("clip.vision.projector_type", text("gemma4v"))
        editor.default("clip.vision.image_size", u32(224))
        editor.copy(f"{name}.vision.projector.scale_factor", "clip.vision.projector.scale_factor")
        editor.to_float32("v.patch_embd.weight")
    if has_audio:
        for key in _SIZES[:5]:
            editor.copy(f"{name}.audio.{key}", f"clip.audio.{key}")
        editor.copy(f"{name}.embedding_length", "clip.audio.projection_dim")
        editor.default("clip.audio.num_mel_bins", u32(128))
        editor.set("clip.has_audio_encoder", boolean(True))
        editor.set("clip.audio.projector_type", text("gemma4a"))
        editor.rename("a.pre_encode.out.weight", "a.input_projection.weight")
        editor.rename("mm.a.fc.weight", "a.pre_encode.out.weight")
        editor.rename("mm.a.fc.bias", "a.pre_encode.out.bias")
        for layer in _layers(editor, "audio"):
            for old, new in (
                ("ln1", "attn_pre_norm"),
                ("ln2", "attn_post_norm"),
                ("layer_pre_norm", "ln2"),
                ("linear_pos", "attn_k_rel"),
            ):
                editor.rename(f"a.blk.{layer}.{old}.weight", f"a.blk.{layer}.{new}.weight")
        # Types that llama.cpp's convolutions do not take: F16 for some, BF16 for all.
        editor.to_float32(
            *(name for name in editor.header.tensors if name.startswith("a.conv1d.") or ".conv_dw." in name)
        )
    _split_limits(editor)
    editor.to_float32(*(name for name in editor.header.tensors if name.endswith(LIMITS)))
    # With two encoders in one file each has its type under a key of its own.
    editor.header.metadata.pop("clip.projector_type", None)
    editor.set_architecture("clip")


def _split_limits(editor: HeaderEditor) -> None:
    """Split the tensor that packs the limits of all linear layers into one tensor per limit, unless those exist."""
    packed = editor.header.tensors.pop("v.clamp_data", None)
    if packed is None or packed.type != F32:
        return
    ((start, size),) = packed.ranges
    parts = ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_gate", "ffn_up", "ffn_down")
    layers = (f"v.blk.{layer}.{part}" for layer in _layers(editor) for part in parts)
    names = (name + end for name in chain(layers, ("mm.input_projection",)) for end in LIMITS)
    for place, name in zip(range(0, size - 3, 4), names, strict=False):
        editor.header.tensors.setdefault(name, TranslatedTensor(F32, (1,), (FileRange(start + place, 4),)))


def _llama4(editor: HeaderEditor) -> None:
    prefix = _begin(editor, "llama4")
    editor.set("clip.use_gelu", boolean(True))
    editor.copy(f"{prefix}vision.layer_norm_epsilon", "clip.vision.attention.layer_norm_epsilon")
    ratio = editor.header.metadata.get(f"{prefix}vision.pixel_shuffle_ratio")
    factor = round(1 / ratio.number) if ratio is not None and ratio.number else 2
    editor.default("clip.vision.projector.scale_factor", u32(factor))
    editor.rename("v.positional_embedding_vlm", "v.position_embd.weight")
    _rename(
        editor,
        ("v.vision_adapter.mlp.fc1.", "mm.model.mlp.1."),
        ("v.vision_adapter.mlp.fc2.", "mm.model.mlp.2."),
        ("mm.linear_1.", "mm.model.fc."),
        ("v.class_embedding", "v.class_embd"),
        ("v.layernorm_post.", "v.post_ln."),
        ("v.layernorm_pre.", "v.pre_ln."),
        ("v.patch_embedding.", "v.patch_embd."),
        (".attn_output.", ".attn_out."),
        (".attn_norm.", ".ln1."),
        (".ffn_norm.", ".ln2."),
        (".mlp.fc1.", ".ffn_up."),
        (".mlp.fc2.", ".ffn_down."),
    )


def _mistral3(editor: HeaderEditor) -> None:
    prefix = _begin(editor, "pixtral", mean=CLIP_MEAN, deviation=CLIP_DEVIATION)
    editor.set("clip.use_silu", boolean(True))
    editor.copy(f"{prefix}spatial_merge_size", "clip.vision.spatial_merge_size")
    editor.copy(f"{prefix}vision.rope.freq_base", "clip.rope.freq_base")
    editor.default("clip.vision.attention.layer_norm_epsilon", f32(1e-5))
    heads = max(1, editor.header.number("clip.vision.attention.head_count"))

    def interleaved_halves(rows: int) -> "npt.NDArray[np.intp]":
        """Return the order that interleaves the two halves of each head, which RoPE rotates together."""
        import numpy as np

        return np.arange(rows).reshape(heads, 2, -1).swapaxes(1, 2).reshape(-1)

    layers = _layers(editor)
    editor.reorder_rows((f"v.blk.{layer}.attn_{q}.weight" for layer in layers for q in "qk"), interleaved_halves)
    _rename(
        editor,
        ("v.patch_conv.", "v.patch_embd."),
        ("v.encoder_norm.", "v.pre_ln."),
        (".attn_output.", ".attn_out."),
        (".attn_norm.", ".ln1."),
        (".ffn_norm.", ".ln2."),
        ("mm.linear_1.", "mm.1."),
        ("mm.linear_2.", "mm.2."),
        ("mm.patch_merger.merging_layer.", "mm.patch_merger."),
        ("mm.norm.", "mm.input_norm."),
    )
    editor.to_float32("v.patch_embd.weight")
    _put_row_of_token(editor, "v.token_embd.img_break", "[IMG_BREAK]")


def _put_row_of_token(editor: HeaderEditor, name: str, token: str) -> None:
    """Copy a token's embedding, which ends each row of patches, to the tensor where the encoder expects it."""
    tokens = editor.header.metadata.get("tokenizer.ggml.tokens")
    index = next((i for i, found in enumerate(tokens.texts()) if found == token), -1) if tokens is not None else -1
    table = editor.header.tensors.get("token_embd.weight")
    if table is not None and 0 <= index < table.rows:
        editor.put_floats(name, table.shape[:1], lambda: editor.read_row(table, index), table)


def _qwen25vl(editor: HeaderEditor) -> None:
    prefix = _begin(editor, "qwen2.5vl_merger", mean=CLIP_MEAN, deviation=CLIP_DEVIATION)
    editor.set("clip.use_silu", boolean(True))
    editor.copy(f"{prefix}vision.window_size", "clip.vision.window_size")
    if up := editor.shape("v.blk.0.ffn_up.weight"):
        editor.default("clip.vision.feed_forward_length", u32(up[1]))
    indexes = editor.header.metadata.get(f"{prefix}vision.fullatt_block_indexes")
    pattern = int(indexes.numbers[0]) + 1 if indexes is not None and indexes.numbers else 8
    # If every layer has full attention there are no windows, and llama.cpp aborts the process if the key is set.
    editor.set("clip.vision.n_wa_pattern", u32(pattern if pattern > 1 else 0))
    editor.default("clip.vision.image_size", u32(560))
    _rename(
        editor,
        ("v.merger.ln_q.", "v.post_ln."),
        ("v.merger.mlp.0.", "mm.0."),
        ("v.merger.mlp.2.", "mm.2."),
        ("v.patch_embd_0.weight", "v.patch_embd.weight"),
        ("v.patch_embd_1.weight", "v.patch_embd.weight.1"),
    )
    editor.to_float32("v.patch_embd.weight", "v.patch_embd.weight.1")


def _qwen3vl(editor: HeaderEditor) -> None:
    prefix = _begin(editor, "qwen3vl_merger")
    editor.set("clip.use_gelu", boolean(True))
    for key in ("temporal_patch_size", "rope.freq_base"):
        editor.copy(f"{prefix}vision.{key}", f"clip.vision.{key}")
    for old, new, pixels in (("shortest_edge", "min", 65_536), ("longest_edge", "max", 16_777_216)):
        editor.copy(f"{prefix}vision.{old}", f"clip.vision.image_{new}_pixels")
        editor.default(f"clip.vision.image_{new}_pixels", u32(pixels))
    indexes = editor.header.metadata.get(f"{prefix}vision.deepstack_visual_indexes")
    deep = [int(index) for index in indexes.numbers] if indexes is not None else []
    for place, layer in zip(range(len(editor.header.tensors)), deep, strict=False):
        for old, new in (("norm", "norm"), ("linear_fc1", "fc1"), ("linear_fc2", "fc2")):
            for part in ("weight", "bias"):
                editor.rename(f"v.deepstack_merger.{place}.{old}.{part}", f"v.deepstack.{layer}.{new}.{part}")
    _qwen3_encoder(editor, deep)


def _qwen35(editor: HeaderEditor) -> None:
    _begin(editor, "qwen3vl_merger")
    editor.set("clip.use_gelu", boolean(True))
    _qwen3_encoder(editor, [])


def _qwen3_encoder(editor: HeaderEditor, deep: list[int]) -> None:
    """Translate what Qwen3-VL and Qwen3.5 have in common; layers `deep` also feed the language model."""
    if up := editor.shape("v.blk.0.mlp.linear_fc1.weight"):
        editor.default("clip.vision.feed_forward_length", u32(up[1]))
    if places := editor.shape("v.pos_embed.weight"):
        side = isqrt(places[1]) * editor.header.number("clip.vision.patch_size")
        editor.default("clip.vision.image_size", u32(side))
    editor.default("clip.vision.attention.layer_norm_epsilon", f32(1e-6))
    layers, deepstack = _layers(editor), set(deep)
    editor.default("clip.vision.is_deepstack_layers", array(BOOL, [layer in deepstack for layer in layers]))
    for layer in layers:
        for part in ("weight", "bias"):
            one_by_one = (f"v.blk.{layer}.attn_{which}.{part}" for which in "qkv")
            editor.join(f"v.blk.{layer}.attn_qkv.{part}", *one_by_one)
    _split_frames(editor)
    _rename(
        editor,
        ("v.merger.norm.", "v.post_ln."),
        ("v.merger.linear_fc1.", "mm.0."),
        ("v.merger.linear_fc2.", "mm.2."),
        ("v.patch_embed.", "v.patch_embd."),
        ("v.pos_embed.", "v.position_embd."),
        (".norm1.", ".ln1."),
        (".norm2.", ".ln2."),
        (".mlp.linear_fc1.", ".ffn_up."),
        (".mlp.linear_fc2.", ".ffn_down."),
    )
    editor.to_float32("v.position_embd.weight")


def _split_frames(editor: HeaderEditor) -> None:
    """Split the patch embedding of two video frames into one per frame: an image is a video of two equal frames."""
    found = editor.header.tensors.get("v.patch_embed.weight")
    channels = editor.header.number("clip.vision.num_channels") or 3
    if found is None or channels < 1 or len(found.shape) != 4 or found.shape[3] % channels:
        return
    width, height, frames, packed = found.shape
    shape = (width, height, channels, packed // channels)

    def frame(index: int) -> Any:
        import numpy as np

        return lambda: np.ascontiguousarray(editor.read_floats(found)[:, index])

    del editor.header.tensors["v.patch_embed.weight"]
    for index, name in zip(range(frames), ("v.patch_embd.weight", "v.patch_embd.weight.1"), strict=False):
        editor.put_floats(name, shape, frame(index), found)


def _glm_ocr(editor: HeaderEditor) -> None:
    prefix = _begin(editor, "glm4v", mean=CLIP_MEAN, deviation=CLIP_DEVIATION)
    editor.set("clip.use_silu", boolean(True))
    for old, new in (
        ("intermediate_size", "feed_forward_length"),
        ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"),
        ("out_hidden_size", "projection_dim"),
    ):
        editor.copy(f"{prefix}vision.{old}", f"clip.vision.{new}")
    _rename(
        editor,
        ("v.patch_embd_0.weight", "v.patch_embd.weight"),
        ("v.patch_embd_1.weight", "v.patch_embd.weight.1"),
    )
    editor.to_float32("v.patch_embd.weight", "v.patch_embd.weight.1")


def _deepseek_ocr(editor: HeaderEditor) -> None:
    prefix = _begin(editor, "deepseekocr")
    editor.set("clip.use_gelu", boolean(True))
    editor.copy(f"{prefix}vision.head_count", "clip.vision.attention.head_count")
    for key in ("block_count", "embedding_length", "head_count"):
        editor.copy(f"{prefix}sam.{key}", f"clip.vision.sam.{key}")
    for key, number in (("feed_forward_length", 64), ("projector.scale_factor", 1), ("window_size", 14)):
        editor.default(f"clip.vision.{key}", u32(number))
    editor.default("clip.vision.projection_dim", u32(1280))
    editor.default("clip.vision.attention.layer_norm_epsilon", f32(1e-6))
    for name in [name for name in editor.header.tensors if name.startswith("s.")]:
        editor.rename(name, f"v.sam.{name.removeprefix('s.')}")
    editor.rename("v.sam.position_embd", "v.sam.pos_embd.weight")
    _rename(
        editor,
        (".self_attn.out_proj.", ".attn_out."),
        (".self_attn.qkv_proj.", ".attn_qkv."),
        (".layer_norm1.", ".ln1."),
        (".layer_norm2.", ".ln2."),
        (".mlp.fc1.", ".ffn_up."),
        (".mlp.fc2.", ".ffn_down."),
        ("v.pre_layrnorm.", "v.pre_ln."),
        (".attn.proj.", ".attn.out."),
        (".attn.rel_pos_h", ".attn.pos_h.weight"),
        (".attn.rel_pos_w", ".attn.pos_w.weight"),
        (".norm1.", ".pre_ln."),
        (".norm2.", ".post_ln."),
        ("mm.layers.", "mm.model.fc."),
        ("mm.image_newline", "v.image_newline"),
        ("mm.view_seperator", "v.view_seperator"),
    )
    editor.to_float32("v.patch_embd.weight", "v.sam.patch_embd.weight", "v.position_embd.weight")
    # llama.cpp computes with the precision these are stored in; with 16 bits the model reads text worse.
    editor.to_float32(*(name for name in editor.header.tensors if name.startswith(("v.sam.neck.", "v.sam.net_"))))


PROJECTORS: dict[str, Callable[[HeaderEditor], None]] = {
    "deepseekocr": _deepseek_ocr,
    "gemma3": _gemma3,
    "gemma4": _gemma4,
    "glmocr": _glm_ocr,
    "llama4": _llama4,
    "mistral3": _mistral3,
    "qwen25vl": _qwen25vl,
    "qwen35": _qwen35,
    "qwen35moe": _qwen35,
    "qwen3vl": _qwen3vl,
    "qwen3vlmoe": _qwen3vl,
}
"""Translation by the architecture that a file names. The tensors of the language model are dropped afterwards."""
