"""Conversion of LoRA adapters that PEFT saved (`adapter_config.json`, `adapter_model.safetensors`) to GGUF files.

PEFT changes a matrix W to W + scale * B A, with scale alpha / rank, or alpha / sqrt(rank) if `use_rslora`; some modules
may have an alpha of their own. llama.cpp computes alpha / rank with one alpha for all, so B is multiplied by the rest.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
from paddock.conversion.architectures.architecture import Architecture
from paddock.conversion.architectures.catalog import DECODERS
from paddock.conversion.base_model import BaseModel
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.safetensors import DTYPES, Tensor, shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import OutputTensor, WeightType, as_float32, permute_halves, whole
from paddock.conversion.output.writer import ByteSink, Metadata, ReportBytes, ignore_progress, write_gguf

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
class _LoraPair:
    """The two matrices that change one matrix of the model."""

    target: str
    """Its name in the GGUF file."""
    module: str
    """Its name in the checkpoint, without `.weight`."""
    a: Tensor
    b: Tensor
    is_embedding: bool
    """Whether the matrix is a table of embeddings: PEFT stores A transposed then."""

    @property
    def rank(self) -> int:
        return self.b.shape[1]


def convert_adapter(
    checkpoint: Checkpoint, base: BaseModel, sink: ByteSink, progress: ReportBytes = ignore_progress
) -> None:
    """Write a PEFT adapter for models like `base` to `sink` as a GGUF file.

    Raises:
        ConversionError: if it is no LoRA adapter for such models, or one that llama.cpp cannot apply.
        OSError: if a file cannot be read, or the sink not written.
    """
    config = _config(checkpoint)
    architecture = DECODERS.get(base.architecture)
    if architecture is None:
        raise ConversionError(
            f'adapters for "{shown(base.architecture)}" models cannot be converted; supported: {", ".join(DECODERS)}'
        )
    pairs = _lora_pairs(checkpoint.tensors, architecture, base)
    scaled = {pair.target: _scale(config, pair) * pair.rank for pair in pairs}
    alpha = Counter(value for value in scaled.values() if value).most_common(1)[0][0] if any(scaled.values()) else 1.0
    planned = []
    for pair in pairs:
        head = _permuted_head(pair, architecture, base)
        planned.append(_lora_a(pair))
        planned.append(_lora_b(pair, head, scaled[pair.target] / alpha))
    metadata: Metadata = {"general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": float(alpha)}
    write_gguf(sink, base.architecture, metadata, planned, WeightType.F32, progress)


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


def _lora_pairs(tensors: Mapping[str, Tensor], architecture: Architecture, base: BaseModel) -> list[_LoraPair]:
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
    return [_lora_pair(module, found, names, base) for module, found in halves.items()]


def _lora_pair(module: str, found: Mapping[str, Tensor], names: gguf.TensorNameMap, base: BaseModel) -> _LoraPair:
    is_embedding = "lora_embedding_A" in found
    a, b = (found.get(f"lora_{'embedding_' if is_embedding else ''}{half}") for half in "AB")
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
    return _LoraPair(str(target), module, a, b, is_embedding)


def _permuted_head(pair: _LoraPair, architecture: Architecture, base: BaseModel) -> int:
    """Return the rows of an attention head if they are permuted as in the model's own conversion; else 0."""
    part = pair.module.rpartition(".")[2]
    if part not in architecture.permuted:
        return 0
    heads = base.kv_heads if part.startswith("k") else base.heads
    rows = pair.b.shape[0]
    if not heads or rows % heads or rows // heads % 2:
        raise ConversionError(f'"{shown(pair.module)}" does not have {heads} heads of an even width')
    return rows // heads


def _lora_a(pair: _LoraPair) -> OutputTensor:
    name = f"{pair.target}.lora_a"
    if not pair.is_embedding:
        return whole(name, pair.a)
    values = as_float32(pair.a.read(0, pair.a.rows), pair.a.dtype).T
    return OutputTensor(name, values.shape, values=values)


def _lora_b(pair: _LoraPair, head: int, factor: float) -> OutputTensor:
    name = f"{pair.target}.lora_b"
    if factor == 1.0:
        return whole(name, pair.b, permuted_head=head)
    values = as_float32(pair.b.read(0, pair.b.rows), pair.b.dtype) * factor
    return OutputTensor(name, values.shape, values=permute_halves(values, head) if head else values)


def _scale(config: Mapping[str, Any], pair: _LoraPair) -> float:
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
    """Return whether a module's name ends as the pattern says: with a name, or a simple regular expression."""
    if not _PLAIN_PATTERN.fullmatch(pattern):
        raise ConversionError(f'{CONFIG}: the alpha_pattern "{shown(pattern)}" is too complicated')
    try:
        return re.fullmatch(rf"(?:.*\.)?(?:{pattern})", module) is not None
    except re.error:
        raise ConversionError(f'{CONFIG}: the alpha_pattern "{shown(pattern)}" is no regular expression') from None


def adapter_checkpoint(files: Mapping[str, Path]) -> Checkpoint:
    """Return the checkpoint of one adapter's files (name → path), without the folder in their names.

    Raises:
        ConversionError: if they lie in several folders.
    """
    folders = {name.replace("\\", "/").rpartition("/")[0] for name in files}
    if len(folders) > 1:
        raise ConversionError("the adapter's files lie in several folders")
    return Checkpoint({name.replace("\\", "/").rpartition("/")[2]: path for name, path in files.items()})
