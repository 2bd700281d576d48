import json
from pathlib import Path

import numpy as np
import pytest

from paddock.conversion.checkpoint import checkpoint as module
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from tests.conversion.checkpoints import write_safetensors

VALUES = np.zeros((2, 2), np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_safetensors(tmp_path / "model.safetensors", {"a": VALUES})
    (tmp_path / "config.json").write_text('{"hidden_size": 8}')
    (tmp_path / "2_Dense").mkdir()
    write_safetensors(tmp_path / "2_Dense" / "model.safetensors", {"b": VALUES})
    return tmp_path


def test_a_folder_is_read_with_the_subfolders_of_its_modules(folder: Path) -> None:
    found = Checkpoint.of_folder(folder)
    assert found.config == {"hidden_size": 8}
    assert (list(found.tensors), list(found.tensors_in("2_Dense"))) == (["a"], ["b"])


def test_names_have_slashes_wherever_they_come_from(folder: Path) -> None:
    found = Checkpoint({"./config.json": folder / "config.json", "2_Dense\\x.json": folder / "config.json"})
    assert sorted(found.files) == ["2_Dense/x.json", "config.json"]


def test_a_missing_file_is_none_and_a_missing_config_an_error(tmp_path: Path) -> None:
    found = Checkpoint({})
    assert (found.bytes("x"), found.text("x"), found.json("x"), found.settings("x")) == (None, None, None, {})
    with pytest.raises(ConversionError, match=r"config\.json is missing"):
        assert found.config


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xef\xbb\xbf[1]")
    found = Checkpoint({"x.json": tmp_path / "x.json"})
    assert (found.text("x.json"), found.json("x.json"), found.settings("x.json")) == ("[1]", [1], {})


@pytest.mark.parametrize(
    ("data", "message"), [(b"\xff", "is no UTF-8 text"), (b"{", "is no JSON"), (b"[" * 10**5, "JSON")]
)
def test_a_broken_file_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(ConversionError, match=rf"x\.json.*{message}"):
        Checkpoint({"x.json": tmp_path / "x.json"}).json("x.json")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE", 10)
    (tmp_path / "x.json").write_text(json.dumps("x" * 20))
    with pytest.raises(ConversionError, match="is larger than 10 bytes"):
        Checkpoint({"x.json": tmp_path / "x.json"}).json("x.json")


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"x\.json: No such file"):
        Checkpoint({"x.json": tmp_path / "none"}).json("x.json")
