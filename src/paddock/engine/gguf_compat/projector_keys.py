"""Whether the keys of a projector's file have the types with which llama.cpp reads them: it aborts over any other."""

import re
from pathlib import Path

from paddock.gguf import GgufError
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


def wrong_projector_key(path: Path) -> str:
    """Return what is wrong with the keys of a projector's file that llama.cpp reads as it is; "" if nothing.

    A file that is no GGUF at all has no such key: llama.cpp reports that by itself.

    Raises:
        OSError: if it cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return _wrong_key(read_encoded(file).metadata)
    except GgufError:
        return ""


def _wrong_key(metadata: dict[str, EncodedValue]) -> str:
    for key, value in metadata.items():
        for kind, name, keys in _TYPES:
            if value.type != kind and keys.fullmatch(key):
                return f"{key} must be {name}"
    return ""
