"""The head of a GGUF file: metadata and the list of tensors, never the weights.

The file is a stranger's: every count, length, type and offset is checked before it is believed. Versions 2 and 3 of the
format, little-endian: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import struct
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from paddock.gguf.types import ARRAY, SCALAR_TYPES, STRING, TENSOR_TYPES, ScalarType, file_type_name, tensor_bytes
from paddock.library.errors import LibraryError
from paddock.library.store.files import Stamp, stamp

Scalar = str | int | float | bool

SHORT_ARRAY = 1024
"""Arrays up to this length are always read: per-layer settings are, vocabularies are not."""
MAX_HEAD = 128 << 20
"""Bytes; the largest heads seen (256 k tokens, with merges) have 16 MiB."""
MAX_KEYS = 1 << 16
MAX_TENSORS = 1 << 20
MAX_NAME = 1 << 16
MAX_DIMENSIONS = 4
"""As in ggml (GGML_MAX_DIMS)."""
DEFAULT_ALIGNMENT = 32
_FIRST_READ = 1 << 20
_CACHE_ENTRIES = 64
"""A head of a large model takes about 150 kB."""

_u32 = struct.Struct("<I").unpack_from
_u64 = struct.Struct("<Q").unpack_from


class GgufError(LibraryError):
    """The file cannot be used as a model."""


class NotGguf(GgufError):
    """The file is something else."""

    def __init__(self) -> None:
        super().__init__("supplied file was not in GGUF format")


class BadGguf(GgufError):
    """The file claims to be GGUF and is broken, cut off, or of a version that cannot be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid GGUF file: {reason}")


