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
    parts = [b"GGUF" + struct.pack("<IQQ", version, *counts)]
    parts += [text(name) + struct.pack("<I", kind) + value for name, kind, value in keys]
    for name, shape, kind, offset in tensors:
        parts.append(text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset))
    out = b"".join(parts)
    return b"".join((out, bytes(-len(out) % alignment), data))


def text(value: str) -> bytes:
    """Return a string as GGUF encodes it."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def large_head(kind: str, size: int, *, seed: int = 0) -> bytes:
    """Return a file whose header has about `size` bytes: of many keys, long texts, arrays of numbers or names, tensors.

    Each is as large as such a file may be; another `seed` makes another file.
    """
    u32, string, array, u64 = 4, 8, 9, 10
    start = [("general.architecture", string, text("llama")), ("seed", u32, struct.pack("<I", seed))]
    if kind == "keys":
        keys = [(f"key {i}" + "x" * 490, u32, struct.pack("<I", i)) for i in range(min(size // 512, 16_000))]
        return head([*start, *keys])
    if kind == "texts":
        return head([*start, *((f"text {i}", string, text(chr(97 + i % 26) * 60_000)) for i in range(size // 60_000))])
    if kind == "numbers":
        numbers = struct.pack("<IQ1024Q", u64, 1024, *range(1 << 40, (1 << 40) + 1024))
        return head([*start, *((f"numbers {i}", array, numbers) for i in range(size // len(numbers)))])
    if kind == "names":
        names = struct.pack("<IQ", string, 60) + b"".join(text(f"n{i}") for i in range(60))
        return head([*start, *((f"names {i}", array, names) for i in range(min(size // len(names), 16_000)))])
    assert kind == "tensors"
    count = min(size // 70, 100_000)
    tensors = [(f"blk.{i}.ffn.weight", (8, 1), 0, 32 * i) for i in range(count)]
    return head(start, tensors, data=bytes(32 * count))
