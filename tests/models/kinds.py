"""Tiny models with random weights, one for each kind of KV cache that llama.cpp has.

What they generate is noise, but varied noise, the same for the same seed, and what stands early in a prompt still
changes the logits a hundred tokens later: a wrong cut or a wrong fork shows.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gguf
from tests.models.llama import add_vocabulary, finish

CONTEXT_LENGTH = 4096
"""Context length in the metadata of every model here."""

WINDOW = 32
"""Window of the sliding-window layers, in tokens, including the token itself."""

END = 2
"""The token that ends a reply. Its logit is 0 in every model, never the largest: a greedy reply never ends."""

WIDTH = 64
FEED_FORWARD = 128
HEADS = 4
KV_HEADS = 2
HEAD_SIZE = 16
STATE = 16
CONVOLUTION = 4
STEP_RANK = 4


def full_attention(path: Path, *, seed: int = 0, layers: int = 3) -> Path:
    """Write a Llama: full attention, so any prefix can be shared or truncated."""
    model = ModelWriter(path, "llama", layers, [KV_HEADS] * layers, seed)
    model.vocabulary(1.0, 0.3)
    model.ones("output_norm")
    for i in range(layers):
        model.attention(i)
        model.feed_forward(i)
    return model.finish()


def sliding_window(
    path: Path, *, seed: int = 0, architecture: str = "gemma3", window: int = WINDOW, layers: int = 7
) -> Path:
    """Write a Gemma with sliding-window layers of `window` tokens and full-attention layers.

    Of a "gemma3" every sixth layer is global, of a "gemma2" every second.
    """
    model = ModelWriter(path, architecture, layers, [KV_HEADS] * layers, seed)
    model.writer.add_sliding_window(window)
    model.writer.add_key_length(HEAD_SIZE)
    model.writer.add_value_length(HEAD_SIZE)
    model.writer.add_rope_freq_base(10_000.0)
    # It has no output of its own: the table of tokens is used again. The signs keep the last token from being the
    # likeliest next one.
    model.vocabulary(0.3, None)
    model.tensor("output_norm.weight", model.rng.choice([-1.0, 1.0], WIDTH))
    for i in range(layers):
        model.attention(i)
        if architecture == "gemma3":
            model.ones(f"blk.{i}.attn_q_norm", HEAD_SIZE)
            model.ones(f"blk.{i}.attn_k_norm", HEAD_SIZE)
        model.ones(f"blk.{i}.post_attention_norm", times=0.7)
        model.feed_forward(i)
        model.ones(f"blk.{i}.post_ffw_norm", times=1.5)
    return model.finish()


def recurrent(path: Path, *, seed: int = 0, layers: int = 2) -> Path:
    """Write a Mamba: a sequence has one recurrent state of a fixed size."""
    model = ModelWriter(path, "mamba", layers, [0] * layers, seed)
    model.state_space_keys()
    model.vocabulary(1.0, 0.3)
    model.ones("output_norm")
    for i in range(layers):
        model.state_space(i)
    return model.finish()


def hybrid(path: Path, *, seed: int = 0, attention: Sequence[int] = (1, 3), layers: int = 4) -> Path:
    """Write a Jamba: Mamba's recurrent layers, except the layers numbered `attention`, which have a KV cache."""
    model = ModelWriter(path, "jamba", layers, [KV_HEADS if i in attention else 0 for i in range(layers)], seed)
    model.state_space_keys()
    model.vocabulary(1.0, 0.3)
    model.ones("output_norm")
    for i in range(layers):
        if i in attention:
            model.attention(i)
        else:
            model.state_space(i)
            model.ones(f"blk.{i}.ssm_dt_norm", STEP_RANK)
            model.ones(f"blk.{i}.ssm_b_norm", STATE)
            model.ones(f"blk.{i}.ssm_c_norm", STATE)
        model.feed_forward(i)
    return model.finish()


def hybrid_convolution(path: Path, *, seed: int = 0, attention: Sequence[int] = (1, 3), layers: int = 4) -> Path:
    """Write an LFM2: a hybrid whose state is the last few tokens of a convolution."""
    model = ModelWriter(path, "lfm2", layers, [KV_HEADS if i in attention else 0 for i in range(layers)], seed)
    model.writer.add_shortconv_l_cache(3)
    model.vocabulary(1.0, 0.3)
    model.ones("token_embd_norm")
    for i in range(layers):
        if i in attention:
            model.attention(i)
            model.ones(f"blk.{i}.attn_q_norm", HEAD_SIZE)
            model.ones(f"blk.{i}.attn_k_norm", HEAD_SIZE)
        else:
            model.ones(f"blk.{i}.attn_norm")
            model.matrix(f"blk.{i}.shortconv.conv", WIDTH, 3, 0.6)
            model.matrix(f"blk.{i}.shortconv.in_proj", 3 * WIDTH, WIDTH, 0.12)
            model.matrix(f"blk.{i}.shortconv.out_proj", WIDTH, WIDTH, 0.12)
        model.feed_forward(i)
    return model.finish()


