from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gguf
from paddock.engine.gguf_compat.editor import F32, HeaderEditor
from paddock.engine.gguf_compat.header import FileRange, TranslatedTensor, read_translatable
from paddock.gguf.encoded import array, strings, text, u32
from paddock.gguf.types import INT32
from tests.models.llama import finish

VALUES = np.random.RandomState(5).standard_normal((4, 32)).astype(np.float32)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[HeaderEditor]:
    """An editor of a file with a matrix in each of three types."""
    writer = gguf.GGUFWriter(tmp_path / "x.gguf", "old")
    writer.add_uint32("old.block_count", 2)
    writer.add_uint32("old.vision.block_count", 3)
    writer.add_tensor("v.f32.weight", VALUES)
    writer.add_tensor("v.f16.weight", VALUES.astype(np.float16))
    q8 = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("q8.weight", gguf.quantize(VALUES, q8), raw_dtype=q8)
    finish(writer)
    with (tmp_path / "x.gguf").open("rb") as file:
        yield HeaderEditor(file, read_translatable(file))


def computed(tensor: TranslatedTensor) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    assert tensor.compute is not None
    data = tensor.compute()
    assert len(data) == tensor.size
    return np.frombuffer(data, np.float32)


def test_keys_move_with_the_architecture_except_some(editor: HeaderEditor) -> None:
    editor.move_keys("new", except_for=("vision.",))
    assert (editor.header.architecture, editor.key("x")) == ("new", "new.x")
    assert editor.header.number("new.block_count") == 2
    assert "new.vision.block_count" not in editor.header.metadata


def test_a_default_does_not_replace_a_value(editor: HeaderEditor) -> None:
    editor.default("old.block_count", u32(9))
    editor.default("old.other", u32(9))
    editor.copy("old.block_count", "same")
    editor.copy("none", "nothing")
    numbers = [editor.header.number(key) for key in ("old.block_count", "old.other", "same")]
    assert numbers == [2, 9, 2]
    assert "nothing" not in editor.header.metadata


def test_three_rope_sections_become_four(editor: HeaderEditor) -> None:
    for count, expected in ((3, [1, 1, 1, 0]), (4, [1, 1, 1, 1]), (2, None)):
        editor.set("source", array(INT32, [1] * count))
        editor.header.metadata.pop("target", None)
        editor.copy_sections("source", "target")
        found = editor.header.metadata.get("target")
        assert (found.numbers if found is not None else None) == expected


def test_an_array_is_replaced_by_its_maximum_if_that_is_above_0(editor: HeaderEditor) -> None:
    editor.set("heads", array(INT32, [0, 4, 2]))
    editor.set("none", array(INT32, [0, 0]))
    for key in ("heads", "none", "absent"):
        editor.replace_by_maximum(key)
    assert editor.header.metadata["heads"] == u32(4)
    assert editor.header.metadata["none"].numbers == [0, 0]


def test_a_vocabulary_is_truncated_with_its_types(editor: HeaderEditor) -> None:
    editor.set("tokenizer.ggml.tokens", strings(["a", "b", "c"]))
    editor.set("tokenizer.ggml.token_type", array(INT32, [1, 2, 3]))
    editor.truncate_vocabulary(2)
    assert list(editor.header.metadata["tokenizer.ggml.tokens"].texts()) == ["a", "b"]
    assert editor.header.metadata["tokenizer.ggml.token_type"].numbers == [1, 2]


def test_tensors_are_dropped_kept_and_renamed_by_parts_of_their_names(editor: HeaderEditor) -> None:
    editor.rename("none", "nothing")
    editor.replace_suffix(".weight", ".bias")
    editor.replace_in_names("v.", "w.")
    assert list(editor.header.tensors) == ["w.f32.bias", "w.f16.bias", "q8.bias"]
    editor.keep("w.")
    assert list(editor.header.tensors) == ["w.f32.bias", "w.f16.bias"]
    editor.drop("w.f16")
    assert list(editor.header.tensors) == ["w.f32.bias"]
    assert (editor.shape("w.f32.bias"), editor.shape("none")) == ((32, 4), ())


