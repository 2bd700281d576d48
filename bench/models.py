"""Models to measure with: random weights in the shape of a Llama, made once and kept in `bench/.cache/`.

Weights do not matter for speed, but what is sampled does: the tokens that are not plain ASCII words have rows of zeros,
so that a reply never holds a cut character or ends by itself.
"""

import ctypes
import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np

from paddock.gguf import read_encoded
from paddock.gguf.encoded import EncodedValue, array, f32, strings, text, u32
from paddock.gguf.types import INT32, TENSOR_TYPE_NUMBERS
from paddock.gguf.writer import TensorEntry, encode_header
from paddock.ipc import FileRef

CACHE = Path(__file__).parent / ".cache"
BLOBS = CACHE / "blobs"
"""A folder of blobs for runners: links to the files that they are to load."""
SHARED = Path(__file__).parents[2] / "shared"
LLAMA_3_VOCABULARY = SHARED / "vocab" / "ggml-vocab-llama-bpe.gguf"
STORIES = SHARED / "models" / "stories260K.gguf"
Q4_K_M = 15
"""`LLAMA_FTYPE_MOSTLY_Q4_K_M`."""
CHUNK = 1 << 24
"""Weights drawn at a time: 64 MB."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    width: int
    layers: int
    feed_forward: int
    heads: int
    kv_heads: int

    @property
    def head_size(self) -> int:
        return self.width // self.heads

    def tensors(self, vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield the names and shapes of the tensors, outermost dimension first."""
        queries, keys = self.heads * self.head_size, self.kv_heads * self.head_size
        yield "token_embd.weight", (vocabulary, self.width)
        yield "output_norm.weight", (self.width,)
        for layer in range(self.layers):
            for name, shape in (
                ("attn_norm", (self.width,)),
                ("attn_q", (queries, self.width)),
                ("attn_k", (keys, self.width)),
                ("attn_v", (keys, self.width)),
                ("attn_output", (self.width, queries)),
                ("ffn_norm", (self.width,)),
                ("ffn_gate", (self.feed_forward, self.width)),
                ("ffn_up", (self.feed_forward, self.width)),
                ("ffn_down", (self.width, self.feed_forward)),
            ):
                yield f"blk.{layer}.{name}.weight", shape


ONE_BILLION = Shape(2048, 16, 8192, 32, 8)
TINY = Shape(64, 5, 172, 8, 4)
"""As small as the stories model, for machines that do not have it."""


def one_billion() -> Path:
    """Return the 1 B-class model in Q4_K_M, 0.8 GB. The first call takes minutes and 2.5 GB more of disk."""
    path = CACHE / "synthetic-1b-q4_k_m.gguf"
    if not path.exists():
        print("making a 1 B model with random weights, once (some minutes) …", file=sys.stderr, flush=True)
        plain = CACHE / "synthetic-1b-f16.gguf"
        try:
            write(plain, ONE_BILLION, *_large_vocabulary())
            quantize(plain, path)
        finally:
            plain.unlink(missing_ok=True)
    return path


def stories() -> Path:
    """Return the stories model if it is there, else a random one of its size."""
    if STORIES.exists():
        return STORIES
    path = CACHE / "synthetic-tiny.gguf"
    if not path.exists():
        write(path, TINY, *generated_vocabulary(512))
    return path


def vocabulary_only(size: int = 128_256) -> Path:
    """Return a model as small as can be with a vocabulary of that size; 128,256 is the largest usual one."""
    path = CACHE / f"synthetic-vocabulary-{size}.gguf"
    if not path.exists():
        words = _large_vocabulary() if size == 128_256 else generated_vocabulary(size)
        write(path, Shape(32, 1, 32, 1, 1), *words)
    return path


def file_ref(path: Path) -> FileRef:
    """Let `BLOBS` have the file, and return what names it there: a digest of its path, which saves reading it."""
    digest = hashlib.sha256(str(path.absolute()).encode()).hexdigest()
    link = BLOBS / f"sha256-{digest}"
    if not link.is_symlink():
        BLOBS.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.absolute())
    return FileRef(f"sha256:{digest}")


