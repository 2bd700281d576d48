"""Tiny Llamas, LoRA adapters for them, and other GGUF files with a few keys and a tensor."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gguf

WORDS = "the a and to of was in it she he day time once upon little girl boy big red ball play park dog cat"


def tiny_llama(
    path: Path,
    *,
    seed: int = 0,
    width: int = 64,
    layers: int = 2,
    heads: int = 4,
    kv_heads: int = 2,
    feed_forward: int = 128,
    context_length: int = 512,
    chat_template: str | None = None,
    name: str = "tiny",
    file_type: int = 0,
    metadata: Mapping[str, str | int | float | bool] | None = None,
    dtype: Any = np.float32,
    more: Sequence[str] = (),
) -> Path:
    """Write a Llama-shaped model with random weights and a small SentencePiece vocabulary; return `path`.

    The vocabulary has all bytes, letters and some words, so that any text can be tokenized. What it generates is noise,
    but the same noise for the same seed. `more` names tensors that are there, too, and that no Llama has.
    """
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_block_count(layers)
    writer.add_context_length(context_length)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_file_type(file_type)
    tokens = add_vocabulary(writer)
    writer.add_vocab_size(tokens)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    for key, value in (metadata or {}).items():
        add_value(writer, key, value)
    rng = np.random.default_rng(seed)

    def matrix(tensor: str, rows: int, columns: int, scale: float = 0.08) -> None:
        writer.add_tensor(tensor, (rng.standard_normal((rows, columns), dtype=np.float32) * scale).astype(dtype))

    def norm(tensor: str) -> None:
        writer.add_tensor(tensor, np.ones(width, np.float32))

    matrix("token_embd.weight", tokens, width, 1.0)
    norm("output_norm.weight")
    matrix("output.weight", tokens, width, 0.3)
    kv_width = width // heads * kv_heads
    for i in range(layers):
        norm(f"blk.{i}.attn_norm.weight")
        matrix(f"blk.{i}.attn_q.weight", width, width)
        matrix(f"blk.{i}.attn_k.weight", kv_width, width)
        matrix(f"blk.{i}.attn_v.weight", kv_width, width)
        matrix(f"blk.{i}.attn_output.weight", width, width)
        norm(f"blk.{i}.ffn_norm.weight")
        matrix(f"blk.{i}.ffn_gate.weight", feed_forward, width)
        matrix(f"blk.{i}.ffn_up.weight", feed_forward, width)
        matrix(f"blk.{i}.ffn_down.weight", width, feed_forward)
    for name in more:
        matrix(name, width, width)
    finish(writer)
    return path


def tiny_file(path: Path, architecture: str, metadata: Mapping[str, str | int | float | bool]) -> Path:
    """Write a GGUF with one small tensor: a projector, an adapter, or a model of another kind, by its metadata."""
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in metadata.items():
        add_value(writer, key, value)
    writer.add_tensor("some.weight", np.zeros((4, 32), np.float32))
    finish(writer)
    return path


def tiny_lora(
    path: Path,
    changes: Mapping[str, tuple[Any, Any]],
    *,
    alpha: float = 8.0,
    architecture: str = "llama",
    metadata: Mapping[str, str | int | float | bool] | None = None,
) -> Path:
    """Write a LoRA adapter and return `path`; `changes` has A (rank, columns) and B (rows, rank) for each matrix."""
    writer = gguf.GGUFWriter(path, architecture)
    keys = {"general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": alpha, **(metadata or {})}
    for key, value in keys.items():
        add_value(writer, key, value)
    for name, (a, b) in changes.items():
        writer.add_tensor(f"{name}.lora_a", np.ascontiguousarray(a, np.float32))
        writer.add_tensor(f"{name}.lora_b", np.ascontiguousarray(b, np.float32))
    finish(writer)
    return path


def add_vocabulary(writer: gguf.GGUFWriter) -> int:
    """Write a SentencePiece vocabulary of all bytes, letters and some words; return its size."""
    kinds = gguf.TokenType
    tokens = [("<unk>", 0.0, kinds.UNKNOWN), ("<s>", 0.0, kinds.CONTROL), ("</s>", 0.0, kinds.CONTROL)]
    tokens += [(f"<0x{i:02X}>", 0.0, kinds.BYTE) for i in range(256)]
    pieces = ["\u2581" + word for word in WORDS.split()] + ["\u2581", *map(chr, range(0x21, 0x7F))]
    steps = sorted({word[:n] for word in pieces for n in range(2, len(word))} - set(pieces))
    tokens += [(piece, -float(i + 1), kinds.NORMAL) for i, piece in enumerate([*pieces, *steps])]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token for token, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([int(kind) for _, _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    return len(tokens)


def add_value(writer: gguf.GGUFWriter, key: str, value: str | int | float | bool | Sequence[Any]) -> None:
    """Write a key with the type that llama.cpp's converter gives such a value."""
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def finish(writer: gguf.GGUFWriter) -> None:
    """Write the file and close it."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
