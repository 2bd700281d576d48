"""The model: a small CLIP whose patches become embeddings of a small Llama, as llama.cpp computes LLaVA."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.model import Model, Shape
from training.vision.drawings import FIGURES


@dataclass(frozen=True)
class Sight:
    """The sizes of the encoder: pixels of a picture's side and of a patch's, and what a ViT has."""

    size: int = 48
    patch: int = 8
    dim: int = 96
    layers: int = 3
    heads: int = 4
    hidden: int = 192
    epsilon: float = 1e-5

    @property
    def patches(self) -> int:
        """Return how many patches a picture has, each of which becomes one embedding."""
        return (self.size // self.patch) ** 2


class Block(nn.Module):
    """Attention, where all patches see one another, then a feed-forward network."""

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self.heads = sight.heads
        self.ln1 = nn.LayerNorm(sight.dim, sight.epsilon)
        self.attn_q, self.attn_k, self.attn_v, self.attn_out = (nn.Linear(sight.dim, sight.dim) for _ in range(4))
        self.ln2 = nn.LayerNorm(sight.dim, sight.epsilon)
        self.ffn_up = nn.Linear(sight.dim, sight.hidden)
        self.ffn_down = nn.Linear(sight.hidden, sight.dim)

    def forward(self, x: Tensor) -> Tensor:
        """Compute pictures, (pictures, patches, dim)."""
        y = self.ln1(x)
        q, k, v = (part(y).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self._projections())
        scores = F.softmax((q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5, -1)
        x = x + self.attn_out((scores @ v).transpose(1, 2).flatten(2))
        changed: Tensor = self.ffn_down(F.gelu(self.ffn_up(self.ln2(x)), approximate="tanh"))
        return x + changed

    def _projections(self) -> tuple[nn.Linear, nn.Linear, nn.Linear]:
        return self.attn_q, self.attn_k, self.attn_v


class Encoder(nn.Module):
    """Pictures in, (pictures, 3, size, size) of normalised colours; embeddings out, (pictures, patches, width)."""

    def __init__(self, sight: Sight, width: int) -> None:
        super().__init__()
        self.sight = sight
        self.patch_embd = nn.Conv2d(3, sight.dim, sight.patch, sight.patch, bias=False)
        self.position_embd = nn.Parameter(torch.randn(sight.patches, sight.dim) * 0.1)
        self.pre_ln = nn.LayerNorm(sight.dim, sight.epsilon)
        self.blk = nn.ModuleList(Block(sight) for _ in range(sight.layers))
        self.project = nn.Linear(sight.dim, width)
        self.finish = nn.Linear(width, width)
        self.name = nn.Linear(sight.dim, len(FIGURES))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embeddings of pictures and, for training only, logits for what each shows, by `FIGURES`.

        Naming figures straight from the patches teaches the encoder sooner than what comes back through the text does.
        """
        x = self.patch_embd(pictures).flatten(2).transpose(1, 2) + self.position_embd
        x = self.pre_ln(x)
        for block in self.blk:
            x = block(x)
        embeddings: Tensor = self.finish(F.gelu(self.project(x), approximate="tanh"))
        return embeddings, self.name(x.mean(1))


class Seer(nn.Module):
    """The encoder and the language model that reads its embeddings in place of tokens."""

    def __init__(self, vocabulary: int, sight: Sight | None = None) -> None:
        super().__init__()
        self.sight = sight or Sight()
        self.text = Model(Shape(vocabulary, dim=128, layers=4, heads=4, kv_heads=2, hidden=256, context=1024))
        self.encoder = Encoder(self.sight, self.text.shape.dim)

    def forward(self, tokens: Tensor, pictures: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits, (rows, positions, vocabulary), and those of what the pictures show.

        `places`, (rows, positions), are true where a picture's embedding stands in place of a token: from left to
        right and from row to row they take the embeddings of `pictures` in order.
        """
        text = self.text
        x = text.token_embd(tokens)
        embeddings, names = self.encoder(pictures)
        x = x.masked_scatter(places[..., None], embeddings.flatten(0, 1).to(x.dtype))
        cos, sin = text.cos[: x.shape[1]], text.sin[: x.shape[1]]
        for layer in text.blk:
            x = layer(x, cos, sin)
        return F.linear(text.output_norm(x), text.token_embd.weight), names
