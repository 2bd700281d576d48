"""What we know of tensors' types is what the field's own package knows of them."""

import pytest

import gguf
from paddock.gguf.types import FIRST_MXFP4, TENSOR_TYPES, file_type_name, tensor_bytes

Q2_0 = 42
"""Not in that package yet."""


def test_blocks_are_those_of_the_gguf_package() -> None:
    theirs = {int(kind): size for kind, size in gguf.constants.GGML_QUANT_SIZES.items()}
    del theirs[gguf.GGMLQuantizationType.Q8_1]  # in no file, and its size is not the one that ggml has
    ours = {number: (kind.block, kind.bytes) for number, kind in TENSOR_TYPES.items()}
    assert theirs.items() <= ours.items()
    assert ours.keys() - theirs.keys() <= {FIRST_MXFP4, Q2_0, gguf.GGMLQuantizationType.Q8_1}
    assert ours[FIRST_MXFP4] == theirs[gguf.GGMLQuantizationType.MXFP4]


def test_a_tensor_is_as_large_as_its_blocks() -> None:
    assert tensor_bytes(8, (64, 3)) == 64 * 3 // 32 * 34
    assert tensor_bytes(0, ()) == 4
    for kind, shape, why in ((5, (1,), "unknown type 5"), (0, (3, 0), "is empty"), (8, (33,), "whole number of Q8_0")):
        with pytest.raises(ValueError, match=why):
            tensor_bytes(kind, shape)


def test_file_types_have_ollamas_names() -> None:
    numbers = [0, 1, 2, 4, 7, 10, 15, 17, 18, 30, 32, 5, 1024, -1, None]
    names = "F32 F16 Q4_0 MXFP4 Q8_0 Q2_K Q4_K_M Q5_K_M Q6_K IQ4_XS BF16 unknown unknown unknown unknown"
    assert " ".join(map(file_type_name, numbers)) == names
