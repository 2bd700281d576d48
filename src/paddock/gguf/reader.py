"""Reading the header of a GGUF file: metadata and the list of tensors, never the weights.

The file is untrusted: every count, length, type and offset is checked before it is used, and memory and time are
bounded by the size of the file and by `MAX_HEADER`. Versions 2 and 3 of the format, little-endian:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import contextlib
import math
import os
import struct
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

from paddock.gguf.encoded import EncodedValue
from paddock.gguf.errors import BadGguf, NotGguf, quoted
from paddock.gguf.header import (
    ALIGNMENT_KEY,
    DEFAULT_ALIGNMENT,
    EncodedHeader,
    GgufArray,
    GgufHeader,
    GgufTensor,
    Scalar,
)
from paddock.gguf.types import ARRAY, SCALAR_TYPES, STRING, TENSOR_TYPES, ScalarType, tensor_bytes
from paddock.memory import give_back

SHORT_ARRAY = 1024
"""Arrays up to this length are decoded without being asked for: settings of layers are short, vocabularies are not."""
SHORT_TEXTS = 64
"""The same for arrays of strings, which are names and languages of a model."""
LONG_TEXT = 1 << 20
"""Bytes of a string behind which it is cut off unless all is asked for. The longest in use are chat templates, of some
ten thousand; a file may hold its whole tokenizer once more, as JSON."""
DECODED_BYTES = 4 << 20
"""Most bytes of memory that the strings and arrays of a header take, unless all is asked for. Where they are used up,
arrays are not decoded and strings are cut off."""
CUT_TEXT = 1 << 10
"""Bytes of a string that are kept in any case."""
ITEM_BYTES = 40
"""Memory that an item of a decoded array takes: a Python object and the reference to it."""
MAX_HEADER = 128 << 20
"""Bytes; the largest headers seen (256 k tokens, with merges) have 16 MiB."""
LARGE_HEADER = 8 << 20
"""Bytes from which on the memory that reading a header took is given back at once."""
MAX_KEYS = 1 << 14
"""Models have some dozens."""
MAX_KEY = 1 << 10
"""Bytes of a key."""
MAX_TENSORS = 1 << 17
"""A mixture of experts with a tensor for each expert has some 50,000."""
MAX_NAME = 1 << 8
"""Bytes of a tensor's name; llama.cpp takes up to 63 (GGML_MAX_NAME)."""
MAX_RANK = 4
"""Dimensions of a tensor, as in ggml (GGML_MAX_DIMS)."""
ALIGNMENTS = tuple(1 << bits for bits in range(3, 21))
"""Values of `general.alignment` that are accepted: powers of two from 8 to 1 MiB."""

_FIRST_READ = 1 << 20
_FIRST_KEYS_READ = 1 << 16

_u32 = struct.Struct("<I").unpack_from
_u64 = struct.Struct("<Q").unpack_from

_Value = TypeVar("_Value")


def read_header(path: Path, *, arrays: bool = False) -> GgufHeader:
    """Read the header of a file and decode its metadata; long arrays (the vocabulary) and texts only with `arrays`.

    Raises:
        NotGguf: if the file does not start as GGUF does.
        BadGguf: if the header is wrong; the message names the first reason.
        OSError: if the file cannot be opened or read.
    """
    with path.open("rb", buffering=0) as file:
        reader = _HeaderReader(file, _FIRST_READ)
        version, tensor_count, key_count = reader.counts()
        metadata: dict[str, Scalar | GgufArray] = {}
        reader.metadata(key_count, lambda value: reader.decoded(value, arrays), metadata)
        alignment = _alignment(metadata.get(ALIGNMENT_KEY, DEFAULT_ALIGNMENT))
        tensors, data_offset = reader.tensors(tensor_count, alignment)
        reader.release()
        return GgufHeader(version, metadata, tensors, alignment, data_offset, reader.file_size)


