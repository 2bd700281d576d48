"""The model: a small Llama in plain PyTorch, with the tensors and the arithmetic that llama.cpp's "llama" has."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Cache = list[tuple[Tensor, Tensor]]
"""The keys and values of each layer, (batch, heads, positions, head size), with room for positions to come."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a model."""

    vocabulary: int
    dim: int = 256
    layers: int = 8
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 512
    context: int = 2048
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head_size(self) -> int:
        """Return the length of the vectors that a head compares."""
        return self.dim // self.heads


class Norm(nn.Module):
    """Root mean square normalisation with a learned scale."""

    def __init__(self, dim: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension of x; computed in 32 bits."""
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon) * self.weight).to(x.dtype)


def rotations(shape: Shape) -> tuple[Tensor, Tensor]:
    """Return cosines and sines, (context, head size / 2), of the angles by which positions rotate pairs."""
    steps = torch.arange(0, shape.head_size, 2, dtype=torch.float32) / shape.head_size
    angles = torch.outer(torch.arange(shape.context, dtype=torch.float32), shape.rope_base**-steps)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate neighbouring pairs of x (batch, positions, heads, head size), as GGUF's "llama" pairs them."""
    first, second = x.float().reshape(*x.shape[:-1], -1, 2).unbind(-1)
    cos, sin = cos[:, None], sin[:, None]
    return torch.stack((first * cos - second * sin, first * sin + second * cos), -1).flatten(-2).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None = None) -> Tensor:
    """Return what each query finds among the keys up to its own position, or where `hidden` is not set.

    Written out because scaled_dot_product_attention is several times slower on processors, backwards most of all.
    """
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    if hidden is None:
        hidden = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).triu(1)
    scores = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5
    return F.softmax(scores.masked_fill(hidden, torch.finfo(scores.dtype).min), -1) @ v


class Layer(nn.Module):
    """Attention, then a gated feed-forward network, each on the normalised stream and added to it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        keys = shape.kv_heads * shape.head_size
        self.attn_norm = Norm(shape.dim, shape.epsilon)
        self.attn_q = nn.Linear(shape.dim, shape.dim, bias=False)
        self.attn_k = nn.Linear(shape.dim, keys, bias=False)
        self.attn_v = nn.Linear(shape.dim, keys, bias=False)
        self.attn_output = nn.Linear(shape.dim, shape.dim, bias=False)
        self.ffn_norm = Norm(shape.dim, shape.epsilon)
        self.ffn_gate = nn.Linear(shape.dim, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.dim, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.dim, bias=False)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, each (batch, heads, positions, head size)."""
        x, size = self.attn_norm(x), self.shape.head_size
        q = rotate(self.attn_q(x).unflatten(-1, (-1, size)), cos, sin)
        k = rotate(self.attn_k(x).unflatten(-1, (-1, size)), cos, sin)
        v = self.attn_v(x).unflatten(-1, (-1, size))
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Add what attention found, (batch, heads, positions, head size), then what the network makes of it."""
        x = x + self.attn_output(attended.transpose(1, 2).flatten(2))
        y = self.ffn_norm(x)
        added: Tensor = self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))
        return x + added

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Compute whole sequences, (batch, positions, dim)."""
        q, k, v = self.project(x, cos, sin)
        return self.finish(x, attend(q, k, v))


class Model(nn.Module):
    """Token ids in, logits out. The embedding is also the output matrix."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.dim)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.dim, shape.epsilon)
        cos, sin = rotations(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits, (batch, positions, vocabulary), of whole sequences, (batch, positions)."""
        cos, sin = self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]]
        x = self.token_embd(tokens)
        for layer in self.blk:
            x = layer(x, cos, sin)
        return F.linear(self.output_norm(x), self.token_embd.weight)

    def room(self, rows: int, positions: int) -> Cache:
        """Return an empty cache."""
        size = (rows, self.shape.kv_heads, positions, self.shape.head_size)
        return [(torch.zeros(size), torch.zeros(size)) for _ in self.blk]

    def extend(self, tokens: Tensor, start: int, cache: Cache, padding: Tensor) -> Tensor:
        """Go on with sequences from position `start` and return the logits, (batch, vocabulary), at their ends.

        `padding` tells, (batch, positions), which positions in front of a sequence do not belong to it.
        """
        end = start + tokens.shape[1]
        cos, sin = self.cos[start:end], self.sin[start:end]
        later = torch.ones(end - start, end, dtype=torch.bool).triu(start + 1)
        hidden = (later | padding[:, None, :end])[:, None]
        x = self.token_embd(tokens)
        for layer, (keys, values) in zip(cast(Iterable[Layer], self.blk), cache, strict=True):
            q, keys[:, :, start:end], values[:, :, start:end] = layer.project(x, cos, sin)
            x = layer.finish(x, attend(q, keys[:, :, :end], values[:, :, :end], hidden))
        return F.linear(self.output_norm(x[:, -1]), self.token_embd.weight)

    def _initialise(self) -> None:
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * self.shape.layers) ** 0.5 if deep else 0.02)
