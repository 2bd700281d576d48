"""LoRA adapters as PEFT saves them (`adapter_config.json`, `adapter_model.safetensors`) made into GGUF files.

PEFT changes a matrix W to W + scale * B A, with scale alpha / rank, or alpha / sqrt(rank) if `use_rslora`; in some
modules alpha may be another. llama.cpp computes alpha / rank with one alpha for all. What differs goes into B.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
from paddock.conversion.architectures.catalog import ARCHITECTURES, Architecture
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.safetensors import DTYPES, Tensor, shown
from paddock.conversion.checkpoint.tensors import Kind, Planned, as_float32, pairs_of_halves, whole
from paddock.conversion.errors import ConversionError
from paddock.conversion.writer import Metadata, Sink, write_gguf

CONFIG = "adapter_config.json"
_MATRIX = re.compile(
    r"(?:base_model\.model\.)?(?P<module>.+?)(?:\.base_layer)?\."
    r"(?P<half>lora_A|lora_B|lora_embedding_A|lora_embedding_B)(?:\.default)?(?:\.weight)?"
)
"""`base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`"""
_PLAIN_PATTERN = re.compile(r"\^?[\w.\\-]+\$?", re.ASCII)
_UNSUPPORTED: tuple[tuple[str, str], ...] = (
    ("use_dora", "DoRA"),
    ("fan_in_fan_out", "matrices that lie the other way round (fan_in_fan_out)"),
    ("layer_replication", "repeated layers (layer_replication)"),
    ("alora_invocation_tokens", "activation by tokens (aLoRA)"),
    ("trainable_token_indices", "single tokens (trainable_token_indices)"),
)


@dataclass(frozen=True)
class Base:
    """What an adapter's conversion has to know of the model that it changes."""

    architecture: str
    """llama.cpp's name."""
    layers: int
    heads: int
    kv_heads: int


@dataclass(frozen=True)
class _Pair:
    """What one matrix of the model is changed by."""

    target: str
    """Its name in the GGUF file."""
    module: str
    """Its name in the checkpoint, without `.weight`."""
    a: Tensor
    b: Tensor
    of_table: bool
    """Whether rows are looked up in it: then A lies the other way round."""

    @property
    def rank(self) -> int:
        return self.b.shape[1]