def read_encoded(file: BinaryIO) -> EncodedHeader:
    """Read the header of an open file, leaving the values of its metadata encoded.

    Reads from the beginning, wherever the file's position is, and does not move it.

    Raises:
        NotGguf, BadGguf, OSError: as `read_header`.
    """
    reader = _HeaderReader(file, _FIRST_READ)
    version, tensor_count, key_count = reader.counts()
    metadata: dict[str, EncodedValue] = {}
    reader.metadata(key_count, reader.encoded, metadata)
    value = metadata.get(ALIGNMENT_KEY)
    alignment = _alignment(DEFAULT_ALIGNMENT if value is None else value.number)
    tensors, data_offset = reader.tensors(tensor_count, alignment)
    return EncodedHeader(version, metadata, tensors, alignment, data_offset)


def read_values(path: Path, keys: Collection[str]) -> dict[str, EncodedValue]:
    """Return the values of some metadata keys of a file, encoded; those that it has.

    Raises:
        NotGguf, BadGguf, OSError: as `read_header`.
    """
    with path.open("rb", buffering=0) as file:
        reader = _HeaderReader(file, _FIRST_READ)
        ranges: dict[str, _ValueRange] = {}
        reader.metadata(reader.counts()[2], lambda value: value, ranges)
        found = {key: reader.encoded(ranges[key]) for key in keys if key in ranges}
        reader.release()
        return found


def read_first_keys(file: BinaryIO) -> dict[str, EncodedValue]:
    """Return the metadata that fits into the first 64 KiB of an open file: usually all that precedes the vocabulary.

    Raises:
        NotGguf, BadGguf, OSError: as `read_header`.
    """
    reader = _HeaderReader(file, _FIRST_KEYS_READ, limit=_FIRST_KEYS_READ)
    metadata: dict[str, EncodedValue] = {}
    with contextlib.suppress(_BeyondLimit):
        reader.metadata(reader.counts()[2], reader.encoded, metadata)
    return metadata


class _BeyondLimit(Exception):
    """The header goes on behind what may be read of it."""


class _ValueRange(NamedTuple):
    """Where a metadata value lies in the header, and of which type it is."""

    type: int
    start: int
    end: int
    element: int = 0
    """Type of an array's items."""
    length: int = 0
    """Number of an array's items."""