@pytest.mark.parametrize("name", ["v.f32.weight", "v.f16.weight", "q8.weight"])
def test_values_are_read_from_every_type(editor: HeaderEditor, name: str) -> None:
    tensor = editor.header.tensors[name]
    assert np.allclose(editor.read_floats(tensor), VALUES, atol=0.03)
    assert (editor.read_row(tensor, 2) == editor.read_floats(tensor)[2]).all()


def test_only_other_types_are_converted_to_32_bits(editor: HeaderEditor) -> None:
    before = editor.header.tensors["v.f32.weight"]
    editor.to_float32("v.f32.weight", "v.f16.weight", "none")
    assert editor.header.tensors["v.f32.weight"] is before
    converted = editor.header.tensors["v.f16.weight"]
    assert (converted.type, converted.shape) == (F32, (32, 4))
    assert (computed(converted) == VALUES.astype(np.float16).astype(np.float32).reshape(-1)).all()


def test_tensors_of_one_type_are_joined_without_a_copy(editor: HeaderEditor) -> None:
    first = editor.header.tensors["v.f32.weight"]
    editor.header.tensors["again"] = first
    editor.join("both", "v.f32.weight", "again")
    joined = editor.header.tensors["both"]
    assert (joined.shape, joined.ranges, joined.compute) == ((32, 8), first.ranges * 2, None)
    assert "again" not in editor.header.tensors


def test_tensors_of_several_types_are_joined_as_32_bit_floats(editor: HeaderEditor) -> None:
    editor.join("both", "v.f32.weight", "v.f16.weight")
    values = computed(editor.header.tensors["both"]).reshape(8, 32)
    assert (values[:4] == VALUES).all()
    assert np.allclose(values[4:], VALUES, atol=0.01)


def test_a_join_without_all_its_sources_changes_nothing(editor: HeaderEditor) -> None:
    before = dict(editor.header.tensors)
    editor.join("both", "v.f32.weight", "none")
    assert editor.header.tensors == before


def test_tensors_of_different_widths_are_not_joined(editor: HeaderEditor) -> None:
    editor.header.tensors["narrow"] = TranslatedTensor(F32, (16, 4), (FileRange(0, 256),))
    with pytest.raises(ValueError, match="different shapes"):
        editor.join("both", "v.f32.weight", "narrow")


def test_the_first_rows_are_kept(editor: HeaderEditor) -> None:
    ((start, size),) = editor.header.tensors["q8.weight"].ranges
    editor.truncate_rows("q8.weight", 1)
    kept = editor.header.tensors["q8.weight"]
    assert (kept.shape, kept.ranges) == ((32, 1), (FileRange(start, size // 4),))


def test_rows_are_reordered(editor: HeaderEditor) -> None:
    editor.reorder_rows(["v.f32.weight", "none"], lambda rows: np.arange(rows)[::-1])
    assert (computed(editor.header.tensors["v.f32.weight"]).reshape(4, 32) == VALUES[::-1]).all()


def test_rows_are_converted_some_at_a_time(editor: HeaderEditor) -> None:
    half = editor.convert_rows(editor.header.tensors["v.f32.weight"], lambda rows: rows[::2], F32, 2)
    assert half.shape == (32, 2)
    assert (computed(half).reshape(2, 32) == VALUES[::2]).all()
    with pytest.raises(ValueError, match="4 rows are to become 3"):
        editor.convert_rows(editor.header.tensors["v.f32.weight"], lambda rows: rows, F32, 3)


def test_a_tensor_far_larger_than_its_sources_is_refused(editor: HeaderEditor) -> None:
    with pytest.raises(ValueError, match="made of far fewer"):
        editor.put_floats("x", (1 << 20,), lambda: VALUES, editor.header.tensors["v.f32.weight"])


def test_the_architecture_can_be_renamed_alone(editor: HeaderEditor) -> None:
    editor.set_architecture("clip")
    assert editor.header.metadata["general.architecture"] == text("clip")
    assert editor.header.number("old.block_count") == 2
