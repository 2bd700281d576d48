from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.conversion.checkpoint.safetensors import read_tensors
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import (
    TensorSlice,
    WeightType,
    _stored,
    joined,
    permute_halves,
    typed,
    whole,
    widened,
)
from tests.conversion.checkpoints import write_safetensors

VALUES = np.random.RandomState(1).standard_normal((6, 8)).astype(np.float32)


@pytest.mark.parametrize("kind", list(WeightType))
@pytest.mark.parametrize("dtype", ["F64", "F32", "F16", "BF16"])
def test_every_type_is_converted_to_every_other(tmp_path: Path, dtype: str, kind: WeightType) -> None:
    stored: Any = {"F64": VALUES.astype(np.float64), "F32": VALUES, "F16": VALUES.astype(np.float16)}.get(dtype)
    if stored is None:
        stored = (VALUES.view(np.uint32) >> 16).astype(np.uint16)
    path = write_safetensors(tmp_path / "x.safetensors", {"w.weight": stored}, {"w.weight": dtype})
    planned = typed(whole("w.weight", read_tensors(path)["w.weight"]), kind)
    block = np.concatenate(list(planned.blocks()))
    assert block.nbytes == planned.size
    numbers = (block.astype(np.uint32) << 16).view(np.float32) if kind is WeightType.BF16 else block.astype(np.float32)
    assert np.allclose(numbers, VALUES, rtol=2**-7 if "BF16" in (dtype, kind.name) else 2**-10, atol=1e-7)


@given(st.lists(st.floats(width=32), min_size=1, max_size=50))
@settings(deadline=None)
def test_bf16_is_rounded_to_the_nearest(numbers: list[float]) -> None:
    values = np.array([numbers], np.float32)
    ours = (_stored(values, WeightType.BF16, "x").astype(np.uint32) << 16).view(np.float32)
    with np.errstate(all="ignore"):
        for number, rounded in zip(values[0], ours[0], strict=True):
            if np.isnan(number):
                assert np.isnan(rounded)
                continue
            bits = np.float32(rounded).view(np.uint32)
            beside = np.array([bits - 0x10000, bits + 0x10000], np.uint32).view(np.float32)
            others = [abs(np.float64(b) - np.float64(number)) for b in beside if np.isfinite(b)]
            assert not np.isfinite(rounded) or all(abs(np.float64(rounded) - np.float64(number)) <= o for o in others)


def test_the_halves_of_each_head_are_interleaved() -> None:
    rows = np.arange(12).reshape(12, 1)
    assert permute_halves(rows, 6)[:, 0].tolist() == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]


def test_what_f16_cannot_hold_is_named(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "x.safetensors", {"w": VALUES * 1e6})
    with pytest.raises(ConversionError, match="beyond the range of F16"):
        list(typed(whole("w.weight", read_tensors(path)["w"]), WeightType.F16).blocks())


def test_parts_of_different_shapes_are_not_joined(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "x.safetensors", {"a": VALUES, "b": VALUES[:, :4].copy()})
    a, b = read_tensors(path).values()
    for stacked in (True, False):
        with pytest.raises(ConversionError, match="different shapes"):
            joined("x", (TensorSlice(a), TensorSlice(b)), stacked=stacked)


def test_only_a_matrix_beyond_f16_is_widened(tmp_path: Path) -> None:
    tensors = {"small": VALUES, "large": VALUES * 1e6, "half": VALUES.astype(np.float16)}
    found = read_tensors(write_safetensors(tmp_path / "x.safetensors", tensors))
    assert [widened(whole(f"{name}.weight", found[name])).always_float32 for name in tensors] == [False, True, False]


def test_slices_are_stacked_or_put_one_after_another(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "x.safetensors", {"a": VALUES, "b": VALUES + 1})
    slices = tuple(map(TensorSlice, read_tensors(path).values()))
    assert (joined("x", slices).shape, joined("x", slices, stacked=True).shape) == ((12, 8), (2, 6, 8))
    assert (np.concatenate(list(joined("x", slices).blocks())) == np.concatenate([VALUES, VALUES + 1])).all()
