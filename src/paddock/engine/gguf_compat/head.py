"""The head of a GGUF file, taken apart so that it can be changed: metadata by key, tensors by name.

Values stay the bytes that they are in the file unless someone asks: a vocabulary has hundreds of thousands of texts.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from paddock.gguf.types import ARRAY, SCALAR_TYPES, STRING, tensor_bytes

UINT8, UINT32, INT32, FLOAT32, BOOL = 0, 4, 5, 6, 7
"""Types of values."""
ODD = (ValueError, TypeError, ArithmeticError, LookupError, NotImplementedError, struct.error)
"""What is raised for keys, shapes or types that no other file has."""

_MAGIC = b"GGUF"
_FIRST_READ = 1 << 16
_MOST = 128 << 20
"""Bytes of a head; the largest ones seen have 16 MiB."""
_MOST_KEYS = 1 << 16
_MOST_TENSORS = 1 << 16
_MOST_NUMBERS = 1 << 20
"""In an array whose numbers are looked at; a vocabulary has a quarter of that."""
_LONGEST_NAME = 1 << 16
_ALIGNMENT = 32
_ALIGNMENTS = [1 << bits for bits in range(3, 21)]
_DIMENSIONS = 4

_u32 = struct.Struct("<I").unpack_from
_u64 = struct.Struct("<Q").unpack_from


class BadHead(Exception):
    """The file is no GGUF file, or its head cannot be right."""


class _Cut(Exception):
    """What was read of the file ends too early."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the metadata: its type, and its bytes as they stand in a file."""

    kind: int
    data: bytes

    @property
    def number(self) -> int | float | None:
        """The value if it is a number or a truth value, else None."""
        scalar = SCALAR_TYPES.get(self.kind)
        return None if scalar is None else struct.unpack(f"<{scalar.code}", self.data)[0]

    @property
    def text(self) -> str:
        """The value if it is a text, else ""."""
        return self.data[8:].decode("utf-8", "replace") if self.kind == STRING else ""

    @property
    def length(self) -> int:
        """How many items an array has; 0 for what is none."""
        return int(_u64(self.data, 4)[0]) if self.kind == ARRAY else 0

    @property
    def numbers(self) -> list[int | float]:
        """The items of an array of numbers; empty for what is none. ValueError if it has a million or more."""
        if self.length > _MOST_NUMBERS:
            raise ValueError(f"an array has {self.length} items")
        scalar = SCALAR_TYPES.get(_u32(self.data)[0]) if self.kind == ARRAY else None
        return list(struct.unpack_from(f"<{self.length}{scalar.code}", self.data, 12)) if scalar else []

    def texts(self) -> Iterator[str]:
        """Yield the items of an array of texts; nothing for what is none."""
        if self.kind != ARRAY or _u32(self.data)[0] != STRING:
            return
        place = 12
        for _ in range(self.length):
            (size,) = _u64(self.data, place)
            yield self.data[place + 8 : place + 8 + size].decode("utf-8", "replace")
            place += 8 + size

    def first(self, count: int) -> "Value":
        """Return an array of the first items of this one; this one if it has no more."""
        if self.length <= count:
            return self
        (kind,) = _u32(self.data)
        end = 12
        if kind == STRING:
            for _ in range(count):
                end += 8 + _u64(self.data, end)[0]
        else:
            end += count * SCALAR_TYPES[kind].bytes
        return Value(ARRAY, struct.pack("<IQ", kind, count) + self.data[12:end])


def u32(number: int) -> Value:
    """Return a whole number as a value."""
    return Value(UINT32, struct.pack("<I", number))


def f32(number: float) -> Value:
    """Return a number as a value."""
    return Value(FLOAT32, struct.pack("<f", number))


def boolean(truth: bool) -> Value:
    """Return a truth value as a value."""
    return Value(BOOL, struct.pack("<?", truth))


def text(string: str) -> Value:
    """Return a text as a value."""
    return Value(STRING, _string(string))


