"""Files as in Ollama's library: a language model and its image encoder in one file, with tensor names of its own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gguf
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, ReaderField
from tests.models import projectors
from tests.models.llama import add_value

Renames = Sequence[tuple[str, str]]
Tensors = dict[str, np.ndarray[Any, Any]]

_LAYERS = (("up", "fc1"), ("down", "fc2"))


def rewritten(
    path: Path,
    sources: Sequence[Path],
    architecture: str,
    *,
    renames: Renames = (),
    drop: Sequence[str] = (),
    keys: Mapping[str, Any] | None = None,
    change: Callable[[Tensors], None] | None = None,
    packed: Callable[[str], GGMLQuantizationType] = lambda name: GGMLQuantizationType.Q8_0,
) -> Path:
    """Write one file with the tensors of several, and the metadata of the first under another architecture's name.

    `renames` are written in names of tensors, each once; `keys` are added, or, where they are None, left out; then
    `change` may do with the tensors what it likes. Those must be of 16- or 32-bit floats; bytes are taken for
    what `packed` says of a tensor's name.
    """
    readers = [GGUFReader(source) for source in sources]
    before = str(readers[0].fields["general.architecture"].contents())
    writer = gguf.GGUFWriter(path, architecture)
    keys = keys or {}
    for name, found in readers[0].fields.items():
        renamed = f"{architecture}.{name.removeprefix(f'{before}.')}" if name.startswith(f"{before}.") else name
        if not name.startswith("GGUF.") and name != "general.architecture" and name not in drop and renamed not in keys:
            _copy(writer, renamed, found)
    for key, value in keys.items():
        if value is not None:
            add_value(writer, key, value)
    tensors = {}
    for reader in readers:
        for tensor in reader.tensors:
            name = tensor.name
            for old, new in renames:
                name = name.replace(old, new, 1)
            assert name not in tensors, name
            tensors[name] = np.array(tensor.data)
    if change is not None:
        change(tensors)
    for name, data in tensors.items():
        kind = packed(name) if data.dtype == np.uint8 else None
        writer.add_tensor(name, np.ascontiguousarray(data), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _copy(writer: gguf.GGUFWriter, name: str, found: ReaderField) -> None:
    kind = found.types[0]
    inner = found.types[-1] if kind == GGUFValueType.ARRAY else None
    writer.add_key_value(name, found.contents(), kind, sub_type=inner)


GEMMA_NAMES = [
    ("v.patch_embd.", "v.patch_embedding."),
    ("v.position_embd.", "v.position_embedding."),
    ("v.post_ln.", "v.post_layernorm."),
    (".ln1.", ".layer_norm1."),
    (".ln2.", ".layer_norm2."),
    (".attn_out.", ".attn_output."),
    *((f"v.blk.{layer}.ffn_{old}.", f"v.blk.{layer}.mlp.{new}.") for layer in (0, 1) for old, new in _LAYERS),
    ("mm.input_projection.", "mm.mm_input_projection."),
    ("mm.soft_emb_norm.", "mm.mm_soft_emb_norm."),
]


def gemma(path: Path, text: Path, projector: Path, *, without: Sequence[str] = ()) -> Path:
    """Write Gemma 3 as Ollama has it, `without` some tensors, of `kinds.sliding_window` and `projectors.gemma`."""
    vision = {
        "block_count": 2,
        "embedding_length": projectors.VISION_WIDTH,
        "feed_forward_length": projectors.VISION_FEED_FORWARD,
        "image_size": projectors.SIZE,
        "patch_size": projectors.PATCH,
        "attention.head_count": projectors.VISION_HEADS,
        "attention.layer_norm_epsilon": projectors.EPSILON,
        "image_mean": list(projectors.MEAN),
        "image_std": list(projectors.DEVIATION),
    }
    keys = {f"gemma3.vision.{key}": value for key, value in vision.items()}
    keys["gemma3.mm.tokens_per_image"] = projectors.PATCHES // 4

    def leave_out(tensors: Tensors) -> None:
        for name in without:
            del tensors[name]

    return rewritten(path, [text, projector], "gemma3", renames=GEMMA_NAMES, keys=keys, change=leave_out)
