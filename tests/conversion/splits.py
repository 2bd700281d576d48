"""Models split into several files, as llama.cpp's tool splits them."""

import struct
from pathlib import Path

from paddock.gguf import read_encoded
from paddock.gguf.encoded import EncodedValue
from paddock.gguf.types import INT32, TENSOR_TYPE_NUMBERS
from paddock.gguf.writer import TensorEntry, encode_header

UINT16 = 2


def split(whole: Path, folder: Path, most: int, *, count: int | None = None) -> list[Path]:
    """Split a model into files of at most `most` tensors, as llama.cpp's tool does."""
    folder.mkdir(exist_ok=True)
    with whole.open("rb") as file:
        header = read_encoded(file)
    groups = [header.tensors[i : i + most] for i in range(0, len(header.tensors), most)]
    paths = []
    for number, tensors in enumerate(groups):
        path = folder / f"x-{number + 1:05}-of-{len(groups):05}.gguf"
        metadata = {
            **(header.metadata if number == 0 else {}),
            "split.no": EncodedValue(UINT16, struct.pack("<H", number)),
            "split.count": EncodedValue(UINT16, struct.pack("<H", count or len(groups))),
            "split.tensors.count": EncodedValue(INT32, struct.pack("<i", len(header.tensors))),
        }
        entries = [TensorEntry(t.name, TENSOR_TYPE_NUMBERS[t.type], t.shape, t.size) for t in tensors]
        head, _ = encode_header(metadata, entries, version=header.version, alignment=header.alignment)
        data = b"".join(_padded(_bytes(whole, header.data_offset + t.offset, t.size)) for t in tensors)
        path.write_bytes(head + data)
        paths.append(path)
    return paths


def _bytes(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 32)
