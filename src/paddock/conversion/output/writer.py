"""Writing a GGUF file from start to end, to anything that takes bytes: a file, or a pipe."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from paddock.conversion.checkpoint.numbers import finite32
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import OutputTensor, WeightType, typed
from paddock.gguf.encoded import EncodedValue, array, boolean, f32, strings, text, u32
from paddock.gguf.header import DEFAULT_ALIGNMENT
from paddock.gguf.types import FILE_TYPES, FLOAT32, INT32, UINT8
from paddock.gguf.writer import TensorEntry, encode_header

Value = str | int | float | bool | Sequence[str] | Sequence[int] | Sequence[float] | bytes
Metadata = Mapping[str, Value]
ReportBytes = Callable[[int, int], None]
"""Receives how many bytes of the tensors are written, and of how many."""


class ByteSink(Protocol):
    """A destination of bytes."""

    def write(self, data: Any, /) -> object:
        """Take bytes."""


def ignore_progress(done: int, total: int) -> None:
    """Do nothing: the `ReportBytes` of whoever does not want to know."""


def write_gguf(
    sink: ByteSink,
    architecture: str,
    metadata: Metadata,
    tensors: Sequence[OutputTensor],
    weight_type: WeightType,
    progress: ReportBytes = ignore_progress,
) -> None:
    """Write a model with its matrices as `weight_type`.

    Empty strings and empty lists in `metadata` are left out, as llama.cpp's own converter does.

    Raises:
        ConversionError: if a tensor cannot be read or converted, or a number of the metadata is out of range.
    """
    tensors = [typed(tensor, weight_type) for tensor in tensors]
    file_type = next(number for number, name in FILE_TYPES.items() if name == weight_type.name)
    values = {"general.architecture": text(architecture), "general.file_type": u32(file_type)}
    values |= {key: _encoded(key, value) for key, value in metadata.items() if not _empty(value)}
    entries = [TensorEntry(t.name, int(t.weight_type), t.shape[::-1], t.size) for t in tensors]
    header, _ = encode_header(values, entries)
    sink.write(header)
    total, done = sum(tensor.size for tensor in tensors), 0
    for tensor in tensors:
        for block in tensor.blocks():
            sink.write(block.reshape(-1).view(np.uint8).data)
            done += block.nbytes
            progress(done, total)
        sink.write(bytes(-tensor.size % DEFAULT_ALIGNMENT))


def _empty(value: Value) -> bool:
    return isinstance(value, Sequence) and not value


def _encoded(key: str, value: Value) -> EncodedValue:
    if isinstance(value, bool):
        return boolean(value)
    if isinstance(value, int):
        if not 0 <= value < 1 << 32:
            raise ConversionError(f"{key} must be a whole number of 0 to 2^32")
        return u32(value)
    if isinstance(value, float):
        if not finite32(value):
            raise ConversionError(f"{key} must be a number that a 32-bit float can hold")
        return f32(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bytes):
        return array(UINT8, value)
    if isinstance(value[0], str):
        return strings([str(item) for item in value])
    numbers: list[int | float] = [item for item in value if not isinstance(item, str)]
    return array(FLOAT32 if isinstance(numbers[0], float) else INT32, numbers)
