"""Translated files: every range of bytes reads as in the whole file."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gguf
from paddock.engine.gguf_compat import translated_model, translated_projector
from paddock.engine.gguf_compat.editor import HeaderEditor
from paddock.engine.gguf_compat.header import read_translatable
from paddock.engine.gguf_compat.translated_file import TranslatedFile
from tests.examples import scaled
from tests.models import kinds, projectors
from tests.models.llama import tiny_llama


def changed(path: Path) -> TranslatedFile:
    """Return a translation with every kind of tensor: copied, truncated, joined, computed, and dropped."""
    opened = path.open("rb")
    file = HeaderEditor(opened, read_translatable(opened))
    file.truncate_rows("token_embd.weight", 100)
    file.join("joined.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight")
    file.drop("blk.0.ffn_")
    file.put_floats("odd", (3,), lambda: np.arange(3, dtype=np.float32), file.header.tensors["token_embd.weight"])
    file.reorder_rows(["blk.0.attn_q.weight", "none"], lambda rows: np.arange(rows)[::-1])
    return TranslatedFile(opened, file.header)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = kinds.full_attention(tmp_path_factory.mktemp("view") / "model.gguf")
    with changed(path) as view:
        data = io.BytesIO()
        view.copy_to(data)
        assert len(data.getvalue()) == view.size
    return path, data.getvalue()


def test_the_tensors_are_those_that_the_header_describes(whole: tuple[Path, bytes], tmp_path: Path) -> None:
    path, data = whole
    (tmp_path / "shown.gguf").write_bytes(data)
    before = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
    after = {tensor.name: tensor.data for tensor in gguf.GGUFReader(tmp_path / "shown.gguf").tensors}
    assert (after["token_embd.weight"] == before["token_embd.weight"][:100]).all()
    assert (after["blk.0.attn_q.weight"] == before["blk.0.attn_q.weight"][::-1]).all()
    assert (after["joined.weight"] == np.concatenate([before[f"blk.0.attn_{x}.weight"] for x in "kv"])).all()
    assert list(after["odd"]) == [0, 1, 2]
    assert "blk.0.ffn_up.weight" not in after
    same = before.keys() & after.keys() - {"token_embd.weight", "blk.0.attn_q.weight"}
    assert len(same) > 20
    assert all((after[name] == before[name]).all() for name in same)


@settings(max_examples=scaled(60), deadline=None)
@given(data=st.data())
def test_every_range_reads_as_in_the_whole_file(whole: tuple[Path, bytes], data: st.DataObject) -> None:
    path, expected = whole
    with changed(path) as view:
        for _ in range(5):
            start = data.draw(st.integers(0, view.size + 10))
            buffer = bytearray(data.draw(st.integers(0, 70_000)))
            count = view.read_into(memoryview(buffer), start)
            assert bytes(buffer[:count]) == expected[start : start + len(buffer)]


def test_a_file_that_ends_too_early_is_an_error(whole: tuple[Path, bytes], tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[0].read_bytes())
    with changed(cut) as view:
        os.truncate(cut, view.size - 1000)
        with pytest.raises(OSError, match="too early"):
            view.copy_to(io.BytesIO())


def test_files_in_llama_cpps_form_are_not_translated(tmp_path: Path) -> None:
    for name, write in kinds.KINDS.items():
        assert translated_model(write(tmp_path / f"{name}.gguf")) is None
    assert translated_model(tiny_llama(tmp_path / "tiny.gguf")) is None
    for write in (projectors.llava, projectors.gemma, projectors.ultravox, projectors.deep_qwen):
        assert translated_projector(write(tmp_path / "projector.gguf")) is None
    (tmp_path / "bad.gguf").write_bytes(b"GGUF and then nothing")
    assert translated_model(tmp_path / "bad.gguf") is None
    with pytest.raises(FileNotFoundError):
        translated_model(tmp_path / "none.gguf")
