"""What models see and hear with, taken out of the files that Ollama's library keeps it in, in the words of llama.cpp.

Such a file has it beside the text: the names of its tensors begin with `v.`, `a.` or `mm.`. What is known of them is
from Ollama's own program (see `texts`).
"""

from collections.abc import Callable
from itertools import chain
from math import isqrt
from typing import TYPE_CHECKING, Any

from paddock.engine.gguf_compat.changes import F32, Changes
from paddock.engine.gguf_compat.head import BOOL, FLOAT32, Tensor, array, boolean, f32, text, u32

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

HALVES = (0.5, 0.5, 0.5)
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
LIMITS = (".input_min", ".input_max", ".output_min", ".output_max")
"""Between which Gemma 4 keeps what goes into its linear parts and comes out."""
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
"""Keys that have the same names on both sides."""


def _begin(
    file: Changes, projector: str, *, mean: tuple[float, ...] = HALVES, deviation: tuple[float, ...] = HALVES
) -> str:
    """Say what all encoders of pictures say; return what keys of the file begin with."""
    name = file.head.architecture
    for key in _SIZES:
        file.copy(f"{name}.vision.{key}", f"clip.vision.{key}")
    file.copy(f"{name}.embedding_length", "clip.vision.projection_dim")
    for key, numbers in (("image_mean", mean), ("image_std", deviation)):
        file.copy(f"{name}.vision.{key}", f"clip.vision.{key}")
        if len(file.head.metadata.get(f"clip.vision.{key}", array(FLOAT32, ())).numbers) < len(numbers):
            file.set(f"clip.vision.{key}", array(FLOAT32, numbers))  # some have an array without items
    file.set("clip.has_vision_encoder", boolean(True))
    file.set("clip.projector_type", text(projector))
    file.set_architecture("clip")
    return f"{name}."


def _rename(file: Changes, *names: tuple[str, str]) -> None:
    for old, new in names:
        file.replace(old, new)


def _layers(file: Changes, sense: str = "vision") -> range:
    """Number the layers that a file says there are, but no more than there can be."""
    return range(min(file.head.number(f"clip.{sense}.block_count"), len(file.head.tensors)))


