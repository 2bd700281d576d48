"""The header of a translated file: metadata by key, and tensors that are read from the source file or computed."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from paddock.gguf import read_encoded
from paddock.gguf.encoded import EncodedValue
from paddock.gguf.header import DEFAULT_ALIGNMENT
from paddock.gguf.types import TENSOR_TYPE_NUMBERS
from paddock.gguf.writer import TensorEntry, encode_header

MALFORMED = (ValueError, TypeError, ArithmeticError, LookupError, NotImplementedError, struct.error)
"""Errors that a translation raises for keys, shapes or types that no proper file has."""

Data = bytes | bytearray | memoryview


class FileRange(NamedTuple):
    """Consecutive bytes of the source file."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class TranslatedTensor:
    """A tensor of a translated file: ranges of the source file, one after another, or computed data."""

    type: int
    """Number of the ggml type."""
    shape: tuple[int, ...]
    """Innermost dimension first."""
    ranges: tuple[FileRange, ...] = ()
    compute: Callable[[], Data] | None = None
    """Returns the data, of `computed_size` bytes; None if the data comes from `ranges`."""
    computed_size: int = 0

    @property
    def size(self) -> int:
        """Bytes."""
        return self.computed_size if self.compute is not None else sum(part.size for part in self.ranges)

    @property
    def rows(self) -> int:
        """Number of rows in a matrix: the size of the second dimension, 1 if there is none."""
        return self.shape[1] if len(self.shape) > 1 else 1


@dataclass
class TranslatedHeader:
    """A header that translations change before it is written."""

    metadata: dict[str, EncodedValue] = field(default_factory=dict)
    tensors: dict[str, TranslatedTensor] = field(default_factory=dict)
    alignment: int = DEFAULT_ALIGNMENT

    @property
    def architecture(self) -> str:
        """`general.architecture`; "" if it is missing."""
        return self.text("general.architecture")

    def number(self, key: str) -> int:
        """Return the number under `key`, rounded down; 0 if there is none."""
        found = self.metadata[key].number if key in self.metadata else None
        return int(found) if found is not None else 0

    def text(self, key: str) -> str:
        """Return the string under `key`; "" if there is none."""
        return self.metadata[key].text if key in self.metadata else ""

    def has(self, *prefixes: str) -> bool:
        """Return whether the name of any tensor starts with one of `prefixes`."""
        return any(name.startswith(prefixes) for name in self.tensors)

    def to_bytes(self) -> tuple[bytes, dict[str, int]]:
        """Return the bytes before the tensor data, and where in the file the data of each tensor starts.

        Raises:
            struct.error: if a number does not fit its place.
        """
        entries = [TensorEntry(name, tensor.type, tensor.shape, tensor.size) for name, tensor in self.tensors.items()]
        header, offsets = encode_header(self.metadata, entries, alignment=self.alignment)
        return header, dict(zip(self.tensors, offsets, strict=True))


def read_translatable(file: BinaryIO) -> TranslatedHeader:
    """Read the header of a file, its tensors still as they are.

    Raises:
        GgufError: if it is no GGUF file, or its header is wrong.
        OSError: if it cannot be read.
    """
    found = read_encoded(file)
    tensors = {
        tensor.name: TranslatedTensor(
            TENSOR_TYPE_NUMBERS[tensor.type],
            tensor.shape,
            (FileRange(found.data_offset + tensor.offset, tensor.size),),
        )
        for tensor in found.tensors
    }
    return TranslatedHeader(found.metadata, tensors, found.alignment)
