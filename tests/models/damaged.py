"""GGUF files that differ from sound ones in some keys."""

from collections.abc import Mapping
from pathlib import Path

from paddock.gguf.encoded import EncodedValue, strings
from paddock.gguf.reader import read_encoded
from paddock.gguf.types import TENSOR_TYPE_NUMBERS
from paddock.gguf.writer import TensorEntry, encode_header
from tests.models.llama import tiny_llama


def rewritten(path: Path, changes: Mapping[str, EncodedValue]) -> Path:
    """Change some keys of a file."""
    with path.open("rb") as file:
        header = read_encoded(file)
        data = path.read_bytes()[header.data_offset :]
    entries = [TensorEntry(t.name, TENSOR_TYPE_NUMBERS[t.type], t.shape, t.size) for t in header.tensors]
    metadata = {**header.metadata, **changes}
    path.write_bytes(encode_header(metadata, entries, version=header.version, alignment=header.alignment)[0] + data)
    return path


def without_bytes(path: Path) -> Path:
    """Write a model with a SentencePiece vocabulary that has no tokens for bytes."""
    tiny_llama(path)
    with path.open("rb") as file:
        tokens = read_encoded(file).metadata["tokenizer.ggml.tokens"].texts()
    words = [f"word{i}" if text.startswith("<0x") else text for i, text in enumerate(tokens)]
    return rewritten(path, {"tokenizer.ggml.tokens": strings(words)})
