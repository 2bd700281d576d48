import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.gguf import read_encoded
from paddock.gguf.encoded import EncodedValue, u32
from paddock.gguf.types import ARRAY, SCALAR_TYPES, STRING, TENSOR_TYPE_NUMBERS
from paddock.gguf.writer import TensorEntry, encode_header, padded
from tests.examples import scaled
from tests.models.llama import tiny_llama
from tests.models.raw_header import head, text

scalars = st.sampled_from(sorted(SCALAR_TYPES)).flatmap(
    lambda kind: st.tuples(
        st.just(kind), st.binary(min_size=SCALAR_TYPES[kind].bytes, max_size=SCALAR_TYPES[kind].bytes)
    )
)
strings = st.text(max_size=12).map(lambda value: (STRING, text(value)))
arrays = st.one_of(
    st.lists(st.text(max_size=5), max_size=2000 // 8).map(
        lambda items: (ARRAY, struct.pack("<IQ", STRING, len(items)) + b"".join(map(text, items)))
    ),
    st.tuples(st.sampled_from(sorted(SCALAR_TYPES)), st.integers(0, 40)).map(
        lambda item: (ARRAY, struct.pack("<IQ", *item) + b"\1" * (SCALAR_TYPES[item[0]].bytes * item[1]))
    ),
)
metadata = st.dictionaries(st.text(min_size=1, max_size=20), st.one_of(scalars, strings, arrays), max_size=8)


def written_again(path: Path) -> bytes:
    """Return the header of a file as it is written from what was read of it."""
    with path.open("rb") as file:
        header = read_encoded(file)
    entries = [TensorEntry(t.name, TENSOR_TYPE_NUMBERS[t.type], t.shape, t.size) for t in header.tensors]
    data, offsets = encode_header(header.metadata, entries, version=header.version, alignment=header.alignment)
    assert offsets == [header.data_offset + tensor.offset for tensor in header.tensors]
    return data


@settings(max_examples=scaled(150), deadline=None)
@given(metadata=metadata)
def test_values_are_copied_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, tuple[int, bytes]]
) -> None:
    metadata.pop("general.alignment", None)
    path = tmp_path_factory.getbasetemp() / "keys.gguf"
    keys = [(name, kind, value) for name, (kind, value) in metadata.items()]
    path.write_bytes(head(keys, [("t", (4, 2), 0, 0)], data=bytes(32)))
    with path.open("rb") as file:
        assert read_encoded(file).metadata == {name: EncodedValue(*value) for name, value in metadata.items()}
    assert written_again(path) + bytes(32) == path.read_bytes()


def test_the_header_of_a_whole_model_is_written_as_it_was_read(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "x.gguf")
    header = written_again(path)
    assert path.read_bytes()[: len(header)] == header


def test_tensors_are_aligned_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    tensors = [TensorEntry("a", 0, (4,), 16), TensorEntry("b", 0, (4,), 16)]
    header, offsets = encode_header({"general.alignment": u32(128)}, tensors, alignment=128)
    assert offsets == [len(header), len(header) + 128]
    path.write_bytes(header + bytes(128 + 16))
    assert written_again(path) == header
    with path.open("rb") as file:
        assert read_encoded(file).alignment == 128


def test_sizes_are_padded_to_whole_multiples() -> None:
    assert [padded(size, 32) for size in (0, 1, 32, 33)] == [0, 32, 32, 64]


def test_a_shape_that_does_not_fit_the_format_is_an_error() -> None:
    with pytest.raises(struct.error):
        encode_header({}, [TensorEntry("a", 0, (1 << 64,), 16)])