class _HeaderReader:
    """A cursor over the beginning of a file that holds no more of it in memory than needed.

    Reads rather than maps: touching a mapped page of a file that is being truncated would end the process.
    """

    def __init__(self, file: BinaryIO, first_read: int, limit: int = MAX_HEADER) -> None:
        self.file_size = os.fstat(file.fileno()).st_size
        self._file = file
        self._first_read = first_read
        self._limit = limit
        self._data = b""
        self._pos = 0
        self._decoded_left = DECODED_BYTES

    def counts(self) -> tuple[int, int, int]:
        """Read how the file starts: version, number of tensors, number of metadata keys."""
        self._load(min(4, self.file_size))
        if self._data[:4] != b"GGUF":
            raise NotGguf
        self._pos = 4
        version = self._read_u32()
        if version & 0xFFFF == 0 and version:
            raise BadGguf("it is big-endian, for another kind of processor")
        if version not in (2, 3):
            raise BadGguf(f"version {version} of the format cannot be read, only 2 and 3")
        tensor_count = self._read_count("tensors", MAX_TENSORS, 8 + 4 + 8 + 4 + 8)
        key_count = self._read_count("metadata keys", MAX_KEYS, 8 + 4 + 1)
        return version, tensor_count, key_count

    def metadata(self, count: int, convert: Callable[[_ValueRange], _Value], into: dict[str, _Value]) -> None:
        """Read `count` keys and their values into a dict, as `convert` returns the values."""
        for _ in range(count):
            key = self._read_string("a metadata key", MAX_KEY)
            if key in into:
                raise BadGguf(f"the metadata key {quoted(key)} appears twice")
            into[key] = convert(self._skip_value(key))

    def release(self) -> None:
        """Forget what was loaded; give the memory of a large header back to the system, which glibc would keep."""
        size, self._data = len(self._data), b""
        if size > LARGE_HEADER:
            give_back()

    def encoded(self, value: _ValueRange) -> EncodedValue:
        """Return a value as its bytes."""
        self._load(value.end)
        return EncodedValue(value.type, self._data[value.start : value.end])

    def decoded(self, value: _ValueRange, arrays: bool) -> Scalar | GgufArray:
        """Return a value as a Python object; unless `arrays`, long arrays come without items, long strings cut off."""
        if value.type == STRING:
            self._load(value.end)
            end = value.end if arrays else self._text_end(value)
            return self._data[value.start + 8 : end].decode("utf-8", "replace")
        if value.type != ARRAY:
            return self._scalars(SCALAR_TYPES[value.type], 1, value.start)[0]
        name = "string" if value.element == STRING else SCALAR_TYPES[value.element].name
        if not arrays and not self._is_short(value):
            return GgufArray(value.length, name, None)
        self._load(value.end)
        if value.element == STRING:
            return GgufArray(value.length, name, self._strings(value.length, value.start + 12))
        return GgufArray(value.length, name, self._scalars(SCALAR_TYPES[value.element], value.length, value.start + 12))

    def _text_end(self, value: _ValueRange) -> int:
        """Return where to cut off a string, and count what is left of it."""
        size = value.end - value.start - 8
        kept = min(size, LONG_TEXT if size <= self._decoded_left else CUT_TEXT)
        self._decoded_left -= kept
        return value.start + 8 + kept

    def _is_short(self, value: _ValueRange) -> bool:
        """Return whether to decode an array that was not asked for, and count it then."""
        size = value.end - value.start + ITEM_BYTES * value.length
        if value.length > (SHORT_TEXTS if value.element == STRING else SHORT_ARRAY) or size > self._decoded_left:
            return False
        self._decoded_left -= size
        return True

    def tensors(self, count: int, alignment: int) -> tuple[list[GgufTensor], int]:
        """Read and check `count` descriptions of tensors; return them, and where the tensor data starts."""
        described = [self._read_tensor() for _ in range(count)]
        start = -(-self._pos // alignment) * alignment
        room = self.file_size - start
        tensors: dict[str, GgufTensor] = {}
        for name, shape, kind, offset in described:
            if name in tensors:
                raise BadGguf(f"the tensor {quoted(name)} appears twice")
            try:
                size = tensor_bytes(kind, shape)
            except ValueError as error:
                raise BadGguf(f"tensor {quoted(name)} {error}") from None
            if offset % alignment:
                raise BadGguf(f"tensor {quoted(name)} begins at {offset}, which is no multiple of {alignment}")
            if offset + size > room:
                raise BadGguf(f"tensor {quoted(name)} reaches beyond the end of the file: is it cut off?")
            tensors[name] = GgufTensor(name, TENSOR_TYPES[kind].name, shape, offset, size)
        _refuse_overlaps(tensors.values())
        return list(tensors.values()), start

    def _read_tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._read_string("a tensor's name", MAX_NAME)
        dimensions = self._read_u32()
        if dimensions > MAX_RANK:
            raise BadGguf(f"tensor {quoted(name)} has {dimensions} dimensions")
        self._load(self._pos + 8 * dimensions + 12)
        shape = struct.unpack_from(f"<{dimensions}Q", self._data, self._pos)
        kind, offset = struct.unpack_from("<IQ", self._data, self._pos + 8 * dimensions)
        self._pos += 8 * dimensions + 12
        return name, shape, kind, offset

    def _skip_value(self, key: str) -> _ValueRange:
        """Move behind a value and return where it lies. Its type and length are right then."""
        kind = self._read_u32()
        start = self._pos
        if kind == STRING:
            self._read_length(f"the value of {quoted(key)}", MAX_HEADER)
            return _ValueRange(kind, start, self._pos)
        if kind in SCALAR_TYPES:
            self._load(start + SCALAR_TYPES[kind].bytes)
            self._pos += SCALAR_TYPES[kind].bytes
            return _ValueRange(kind, start, self._pos)
        if kind != ARRAY:
            raise BadGguf(f"the value of {quoted(key)} has the unknown type {kind}")
        element = self._read_u32()
        if element == ARRAY:
            raise BadGguf(f"{quoted(key)} is an array of arrays")
        if element != STRING and element not in SCALAR_TYPES:
            raise BadGguf(f"the array {quoted(key)} has the unknown type {element}")
        smallest = 8 if element == STRING else SCALAR_TYPES[element].bytes
        length = self._read_count(f"items of {quoted(key)}", MAX_HEADER, smallest)
        if element == STRING:
            self._skip_strings(length)
        else:
            self._pos += smallest * length
        self._check_end(self._pos)
        return _ValueRange(kind, start, self._pos, element, length)

    def _read_u32(self) -> int:
        self._load(self._pos + 4)
        value: int = _u32(self._data, self._pos)[0]
        self._pos += 4
        return value

    def _read_count(self, what: str, most: int, smallest: int) -> int:
        """Read a number of items, each of which takes at least `smallest` bytes."""
        self._load(self._pos + 8)
        count: int = _u64(self._data, self._pos)[0]
        self._pos += 8
        if count > most or count * smallest > self.file_size - self._pos:
            raise BadGguf(f"it claims {count} {what}, more than the file can hold")
        return count

    def _read_length(self, what: str, most: int) -> None:
        """Move behind a string, of at most `most` bytes, without loading its bytes."""
        self._load(self._pos + 8)
        length: int = _u64(self._data, self._pos)[0]
        if length > most or self._pos + 8 + length > self.file_size:
            raise BadGguf(f"{what} claims {length} bytes, more than the file can hold")
        self._pos += 8 + length

    def _read_string(self, what: str, most: int) -> str:
        start = self._pos
        self._read_length(what, most)
        self._load(self._pos)
        return self._data[start + 8 : self._pos].decode("utf-8", "replace")

    def _scalars(self, kind: ScalarType, count: int, start: int) -> tuple[Scalar, ...]:
        values: tuple[Scalar, ...] = struct.unpack_from(f"<{count}{kind.code}", self._data, start)
        return tuple(map(_shortest, values)) if kind.code == "f" else values  # type: ignore[arg-type]

    def _strings(self, count: int, pos: int) -> tuple[str, ...]:
        data, items = self._data, []
        for _ in range(count):
            end = pos + 8 + _u64(data, pos)[0]
            items.append(data[pos + 8 : end].decode("utf-8", "replace"))
            pos = end
        return tuple(items)

    def _skip_strings(self, count: int) -> None:
        pos, unpack, left = self._pos, _u64, count
        while left:
            data = self._data
            try:
                for left in range(left, 0, -1):  # noqa: B007, B020 (an exception leaves how many are still to skip)
                    pos += 8 + unpack(data, pos)[0]
                left = 0
            except (struct.error, OverflowError):  # beyond what is loaded
                self._load(pos + 8)
        self._pos = pos

    def _check_end(self, end: int) -> None:
        if end > self.file_size:
            raise BadGguf("it ends in the middle of its header: is it cut off?")
        if end > MAX_HEADER:
            raise BadGguf(f"its header has more than {MAX_HEADER >> 20} MiB")
        if end > self._limit:
            raise _BeyondLimit

    def _load(self, end: int) -> None:
        """Hold at least the first `end` bytes of the file."""
        if end <= len(self._data):
            return
        self._check_end(end)
        size = min(self.file_size, self._limit, max(end, 4 * len(self._data), self._first_read))
        self._data += _read_at(self._file, len(self._data), size - len(self._data))
        if len(self._data) < end:
            raise BadGguf("it became shorter while it was read")


def _read_at(file: BinaryIO, position: int, size: int) -> bytes:
    """Return `size` bytes from `position`, or fewer at the end of the file; leave the file's own position as it was."""
    if hasattr(os, "pread"):
        return os.pread(file.fileno(), size, position)
    before = file.tell()  # Windows
    file.seek(position)
    try:
        return file.read(size)
    finally:
        file.seek(before)


def _alignment(value: object) -> int:
    if not isinstance(value, int) or value not in ALIGNMENTS:
        raise BadGguf(f"{ALIGNMENT_KEY} must be a power of two from 8 to 1048576")
    return value


def _refuse_overlaps(tensors: Iterable[GgufTensor]) -> None:
    last: GgufTensor | None = None
    for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
        if last is not None and tensor.offset < last.offset + last.size:
            raise BadGguf(f"the tensors {quoted(last.name)} and {quoted(tensor.name)} share their data")
        last = tensor


def _shortest(value: float) -> float:
    """Return the number that prints shortest among those that are the same 32-bit float: 1e-05, not 9.9999997e-06."""
    if value.is_integer() or not math.isfinite(value):
        return value
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", short))[0] == value:
            return short
    return float(f"{value:.9g}")
