"""GGUF files built from raw parts, which may be wrong."""

import struct
from collections.abc import Sequence


def head(
    keys: Sequence[tuple[str, int, bytes]] = (),
    tensors: Sequence[tuple[str, Sequence[int], int, int]] = (),
    *,
    version: int = 3,
    key_count: int | None = None,
    tensor_count: int | None = None,
    data: bytes = b"",
    alignment: int = 32,
) -> bytes:
    """Return a GGUF file of raw parts: keys (name, type, encoded value) and tensors (name, shape, type, offset)."""
    counts = (
        len(tensors) if tensor_count is None else tensor_count,
        len(keys) if key_count is None else key_count,
    )
    out = b"GGUF" + struct.pack("<IQQ", version, *counts)
    for name, kind, value in keys:
        out += text(name) + struct.pack("<I", kind) + value
    for name, shape, kind, offset in tensors:
        out += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    return out + bytes(-len(out) % alignment) + data


def text(value: str) -> bytes:
    """Return a string as GGUF encodes it."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data
