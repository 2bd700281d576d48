"""Heads of GGUF files as bytes: taken from files that `read_gguf` has checked, put together for new ones."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from paddock.gguf.types import ARRAY, SCALAR_TYPES, STRING, TENSOR_TYPE_NUMBERS
from paddock.library.gguf import DEFAULT_ALIGNMENT, BadGguf, Gguf, GgufTensor

ALIGNMENT_KEY = "general.alignment"


class Key(NamedTuple):
    """A metadata key with its type and value, all as the bytes of the file."""

    name: str
    data: bytes


def read_keys(path: Path, gguf: Gguf) -> list[Key]:
    """Return the metadata of a file, in its order.

    Args:
        gguf: what `read_gguf(path)` returned, which checked every length.

    Raises:
        BadGguf: if the file is another one by now.
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(gguf.data_offset)
    keys, pos = [], 24
    try:
        for _ in range(struct.unpack_from("<Q", head, 16)[0]):
            start = pos
            pos = _after_string(head, pos)
            name = head[start + 8 : pos].decode("utf-8", "replace")
            kind = struct.unpack_from("<I", head, pos)[0]
            pos = _after_value(head, pos + 4, kind)
            keys.append(Key(name, head[start:pos]))
    except (struct.error, KeyError):
        raise BadGguf("it changed while it was read") from None
    if pos > len(head):
        raise BadGguf("it changed while it was read")
    return keys


def head_of(keys: Sequence[Key], tensors: Sequence[GgufTensor], version: int, alignment: int) -> bytes:
    """Return the head of a file with these keys and tensors, up to where the data begins.

    The tensors' data is to follow in this order, each filled up with zeros to a multiple of `alignment`; the offsets
    that they have now do not matter.
    """
    parts = [b"GGUF", struct.pack("<IQQ", version, len(tensors), len(keys)), *(key.data for key in keys)]
    offset = 0
    for tensor in tensors:
        name = tensor.name.encode()
        shape = tensor.shape
        parts.append(struct.pack("<Q", len(name)) + name)
        parts.append(struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, TENSOR_TYPE_NUMBERS[tensor.type], offset))
        offset += padded(tensor.size, alignment)
    head = b"".join(parts)
    return head + bytes(-len(head) % alignment)


def padded(size: int, alignment: int) -> int:
    """Return `size` rounded up to a multiple of `alignment`."""
    return -(-size // alignment) * alignment


def alignment_of(gguf: Gguf) -> int:
    """Return to how many bytes the tensors of a file are aligned."""
    value = gguf.metadata.get(ALIGNMENT_KEY, DEFAULT_ALIGNMENT)
    return value if isinstance(value, int) else DEFAULT_ALIGNMENT


def _after_string(head: bytes, pos: int) -> int:
    length: int = struct.unpack_from("<Q", head, pos)[0]
    return pos + 8 + length


def _after_value(head: bytes, pos: int, kind: int) -> int:
    if kind == STRING:
        return _after_string(head, pos)
    if kind != ARRAY:
        return pos + SCALAR_TYPES[kind].bytes
    element, count = struct.unpack_from("<IQ", head, pos)
    pos += 12
    if element != STRING:
        return pos + int(count) * SCALAR_TYPES[element].bytes
    for _ in range(count):
        pos = _after_string(head, pos)
    return pos
