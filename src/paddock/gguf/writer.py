"""Writing the header of a GGUF file; whoever calls this writes the tensor data behind it."""

import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from paddock.gguf.encoded import EncodedValue, encode_string
from paddock.gguf.header import DEFAULT_ALIGNMENT

_VERSION = 3


class TensorEntry(NamedTuple):
    """A tensor that will stand in the file; `shape` has the innermost dimension first, `size` is in bytes."""

    name: str
    type: int
    """A number in `TENSOR_TYPES`."""
    shape: tuple[int, ...]
    size: int


def encode_header(
    metadata: Mapping[str, EncodedValue],
    tensors: Iterable[TensorEntry],
    *,
    version: int = _VERSION,
    alignment: int = DEFAULT_ALIGNMENT,
) -> tuple[bytes, list[int]]:
    """Return the bytes of a file up to the tensor data, and where in the file the data of each tensor starts.

    The data must follow in the order of `tensors`, each tensor padded with zeros to a multiple of `alignment`. An
    alignment other than 32 must also stand in `metadata` (`general.alignment`).

    Raises:
        struct.error: if a number does not fit its place.
    """
    described, offsets, offset = [], [], 0
    for name, kind, shape, size in tensors:
        dimensions = len(shape)
        described.append(encode_string(name) + struct.pack(f"<I{dimensions}QIQ", dimensions, *shape, kind, offset))
        offsets.append(offset)
        offset += padded(size, alignment)
    keys = [encode_string(key) + struct.pack("<I", value.type) + value.data for key, value in metadata.items()]
    start = b"GGUF" + struct.pack("<IQQ", version, len(described), len(keys))
    header = b"".join((start, *keys, *described))
    header += bytes(-len(header) % alignment)
    return header, [len(header) + offset for offset in offsets]


def padded(size: int, alignment: int) -> int:
    """Return `size` rounded up to a multiple of `alignment`."""
    return -(-size // alignment) * alignment
