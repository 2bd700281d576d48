"""Safetensors files are read as they are; hostile ones are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.safetensors import read_checkpoint, read_tensors
from paddock.conversion.errors import ConversionError
from tests.conversion.checkpoints import write_safetensors
from tests.examples import scaled

VALUES = np.random.RandomState(1).standard_normal((6, 8)).astype(np.float32)


def file_of(path: Path, header: Any, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def test_tensors_are_read_in_parts(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "x.safetensors", {"a": VALUES, "b": VALUES.astype(np.float16), "c": VALUES[0]})
    found = read_tensors(path)
    assert [tensor.dtype for tensor in found.values()] == ["F32", "F16", "F32"]
    assert [tensor.shape for tensor in found.values()] == [(6, 8), (6, 8), (8,)]
    assert (found["a"].read(2, 5) == VALUES[2:5]).all()
    assert (found["b"].read(0, 6) == VALUES.astype(np.float16)).all()
    assert (found["c"].read(3, 8)[:, 0] == VALUES[0, 3:]).all()
    assert found["a"].read(3, 3).shape == (0, 8)


WRONG: dict[str, tuple[Any, bytes, str]] = {
    "not JSON": (b"{", b"", "does not parse"),
    "deep": (b'{"a":' + b"[" * 100_000, b"", "does not parse"),
    "a list": ([], b"", "does not parse"),
    "no shape": ({"a": {"dtype": "F32"}}, b"", "does not parse"),
    "type": (entry("Q9"), bytes(8), "unknown type Q9"),
    "type no text": (entry(5), bytes(8), "does not parse"),
    "negative length": (entry(shape=(-2,)), bytes(8), "impossible shape"),
    "huge length": (entry(shape=(1 << 60,)), bytes(8), "impossible shape"),
    "overflow": (entry(shape=(1 << 40, 1 << 40)), bytes(8), "bytes, which its shape"),
    "many dimensions": (entry(shape=[1] * 2000), bytes(8), "impossible shape"),
    "fraction": (entry(shape=(1.5,)), bytes(8), "does not parse"),
    "outside": (entry(offsets=(0, 16)), bytes(8), "outside the file"),
    "backwards": (entry(offsets=(8, 0)), bytes(8), "outside the file"),
    "before": (entry(offsets=(-8, 0)), bytes(8), "outside the file"),
    "size": (entry(shape=(3,)), bytes(8), "8 bytes, which its shape does not take"),
    "name": ({"\n\x1b[31m" * 99: {"dtype": "X", "shape": [], "data_offsets": [0, 0]}}, b"", "…"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_impossible_header_is_refused(tmp_path: Path, case: str) -> None:
    header, data, message = WRONG[case]
    with pytest.raises(ConversionError, match=message) as error:
        read_tensors(file_of(tmp_path / "x.safetensors", header, data))
    assert len(str(error.value)) < 400
    assert str(error.value).isprintable()


@pytest.mark.parametrize("data", [b"", b"1234567", b"\xff" * 8, (1 << 40).to_bytes(8, "little") + b"{}"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.safetensors").write_bytes(data)
    with pytest.raises(ConversionError, match="no safetensors file"):
        read_tensors(tmp_path / "x.safetensors")


@given(st.data())
@settings(deadline=None, max_examples=scaled(150))
def test_a_corrupt_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = write_safetensors(tmp_path_factory.mktemp("x") / "x.safetensors", {"a": VALUES, "b": VALUES[0]})
    spoiled = bytearray(path.read_bytes()[: data.draw(st.integers(0, 400))])
    for _ in range(data.draw(st.integers(0, 3))):
        if spoiled:
            spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(spoiled)
    try:
        for tensor in read_tensors(path).values():
            if tensor.dtype in ("F32", "F16", "BF16", "F64"):
                tensor.read(0, tensor.rows)
    except ConversionError:
        pass


def shards(folder: Path, where: dict[str, str], **files: dict[str, Any]) -> dict[str, Path]:
    for name, tensors in files.items():
        write_safetensors(folder / f"{name}.safetensors", tensors)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    return {path.name: path for path in folder.iterdir()}


def test_shards_are_read_by_their_index(tmp_path: Path) -> None:
    where = {"a": "one.safetensors", "b": "two.safetensors"}
    files = shards(tmp_path, where, one={"a": VALUES}, two={"b": VALUES[0]}, other={"a": VALUES})
    assert sorted(read_checkpoint(files)) == ["a", "b"]


def test_a_shard_or_tensor_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with pytest.raises(ConversionError, match=r"two\.safetensors, which is missing"):
        read_checkpoint(shards(tmp_path / "1", {"a": "one.safetensors", "b": "two.safetensors"}, one={"a": VALUES}))
    with pytest.raises(ConversionError, match=r'"b" .* is in none'):
        read_checkpoint(shards(tmp_path / "2", {"a": "one.safetensors", "b": "one.safetensors"}, one={"a": VALUES}))


def test_a_tensor_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_safetensors(tmp_path / f"{name}.safetensors", {"a": VALUES})
    with pytest.raises(ConversionError, match="in two files"):
        read_checkpoint({path.name: path for path in tmp_path.iterdir()})


def test_a_folder_without_weights_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="no safetensors files"):
        Checkpoint.of_folder(tmp_path)