@dataclass(frozen=True, slots=True)
class GgufArray:
    """An array of metadata; `values` is None where it was too long to be read."""

    length: int
    element_type: str
    values: tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """A tensor's description: `shape` innermost dimension first, `offset` in bytes from the start of the data."""

    name: str
    type: str
    shape: tuple[int, ...]
    offset: int
    size: int
    """Bytes."""

    @property
    def elements(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Gguf:
    """The head of one file. Treat it as constant: it is shared."""

    version: int
    metadata: dict[str, Scalar | GgufArray]
    tensors: list[GgufTensor]
    data_offset: int
    """Bytes before the first tensor's data."""
    file_size: int

    @cached_property
    def parameter_count(self) -> int:
        """How many values all tensors have together."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def architecture(self) -> str:
        """`general.architecture`, or "unknown"."""
        name = self.metadata.get("general.architecture")
        return name if isinstance(name, str) and name else "unknown"

    @property
    def file_type(self) -> str:
        """The name of `general.file_type` (`Q4_K_M`), or "unknown"."""
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
        """Return `<architecture>.<key>` where that is a whole number, else 0."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def text(self, key: str) -> str:
        """Return the metadata `key` where that is text, else ""."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""


def read_gguf(path: Path, *, arrays: bool = False) -> Gguf:
    """Read the head of the file; with `arrays` long arrays (the vocabulary) too.

    Raises:
        NotGguf: if the file does not begin as GGUF does.
        BadGguf: if it cannot be right; the message names the first reason.
        OSError: if it cannot be opened or read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        return _Head(file, size, arrays).parse()


_cache: OrderedDict[Path, tuple[Stamp, Gguf]] = OrderedDict()
_cache_lock = threading.Lock()


def cached_gguf(path: Path) -> Gguf:
    """`read_gguf(path)`, read again only when the file has changed.

    Raises:
        NotGguf, BadGguf, OSError: as `read_gguf`; failures are not remembered.
    """
    now = stamp(path.stat())
    with _cache_lock:
        found = _cache.get(path)
        if found is not None and found[0] == now:
            _cache.move_to_end(path)
            return found[1]
    gguf = read_gguf(path)
    with _cache_lock:
        _cache[path] = now, gguf
        if len(_cache) > _CACHE_ENTRIES:
            _cache.popitem(last=False)
    return gguf


class _Head:
    """A cursor over the beginning of the file, of which no more than needed is held in memory.

    Reads rather than maps: touching a mapped page of a file that someone cuts off meanwhile would end the process.
    """

    def __init__(self, file: BinaryIO, size: int, arrays: bool) -> None:
        self._file = file
        self._size = size
        self._arrays = arrays
        self._data = b""
        self._pos = 0

    def parse(self) -> Gguf:
        self._load(min(_FIRST_READ, self._size))
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
        metadata: dict[str, Scalar | GgufArray] = {}
        for _ in range(key_count):
            key = self._read_string("a metadata key", MAX_NAME)
            if key in metadata:
                raise BadGguf(f"the metadata key {shown(key)} appears twice")
            metadata[key] = self._read_value(key)
        alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 8 or alignment & (alignment - 1) or alignment > 1 << 20:
            raise BadGguf("general.alignment must be a power of two from 8 to 1048576")
        described = [self._read_tensor() for _ in range(tensor_count)]
        start = -(-self._pos // alignment) * alignment
        return Gguf(version, metadata, self._checked(described, start, alignment), start, self._size)

    def _read_value(self, key: str) -> Scalar | GgufArray:
        kind = self._read_u32()
        if kind == STRING:
            return self._read_string(f"the value of {shown(key)}", MAX_HEAD)
        if kind in SCALAR_TYPES:
            return self._read_scalars(SCALAR_TYPES[kind], 1)[0]
        if kind != ARRAY:
            raise BadGguf(f"the value of {shown(key)} has the unknown type {kind}")
        element = self._read_u32()
        if element == ARRAY:
            raise BadGguf(f"{shown(key)} is an array of arrays")
        if element != STRING and element not in SCALAR_TYPES:
            raise BadGguf(f"the array {shown(key)} has the unknown type {element}")
        smallest = 8 if element == STRING else SCALAR_TYPES[element].bytes
        length = self._read_count(f"items of {shown(key)}", MAX_HEAD, smallest)
        wanted = self._arrays or length <= SHORT_ARRAY
        if element == STRING:
            if wanted:
                return GgufArray(length, "string", self._read_strings(length))
            self._skip_strings(length)
            return GgufArray(length, "string", None)
        scalar = SCALAR_TYPES[element]
        if wanted:
            return GgufArray(length, scalar.name, self._read_scalars(scalar, length))
        self._pos += scalar.bytes * length
        return GgufArray(length, scalar.name, None)

    def _read_tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._read_string("a tensor's name", MAX_NAME)
        dimensions = self._read_u32()
        if dimensions > MAX_DIMENSIONS:
            raise BadGguf(f"tensor {shown(name)} has {dimensions} dimensions")
        self._need(8 * dimensions + 12)
        shape = struct.unpack_from(f"<{dimensions}Q", self._data, self._pos)
        kind, offset = struct.unpack_from("<IQ", self._data, self._pos + 8 * dimensions)
        self._pos += 8 * dimensions + 12
        return name, shape, kind, offset

    def _checked(
        self, described: list[tuple[str, tuple[int, ...], int, int]], start: int, alignment: int
    ) -> list[GgufTensor]:
        room = self._size - start
        names = set()
        tensors = []
        for name, shape, kind, offset in described:
            if name in names:
                raise BadGguf(f"the tensor {shown(name)} appears twice")
            names.add(name)
            try:
                size = tensor_bytes(kind, shape)
            except ValueError as error:
                raise BadGguf(f"tensor {shown(name)} {error}") from None
            if offset % alignment:
                raise BadGguf(f"tensor {shown(name)} begins at {offset}, which is no multiple of {alignment}")
            if offset + size > room:
                raise BadGguf(f"tensor {shown(name)} reaches beyond the end of the file: is it cut off?")
            tensors.append(GgufTensor(name, TENSOR_TYPES[kind].name, shape, offset, size))
        return tensors

    def _read_u32(self) -> int:
        self._need(4)
        value: int = _u32(self._data, self._pos)[0]
        self._pos += 4
        return value

    def _read_count(self, what: str, limit: int, smallest: int) -> int:
        """Read the number of items, each of which takes `smallest` bytes at least."""
        self._need(8)
        count: int = _u64(self._data, self._pos)[0]
        self._pos += 8
        if count > limit or count * smallest > self._size - self._pos:
            raise BadGguf(f"it claims {count} {what}, more than the file can hold")
        return count

    def _read_string(self, what: str, limit: int) -> str:
        pos = self._pos
        self._load(pos + 8)
        length: int = _u64(self._data, pos)[0]
        end = pos + 8 + length
        if length > limit or end > self._size:
            raise BadGguf(f"{what} claims {length} bytes, more than the file can hold")
        self._load(end)
        self._pos = end
        return self._data[pos + 8 : end].decode("utf-8", "replace")

    def _read_scalars(self, kind: ScalarType, count: int) -> tuple[Scalar, ...]:
        self._need(kind.bytes * count)
        values: tuple[Scalar, ...] = struct.unpack_from(f"<{count}{kind.code}", self._data, self._pos)
        self._pos += kind.bytes * count
        return tuple(map(_shortest, values)) if kind.code == "f" else values  # type: ignore[arg-type]

    def _read_strings(self, count: int) -> tuple[str, ...]:
        start = self._pos
        self._skip_strings(count)
        self._load(self._pos)
        data, pos, strings = self._data, start, []
        for _ in range(count):
            end = pos + 8 + _u64(data, pos)[0]
            strings.append(data[pos + 8 : end].decode("utf-8", "replace"))
            pos = end
        return tuple(strings)

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

    def _need(self, count: int) -> None:
        self._load(self._pos + count)

    def _load(self, end: int) -> None:
        """Hold at least the first `end` bytes of the file."""
        if end <= len(self._data):
            return
        if end > self._size:
            raise BadGguf("it ends in the middle of its header: is it cut off?")
        if end > MAX_HEAD:
            raise BadGguf(f"its header has more than {MAX_HEAD >> 20} MiB")
        wanted = min(self._size, max(end, 4 * len(self._data)))
        self._data += self._file.read(wanted - len(self._data))
        if len(self._data) < end:
            raise BadGguf("it became shorter while it was read")


def _shortest(value: float) -> float:
    """The number that prints shortest among those that are the same 32-bit float: 1e-05, not 9.999999747378752e-06."""
    if value.is_integer() or not math.isfinite(value):
        return value
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", short))[0] == value:
            return short
    return float(f"{value:.9g}")


def shown(name: str) -> str:
    """Return a stranger's name in quotes, fit for one line of a message."""
    printable = "".join(c if c.isprintable() else "?" for c in name[:80])
    return f'"{printable}…"' if len(name) > 80 else f'"{printable}"'
