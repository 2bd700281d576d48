import struct
from pathlib import Path

import pytest

import gguf
from paddock.engine.gguf_compat.header import FileRange, TranslatedHeader, TranslatedTensor, read_translatable
from paddock.gguf import BadGguf
from paddock.gguf.encoded import f32, text, u32
from tests.models.llama import tiny_llama


def test_a_computed_tensor_has_the_size_it_was_given() -> None:
    computed = TranslatedTensor(0, (2, 3), (), lambda: b"", 24)
    assert (computed.size, computed.rows) == (24, 3)


def test_a_copied_tensor_is_as_large_as_its_ranges() -> None:
    copied = TranslatedTensor(0, (8,), (FileRange(64, 16), FileRange(0, 16)))
    assert (copied.size, copied.rows) == (32, 1)


def test_missing_keys_are_zero_or_empty() -> None:
    header = TranslatedHeader({"general.architecture": text("llama"), "a": u32(7), "b": f32(7.9)})
    assert (header.architecture, header.number("a"), header.number("b")) == ("llama", 7, 7)
    assert (header.number("none"), header.text("none"), header.number("general.architecture")) == (0, "", 0)


def test_tensors_are_found_by_prefix() -> None:
    header = TranslatedHeader(tensors={"v.a": TranslatedTensor(0, (1,), (FileRange(0, 4),))})
    assert header.has("a.", "v.")
    assert not header.has("a.")


def test_an_unchanged_header_is_written_as_it_was(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "model.gguf")
    with path.open("rb") as file:
        header = read_translatable(file)
    written, offsets = header.to_bytes()
    assert path.read_bytes()[: len(written)] == written
    assert offsets == {tensor.name: tensor.data_offset for tensor in gguf.GGUFReader(path).tensors}
    assert offsets == {name: tensor.ranges[0].start for name, tensor in header.tensors.items()}


def test_a_header_without_place_for_a_number_cannot_be_written() -> None:
    header = TranslatedHeader(tensors={"a": TranslatedTensor(0, (1 << 64,), (FileRange(0, 4),))})
    with pytest.raises(struct.error):
        header.to_bytes()


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(b"GGUF and then nothing")
    with path.open("rb") as file, pytest.raises(BadGguf):
        read_translatable(file)
