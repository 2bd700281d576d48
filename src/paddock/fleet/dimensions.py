"""How much memory a model needs: weights, KV cache, buffers."""

from dataclasses import dataclass

GIB = 1 << 30
KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes per number in the KV cache: quantized blocks hold 32 numbers and a scale."""


@dataclass(frozen=True)
class ModelDimensions:
    """The numbers of a model that decide how much memory it needs. Lengths are numbers of floats."""

    weights: int
    """Bytes of all its files."""
    layers: int = 0
    kv_length: int = 0
    """Length of one token's keys and values together in one layer."""
    embedding_length: int = 0
    heads: int = 0
    vocabulary: int = 0
    """Number of tokens."""
    train_context: int = 0
    """Number of tokens that the model was trained to look back on."""


def cache_bytes(dimensions: ModelDimensions, cells: int, kv_type: str) -> int:
    """Return the bytes of a KV cache of `cells` tokens."""
    return int(dimensions.layers * dimensions.kv_length * cells * KV_BYTES[kv_type])


def model_bytes(dimensions: ModelDimensions, cells: int, batch: int, kv_type: str) -> int:
    """Return the bytes of a loaded model: weights, a cache of `cells` tokens, buffers for a batch of `batch` tokens."""
    activations = batch * (dimensions.embedding_length * 16 + dimensions.vocabulary * 4)
    return dimensions.weights + cache_bytes(dimensions, cells, kv_type) + activations


def in_gib(size: int) -> str:
    """Return a number of bytes as people read it: `5.6 GiB`."""
    return f"{size / GIB:.1f} GiB"
