"""Whether the keys of a projector's file have the types and values that llama.cpp needs: it aborts over any other."""

import re
from collections.abc import Iterator
from pathlib import Path

from paddock.gguf import EncodedHeader, GgufError
from paddock.gguf.encoded import EncodedValue
from paddock.gguf.reader import read_encoded
from paddock.gguf.types import BOOL, FLOAT32, STRING, UINT32

_ENCODER = r"clip\.(?:vision|audio|gen\.audio)\."
_TYPES: tuple[tuple[int, str, re.Pattern[str]], ...] = (
    (
        STRING,
        "a text",
        re.compile(
            rf"general\.(?:name|description)|clip\.projector_type|{_ENCODER}projector_type"
            r"|clip\.vision\.mm_patch_merge_type|clip\.gen\.audio\.model_variant"
        ),
    ),
    (
        BOOL,
        "true or false",
        re.compile(r"clip\.(?:has_vision_encoder|has_audio_encoder|has_gen_audio_encoder|use_gelu|use_silu)"),
    ),
    (
        FLOAT32,
        "a 32-bit float",
        re.compile(rf"{_ENCODER}attention\.layer_norm_epsilon|clip\.vision\.swiglu_clamp"),
    ),
    (
        UINT32,
        "an unsigned 32-bit integer",
        re.compile(
            rf"{_ENCODER}(?:embedding_length|feed_forward_length|block_count|projection_dim"
            r"|attention\.(?:head_count|head_count_kv|head_dim))"
            r"|clip\.minicpmv_query_num"
            r"|clip\.vision\.(?:image_size|image_min_pixels|image_max_pixels|preproc_min_tiles|preproc_max_tiles"
            r"|preproc_image_size|patch_size|projector\.(?:scale_factor|query_side|window_side)|spatial_merge_size"
            r"|n_wa_pattern|window_size|sam\.(?:head_count|block_count|embedding_length)|expert_used_count)"
            r"|clip\.audio\.(?:num_mel_bins|projector\.(?:stack_factor|window_size|downsample_rate|head_count)"
            r"|chunk_size|conv_kernel_size|max_pos_emb|rvq\.num_quantizers|window_size|local_block_count"
            r"|local_group_size|subsampling_factor)"
        ),
    ),
)
"""The number of a type in GGUF, what it is, and the keys that llama.cpp's `clip.cpp` reads as such."""


_PATCHES, _POSITIONS = "v.patch_embd.weight", "v.position_embd.weight"
_IMAGE_RANK = 4
"""Dimensions of a tensor that turns patches of an image into vectors: width, height, colours, length of a vector."""
_WHOLE_IMAGES = frozenset({"gemma3", "mlp"})
"""Projectors whose images have one size, with a position for each of their patches."""


def wrong_projector_key(path: Path) -> str:
    """Return what is wrong with the keys of a projector's file that llama.cpp reads as it is; "" if nothing.

    A file that is no GGUF at all has no such key: llama.cpp reports that by itself.

    Raises:
        OSError: if it cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            header = read_encoded(file)
    except GgufError:
        return ""
    return _wrong_key(header.metadata) or next(_wrong_values(header), "")


def _wrong_key(metadata: dict[str, EncodedValue]) -> str:
    for key, value in metadata.items():
        for kind, name, keys in _TYPES:
            if value.type != kind and keys.fullmatch(key):
                return f"{key} must be {name}"
    return ""


def _wrong_values(header: EncodedHeader) -> Iterator[str]:
    """Yield what is wrong with the numbers of an encoder, by themselves and beside the shapes of its tensors."""
    numbers = {key: value.number for key, value in header.metadata.items() if value.number is not None}
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    for encoder in ("clip.vision.", "clip.audio."):
        width, heads = numbers.get(f"{encoder}embedding_length"), numbers.get(f"{encoder}attention.head_count")
        if heads == 0 or (width is not None and heads is not None and width % heads):
            yield f"{encoder}attention.head_count is {heads}, and must divide {encoder}embedding_length, {width}"
        epsilon = numbers.get(f"{encoder}attention.layer_norm_epsilon")
        if epsilon is not None and not epsilon >= 0:
            yield f"{encoder}attention.layer_norm_epsilon is {epsilon}, and must be 0 or more"
    side, patch = numbers.get("clip.vision.image_size"), numbers.get("clip.vision.patch_size")
    patches = shapes.get(_PATCHES, ())
    two_encoders = any(key.startswith("clip.vision.sam.") for key in numbers)
    if len(patches) == _IMAGE_RANK and not two_encoders:
        if patch is not None and patch != patches[0]:
            yield f"clip.vision.patch_size is {patch}, and {_PATCHES} has patches of {patches[0]}"
        width = numbers.get("clip.vision.embedding_length")
        if width is not None and width != patches[-1]:
            yield f"clip.vision.embedding_length is {width}, and {_PATCHES} makes {patches[-1]}"
    kind = header.metadata.get("clip.projector_type")
    positions = shapes.get(_POSITIONS, ())
    if kind is not None and kind.text in _WHOLE_IMAGES and len(positions) > 1 and side and patch:
        count = int(side // patch) ** 2
        if positions[1] not in (count, count + 1):  # with one for the whole image
            yield f"clip.vision.image_size is {side}, of which {_POSITIONS} has {positions[1]} positions, not {count}"
