"""Tiny encoders with random weights, which make embeddings or scores: no KV cache, bidirectional attention."""

import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gguf
from tests.models.llama import WORDS, finish
from tests.models.llama import add_vocabulary as add_llama_vocabulary

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
JAMO = "ᄀᄂᄃᄒ" + "ᅡᅥᅩᅵ" + "ᆨᆫᆯᆼ"
"""Parts of Hangul syllables: BERT's vocabulary has these in place of whole syllables."""

WORD_BEGINS = "\u2581"


def tiny_bert(
    path: Path,
    *,
    seed: int = 0,
    width: int = 64,
    layers: int = 2,
    heads: int = 4,
    feed_forward: int = 128,
    context_length: int = 64,
    pooling: int | None = 1,
    weights: float = 1.0,
    classes: int = 0,
    pooler: bool = True,
    dtype: Any = np.float32,
) -> Path:
    """Write a BERT and return `path`; `pooling` is llama.cpp's number, None leaves the key out.

    With `classes` it has a head that gives so many numbers, behind a `pooler` or without one.
    """
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("tiny-bert")
    writer.add_block_count(layers)
    writer.add_context_length(context_length)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_file_type(0)
    if pooling is not None:
        writer.add_uint32("bert.pooling_type", pooling)
    tokens = _add_vocabulary(writer)
    rng = np.random.default_rng(seed)

    def matrix(name: str, rows: int, columns: int, scale: float = 0.12) -> None:
        values = rng.standard_normal((rows, columns)) * scale * weights
        writer.add_tensor(f"{name}.weight", values.astype(dtype if name == "token_embd" else np.float32))

    def bias(name: str, length: int) -> None:
        writer.add_tensor(f"{name}.bias", (rng.standard_normal(length) * 0.02).astype(np.float32))

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", (1 + rng.standard_normal(width) * 0.1).astype(np.float32))
        bias(name, width)

    matrix("token_embd", tokens, width, 1.0)
    matrix("position_embd", context_length, width, 0.5)
    matrix("token_types", 2, width, 0.3)
    norm("token_embd_norm")
    for i in range(layers):
        block = f"blk.{i}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"{block}.{part}", width, width)
            bias(f"{block}.{part}", width)
        norm(f"{block}.attn_output_norm")
        matrix(f"{block}.ffn_up", feed_forward, width)
        bias(f"{block}.ffn_up", feed_forward)
        matrix(f"{block}.ffn_down", width, feed_forward)
        bias(f"{block}.ffn_down", width)
        norm(f"{block}.layer_output_norm")
    if classes:
        if pooler:
            matrix("cls", width, width)
            bias("cls", width)
        matrix("cls.output", classes, width, 0.2)
        bias("cls.output", classes)
        if classes > 1:
            writer.add_array("bert.classifier.output_labels", [f"class {number}" for number in range(classes)])
    finish(writer)
    return path


def tiny_reranker(path: Path, **changes: Any) -> Path:
    """Write a BERT that ranks and return `path`."""
    return tiny_bert(path, **{"pooling": 4, "classes": 1, **changes})