KINDS: dict[str, Callable[[Path], Path]] = {
    "full attention": full_attention,
    "sliding window": sliding_window,
    "recurrent": recurrent,
    "hybrid": hybrid,
}
"""A writer for each kind of KV cache."""


class ModelWriter:
    """Writes a GGUF file from parts that several architectures share."""

    def __init__(self, path: Path, architecture: str, layers: int, kv_heads: Sequence[int], seed: int) -> None:
        self.path = path
        self.rng = np.random.default_rng(seed)
        self.writer = writer = gguf.GGUFWriter(path, architecture)
        writer.add_name(architecture)
        writer.add_block_count(layers)
        writer.add_context_length(CONTEXT_LENGTH)
        writer.add_embedding_length(WIDTH)
        attends = any(kv_heads)
        writer.add_feed_forward_length(FEED_FORWARD if attends else 0)
        writer.add_head_count(HEADS if attends else 0)
        if attends:
            writer.add_head_count_kv(list(kv_heads) if 0 in kv_heads else kv_heads[0])
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_file_type(0)
        self.tokens = add_vocabulary(writer)
        writer.add_vocab_size(self.tokens)

    def tensor(self, name: str, values: Any) -> None:
        self.writer.add_tensor(name, np.ascontiguousarray(values, np.float32))

    def matrix(self, name: str, rows: int, columns: int, scale: float) -> None:
        self.tensor(f"{name}.weight", self.rng.standard_normal((rows, columns)) * scale)

    def ones(self, name: str, length: int = WIDTH, times: float = 1.0) -> None:
        self.tensor(f"{name}.weight", np.full(length, times))

    def vocabulary(self, scale: float, output_scale: float | None) -> None:
        inputs = self.rng.standard_normal((self.tokens, WIDTH)) * scale
        inputs[END] = 0.0
        self.tensor("token_embd.weight", inputs)
        if output_scale is not None:
            outputs = self.rng.standard_normal((self.tokens, WIDTH)) * output_scale
            outputs[END] = 0.0
            self.tensor("output.weight", outputs)

    def attention(self, layer: int) -> None:
        name = f"blk.{layer}"
        self.ones(f"{name}.attn_norm")
        self.matrix(f"{name}.attn_q", HEADS * HEAD_SIZE, WIDTH, 0.12)
        self.matrix(f"{name}.attn_k", KV_HEADS * HEAD_SIZE, WIDTH, 0.12)
        self.matrix(f"{name}.attn_v", KV_HEADS * HEAD_SIZE, WIDTH, 0.2)
        self.matrix(f"{name}.attn_output", WIDTH, HEADS * HEAD_SIZE, 0.2)

    def feed_forward(self, layer: int) -> None:
        name = f"blk.{layer}"
        self.ones(f"{name}.ffn_norm")
        self.matrix(f"{name}.ffn_gate", FEED_FORWARD, WIDTH, 0.12)
        self.matrix(f"{name}.ffn_up", FEED_FORWARD, WIDTH, 0.12)
        self.matrix(f"{name}.ffn_down", WIDTH, FEED_FORWARD, 0.12)

    def state_space_keys(self) -> None:
        self.writer.add_ssm_conv_kernel(CONVOLUTION)
        self.writer.add_ssm_inner_size(2 * WIDTH)
        self.writer.add_ssm_state_size(STATE)
        self.writer.add_ssm_time_step_rank(STEP_RANK)

    def state_space(self, layer: int) -> None:
        name, inner = f"blk.{layer}", 2 * WIDTH
        self.ones(f"{name}.attn_norm")
        self.matrix(f"{name}.ssm_in", 2 * inner, WIDTH, 0.2)
        self.matrix(f"{name}.ssm_conv1d", inner, CONVOLUTION, 0.5)
        self.tensor(f"{name}.ssm_conv1d.bias", np.zeros(inner))
        self.matrix(f"{name}.ssm_x", STEP_RANK + 2 * STATE, inner, 0.12)
        self.matrix(f"{name}.ssm_dt", inner, STEP_RANK, 0.2)
        # As Mamba begins its training: steps of 0.001 to 0.1, so that some channels remember hundreds of tokens.
        steps = np.exp(self.rng.uniform(np.log(0.001), np.log(0.1), inner))
        self.tensor(f"{name}.ssm_dt.bias", np.log(np.expm1(steps)))
        self.tensor(f"{name}.ssm_a", np.tile(-np.arange(1.0, STATE + 1), (inner, 1)))
        self.tensor(f"{name}.ssm_d", np.ones(inner))
        self.matrix(f"{name}.ssm_out", WIDTH, inner, 0.2)

    def finish(self) -> Path:
        finish(self.writer)
        return self.path
