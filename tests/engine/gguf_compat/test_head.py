"""Heads of GGUF files taken apart and put together, as the field's own reader of them sees it."""

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gguf
from paddock.engine.gguf_compat.head import (
    FLOAT32,
    INT32,
    BadHead,
    Head,
    Tensor,
    Value,
    array,
    boolean,
    f32,
    first_keys,
    read_head,
    text,
    u32,
)
from tests.ggufs import tiny_llama

Array = tuple[str, list[Any]]
VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.text(min_size=1, max_size=20),  # the writer leaves out empty ones
    st.lists(st.text(max_size=5), min_size=1, max_size=9),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=9),
)


def read(path: Path) -> Head:
    with path.open("rb") as file:
        return read_head(file)


def written(path: Path, keys: dict[str, Any]) -> Path:
    writer = gguf.GGUFWriter(path, "anything")
    for key, value in keys.items():
        add = {bool: writer.add_bool, int: writer.add_uint32, str: writer.add_string, list: writer.add_array}
        add[type(value)](key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def seen(value: Value) -> Any:
    if value.length:
        return list(value.texts()) or value.numbers
    return value.number if value.number is not None else value.text


@settings(max_examples=40, deadline=None)
@given(keys=st.dictionaries(st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}", fullmatch=True), VALUES, max_size=6))
def test_what_is_written_is_read(keys: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    keys = {f"x{key}": value for key, value in keys.items()}
    path = written(tmp_path_factory.mktemp("head") / "a.gguf", keys)
    head = read(path)
    assert head.architecture == "anything"
    assert {key: seen(head.metadata[key]) for key in keys} == keys
    again = path.with_name("b.gguf")
    again.write_bytes(head.to_bytes()[0])
    assert {key: seen(value) for key, value in read(again).metadata.items() if key in keys} == keys


def test_tensors_are_where_the_head_says(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "model.gguf")
    head = read(path)
    reader = gguf.GGUFReader(path)
    assert list(head.tensors) == [tensor.name for tensor in reader.tensors]
    data = path.read_bytes()
    for tensor in reader.tensors:
        ((start, size),) = head.tensors[tensor.name].pieces
        assert list(head.tensors[tensor.name].shape) == list(tensor.shape)
        assert data[start : start + size] == tensor.data.tobytes()


def test_values_are_made_as_they_are_read() -> None:
    assert u32(7).number == 7
    assert f32(0.5).number == 0.5
    assert boolean(True).number is True
    assert text("größe").text == "größe"
    assert array(INT32, [1, -2]).numbers == [1, -2]
    assert array(FLOAT32, [0.25]).numbers == [0.25]
    assert (text("a").numbers, text("a").length, list(u32(1).texts()), u32(1).text) == ([], 0, [], "")


def test_an_array_is_cut(tmp_path: Path) -> None:
    head = read(written(tmp_path / "a.gguf", {"a.words": ["x", "größe", "", "z"], "a.counts": [1, 2, 3]}))
    assert list(head.metadata["a.words"].first(2).texts()) == ["x", "größe"]
    assert head.metadata["a.counts"].first(2).numbers == [1, 2]
    assert head.metadata["a.counts"].first(9) == head.metadata["a.counts"]


def test_the_first_keys_come_without_the_vocabulary(tmp_path: Path) -> None:
    path = written(tmp_path / "a.gguf", {"a.before": 1, "a.words": ["word"] * 100_000, "a.after": 2})
    with path.open("rb") as file:
        keys = first_keys(file)
    assert keys["general.architecture"].text == "anything"
    assert "a.before" in keys
    assert "a.after" not in keys
    assert read(path).number("a.after") == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"no such file at all, really",
        b"GGUF" + struct.pack("<IQQ", 3, 0, 5),
        b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<I", 99),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 62),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 63) + b"k" * 100,
        b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * (struct.pack("<Q", 1) + b"k" + struct.pack("<II", 4, 7)),
        b"GGUF" + struct.pack("<IQQ", 3, 2, 0) + 2 * (struct.pack("<Q", 1) + b"t" + struct.pack("<IQIQ", 1, 1, 0, 0)),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q", 1) + b"t" + struct.pack("<I", 5) + bytes(100),
    ],
)
def test_what_has_no_head_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(BadHead):
        read(path)


def test_an_array_of_too_many_numbers_is_not_looked_at() -> None:
    data = struct.pack("<IQ", 0, (1 << 20) + 1) + bytes((1 << 20) + 1)
    with pytest.raises(ValueError, match="items"):
        assert Value(9, data).numbers


def test_a_tensor_that_is_made_has_its_size() -> None:
    made = Tensor(0, (2, 3), (), lambda: b"", 24)
    assert (made.size, made.rows, Tensor(0, (4,), ((0, 16),)).rows) == (24, 3, 1)
    assert Head(tensors={"v.a": made}).has("v.", "a.")
    assert not Head(tensors={"v.a": made}).has("a.")
