"""Models cut into several files, as llama.cpp's tool cuts them."""

from pathlib import Path

import gguf
from paddock.library.create.gguf_copy import Key, alignment_of, head_of, read_keys
from paddock.library.gguf import read_gguf


def split(whole: Path, folder: Path, most: int, *, count: int | None = None) -> list[Path]:
    """Cut a model into files of at most `most` tensors, as llama.cpp's tool does."""
    folder.mkdir(exist_ok=True)
    head = read_gguf(whole)
    groups = [head.tensors[i : i + most] for i in range(0, len(head.tensors), most)]
    keys = read_keys(whole, head)
    paths = []
    for number, tensors in enumerate(groups):
        path = folder / f"x-{number + 1:05}-of-{len(groups):05}.gguf"
        added = [
            ("split.no", gguf.GGUFValueType.UINT16, number),
            ("split.count", gguf.GGUFValueType.UINT16, count or len(groups)),
            ("split.tensors.count", gguf.GGUFValueType.INT32, len(head.tensors)),
        ]
        parts = [*(keys if number == 0 else []), *(_key(*item) for item in added)]
        data = b"".join(_padded(_bytes(whole, head.data_offset + t.offset, t.size)) for t in tensors)
        path.write_bytes(head_of(parts, tensors, head.version, alignment_of(head)) + data)
        paths.append(path)
    return paths


def _key(name: str, kind: gguf.GGUFValueType, value: int) -> Key:
    data = len(name).to_bytes(8, "little") + name.encode() + int(kind).to_bytes(4, "little")
    return Key(name, data + value.to_bytes(2 if kind == gguf.GGUFValueType.UINT16 else 4, "little"))


def _bytes(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 32)