def write(path: Path, shape: Shape, tokenizer: dict[str, EncodedValue], tokens: list[str]) -> None:
    """Write a GGUF file of this shape in F16, one tensor at a time."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    metadata = {
        "general.architecture": text("llama"),
        "general.name": text("synthetic"),
        "general.file_type": u32(1),
        "llama.context_length": u32(32768),
        "llama.embedding_length": u32(shape.width),
        "llama.block_count": u32(shape.layers),
        "llama.feed_forward_length": u32(shape.feed_forward),
        "llama.attention.head_count": u32(shape.heads),
        "llama.attention.head_count_kv": u32(shape.kv_heads),
        "llama.attention.layer_norm_rms_epsilon": f32(1e-5),
        "llama.rope.dimension_count": u32(shape.head_size),
        "llama.rope.freq_base": f32(500_000.0),
        "llama.vocab_size": u32(len(tokens)),
        **tokenizer,
    }
    tensors = list(shape.tensors(len(tokens)))
    entries = []
    for name, size in tensors:
        kind, value_bytes = ("F32", 4) if len(size) == 1 else ("F16", 2)
        entries.append(TensorEntry(name, TENSOR_TYPE_NUMBERS[kind], size[::-1], int(np.prod(size)) * value_bytes))
    header, offsets = encode_header(metadata, entries)
    random = np.random.default_rng(20260801)
    silent = np.array([not _is_plain(token) for token in tokens])
    with partial.open("wb") as file:
        file.write(header)
        for (name, size), offset in zip(tensors, offsets, strict=True):
            file.seek(offset)
            file.write(_weights(random, size, silent if name == "token_embd.weight" else None).data)
    partial.replace(path)


def _weights(random: np.random.Generator, size: tuple[int, ...], silent: Any) -> Any:
    if len(size) == 1:
        return np.ones(size, np.float32)
    rows, columns = size
    weights = np.empty(size, np.float16)
    step = max(1, CHUNK // columns)
    for start in range(0, rows, step):
        block = random.standard_normal((min(step, rows - start), columns), np.float32)
        block *= 0.02
        weights[start : start + step] = block
    if silent is not None:
        weights[silent] = 0
    return weights


def _is_plain(token: str) -> bool:
    word = token.removeprefix("Ġ")
    return word.isascii() and word.isalpha()


def quantize(source: Path, target: Path, file_type: int = Q4_K_M) -> None:
    """Quantize with llama.cpp's own code."""
    import llama_cpp.llama_cpp as lib

    silence(lib)
    parameters = lib.llama_model_quantize_default_params()
    parameters.ftype = file_type
    parameters.nthread = os.cpu_count() or 1
    partial = target.with_suffix(".partial")
    if lib.llama_model_quantize(str(source).encode(), str(partial).encode(), ctypes.byref(parameters)) != 0:
        raise RuntimeError(f"cannot quantize {source}")
    partial.replace(target)


def silence(lib: Any) -> None:
    """Let the library log nothing."""
    global _quiet
    _quiet = lib.llama_log_callback(lambda level, text, data: None)
    lib.llama_log_set(_quiet, None)


_quiet: Any = None
"""Keeps the callback alive, which the library calls as long as the process lives."""


def _large_vocabulary() -> tuple[dict[str, EncodedValue], list[str]]:
    if not LLAMA_3_VOCABULARY.exists():
        return generated_vocabulary(128_256)
    with LLAMA_3_VOCABULARY.open("rb") as file:
        metadata = read_encoded(file).metadata
    tokenizer = {key: value for key, value in metadata.items() if key.startswith("tokenizer.")}
    return tokenizer, list(tokenizer["tokenizer.ggml.tokens"].texts())


def generated_vocabulary(size: int) -> tuple[dict[str, EncodedValue], list[str]]:
    """Return a byte-level BPE: all bytes, then two to four letters, each token merged from two shorter ones."""
    special = ["<|begin_of_text|>", "<|end_of_text|>"]
    tokens = [chr(code) for code in _byte_characters()]
    merges: list[str] = []
    known = set(tokens)
    for left, right in _pairs():
        if len(tokens) == size - len(special):
            break
        if left in known and right in known and left + right not in known:
            merges.append(f"{left} {right}")
            tokens.append(left + right)
            known.add(left + right)
    return {
        "tokenizer.ggml.model": text("gpt2"),
        "tokenizer.ggml.pre": text("llama-bpe"),
        "tokenizer.ggml.tokens": strings(tokens + special),
        "tokenizer.ggml.token_type": array(INT32, [1] * len(tokens) + [3] * len(special)),
        "tokenizer.ggml.merges": strings(merges),
        "tokenizer.ggml.bos_token_id": u32(len(tokens)),
        "tokenizer.ggml.eos_token_id": u32(len(tokens) + 1),
    }, tokens + special


def _pairs() -> Iterator[tuple[str, str]]:
    letters = ascii_lowercase
    doubles = ["".join(pair) for pair in product(letters, repeat=2)]
    yield from product(letters, letters)
    for parts in ((["Ġ"], letters), (["Ġ"], doubles), (doubles, letters)):
        yield from product(*parts)
    yield from ((f"Ġ{double}", letter) for double, letter in product(doubles, letters))
    yield from product(doubles, doubles)


def _byte_characters() -> list[int]:
    """Return the characters that stand for the 256 bytes in GPT-2's vocabularies; printable ones for themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [*printable, *(256 + i for i in range(256 - len(printable)))]


if __name__ == "__main__":
    print(one_billion())
