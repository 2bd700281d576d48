from pathlib import Path

import numpy as np
import pytest

from paddock.gguf import read_header
from paddock.library.create.adapter import WrongAdapter, check_adapter, convert_adapters, is_adapter
from paddock.library.store.library import Library
from tests.models.llama import tiny_llama, tiny_lora

MATRIX = "blk.0.attn_q.weight"


def pair(width: int = 64, rank: int = 2) -> tuple[np.ndarray, np.ndarray]:
    return np.ones((rank, width)), np.ones((width, rank))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_llama(tmp_path / "x.gguf", layers=1)


def test_an_adapter_for_the_model_fits(model: Path, tmp_path: Path) -> None:
    adapter = read_header(tiny_lora(tmp_path / "a.gguf", {MATRIX: pair()}))
    assert is_adapter(adapter) and not is_adapter(read_header(model))
    check_adapter("a.gguf", adapter, read_header(model))


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "a.gguf is empty"),
        ({"blk.9.attn_q.weight": pair()}, 'a.gguf changes "blk.9.attn_q.weight", which the model does not have'),
        ({MATRIX: pair(32)}, f'a.gguf is for a model of another size: "{MATRIX}" has another shape there'),
    ],
)
def test_an_adapter_for_another_model_is_refused(
    model: Path, tmp_path: Path, tensors: dict[str, tuple[np.ndarray, np.ndarray]], message: str
) -> None:
    adapter = read_header(tiny_lora(tmp_path / "a.gguf", tensors))
    with pytest.raises(WrongAdapter) as error:
        check_adapter("a.gguf", adapter, read_header(model))
    assert str(error.value) == message


def test_a_model_is_no_adapter(model: Path) -> None:
    with pytest.raises(WrongAdapter, match=r"a\.gguf is no adapter"):
        check_adapter("a.gguf", read_header(model), read_header(model))


def test_gguf_adapters_stay_as_they_are_and_other_files_alone_are_none(library: Library, weights: str) -> None:
    other = library.blobs.put(b"{}")[0]
    assert convert_adapters(library.blobs, {"a.gguf": weights}, weights, lambda progress: None) == {"a.gguf": weights}
    assert convert_adapters(library.blobs, {}, weights, lambda progress: None) == {}
    with pytest.raises(WrongAdapter, match="there is no adapter among the files"):
        convert_adapters(library.blobs, {"adapter_config.json": other}, weights, lambda progress: None)
