"""Tiny models with random weights of any architecture that llama.cpp knows, from their metadata alone.

llama.cpp itself says which tensors a model of that metadata has, and of which shapes; so nothing of that is written
down here. What such a model generates is noise, the same for the same seed.
"""

import ctypes
import importlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import gguf
from paddock.engine.binding.library import lib, start_library
from tests.models.llama import add_value, add_vocabulary, finish

Shapes = dict[str, tuple[int, ...]]
"""Shapes of tensors by name, innermost dimension last."""

WIDTH = 64
SIZES: Mapping[str, Any] = {
    "context_length": 256,
    "embedding_length": WIDTH,
    "block_count": 2,
    "feed_forward_length": 96,
    "attention.head_count": 4,
    "attention.head_count_kv": 2,
    "attention.layer_norm_rms_epsilon": 1e-6,
}
"""Metadata of every model, unless its keys replace it."""

SCALES = ("*.scale", "*.input_scale")
"""Patterns of the names of tensors that only some kinds of quantization need."""

DIGITS = "0123456789"

_Filled = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class _How(ctypes.Structure):
    _fields_ = (("described_only", ctypes.c_bool), ("context", ctypes.c_void_p))


class _Tensor(ctypes.Structure):
    """The first fields of a `ggml_tensor`."""

    _fields_ = (("kind", ctypes.c_int), ("buffer", ctypes.c_void_p), ("shape", ctypes.c_int64 * 4))


def random_model(
    path: Path,
    architecture: str,
    keys: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    without: Sequence[str] = SCALES,
    vocabulary: Callable[[gguf.GGUFWriter], int] = add_vocabulary,
) -> Path:
    """Write a model of an architecture whose `keys`, named without it, are added to `SIZES`, or taken away if None.

    `without` are patterns of names of tensors that llama.cpp can do without, and that are left out.
    """

    def head(file: Path) -> gguf.GGUFWriter:
        writer = gguf.GGUFWriter(file, architecture)
        writer.add_file_type(0)
        for key, value in {**SIZES, **(keys or {})}.items():
            if value is not None:
                add_value(writer, f"{architecture}.{key}", value)
        writer.add_vocab_size(vocabulary(writer))
        return writer

    described = path.with_suffix(".head")
    finish(head(described))
    shapes = tensors_of(described)
    described.unlink()
    writer = head(path)
    for name, shape in shapes.items():
        if not any(fnmatch(name, pattern) for pattern in without):
            writer.add_tensor(name, _numbers(name, shape, seed))
    finish(writer)
    return path


def tensors_of(path: Path) -> Shapes:
    """Return the tensors of a model with the metadata of the file at `path`, including optional ones."""
    native_log = start_library()
    native_log.clear()
    ggml = _ggml()
    metadata = ggml.gguf_init_from_file(str(path).encode(), _How(True, None))
    assert metadata, path
    shapes: Shapes = {}

    def see(address: int, _: object) -> None:
        dimensions = _Tensor.from_address(address).shape[: ggml.ggml_n_dims(address)]
        shapes[ggml.ggml_get_name(address).decode()] = tuple(reversed(dimensions))

    params = lib.llama_model_default_params()
    params.n_gpu_layers = 0
    callback = lib.llama_model_set_tensor_data_t(see)
    model = lib.llama_model_init_from_user(metadata, callback, None, params)
    ggml.gguf_free(metadata)
    assert model, native_log.explain("llama.cpp cannot make such a model")
    lib.llama_model_free(model)
    return shapes


def byte_pairs(
    writer: gguf.GGUFWriter,
    *,
    model: str = "gpt2",
    pre: str = "gpt-2",
    special: Sequence[str] = (),
    ends: tuple[int, int] | None = None,
) -> int:
    """Add a vocabulary of bytes, of numbers of up to four digits, and some pairs that show where text is split.

    That is told by `pre`. `ends` are tokens that end a turn and a message.
    """
    letters = [chr(code) for code in [*range(33, 127), *range(161, 173), *range(174, 256)]]
    letters += [chr(256 + index) for index in range(256 - len(letters))]
    merges = [f"{a} {b}" for a in DIGITS for b in DIGITS]
    merges += [f"{a}{b} {c}" for a in DIGITS for b in DIGITS for c in "0123"]
    merges += ["t '", "' s", "\u010a \u010a"]
    merges += [f"{a}{b}{c} {d}" for a in "12" for b in DIGITS for c in "0123" for d in "0123"]
    numbers = [merge.replace(" ", "") for merge in merges]
    tokens = [*letters, *numbers, *special]
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([int(gguf.TokenType.NORMAL)] * (len(tokens) - len(special)) + [3] * len(special))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    if ends is not None:
        writer.add_eot_token_id(ends[0])
        writer.add_eom_token_id(ends[1])
    return len(tokens)


def _numbers(name: str, shape: tuple[int, ...], seed: int) -> Any:
    """Return random values that suit a tensor of this name and that a 16-bit float can hold."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    numbers = rng.standard_normal(shape, dtype=np.float32)
    if name.endswith("ssm_a"):
        numbers = -np.exp(numbers)
    elif "norm" in name or "scale" in name or "freqs" in name:
        numbers = 1 + 0.2 * numbers
    elif not name.startswith("token_embd") and len(shape) > 1:
        numbers /= np.sqrt(shape[-1])
    return numbers.astype(np.float16).astype(np.float32)


@cache
def _ggml() -> Any:
    """Return ggml's own library, with its functions for tensors and GGUF files."""
    extensions = importlib.import_module(f"{lib.__package__}._ctypes_extensions")
    found = extensions.load_shared_library("ggml-base", Path(lib.__file__).parent / "lib")
    types: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "gguf_init_from_file": (ctypes.c_void_p, (ctypes.c_char_p, _How)),
        "gguf_free": (None, (ctypes.c_void_p,)),
        "ggml_get_name": (ctypes.c_char_p, (ctypes.c_void_p,)),
        "ggml_n_dims": (ctypes.c_int, (ctypes.c_void_p,)),
    }
    for function, (result, arguments) in types.items():
        getattr(found, function).restype, getattr(found, function).argtypes = result, arguments
    return found
