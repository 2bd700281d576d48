"""What the header of a GGUF file holds: metadata and descriptions of tensors, in two forms.

`GgufHeader` has decoded metadata, for whoever asks what a model is. `EncodedHeader` keeps each value as the bytes of
the file, for whoever writes them into another header.
"""

import math
import sys
from dataclasses import dataclass
from functools import cached_property

from paddock.gguf.encoded import EncodedValue
from paddock.gguf.types import file_type_name

Scalar = str | int | float | bool
"""A decoded value that is no array."""

ALIGNMENT_KEY = "general.alignment"
DEFAULT_ALIGNMENT = 32
"""Bytes to whose multiples tensors are aligned in files without `general.alignment`."""


@dataclass(frozen=True, slots=True)
class GgufArray:
    """An array in the metadata; `values` is None if the array was too long to be decoded."""

    length: int
    element_type: str
    values: tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """Description of a tensor: `shape` has the innermost dimension first."""

    name: str
    type: str
    """A name in `TENSOR_TYPES`, such as `Q4_K`."""
    shape: tuple[int, ...]
    offset: int
    """Bytes from the start of the tensor data."""
    size: int
    """Bytes."""

    @property
    def elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class GgufHeader:
    """Header of a file with decoded metadata. Treat it as constant: callers share it through a cache."""

    version: int
    metadata: dict[str, Scalar | GgufArray]
    tensors: list[GgufTensor]
    alignment: int
    data_offset: int
    """Bytes before the data of the first tensor."""
    file_size: int

    @cached_property
    def parameter_count(self) -> int:
        """Number of values in all tensors."""
        return sum(tensor.elements for tensor in self.tensors)

    @cached_property
    def memory(self) -> int:
        """Bytes of memory that the header takes, its strings, numbers and tensors included."""
        keys = sum(sys.getsizeof(key) + _SLOT + _memory(value) for key, value in self.metadata.items())
        return keys + sum(_tensor_memory(tensor) for tensor in self.tensors)

    @property
    def architecture(self) -> str:
        """`general.architecture`, or "unknown"."""
        name = self.metadata.get("general.architecture")
        return name if isinstance(name, str) and name else "unknown"

    @property
    def file_type(self) -> str:
        """Name of `general.file_type` (`Q4_K_M`), or "unknown"."""
        return file_type_name(self.metadata.get("general.file_type"))

    @property
    def context_length(self) -> int:
        """Tokens the model was trained for; 0 if the file does not say."""
        return self.number("context_length")

    @property
    def embedding_length(self) -> int:
        """Width of the embeddings; 0 if the file does not say."""
        return self.number("embedding_length")

    def number(self, key: str) -> int:
        """Return the integer under `<architecture>.<key>`; 0 if there is none."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def text(self, key: str) -> str:
        """Return the string under `key`; "" if there is none."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""


_SLOT = 100
"""Bytes of an entry of a dict that grows."""
_REFERENCE = 8
"""Bytes of an entry of a list or a tuple."""


def _memory(value: Scalar | GgufArray) -> int:
    if not isinstance(value, GgufArray):
        return sys.getsizeof(value)
    items = sum(sys.getsizeof(item) + _REFERENCE for item in value.values or ())
    return sys.getsizeof(value) + items


def _tensor_memory(tensor: GgufTensor) -> int:
    shape = sum(sys.getsizeof(number) for number in tensor.shape)
    numbers = sys.getsizeof(tensor.offset) + sys.getsizeof(tensor.size)
    return (
        sys.getsizeof(tensor) + sys.getsizeof(tensor.name) + sys.getsizeof(tensor.shape) + shape + numbers + _REFERENCE
    )


@dataclass(frozen=True)
class EncodedHeader:
    """Header of a file whose metadata values stay the bytes that they are in the file."""

    version: int
    metadata: dict[str, EncodedValue]
    tensors: list[GgufTensor]
    alignment: int
    data_offset: int
    """Bytes before the data of the first tensor."""
