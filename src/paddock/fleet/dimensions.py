"""How much memory a model will need: weights, KV cache, buffers."""

from dataclasses import dataclass

GIB = 1 << 30
KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes per number in the cache: quantized blocks hold 32 numbers and a scale."""

PROCESS = 100 << 20
"""What a runner needs before it has loaded anything: the interpreter and the library."""

RESERVE = 256 << 20
"""Left to the rest of the machine."""


@dataclass(frozen=True)
class ModelDimensions:
    """The numbers of a model that decide how much memory it needs. Lengths are numbers of floats."""

    weights: int
    """Bytes."""
    layers: int = 0
    kv_length: int = 0
    """Of one token's keys and values together in one layer."""
    embedding_length: int = 0
    heads: int = 0
    vocabulary: int = 0
    train_context: int = 0


def cache_bytes(dimensions: ModelDimensions, cells: int, kv_type: str) -> int:
    """Bytes of a KV cache of `cells` tokens."""
    return int(dimensions.layers * dimensions.kv_length * cells * KV_BYTES[kv_type])


def model_bytes(dimensions: ModelDimensions, cells: int, batch: int, kv_type: str) -> int:
    """Bytes of a model in memory: its weights, a cache of `cells` tokens, and what computing a batch needs."""
    activations = batch * (dimensions.embedding_length * 16 + dimensions.vocabulary * 4)
    return dimensions.weights + cache_bytes(dimensions, cells, kv_type) + activations


def in_gib(size: int) -> str:
    """Write a size as people read it: `5.6 GiB`."""
    return f"{size / GIB:.1f} GiB"
