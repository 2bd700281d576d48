"""Reading safetensors files: eight bytes with the length of a header, the header as JSON, the tensors' bytes.

The format: https://github.com/huggingface/safetensors. A file is untrusted: every number is checked before it is used.
Tensors are read in parts, never mapped: touching a mapped page of a file that is being truncated would end the process,
and mapped pages count as memory.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from paddock.conversion.errors import ConversionError

MAX_HEADER_BYTES = 100_000_000
"""Bytes; the limit of the format's own library."""
_MAX_DIMENSIONS = 8
MAX_INDEX = 64 << 20
"""Bytes of an index of shards; the largest seen have 10 MB."""

DTYPES: dict[str, tuple[Any, int]] = {
    "F64": (np.dtype("<f8"), 8),
    "F32": (np.dtype("<f4"), 4),
    "F16": (np.dtype("<f2"), 2),
    "BF16": (np.dtype("<u2"), 2),
}
"""Types that can hold weights: numpy's type, and bytes per value. BF16 is read as 16-bit integers."""
_OTHER_BYTES = {
    "I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
    "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "C64": 8,
}  # fmt: skip


class _Entry(msgspec.Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in a file: `shape` has the outermost dimension first, `offset` is in bytes from the file's start."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    path: Path
    offset: int

    @property
    def columns(self) -> int:
        """Values in a row (the innermost dimension); 1 if the tensor has only one dimension."""
        return self.shape[-1] if len(self.shape) > 1 else 1

    @property
    def rows(self) -> int:
        """Number of rows, over all other dimensions."""
        return math.prod(self.shape) // max(self.columns, 1)

    def read(self, start: int, stop: int) -> "np.ndarray[Any, Any]":
        """Return rows `start` to `stop` as stored, in an array of shape (rows, columns); BF16 as 16-bit integers.

        Raises:
            ConversionError: if the file is shorter than when its header was read.
        """
        kind, size = DTYPES[self.dtype]
        values = np.empty((stop - start, self.columns), kind)
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.offset + start * self.columns * size)
            room = memoryview(values.reshape(-1).view(np.uint8).data)
            while room:
                count = file.readinto(room)
                if not count:
                    raise ConversionError(f"{self.path.name} became shorter while it was read")
                room = room[count:]
        return values


def read_tensors(path: Path, name: str = "") -> dict[str, Tensor]:
    """Return the tensors of a file by name; `name` is what messages call the file.

    Raises:
        ConversionError: if the file is no safetensors file, or its header cannot be right.
        OSError: if it cannot be read.
    """
    name = name or path.name
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(8)
        length = int.from_bytes(head, "little")
        if len(head) < 8 or length > size - 8:
            raise ConversionError(f"{name} is no safetensors file, or it is cut off")
        if length > MAX_HEADER_BYTES:
            raise ConversionError(f"{name}: its header has more than {MAX_HEADER_BYTES} bytes")
        text = file.read(length)
    start = 8 + length
    try:
        described = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        described.pop("__metadata__", None)
        entries = {key: msgspec.json.decode(raw, type=_Entry) for key, raw in described.items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConversionError(f"{name} is no safetensors file: its header does not parse ({error})") from None
    return {key: _checked(name, key, entry, path, start, size - start) for key, entry in entries.items()}


def _checked(file: str, name: str, entry: _Entry, path: Path, start: int, room: int) -> Tensor:
    begin, end = entry.data_offsets
    size = DTYPES[entry.dtype][1] if entry.dtype in DTYPES else _OTHER_BYTES.get(entry.dtype)
    if size is None:
        raise ConversionError(f'{file}: tensor "{shown(name)}" has the unknown type {shown(entry.dtype)}')
    if len(entry.shape) > _MAX_DIMENSIONS or any(not 0 <= length < 1 << 48 for length in entry.shape):
        raise ConversionError(f'{file}: tensor "{shown(name)}" has an impossible shape')
    if not 0 <= begin <= end <= room:
        raise ConversionError(f'{file}: tensor "{shown(name)}" lies outside the file: is it cut off?')
    if end - begin != math.prod(entry.shape) * size:
        raise ConversionError(f'{file}: tensor "{shown(name)}" has {end - begin} bytes, which its shape does not take')
    return Tensor(name, entry.dtype, tuple(entry.shape), path, start + begin)


def read_checkpoint(files: Mapping[str, Path]) -> dict[str, Tensor]:
    """Return the tensors of all safetensors files among `files` (name → path), by name.

    With an index (`model.safetensors.index.json`) the tensors come from the shards that it names.

    Raises:
        ConversionError: if a file is broken, a shard is missing, or two files have the same tensor.
        OSError: if a file cannot be read.
    """
    shards = {name: path for name, path in files.items() if name.endswith(".safetensors")}
    index = next((name for name in sorted(files) if name.endswith("model.safetensors.index.json")), None)
    where: Mapping[str, str] | None = None
    if index is not None:
        where = _index(files[index], index)
        folder = index.rpartition("/")[0]
        named = {f"{folder}/{shard}" if folder else shard for shard in where.values()}
        if missing := sorted(named - set(shards)):
            raise ConversionError(f"{index} names {shown(missing[0])}, which is missing")
        shards = {name: path for name, path in shards.items() if name in named}
    tensors: dict[str, Tensor] = {}
    for name, path in sorted(shards.items()):
        for key, tensor in read_tensors(path, name).items():
            if key in tensors:
                raise ConversionError(f'the tensor "{shown(key)}" is in two files, one of them {name}')
            tensors[key] = tensor
    if where is not None and (lacking := sorted(set(where) - set(tensors))):
        raise ConversionError(f'the tensor "{shown(lacking[0])}" of {index} is in none of the files')
    return tensors


def _index(path: Path, name: str) -> Mapping[str, str]:
    class Index(msgspec.Struct):
        weight_map: dict[str, str]

    if path.stat().st_size > MAX_INDEX:
        raise ConversionError(f"{name} is too large")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Index).weight_map
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ConversionError(f"{name} is no index of shards: {error}") from None


def shown(name: str) -> str:
    """Return a name from an untrusted file fit for one line of a message."""
    text = "".join(c if c.isprintable() else "?" for c in name[:80])
    return f"{text}…" if len(name) > 80 else text