def _gemma3(file: Changes) -> None:
    ours = _begin(file, "gemma3")
    file.set("clip.use_gelu", boolean(True))
    patches = file.head.number("clip.vision.image_size") // max(1, file.head.number("clip.vision.patch_size"))
    side = isqrt(file.head.number(f"{ours}mm.tokens_per_image"))
    if side and patches % side == 0:
        file.set("clip.vision.projector.scale_factor", u32(patches // side))
    _rename(
        file,
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
    file.as_floats("v.patch_embd.weight", "v.position_embd.weight")


def _gemma4(file: Changes) -> None:
    sees, hears = file.head.has("v."), file.head.has("a.")
    name = file.head.architecture
    if sees:
        _begin(file, "gemma4v", mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0))
        file.set("clip.vision.projector_type", text("gemma4v"))
        file.default("clip.vision.image_size", u32(224))
        file.copy(f"{name}.vision.projector.scale_factor", "clip.vision.projector.scale_factor")
        file.as_floats("v.patch_embd.weight")
    if hears:
        for key in _SIZES[:5]:
            file.copy(f"{name}.audio.{key}", f"clip.audio.{key}")
        file.copy(f"{name}.embedding_length", "clip.audio.projection_dim")
        file.default("clip.audio.num_mel_bins", u32(128))
        file.set("clip.has_audio_encoder", boolean(True))
        file.set("clip.audio.projector_type", text("gemma4a"))
        file.rename("a.pre_encode.out.weight", "a.input_projection.weight")
        file.rename("mm.a.fc.weight", "a.pre_encode.out.weight")
        file.rename("mm.a.fc.bias", "a.pre_encode.out.bias")
        for layer in _layers(file, "audio"):
            for old, new in (
                ("ln1", "attn_pre_norm"),
                ("ln2", "attn_post_norm"),
                ("layer_pre_norm", "ln2"),
                ("linear_pos", "attn_k_rel"),
            ):
                file.rename(f"a.blk.{layer}.{old}.weight", f"a.blk.{layer}.{new}.weight")
        # What llama.cpp's convolutions cannot be of: 16 bits for some, bfloat16 for all.
        file.as_floats(*(name for name in file.head.tensors if name.startswith("a.conv1d.") or ".conv_dw." in name))
    _spread_limits(file)
    file.as_floats(*(name for name in file.head.tensors if name.endswith(LIMITS)))
    # Two kinds in one file have their types under keys of their own.
    file.head.metadata.pop("clip.projector_type", None)
    file.set_architecture("clip")


def _spread_limits(file: Changes) -> None:
    """Make of one tensor that has the limits of all linear parts a tensor for each, unless there are such, too."""
    packed = file.head.tensors.pop("v.clamp_data", None)
    if packed is None or packed.kind != F32:
        return
    ((start, size),) = packed.pieces
    parts = ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_gate", "ffn_up", "ffn_down")
    layers = (f"v.blk.{layer}.{part}" for layer in _layers(file) for part in parts)
    names = (name + end for name in chain(layers, ("mm.input_projection",)) for end in LIMITS)
    for place, name in zip(range(0, size - 3, 4), names, strict=False):
        file.head.tensors.setdefault(name, Tensor(F32, (1,), ((start + place, 4),)))


def _llama4(file: Changes) -> None:
    ours = _begin(file, "llama4")
    file.set("clip.use_gelu", boolean(True))
    file.copy(f"{ours}vision.layer_norm_epsilon", "clip.vision.attention.layer_norm_epsilon")
    ratio = file.head.metadata.get(f"{ours}vision.pixel_shuffle_ratio")
    factor = round(1 / ratio.number) if ratio is not None and ratio.number else 2
    file.default("clip.vision.projector.scale_factor", u32(factor))
    file.rename("v.positional_embedding_vlm", "v.position_embd.weight")
    _rename(
        file,
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


def _mistral3(file: Changes) -> None:
    ours = _begin(file, "pixtral", mean=CLIP_MEAN, deviation=CLIP_DEVIATION)
    file.set("clip.use_silu", boolean(True))
    file.copy(f"{ours}spatial_merge_size", "clip.vision.spatial_merge_size")
    file.copy(f"{ours}vision.rope.freq_base", "clip.rope.freq_base")
    file.default("clip.vision.attention.layer_norm_epsilon", f32(1e-5))
    heads = max(1, file.head.number("clip.vision.attention.head_count"))

    def halves_side_by_side(rows: int) -> "npt.NDArray[np.intp]":
        """What turns together stands in two halves of each head, and is to stand side by side."""
        import numpy as np

        return np.arange(rows).reshape(heads, 2, -1).swapaxes(1, 2).reshape(-1)

    layers = _layers(file)
    file.reorder_rows((f"v.blk.{layer}.attn_{q}.weight" for layer in layers for q in "qk"), halves_side_by_side)
    _rename(
        file,
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
    file.as_floats("v.patch_embd.weight")
    _put_row_of_token(file, "v.token_embd.img_break", "[IMG_BREAK]")


def _put_row_of_token(file: Changes, name: str, token: str) -> None:
    """Put the embedding of a token, which stands at the end of each row of patches, where the encoder looks for it."""
    tokens = file.head.metadata.get("tokenizer.ggml.tokens")
    index = next((i for i, found in enumerate(tokens.texts()) if found == token), -1) if tokens is not None else -1
    table = file.head.tensors.get("token_embd.weight")
    if table is not None and 0 <= index < table.rows:
        file.put(name, table.shape[:1], lambda: file.row(table, index), table)


def _qwen25vl(file: Changes) -> None:
    ours = _begin(file, "qwen2.5vl_merger", mean=CLIP_MEAN, deviation=CLIP_DEVIATION)
    file.set("clip.use_silu", boolean(True))
    file.copy(f"{ours}vision.window_size", "clip.vision.window_size")
    if up := file.shape("v.blk.0.ffn_up.weight"):
        file.default("clip.vision.feed_forward_length", u32(up[1]))
    whole = file.head.metadata.get(f"{ours}vision.fullatt_block_indexes")
    pattern = int(whole.numbers[0]) + 1 if whole is not None and whole.numbers else 8
    # Where each layer sees all there are no windows, and llama.cpp ends the process if they are there all the same.
    file.set("clip.vision.n_wa_pattern", u32(pattern if pattern > 1 else 0))
    file.default("clip.vision.image_size", u32(560))
    _rename(
        file,
        ("v.merger.ln_q.", "v.post_ln."),
        ("v.merger.mlp.0.", "mm.0."),
        ("v.merger.mlp.2.", "mm.2."),
        ("v.patch_embd_0.weight", "v.patch_embd.weight"),
        ("v.patch_embd_1.weight", "v.patch_embd.weight.1"),
    )
    file.as_floats("v.patch_embd.weight", "v.patch_embd.weight.1")


def _qwen3vl(file: Changes) -> None:
    ours = _begin(file, "qwen3vl_merger")
    file.set("clip.use_gelu", boolean(True))
    for key in ("temporal_patch_size", "rope.freq_base"):
        file.copy(f"{ours}vision.{key}", f"clip.vision.{key}")
    for old, new, pixels in (("shortest_edge", "min", 65_536), ("longest_edge", "max", 16_777_216)):
        file.copy(f"{ours}vision.{old}", f"clip.vision.image_{new}_pixels")
        file.default(f"clip.vision.image_{new}_pixels", u32(pixels))
    indexes = file.head.metadata.get(f"{ours}vision.deepstack_visual_indexes")
    deep = [int(index) for index in indexes.numbers] if indexes is not None else []
    for place, layer in zip(range(len(file.head.tensors)), deep, strict=False):
        for old, new in (("norm", "norm"), ("linear_fc1", "fc1"), ("linear_fc2", "fc2")):
            for part in ("weight", "bias"):
                file.rename(f"v.deepstack_merger.{place}.{old}.{part}", f"v.deepstack.{layer}.{new}.{part}")
    _qwen3_encoder(file, deep)


def _qwen35(file: Changes) -> None:
    _begin(file, "qwen3vl_merger")
    file.set("clip.use_gelu", boolean(True))
    _qwen3_encoder(file, [])


def _qwen3_encoder(file: Changes, deep: list[int]) -> None:
    """What Qwen3-VL and Qwen3.5 have in common; `deep` are the layers whose results the language model sees, too."""
    if up := file.shape("v.blk.0.mlp.linear_fc1.weight"):
        file.default("clip.vision.feed_forward_length", u32(up[1]))
    if places := file.shape("v.pos_embed.weight"):
        side = isqrt(places[1]) * file.head.number("clip.vision.patch_size")
        file.default("clip.vision.image_size", u32(side))
    file.default("clip.vision.attention.layer_norm_epsilon", f32(1e-6))
    layers, seen = _layers(file), set(deep)
    file.default("clip.vision.is_deepstack_layers", array(BOOL, [layer in seen for layer in layers]))
    for layer in layers:
        for part in ("weight", "bias"):
            one_by_one = (f"v.blk.{layer}.attn_{which}.{part}" for which in "qkv")
            file.join(f"v.blk.{layer}.attn_qkv.{part}", *one_by_one)
    _split_frames(file)
    _rename(
        file,
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
    file.as_floats("v.position_embd.weight")


def _split_frames(file: Changes) -> None:
    """Make of one tensor for two frames of a film two for one each: a picture is a film of the same two frames."""
    found = file.head.tensors.get("v.patch_embed.weight")
    channels = file.head.number("clip.vision.num_channels") or 3
    if found is None or channels < 1 or len(found.shape) != 4 or found.shape[3] % channels:
        return
    width, height, frames, packed = found.shape
    shape = (width, height, channels, packed // channels)

    def frame(index: int) -> Any:
        import numpy as np

        return lambda: np.ascontiguousarray(file.floats(found)[:, index])

    del file.head.tensors["v.patch_embed.weight"]
    for index, name in zip(range(frames), ("v.patch_embd.weight", "v.patch_embd.weight.1"), strict=False):
        file.put(name, shape, frame(index), found)


def _glm_ocr(file: Changes) -> None:
    ours = _begin(file, "glm4v", mean=CLIP_MEAN, deviation=CLIP_DEVIATION)
    file.set("clip.use_silu", boolean(True))
    for old, new in (
        ("intermediate_size", "feed_forward_length"),
        ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"),
        ("out_hidden_size", "projection_dim"),
    ):
        file.copy(f"{ours}vision.{old}", f"clip.vision.{new}")
    _rename(
        file,
        ("v.patch_embd_0.weight", "v.patch_embd.weight"),
        ("v.patch_embd_1.weight", "v.patch_embd.weight.1"),
    )
    file.as_floats("v.patch_embd.weight", "v.patch_embd.weight.1")


def _deepseek_ocr(file: Changes) -> None:
    ours = _begin(file, "deepseekocr")
    file.set("clip.use_gelu", boolean(True))
    file.copy(f"{ours}vision.head_count", "clip.vision.attention.head_count")
    for key in ("block_count", "embedding_length", "head_count"):
        file.copy(f"{ours}sam.{key}", f"clip.vision.sam.{key}")
    for key, number in (("feed_forward_length", 64), ("projector.scale_factor", 1), ("window_size", 14)):
        file.default(f"clip.vision.{key}", u32(number))
    file.default("clip.vision.projection_dim", u32(1280))
    file.default("clip.vision.attention.layer_norm_epsilon", f32(1e-6))
    for name in [name for name in file.head.tensors if name.startswith("s.")]:
        file.rename(name, f"v.sam.{name.removeprefix('s.')}")
    file.rename("v.sam.position_embd", "v.sam.pos_embd.weight")
    _rename(
        file,
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
    file.as_floats("v.patch_embd.weight", "v.sam.patch_embd.weight", "v.position_embd.weight")
    # llama.cpp computes these as precisely as they are stored, and 16 bits make it read worse.
    file.as_floats(*(name for name in file.head.tensors if name.startswith(("v.sam.neck.", "v.sam.net_"))))


PROJECTORS: dict[str, Callable[[Changes], None]] = {
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
"""What is done, by the architecture that a file names. All that is of the text is left out afterwards."""