def array(kind: int, numbers: Sequence[int | float]) -> Value:
    """Return an array of numbers of a type as a value."""
    items = struct.pack(f"<{len(numbers)}{SCALAR_TYPES[kind].code}", *numbers)
    return Value(ARRAY, struct.pack("<IQ", kind, len(numbers)) + items)


Data = bytes | bytearray | memoryview
Piece = tuple[int, int]
"""A stretch of a file: where it begins, and how many bytes it has."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: of which of ggml's types, its shape with the innermost dimension first, and where its data is from."""

    kind: int
    shape: tuple[int, ...]
    pieces: tuple[Piece, ...] = ()
    """Of the file, one after the other; or else"""
    make: Callable[[], Data] | None = None
    """what makes it, of `made_size` bytes."""
    made_size: int = 0

    @property
    def size(self) -> int:
        """Bytes."""
        return self.made_size if self.make is not None else sum(size for _, size in self.pieces)

    @property
    def rows(self) -> int:
        """How many rows of the innermost dimension there are in the next one."""
        return self.shape[1] if len(self.shape) > 1 else 1


@dataclass
class Head:
    """A head that can be changed and written."""

    metadata: dict[str, Value] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    alignment: int = _ALIGNMENT

    @property
    def architecture(self) -> str:
        """`general.architecture`; "" if it is not there."""
        return self.text("general.architecture")

    def number(self, key: str) -> int:
        """Return the whole number under `key`; 0 if there is none."""
        found = self.metadata[key].number if key in self.metadata else None
        return int(found) if found is not None else 0

    def text(self, key: str) -> str:
        """Return the text under `key`; "" if there is none."""
        return self.metadata[key].text if key in self.metadata else ""

    def has(self, *beginnings: str) -> bool:
        """Whether there is a tensor whose name begins so."""
        return any(name.startswith(beginnings) for name in self.tensors)

    def to_bytes(self) -> tuple[bytes, dict[str, int]]:
        """Return the head as it stands in a file, up to where the data begins, and where the data of each tensor does.

        The latter in bytes from the beginning of the file.
        """
        described, offsets, offset = [], {}, 0
        for name, tensor in self.tensors.items():
            shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
            described.append(_string(name) + shape + struct.pack("<IQ", tensor.kind, offset))
            offsets[name] = offset
            offset += -(-tensor.size // self.alignment) * self.alignment
        keys = [_string(key) + struct.pack("<I", value.kind) + value.data for key, value in self.metadata.items()]
        start = _MAGIC + struct.pack("<IQQ", 3, len(self.tensors), len(self.metadata))
        head = b"".join((start, *keys, *described))
        head += bytes(-len(head) % self.alignment)
        return head, {name: len(head) + offset for name, offset in offsets.items()}


def read_head(file: BinaryIO) -> Head:
    """Read the head of a file.

    Raises:
        BadHead: if it has none, or one that cannot be right: the tensors that it describes have to lie in the file,
            each in a place of its own.
        OSError: if it cannot be read.
    """
    described: dict[str, tuple[int, tuple[int, ...], int]] = {}
    try:
        head, place, count = _metadata(file, _MOST)
        for _ in range(count):
            name, place = head.name(place)
            (dimensions,) = head.unpack("<I", place)
            if dimensions > _DIMENSIONS:
                raise BadHead(f"the tensor {name[:100]!r} has {dimensions} dimensions")
            *shape, kind, offset = head.unpack(f"<{dimensions}QIQ", place + 4)
            place += 4 + 8 * dimensions + 12
            if name in described:
                raise BadHead(f"the tensor {name[:100]!r} is there twice")
            described[name] = (kind, tuple(shape), offset)
    except _Cut:
        raise BadHead("it ends within its head") from None
    found = Head(head.metadata, alignment=_alignment(head.metadata))
    start = -(-place // found.alignment) * found.alignment
    for name, (kind, dimensioned, offset) in described.items():
        try:
            size = tensor_bytes(kind, dimensioned)
        except ValueError as error:
            raise BadHead(f"the tensor {name[:100]!r} {error}") from None
        if offset % found.alignment:
            raise BadHead(f"the tensor {name[:100]!r} begins at no multiple of the alignment")
        found.tensors[name] = Tensor(kind, dimensioned, ((start + offset, size),))
    end = 0
    for piece in sorted(piece for tensor in found.tensors.values() for piece in tensor.pieces):
        if piece[0] < end:
            raise BadHead("two tensors share their data")
        end = sum(piece)
    if end > head.file_size:
        raise BadHead("a tensor reaches beyond the end of the file")
    return found


def first_keys(file: BinaryIO) -> dict[str, Value]:
    """Return the metadata that stands before the vocabulary: enough, in most files, to see whose they are.

    Raises:
        BadHead: if the file has no head, or one that cannot be right.
        OSError: if it cannot be read.
    """
    return _metadata(file, _FIRST_READ)[0].metadata


def _metadata(file: BinaryIO, most: int) -> "tuple[_Reading, int, int]":
    """Read the metadata; return it, where the tensors begin, and how many there are. Up to `most` bytes suffice."""
    head = _Reading(file, most)
    count, place = 0, 24
    try:
        if head.data(0, 4) != _MAGIC:
            raise BadHead("it does not begin as GGUF files do")
        version, count, keys = head.unpack("<IQQ", 4)
        if version not in (2, 3) or count > _MOST_TENSORS or keys > _MOST_KEYS:
            raise BadHead(f"of version {version} it claims {count} tensors and {keys} keys")
        for _ in range(keys):
            key, place = head.name(place)
            (kind,) = head.unpack("<I", place)
            end = head.after(place + 4, kind)
            if key in head.metadata:
                raise BadHead(f"the key {key[:100]!r} is there twice")
            head.metadata[key] = Value(kind, head.data(place + 4, end))
            place = end
    except _Cut:
        if most == _MOST:
            raise BadHead("it ends within its head") from None
    return head, place, count


def _alignment(metadata: dict[str, Value]) -> int:
    value = metadata.get("general.alignment", u32(_ALIGNMENT)).number
    if not isinstance(value, int) or value not in _ALIGNMENTS:
        raise BadHead("general.alignment is no power of two from 8 to 1048576")
    return value


class _Reading:
    """The beginning of a file, of which as much is read as is asked for."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.metadata: dict[str, Value] = {}
        self.file_size = os.fstat(file.fileno()).st_size
        self._file = file
        self._most = min(most, self.file_size)
        self._data = b""

    def unpack(self, form: str, place: int) -> tuple[int, ...]:
        self._need(place + struct.calcsize(form))
        return struct.unpack_from(form, self._data, place)

    def name(self, place: int) -> tuple[str, int]:
        (size,) = self.unpack("<Q", place)
        if size > _LONGEST_NAME:
            raise BadHead(f"a name has {size} bytes")
        self._need(place + 8 + size)
        return self._data[place + 8 : place + 8 + size].decode("utf-8", "replace"), place + 8 + size

    def data(self, start: int, end: int) -> bytes:
        self._need(end)
        return self._data[start:end]

    def after(self, place: int, kind: int) -> int:
        """Where a value ends."""
        if kind == STRING:
            return place + 8 + self.unpack("<Q", place)[0]
        if kind in SCALAR_TYPES:
            return place + SCALAR_TYPES[kind].bytes
        if kind != ARRAY:
            raise BadHead(f"a value has the unknown type {kind}")
        items, count = self.unpack("<IQ", place)
        place += 12
        if items in SCALAR_TYPES:
            return place + count * SCALAR_TYPES[items].bytes
        if items != STRING:
            raise BadHead(f"an array has items of the unknown type {items}")
        self._need(place + 8 * count)
        for _ in range(count):
            if place + 8 > len(self._data):
                self._need(place + 8)
            place += 8 + _u64(self._data, place)[0]
        return place

    def _need(self, end: int) -> None:
        if end <= len(self._data):
            return
        if end <= self._most:
            wanted = min(max(end, 4 * len(self._data), _FIRST_READ), self._most)
            self._data += os.pread(self._file.fileno(), wanted - len(self._data), len(self._data))
        if end > len(self._data):
            raise _Cut


def _string(string: str) -> bytes:
    data = string.encode()
    return struct.pack("<Q", len(data)) + data
