import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gguf
from paddock.gguf import EncodedHeader, read_encoded
from paddock.gguf.encoded import EncodedValue, array, boolean, f32, strings, text, u32
from paddock.gguf.types import FLOAT32, INT32
from tests.examples import scaled

VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.text(min_size=1, max_size=20),  # the other writer leaves out empty ones
    st.lists(st.text(max_size=5), min_size=1, max_size=9),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=9),
)


def read(path: Path) -> EncodedHeader:
    with path.open("rb") as file:
        return read_encoded(file)


def written(path: Path, keys: dict[str, Any]) -> Path:
    """Write the keys with the `gguf` package."""
    writer = gguf.GGUFWriter(path, "anything")
    for key, value in keys.items():
        add = {bool: writer.add_bool, int: writer.add_uint32, str: writer.add_string, list: writer.add_array}
        add[type(value)](key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def decoded(value: EncodedValue) -> Any:
    if value.length:
        return list(value.texts()) or value.numbers
    return value.number if value.number is not None else value.text


def encoded(value: Any) -> EncodedValue:
    if isinstance(value, list):
        return strings(value) if isinstance(value[0], str) else array(INT32, value)
    if isinstance(value, bool):
        return boolean(value)
    return text(value) if isinstance(value, str) else u32(value)


@settings(max_examples=scaled(40), deadline=None)
@given(keys=st.dictionaries(st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}", fullmatch=True), VALUES, max_size=6))
def test_values_are_encoded_as_the_gguf_package_writes_them(
    keys: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = {f"x{key}": value for key, value in keys.items()}
    found = read(written(tmp_path_factory.mktemp("values") / "a.gguf", keys)).metadata
    assert {key: decoded(found[key]) for key in keys} == keys
    assert {key: found[key] for key in keys} == {key: encoded(value) for key, value in keys.items()}


def test_encoded_values_decode_to_what_was_encoded() -> None:
    assert u32(7).number == 7
    assert f32(0.5).number == 0.5
    assert boolean(True).number is True
    assert text("größe").text == "größe"
    assert array(INT32, [1, -2]).numbers == [1, -2]
    assert array(FLOAT32, [0.25]).numbers == [0.25]
    assert list(strings(["a", "", "größe"]).texts()) == ["a", "", "größe"]


def test_a_value_of_another_type_decodes_to_nothing() -> None:
    assert (text("a").numbers, text("a").length, text("a").number) == ([], 0, None)
    assert (list(u32(1).texts()), u32(1).text, strings(["a"]).numbers) == ([], "", [])


def test_an_array_is_truncated() -> None:
    words = strings(["x", "größe", "", "z"])
    assert words.first(2) == strings(["x", "größe"])
    assert array(INT32, [1, 2, 3]).first(2) == array(INT32, [1, 2])
    assert words.first(9) is words


def test_an_array_of_too_many_numbers_is_not_decoded() -> None:
    data = struct.pack("<IQ", 0, (1 << 20) + 1) + bytes((1 << 20) + 1)
    with pytest.raises(ValueError, match="items"):
        assert EncodedValue(9, data).numbers