def convert_adapter(
    checkpoint: Checkpoint, base: Base, sink: Sink, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Write a PEFT adapter for models like `base` to `sink` as a GGUF file; `progress` gets bytes: written, all.

    Raises:
        ConversionError: if it is no LoRA adapter for such models, or of a kind that llama.cpp cannot apply.
        OSError: if a file cannot be read, or the sink not written.
    """
    config = _config(checkpoint)
    known = {architecture.name: architecture for architecture in ARCHITECTURES.values() if not architecture.embeds}
    architecture = known.get(base.architecture)
    if architecture is None:
        raise ConversionError(
            f'adapters for "{shown(base.architecture)}" models cannot be converted; supported: {", ".join(known)}'
        )
    pairs = _pairs(checkpoint.tensors, architecture, base)
    wanted = {pair.target: _scale(config, pair) * pair.rank for pair in pairs}
    alpha = Counter(value for value in wanted.values() if value).most_common(1)[0][0] if any(wanted.values()) else 1.0
    planned = []
    for pair in pairs:
        turned = _turned(pair, architecture, base)
        planned.append(_first(pair))
        planned.append(_second(pair, turned, wanted[pair.target] / alpha))
    metadata: Metadata = {"general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": float(alpha)}
    write_gguf(sink, base.architecture, metadata, planned, Kind.F32, progress)


def _config(checkpoint: Checkpoint) -> dict[str, Any]:
    config = checkpoint.json(CONFIG)
    if not isinstance(config, dict):
        raise ConversionError(f"{CONFIG} is missing: an adapter cannot be converted without it")
    if config.get("peft_type") != "LORA":
        raise ConversionError(f"{CONFIG}: only adapters with the peft_type LORA can be converted")
    for key, what in _UNSUPPORTED:
        if config.get(key):
            raise ConversionError(f"{CONFIG}: {what} cannot be converted")
    if config.get("bias", "none") != "none":
        raise ConversionError(f"{CONFIG}: an adapter with biases cannot be converted")
    return config


def _pairs(tensors: Mapping[str, Tensor], architecture: Architecture, base: Base) -> list[_Pair]:
    halves: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        match = _MATRIX.fullmatch(name)
        if match is None:
            raise ConversionError(f'the tensor "{shown(name)}" is no part of a LoRA adapter')
        halves.setdefault(match["module"], {})[match["half"]] = tensor
    if not halves:
        raise ConversionError("the adapter is empty")
    number = next(number for number, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture.name)
    names = gguf.get_tensor_name_map(number, base.layers)
    return [_pair(module, found, names, base) for module, found in halves.items()]


def _pair(module: str, found: Mapping[str, Tensor], names: gguf.TensorNameMap, base: Base) -> _Pair:
    of_table = "lora_embedding_A" in found
    a, b = (found.get(f"lora_{'embedding_' if of_table else ''}{half}") for half in "AB")
    if a is None or b is None or len(found) != 2:
        raise ConversionError(f'the adapter has half of what it changes "{shown(module)}" by')
    for tensor in (a, b):
        if tensor.dtype not in DTYPES or len(tensor.shape) != 2 or 0 in tensor.shape:
            raise ConversionError(f'the tensor "{shown(tensor.name)}" is no matrix of floating-point numbers')
    if a.shape[0] != b.shape[1]:
        raise ConversionError(f'the two matrices for "{shown(module)}" have different ranks')
    plain = module.replace("language_model.model.", "model.").replace("model.language_model.", "model.")
    target = names.get_name(f"{plain}.weight", try_suffixes=(".weight",))
    if target is None:
        raise ConversionError(f'"{shown(module)}" is no matrix of a {base.architecture} model')
    return _Pair(str(target), module, a, b, of_table)


def _turned(pair: _Pair, architecture: Architecture, base: Base) -> int:
    """Return the rows of a head if they are reordered, as in the model's own conversion; else 0."""
    part = pair.module.rpartition(".")[2]
    if part not in architecture.turned:
        return 0
    heads = base.kv_heads if part.startswith("k") else base.heads
    rows = pair.b.shape[0]
    if not heads or rows % heads or rows // heads % 2:
        raise ConversionError(f'"{shown(pair.module)}" does not have {heads} heads of an even width')
    return rows // heads


def _first(pair: _Pair) -> Planned:
    name = f"{pair.target}.lora_a"
    if not pair.of_table:
        return whole(name, pair.a)
    values = as_float32(pair.a.read(0, pair.a.rows), pair.a.dtype).T
    return Planned(name, values.shape, values=values)


def _second(pair: _Pair, turned: int, times: float) -> Planned:
    name = f"{pair.target}.lora_b"
    if times == 1.0:
        return whole(name, pair.b, turned=turned)
    values = as_float32(pair.b.read(0, pair.b.rows), pair.b.dtype) * times
    return Planned(name, values.shape, values=pairs_of_halves(values, turned) if turned else values)


def _scale(config: Mapping[str, Any], pair: _Pair) -> float:
    patterns = config.get("alpha_pattern") or {}
    if not isinstance(patterns, dict):
        raise ConversionError(f"{CONFIG}: alpha_pattern must be an object")
    alpha = config.get("lora_alpha", 8)  # as PEFT has it
    for pattern, value in patterns.items():
        if _matches(pattern, pair.module):
            alpha = value
            break
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not abs(alpha) < 1e9:
        raise ConversionError(f"{CONFIG}: lora_alpha must be a number")
    return alpha / (math.sqrt(pair.rank) if config.get("use_rslora") else pair.rank)


def _matches(pattern: str, module: str) -> bool:
    """Whether the last parts of a module's name are as the pattern says: a name, or a simple expression."""
    if not _PLAIN_PATTERN.fullmatch(pattern):
        raise ConversionError(f'{CONFIG}: the alpha_pattern "{shown(pattern)}" is too complicated')
    try:
        return re.fullmatch(rf"(?:.*\.)?(?:{pattern})", module) is not None
    except re.error:
        raise ConversionError(f'{CONFIG}: the alpha_pattern "{shown(pattern)}" is no regular expression') from None


def checkpoint_of(files: Mapping[str, Path]) -> Checkpoint:
    """Return the files of one adapter (name → where it lies), wherever its folder was.

    Raises:
        ConversionError: if they are of several folders.
    """
    folders = {name.replace("\\", "/").rpartition("/")[0] for name in files}
    if len(folders) > 1:
        raise ConversionError("the adapter's files lie in several folders")
    return Checkpoint({name.replace("\\", "/").rpartition("/")[2]: path for name, path in files.items()})
