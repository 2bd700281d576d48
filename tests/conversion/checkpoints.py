"""Tiny checkpoints of every architecture that is imported, and what the engine computes with them.

Weights are made from the names of the tensors, so that transformers and we compute with the same ones without a file of
them: `data/<case>.npz` has only the configuration, the shapes, and what transformers computed.
"""

import ctypes
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.importing import import_language_model
from paddock.engine.binding.library import lib as llama_cpp
from paddock.engine.binding.library import start_library

DATA = Path(__file__).parent / "data"
TOKENS = [int(n) for n in np.random.RandomState(7).randint(3, 61, 50)]
"""Tokens of every comparison."""

SILENT = llama_cpp.llama_log_callback(lambda *_: None)
"""For `llama_log_set`; it must live as long as the library."""

Array = np.ndarray[Any, Any]


def weights(shapes: Mapping[str, Sequence[int]], *, norms_plus_one: bool = False) -> dict[str, Array]:
    """Return random 32-bit weights of these names and shapes, always the same."""
    return {name: _weights(name, shape, norms_plus_one) for name, shape in shapes.items()}


def _weights(name: str, shape: Sequence[int], norms_plus_one: bool) -> Array:
    values = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
    is_norm = any(part in name.lower() for part in ("norm", "emb_ln"))
    if name.endswith(".bias"):
        values = values * 0.1
    elif is_norm:
        values = values * 0.1 + (0 if norms_plus_one else 1)
    elif "embed" not in name:
        values = values * 1.5 / np.sqrt(shape[-1])
    return values.astype(np.float32)


def write_safetensors(path: Path, tensors: Mapping[str, Array], dtypes: Mapping[str, str] | None = None) -> Path:
    """Write a safetensors file; `dtypes` names the type of arrays whose numpy type does not say it (BF16)."""
    names = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "uint16": "U16"}
    header, data = {}, b""
    for name, values in tensors.items():
        raw = values.tobytes()
        dtype = (dtypes or {}).get(name) or names[values.dtype.name]
        header[name] = {"dtype": dtype, "shape": values.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def byte_tokenizer(size: int = 64) -> dict[str, Any]:
    """Return a byte-level BPE `tokenizer.json` with at most `size` tokens."""
    pairs = [("t", "h"), ("th", "e"), ("Ġ", "the")]
    letters = [*"etaoinshrdlucmfwypvbgkjxqz", "Ġ", "Ċ", *("".join(pair) for pair in pairs), *"0123456789.,!?"]
    letters += [chr(letter) for letter in range(65, 91)]
    special = ["<unk>", "<s>", "</s>"]
    vocab = {token: number for number, token in enumerate([*special, *letters][:size])}
    return {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": t, "special": True, "normalized": False} for i, t in enumerate(special)],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "post_processor": None,
        "model": {"type": "BPE", "vocab": vocab, "merges": [" ".join(pair) for pair in pairs]},
    }


def word_piece_tokenizer(size: int = 64) -> dict[str, Any]:
    """Return a WordPiece `tokenizer.json` of single letters with at most `size` tokens."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = "abcdefghijklmnopqrstuvwxyz0123"
    vocab = [*special, *letters, *(f"##{letter}" for letter in letters)][:size]
    return {
        "added_tokens": [{"id": i, "content": t, "special": True} for i, t in enumerate(special)],
        "normalizer": {"type": "BertNormalizer", "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "vocab": {token: number for number, token in enumerate(vocab)}},
    }


def write_tokenizer(folder: Path, *, embeds: bool) -> None:
    """Write a small tokenizer into the folder of a checkpoint."""
    tokenizer = word_piece_tokenizer() if embeds else byte_tokenizer()
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def write_checkpoint(folder: Path, config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> Path:
    """Write a whole checkpoint with such weights into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    architecture = config["architectures"][0]
    tensors = weights(shapes, norms_plus_one=architecture.startswith("Gemma"))
    write_safetensors(folder / "model.safetensors", tensors)
    write_tokenizer(folder, embeds="Bert" in architecture)
    return folder


def computed(path: Path, tokens: Sequence[int], *, embeds: bool) -> Array:
    """Return what the engine computes: the logits after each token, or the vector of each token of an encoder."""
    start_library()
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    assert model, "the engine does not load it"
    options = llama_cpp.llama_context_default_params()
    options.n_ctx = options.n_batch = options.n_ubatch = 64
    options.n_threads = options.n_threads_batch = 1
    options.type_k = options.type_v = 0  # 32-bit keys and values
    options.flash_attn_type = 0
    if embeds:
        options.embeddings, options.pooling_type = True, 0
    context = llama_cpp.llama_init_from_model(model, options)
    assert context, "there is no context for it"
    batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for i, token in enumerate(tokens):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = token, i, 1, 0, True
    run = llama_cpp.llama_encode if embeds else llama_cpp.llama_decode
    assert run(context, batch) == 0
    if embeds:
        width, get = llama_cpp.llama_model_n_embd(model), llama_cpp.llama_get_embeddings_ith
    else:
        width = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
        get = llama_cpp.llama_get_logits_ith
    rows = [np.ctypeslib.as_array(ctypes.cast(get(context, i), ctypes.POINTER(ctypes.c_float)), (width,)).copy()
            for i in range(len(tokens))]  # fmt: skip
    llama_cpp.llama_batch_free(batch)
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    return np.stack(rows)


def difference(ours: Array, theirs: Array) -> float:
    """Return the largest difference as a fraction of the range of `theirs`."""
    return float(np.abs(ours - theirs).max() / (theirs.max() - theirs.min()))


def recorded(case: str) -> tuple[Array, dict[str, Any], dict[str, tuple[int, ...]]]:
    """Return what transformers computed, the configuration, and the shapes of the tensors."""
    found = np.load(DATA / f"{case}.npz")
    described = json.loads(str(found["described"]))
    return found["expected"], described["config"], described["shapes"]


def imported(folder: Path, kind: str) -> Path:
    """Import the language model of a checkpoint into its folder and return the file."""
    path = folder / f"{kind}.gguf"
    with path.open("wb") as file:
        import_language_model(Checkpoint.of_folder(folder), file, kind)
    return path
