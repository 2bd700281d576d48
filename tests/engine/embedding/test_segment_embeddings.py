from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

import gguf
from paddock.engine.binding import LlamaModel
from paddock.engine.embedding.segment_embeddings import SegmentEmbeddings
from tests.models.embedders import tiny_bert
from tests.models.llama import finish, tiny_llama

RANDOM = np.random.RandomState(3)


def embeddings(path: Path) -> SegmentEmbeddings | None:
    return SegmentEmbeddings.of(cast(LlamaModel, SimpleNamespace(path=str(path))))


def numbers(rows: list[bytes]) -> "np.ndarray[Any, Any]":
    return np.stack([np.frombuffer(row, np.float32) for row in rows])


def written(path: Path, table: Any, segments: Any, quantization: gguf.GGMLQuantizationType | None = None) -> Path:
    writer = gguf.GGUFWriter(path, "bert")
    data = table if quantization is None else gguf.quantize(table, quantization)
    writer.add_tensor("token_embd.weight", data, raw_dtype=quantization)
    writer.add_tensor("token_types.weight", segments)
    finish(writer)
    return path


def test_tokens_of_the_document_get_the_difference_of_the_segments(tmp_path: Path) -> None:
    table = RANDOM.standard_normal((9, 32)).astype(np.float32)
    segments = RANDOM.standard_normal((2, 32)).astype(np.float32)
    found = embeddings(written(tmp_path / "x.gguf", table, segments))
    assert found is not None
    assert found.width == 32
    rows = numbers(found.vectors([4, 0, 8, 4], 2))
    assert (rows[:2] == table[[4, 0]]).all()
    assert np.allclose(rows[2:], table[[8, 4]] + segments[1] - segments[0])
    assert (numbers(found.vectors([4], 1)) == table[[4]]).all()


def test_a_quantized_table_is_dequantized_row_by_row(tmp_path: Path) -> None:
    table = RANDOM.standard_normal((9, 64)).astype(np.float32)
    q8 = gguf.GGMLQuantizationType.Q8_0
    found = embeddings(written(tmp_path / "x.gguf", table, np.zeros((2, 64), np.float16), q8))
    assert found is not None
    expected = gguf.dequantize(gguf.quantize(table, q8), q8)
    assert (numbers(found.vectors([7, 1], 2)) == expected[[7, 1]]).all()


def test_a_model_with_one_segment_or_none_has_no_segment_embeddings(tmp_path: Path) -> None:
    assert embeddings(tiny_llama(tmp_path / "llama.gguf")) is None
    table = np.zeros((9, 32), np.float32)
    assert embeddings(written(tmp_path / "one.gguf", table, np.zeros((1, 32), np.float32))) is None
    assert embeddings(tiny_bert(tmp_path / "bert.gguf")) is not None
