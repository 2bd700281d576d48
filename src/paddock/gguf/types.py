"""The numbers of the GGUF format and their names, as llama.cpp defines them (`ggml.h`, `gguf.h`, `llama.h`)."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple


class TensorType(NamedTuple):
    """How a tensor's values are stored: `block` values take `bytes` bytes."""

    name: str
    block: int
    bytes: int


FIRST_MXFP4 = 4
"""Type of tensors and files in Ollama's first files of gpt-oss: MXFP4 with values in another order than llama.cpp's."""

TENSOR_TYPES: dict[int, TensorType] = {
    0: TensorType("F32", 1, 4),
    1: TensorType("F16", 1, 2),
    2: TensorType("Q4_0", 32, 18),
    3: TensorType("Q4_1", 32, 20),
    FIRST_MXFP4: TensorType("MXFP4_FIRST", 32, 17),
    6: TensorType("Q5_0", 32, 22),
    7: TensorType("Q5_1", 32, 24),
    8: TensorType("Q8_0", 32, 34),
    9: TensorType("Q8_1", 32, 36),
    10: TensorType("Q2_K", 256, 84),
    11: TensorType("Q3_K", 256, 110),
    12: TensorType("Q4_K", 256, 144),
    13: TensorType("Q5_K", 256, 176),
    14: TensorType("Q6_K", 256, 210),
    15: TensorType("Q8_K", 256, 292),
    16: TensorType("IQ2_XXS", 256, 66),
    17: TensorType("IQ2_XS", 256, 74),
    18: TensorType("IQ3_XXS", 256, 98),
    19: TensorType("IQ1_S", 256, 50),
    20: TensorType("IQ4_NL", 32, 18),
    21: TensorType("IQ3_S", 256, 110),
    22: TensorType("IQ2_S", 256, 82),
    23: TensorType("IQ4_XS", 256, 136),
    24: TensorType("I8", 1, 1),
    25: TensorType("I16", 1, 2),
    26: TensorType("I32", 1, 4),
    27: TensorType("I64", 1, 8),
    28: TensorType("F64", 1, 8),
    29: TensorType("IQ1_M", 256, 56),
    30: TensorType("BF16", 1, 2),
    34: TensorType("TQ1_0", 256, 54),
    35: TensorType("TQ2_0", 256, 66),
    39: TensorType("MXFP4", 32, 17),
    40: TensorType("NVFP4", 64, 36),
    41: TensorType("Q1_0", 128, 18),
    42: TensorType("Q2_0", 64, 18),
}
TENSOR_TYPE_NUMBERS: dict[str, int] = {kind.name: number for number, kind in TENSOR_TYPES.items()}

_FILE_TYPES = """
F32 F16 Q4_0 Q4_1 - - - Q8_0 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K IQ2_XXS IQ2_XS
Q2_K_S IQ3_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ3_M IQ2_S IQ2_M IQ4_XS IQ1_M BF16 - - - TQ1_0 TQ2_0 MXFP4 NVFP4 Q1_0 Q2_0
"""
FILE_TYPES: dict[int, str] = dict(enumerate(_FILE_TYPES.split()))
"""`general.file_type` → the name that Ollama prints; "-" where the number is free."""


def tensor_bytes(kind: int, shape: Sequence[int]) -> int:
    """Return the size in bytes of a tensor of a type and a shape (innermost dimension first).

    Raises:
        ValueError: if there can be no such tensor; the message is a predicate, such as "is empty".
    """
    known = TENSOR_TYPES.get(kind)
    if known is None:
        raise ValueError(f"has the unknown type {kind}")
    count = prod(shape)
    if count == 0:
        raise ValueError("is empty")
    if (shape[0] if shape else 1) % known.block:
        raise ValueError(f"has rows that are no whole number of {known.name} blocks")
    return count // known.block * known.bytes


def file_type_name(number: object) -> str:
    """Return the name of a `general.file_type`; "unknown" if there is no such type."""
    name = FILE_TYPES.get(number, "-") if isinstance(number, int) else "-"
    if number == FIRST_MXFP4:
        return "MXFP4"
    return "unknown" if name == "-" else name


class ScalarType(NamedTuple):
    """A type of metadata values; `code` is the letter in Python's `struct`."""

    name: str
    code: str
    bytes: int


SCALAR_TYPES: dict[int, ScalarType] = {
    0: ScalarType("uint8", "B", 1),
    1: ScalarType("int8", "b", 1),
    2: ScalarType("uint16", "H", 2),
    3: ScalarType("int16", "h", 2),
    4: ScalarType("uint32", "I", 4),
    5: ScalarType("int32", "i", 4),
    6: ScalarType("float32", "f", 4),
    7: ScalarType("bool", "?", 1),
    10: ScalarType("uint64", "Q", 8),
    11: ScalarType("int64", "q", 8),
    12: ScalarType("float64", "d", 8),
}
UINT8, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 0, 4, 5, 6, 7, 8, 9
"""Types of metadata values that are named in code; `STRING` and `ARRAY` are the two that are no scalars."""
