"""Tensors of a checkpoint on their way into a GGUF file: made of pieces, changed, and written a part at a time.

A tensor is read, changed and written in blocks of rows, so memory stays small however large it is.
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


class Kind(IntEnum):
    """Forms in which values are written; the numbers are GGUF's."""

    F32 = 0
    F16 = 1
    BF16 = 30


BLOCK_VALUES = 4 << 20
"""Values that are in memory at once, in three forms at most: 16 MiB as 32-bit floats."""

BYTES: dict[Kind, int] = {Kind.F32: 4, Kind.F16: 2, Kind.BF16: 2}


@dataclass(frozen=True)
class Piece:
    """Some rows of a tensor, and what happens to them."""

    tensor: Tensor
    start: int = 0
    stop: int | None = None
    """None: to the end."""
    turned: int = 0
    """Rows of an attention head, if halves of the head become pairs: see `pairs_of_halves`."""
    plus: float = 0.0
    """Added to every value."""

    @property
    def rows(self) -> range:
        """Which rows they are."""
        return range(self.tensor.rows)[self.start : self.stop]


@dataclass(frozen=True)
class Planned:
    """A tensor of the GGUF file: pieces one after another, of `shape`, outermost dimension first."""

    name: str
    shape: tuple[int, ...]
    pieces: tuple[Piece, ...] = ()
    values: Array | None = None
    """In place of pieces: what is computed, not read."""
    kind: Kind = Kind.F32
    wide: bool = False
    """Whether it stays in 32 bits whatever the model is written in."""

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * BYTES[self.kind]

    def blocks(self) -> Iterator[Array]:
        """Its values in the file's form, a block at a time.

        Raises:
            ConversionError: if a value does not fit into the form.
        """
        if self.values is not None:
            yield _stored(self.values.astype("<f4"), self.kind, self.name)
        for piece in self.pieces:
            step = max(BLOCK_VALUES // max(piece.tensor.columns, 1), 1)
            if piece.turned:
                step = max(step // piece.turned, 1) * piece.turned
            rows = piece.rows
            for start in range(rows.start, rows.stop, step):
                yield self._converted(piece, piece.tensor.read(start, min(start + step, rows.stop)))

    def _converted(self, piece: Piece, values: Array) -> Array:
        if piece.turned:
            values = pairs_of_halves(values, piece.turned)
        if not piece.plus and piece.tensor.dtype == self.kind.name:
            return values
        numbers = as_float32(values, piece.tensor.dtype)
        return _stored(numbers + np.float32(piece.plus) if piece.plus else numbers, self.kind, self.name)


def whole(name: str, tensor: Tensor, **changes: Any) -> Planned:
    """Plan a tensor of the checkpoint as a tensor of the file.

    Raises:
        ConversionError: if its type cannot hold weights, or it is empty.
    """
    return joined(name, (Piece(tensor, **changes),))


def joined(name: str, pieces: tuple[Piece, ...], *, stacked: bool = False) -> Planned:
    """Plan pieces as one tensor: one after another, or `stacked` along a new outermost dimension.

    Raises:
        ConversionError: if they do not fit together.
    """
    for piece in pieces:
        tensor = piece.tensor
        if tensor.dtype not in DTYPES:
            raise ConversionError(f'tensor "{shown(tensor.name)}" has the type {tensor.dtype}, which is not imported')
        if 0 in tensor.shape or not tensor.shape:
            raise ConversionError(f'tensor "{shown(tensor.name)}" is empty')
        if piece.turned and len(piece.rows) % piece.turned:
            raise ConversionError(f'tensor "{shown(tensor.name)}" does not have whole heads of {piece.turned} rows')
    first = pieces[0].tensor
    if any(piece.tensor.shape[1:] != first.shape[1:] for piece in pieces):
        raise ConversionError(f'the parts of "{name}" have different shapes')
    if stacked:
        if any(piece.tensor.shape != first.shape for piece in pieces):
            raise ConversionError(f'the parts of "{name}" have different shapes')
        return Planned(name, (len(pieces), *first.shape), pieces)
    if len(first.shape) > 2:
        return Planned(name, first.shape, pieces)
    return Planned(name, (sum(len(piece.rows) for piece in pieces), *first.shape[1:]), pieces)


def typed(tensor: Planned, kind: Kind) -> Planned:
    """Return it in the form that it has in a model of `kind`: what is no matrix of weights stays in 32 bits."""
    small = len(tensor.shape) < 2 or tensor.name.endswith(_ALWAYS_FLOAT32) or not tensor.name.endswith(".weight")
    return replace(tensor, kind=Kind.F32 if small or tensor.wide else kind)


def widened(tensor: Planned) -> Planned:
    """Return it, `wide` if it has values that F16 cannot hold; unless it is stored as F16, it is read for that.

    Raises:
        ConversionError: if it cannot be read.
    """
    if all(piece.tensor.dtype == "F16" and not piece.plus for piece in tensor.pieces):
        return tensor
    fits = all(block.max() <= _MOST_F16 and block.min() >= -_MOST_F16 for block in tensor.blocks())
    return tensor if fits else replace(tensor, wide=True)


_MOST_F16 = 65504.0


_ALWAYS_FLOAT32 = ("_norm.weight", "ffn_gate_inp.weight", "token_types.weight", "position_embd.weight")
"""What llama.cpp's kernels want as 32-bit floats, or adds to such."""


def pairs_of_halves(values: Array, head: int) -> Array:
    """Reorder the rows of each head from two halves to pairs.

    Transformers rotates row i together with row i + head/2; llama.cpp's Llama rotates rows 2i and 2i + 1.
    """
    shape = values.shape
    return values.reshape(-1, 2, head // 2, shape[-1]).swapaxes(1, 2).reshape(shape)


def as_float32(values: Array, dtype: str) -> Array:
    """Return values as 32-bit floats, read as the safetensors type `dtype`."""
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32, copy=False)


def _stored(values: Array, kind: Kind, name: str) -> Array:
    if kind == Kind.F32:
        return values.astype("<f4", copy=False)
    if kind == Kind.BF16:
        bits = values.view(np.uint32)
        rounded = ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype("<u2")
        return np.where(np.isnan(values), ((bits >> 16) | 0x40).astype("<u2"), rounded)
    with np.errstate(over="raise"):
        try:
            return values.astype("<f2")
        except FloatingPointError:
            raise ConversionError(f'tensor "{name}" has values beyond the range of F16: convert to BF16') from None
