"""Tensors on their way from a checkpoint into a GGUF file: made of slices, changed, and written block by block.

A tensor is read, converted and written in blocks of rows, so memory stays small however large the tensor is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np

from paddock.conversion.checkpoint.safetensors import DTYPES, Tensor, shown
from paddock.conversion.errors import ConversionError

Array = np.ndarray[Any, Any]


class WeightType(IntEnum):
    """Types in which weights are written; the values are the numbers of the ggml types."""

    F32 = 0
    F16 = 1
    BF16 = 30


BLOCK_VALUES = 4 << 20
"""Values that are in memory at once, in at most three types: 16 MiB as 32-bit floats."""
BYTES: dict[WeightType, int] = {WeightType.F32: 4, WeightType.F16: 2, WeightType.BF16: 2}
"""Bytes of a value."""
MAX_F16 = 65504.0
"""Largest value of a 16-bit float."""
_FLOAT32_SUFFIXES = ("_norm.weight", "ffn_gate_inp.weight", "token_types.weight", "position_embd.weight")
"""Names of matrices that llama.cpp's kernels take only as 32-bit floats, or add to such."""


@dataclass(frozen=True)
class TensorSlice:
    """Rows of a checkpoint's tensor, and how they are changed."""

    tensor: Tensor
    start: int = 0
    stop: int | None = None
    """None: to the end."""
    permuted_head: int = 0
    """Rows of an attention head whose halves are interleaved (see `permute_halves`); 0 if they are not."""
    plus: float = 0.0
    """Added to every value."""

    @property
    def rows(self) -> range:
        """The numbers of the rows."""
        return range(self.tensor.rows)[self.start : self.stop]


@dataclass(frozen=True)
class OutputTensor:
    """A tensor of the GGUF file: slices, one after another, or computed values."""

    name: str
    shape: tuple[int, ...]
    """Outermost dimension first."""
    slices: tuple[TensorSlice, ...] = ()
    values: Array | None = None
    """Computed values, in place of slices."""
    weight_type: WeightType = WeightType.F32
    always_float32: bool = False
    """Whether it is written as 32-bit floats whatever the type of the model's weights."""

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * BYTES[self.weight_type]

    def blocks(self) -> Iterator[Array]:
        """Yield the values as they are written, a block at a time.

        Raises:
            ConversionError: if a value is out of range for the type.
        """
        if self.values is not None:
            yield _stored(self.values.astype("<f4"), self.weight_type, self.name)
        for part in self.slices:
            step = max(BLOCK_VALUES // max(part.tensor.columns, 1), 1)
            if part.permuted_head:
                step = max(step // part.permuted_head, 1) * part.permuted_head
            rows = part.rows
            for start in range(rows.start, rows.stop, step):
                yield self._converted(part, part.tensor.read(start, min(start + step, rows.stop)))

    def _converted(self, part: TensorSlice, values: Array) -> Array:
        if part.permuted_head:
            values = permute_halves(values, part.permuted_head)
        if not part.plus and part.tensor.dtype == self.weight_type.name:
            return values
        numbers = as_float32(values, part.tensor.dtype)
        return _stored(numbers + np.float32(part.plus) if part.plus else numbers, self.weight_type, self.name)


def whole(name: str, tensor: Tensor, **changes: Any) -> OutputTensor:
    """Return an output tensor made of one tensor of the checkpoint; `changes` are fields of its `TensorSlice`.

    Raises:
        ConversionError: if its type cannot hold weights, or it is empty.
    """
    return joined(name, (TensorSlice(tensor, **changes),))


def joined(name: str, slices: tuple[TensorSlice, ...], *, stacked: bool = False) -> OutputTensor:
    """Return an output tensor made of slices: one after another, or `stacked` along a new outermost dimension.

    Raises:
        ConversionError: if they do not fit together.
    """
    for part in slices:
        tensor = part.tensor
        if tensor.dtype not in DTYPES:
            raise ConversionError(f'tensor "{shown(tensor.name)}" has the type {tensor.dtype}, which is not imported')
        if 0 in tensor.shape or not tensor.shape:
            raise ConversionError(f'tensor "{shown(tensor.name)}" is empty')
        if part.permuted_head and len(part.rows) % part.permuted_head:
            raise ConversionError(
                f'tensor "{shown(tensor.name)}" does not have whole heads of {part.permuted_head} rows'
            )
    first = slices[0].tensor
    if any(part.tensor.shape[1:] != first.shape[1:] for part in slices):
        raise ConversionError(f'the parts of "{name}" have different shapes')
    if stacked:
        if any(part.tensor.shape != first.shape for part in slices):
            raise ConversionError(f'the parts of "{name}" have different shapes')
        return OutputTensor(name, (len(slices), *first.shape), slices)
    if len(first.shape) > 2:
        return OutputTensor(name, first.shape, slices)
    return OutputTensor(name, (sum(len(part.rows) for part in slices), *first.shape[1:]), slices)


def typed(tensor: OutputTensor, weight_type: WeightType) -> OutputTensor:
    """Return the tensor with its type in a model of `weight_type`: only matrices of weights are not 32-bit floats."""
    small = len(tensor.shape) < 2 or tensor.name.endswith(_FLOAT32_SUFFIXES) or not tensor.name.endswith(".weight")
    return replace(tensor, weight_type=WeightType.F32 if small or tensor.always_float32 else weight_type)


def widened(tensor: OutputTensor) -> OutputTensor:
    """Return the tensor, marked `always_float32` if it has values that F16 cannot hold.

    Reads the whole tensor, unless it is stored as F16.

    Raises:
        ConversionError: if it cannot be read.
    """
    if all(part.tensor.dtype == "F16" and not part.plus for part in tensor.slices):
        return tensor
    fits = all(block.max() <= MAX_F16 and block.min() >= -MAX_F16 for block in tensor.blocks())
    return tensor if fits else replace(tensor, always_float32=True)


def permute_halves(values: Array, head: int) -> Array:
    """Interleave the two halves of the rows of each attention head of `head` rows, as llama.cpp's `permute` does.

    Transformers rotates row i together with row i + head/2; llama.cpp's Llama rotates rows 2i and 2i + 1.
    """
    shape = values.shape
    return values.reshape(-1, 2, head // 2, shape[-1]).swapaxes(1, 2).reshape(shape)


def as_float32(values: Array, dtype: str) -> Array:
    """Return values that were read as the safetensors type `dtype` as 32-bit floats."""
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32, copy=False)


def _stored(values: Array, weight_type: WeightType, name: str) -> Array:
    if weight_type == WeightType.F32:
        return values.astype("<f4", copy=False)
    if weight_type == WeightType.BF16:
        bits = values.view(np.uint32)
        rounded = ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype("<u2")
        return np.where(np.isnan(values), ((bits >> 16) | 0x40).astype("<u2"), rounded)
    with np.errstate(over="raise"):
        try:
            return values.astype("<f2")
        except FloatingPointError:
            raise ConversionError(f'tensor "{name}" has values beyond the range of F16: convert to BF16') from None
