"""The library's own quantization: the size before, the names meanwhile, the file afterwards."""

from pathlib import Path

import llama_cpp
import pytest

from paddock.engine.binding import LoadError
from paddock.engine.binding.quantize import quantize, quantized_size
from paddock.gguf import read_header
from tests.models import kinds

SILENT = llama_cpp.llama_log_callback(lambda level, text, data: None)
"""For `llama_log_set`; it must live as long as the library."""

Q8_0 = 7
"""Its number in `enum llama_ftype`."""


def test_the_size_that_is_announced_is_that_of_the_tensors_written(tmp_path: Path) -> None:
    source, target = kinds.full_attention(tmp_path / "model.gguf"), tmp_path / "small.gguf"
    announced = quantized_size(str(source), Q8_0)
    reported: list[str] = []
    quantize(str(source), str(target), Q8_0, 1, reported.append)
    tensors = read_header(target).tensors
    assert set(reported) == {tensor.name for tensor in tensors}
    assert "Q8_0" in {tensor.type for tensor in tensors}
    written = sum(tensor.size for tensor in tensors)
    assert written <= announced + (1 << 14) and announced <= written + (1 << 15)


def test_the_log_is_read_even_if_somebody_else_took_it_in_between(tmp_path: Path) -> None:
    source = str(kinds.full_attention(tmp_path / "model.gguf"))
    size = quantized_size(source, Q8_0)
    llama_cpp.llama_log_set(SILENT, None)
    assert quantized_size(source, Q8_0) == size


def test_what_is_no_model_is_refused_with_a_reason(tmp_path: Path) -> None:
    source = tmp_path / "model.gguf"
    source.write_bytes(b"no model")
    for action in (
        lambda: quantized_size(str(source), Q8_0),
        lambda: quantize(str(source), str(tmp_path / "small.gguf"), Q8_0, 1, lambda name: None),
    ):
        with pytest.raises(LoadError):
            action()