def tiny_qwen3(
    path: Path,
    *,
    seed: int = 0,
    pooling: int = 3,
    classes: Sequence[str] = (),
    template: str = "",
    adds_end: bool = False,
    context_length: int = 4096,
) -> Path:
    """Write a Qwen3, with the vocabulary of `llama`, that embeds, or has a head for `classes`, and return `path`."""
    width, heads, kv_heads, size, feed_forward, layers = 64, 4, 2, 16, 128, 2
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name("tiny-qwen3")
    writer.add_block_count(layers)
    writer.add_context_length(context_length)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    writer.add_file_type(0)
    writer.add_uint32("qwen3.pooling_type", pooling)
    tokens = add_llama_vocabulary(writer)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(adds_end)
    rng = np.random.default_rng(seed)

    def matrix(name: str, rows: int, columns: int, scale: float = 0.12) -> None:
        writer.add_tensor(f"{name}.weight", (rng.standard_normal((rows, columns)) * scale).astype(np.float32))

    def norm(name: str, length: int = width) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(length, np.float32))

    matrix("token_embd", tokens, width, 1.0)
    norm("output_norm")
    for i in range(layers):
        block = f"blk.{i}"
        norm(f"{block}.attn_norm")
        matrix(f"{block}.attn_q", heads * size, width)
        matrix(f"{block}.attn_k", kv_heads * size, width)
        matrix(f"{block}.attn_v", kv_heads * size, width)
        matrix(f"{block}.attn_output", width, heads * size)
        norm(f"{block}.attn_q_norm", size)
        norm(f"{block}.attn_k_norm", size)
        norm(f"{block}.ffn_norm")
        matrix(f"{block}.ffn_gate", feed_forward, width)
        matrix(f"{block}.ffn_up", feed_forward, width)
        matrix(f"{block}.ffn_down", width, feed_forward)
    if classes:
        matrix("cls.output", len(classes), width, 0.2)
        writer.add_array("qwen3.classifier.output_labels", list(classes))
    if template:
        writer.add_string("tokenizer.chat_template.rerank", template)
    finish(writer)
    return path


def tiny_t5_encoder(path: Path, *, seed: int = 0, width: int = 64, layers: int = 2, heads: int = 4) -> Path:
    """Write the encoder half of a T5, with the vocabulary of `llama`, and return `path`."""
    size, feed_forward, buckets = width // heads, 2 * width, 32
    writer = gguf.GGUFWriter(path, "t5encoder")
    writer.add_name("tiny-t5")
    writer.add_block_count(layers)
    writer.add_context_length(2048)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_relative_attn_buckets_count(buckets)
    writer.add_file_type(0)
    tokens = add_llama_vocabulary(writer)
    writer.add_vocab_size(tokens)
    rng = np.random.default_rng(seed)

    def matrix(name: str, rows: int, columns: int, scale: float = 0.12) -> None:
        writer.add_tensor(f"{name}.weight", (rng.standard_normal((rows, columns)) * scale).astype(np.float32))

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))

    matrix("token_embd", tokens, width, 1.0)
    norm("enc.output_norm")
    matrix("enc.blk.0.attn_rel_b", buckets, heads, 0.5)
    for i in range(layers):
        block = f"enc.blk.{i}"
        norm(f"{block}.attn_norm")
        for part in ("attn_q", "attn_k", "attn_v", "attn_o"):
            matrix(f"{block}.{part}", width, width)
        norm(f"{block}.ffn_norm")
        matrix(f"{block}.ffn_gate", feed_forward, width)
        matrix(f"{block}.ffn_up", feed_forward, width)
        matrix(f"{block}.ffn_down", width, feed_forward)
    finish(writer)
    return path


def _add_vocabulary(writer: gguf.GGUFWriter) -> int:
    letters = string.ascii_lowercase + string.digits
    tokens = list(SPECIAL) + _unique(
        [WORD_BEGINS + word for word in [*WORDS.split(), *letters, *string.punctuation, *JAMO]] + [*letters, *JAMO]
    )
    control, normal = int(gguf.TokenType.CONTROL), int(gguf.TokenType.NORMAL)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([control] * len(SPECIAL) + [normal] * (len(tokens) - len(SPECIAL)))
    writer.add_token_type_count(2)
    for name in ("bos", "cls"):
        writer.add_uint32(f"tokenizer.ggml.{name}_token_id", SPECIAL.index("[CLS]"))
    writer.add_pad_token_id(SPECIAL.index("[PAD]"))
    writer.add_unk_token_id(SPECIAL.index("[UNK]"))
    writer.add_sep_token_id(SPECIAL.index("[SEP]"))
    writer.add_mask_token_id(SPECIAL.index("[MASK]"))
    return len(tokens)


def _unique(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(words))
