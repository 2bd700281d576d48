"""How many bytes tensors of ggml's types have. The `gguf` package says so, too, but takes a quarter of a second."""

from collections.abc import Sequence
from math import prod

OLD_MXFP4 = 4
"""Ollama's first number for MXFP4, which ggml had given to another type before."""

BLOCKS: dict[int, tuple[int, int]] = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    OLD_MXFP4: (32, 17),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
    42: (64, 18),
}
"""By the number of a type: how many numbers there are in a block, and how many bytes that has."""


def size_of(kind: int, shape: Sequence[int]) -> int:
    """Return how many bytes a tensor of a type and a shape (innermost dimension first) has.

    Raises:
        ValueError: if the type is unknown, the tensor is empty, or its rows are no whole number of blocks.
    """
    if kind not in BLOCKS:
        raise ValueError(f"has the unknown type {kind}")
    block, size = BLOCKS[kind]
    count = prod(shape)
    if count == 0:
        raise ValueError("is empty")
    if (shape[0] if shape else 1) % block:
        raise ValueError("has rows that are no whole number of blocks")
    return count // block * size
