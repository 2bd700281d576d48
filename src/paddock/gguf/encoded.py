"""Metadata values in the encoding of a GGUF file: decoded only on request, and made from Python values.

A vocabulary has hundreds of thousands of strings; a value that is only copied is never decoded.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paddock.gguf.types import ARRAY, BOOL, FLOAT32, SCALAR_TYPES, STRING, UINT32

MAX_NUMBERS = 1 << 20
"""Items of an array of numbers that are decoded; the largest vocabularies have a quarter of that."""

_u32 = struct.Struct("<I").unpack_from
_u64 = struct.Struct("<Q").unpack_from


@dataclass(frozen=True, slots=True)
class EncodedValue:
    """A metadata value: the number of its type, and its bytes as they stand in a file."""

    type: int
    data: bytes

    @property
    def number(self) -> int | float | None:
        """The value if it is a number or boolean, else None."""
        scalar = SCALAR_TYPES.get(self.type)
        return None if scalar is None else struct.unpack(f"<{scalar.code}", self.data)[0]

    @property
    def text(self) -> str:
        """The value if it is a string, else ""."""
        return self.data[8:].decode("utf-8", "replace") if self.type == STRING else ""

    @property
    def length(self) -> int:
        """Number of items of an array; 0 for any other value."""
        return int(_u64(self.data, 4)[0]) if self.type == ARRAY else 0

    @property
    def numbers(self) -> list[int | float]:
        """Items of an array of numbers; empty for any other value.

        Raises:
            ValueError: if there are more than `MAX_NUMBERS`.
        """
        if self.length > MAX_NUMBERS:
            raise ValueError(f"an array has {self.length} items")
        scalar = SCALAR_TYPES.get(_u32(self.data)[0]) if self.type == ARRAY else None
        return list(struct.unpack_from(f"<{self.length}{scalar.code}", self.data, 12)) if scalar else []

    def texts(self) -> Iterator[str]:
        """Yield the items of an array of strings; nothing for any other value."""
        return (piece.decode("utf-8", "replace") for piece in self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the items of an array of strings; nothing for any other value."""
        if self.type != ARRAY or _u32(self.data)[0] != STRING:
            return
        position = 12
        for _ in range(self.length):
            (size,) = _u64(self.data, position)
            yield self.data[position + 8 : position + 8 + size]
            position += 8 + size

    def first(self, count: int) -> "EncodedValue":
        """Return an array with the first `count` items of this one; this one if it has no more."""
        if self.length <= count:
            return self
        (element,) = _u32(self.data)
        end = 12
        if element == STRING:
            for _ in range(count):
                end += 8 + _u64(self.data, end)[0]
        else:
            end += count * SCALAR_TYPES[element].bytes
        return EncodedValue(ARRAY, struct.pack("<IQ", element, count) + self.data[12:end])


def u32(number: int) -> EncodedValue:
    """Encode an unsigned 32-bit integer."""
    return EncodedValue(UINT32, struct.pack("<I", number))


def f32(number: float) -> EncodedValue:
    """Encode a 32-bit float."""
    return EncodedValue(FLOAT32, struct.pack("<f", number))


def boolean(value: bool) -> EncodedValue:
    """Encode a boolean."""
    return EncodedValue(BOOL, struct.pack("<?", value))


def text(string: str) -> EncodedValue:
    """Encode a string."""
    return EncodedValue(STRING, encode_string(string))


def array(element_type: int, numbers: Sequence[int | float]) -> EncodedValue:
    """Encode an array of numbers of a scalar type."""
    items = struct.pack(f"<{len(numbers)}{SCALAR_TYPES[element_type].code}", *numbers)
    return EncodedValue(ARRAY, struct.pack("<IQ", element_type, len(numbers)) + items)


def strings(items: Sequence[str]) -> EncodedValue:
    """Encode an array of strings."""
    return EncodedValue(ARRAY, struct.pack("<IQ", STRING, len(items)) + b"".join(map(encode_string, items)))


def encode_string(string: str) -> bytes:
    """Return a string as it stands in a file: the number of its bytes, then the bytes."""
    data = string.encode()
    return struct.pack("<Q", len(data)) + data
