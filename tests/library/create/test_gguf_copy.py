import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.gguf.types import ARRAY, SCALAR_TYPES, STRING
from paddock.library.create.gguf_copy import alignment_of, head_of, padded, read_keys
from paddock.library.gguf import BadGguf, read_gguf
from tests.ggufs import head, text, tiny_llama

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


@settings(max_examples=150, deadline=None)
@given(metadata=metadata)
def test_keys_are_taken_over_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, tuple[int, bytes]]
) -> None:
    metadata.pop("general.alignment", None)
    path = tmp_path_factory.getbasetemp() / "keys.gguf"
    keys = [(name, kind, value) for name, (kind, value) in metadata.items()]
    path.write_bytes(head(keys, [("t", (4, 2), 0, 0)], data=bytes(32)))
    gguf = read_gguf(path)
    found = read_keys(path, gguf)
    assert [key.name for key in found] == list(metadata)
    assert [key.data for key in found] == [text(name) + struct.pack("<I", kind) + value for name, kind, value in keys]
    assert head_of(found, gguf.tensors, gguf.version, alignment_of(gguf)) + bytes(32) == path.read_bytes()


def test_the_head_of_a_whole_model_can_be_written_again(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "x.gguf")
    gguf = read_gguf(path)
    again = head_of(read_keys(path, gguf), gguf.tensors, gguf.version, alignment_of(gguf))
    assert path.read_bytes()[: gguf.data_offset] == again


def test_another_alignment_is_kept(tmp_path: Path) -> None:
    alignment: list[Any] = [("general.alignment", 4, struct.pack("<I", 128))]
    path = tmp_path / "x.gguf"
    path.write_bytes(head(alignment, [("a", (4,), 0, 0), ("b", (4,), 0, 128)], data=bytes(256), alignment=128))
    gguf = read_gguf(path)
    assert alignment_of(gguf) == 128
    assert padded(1, 128) == padded(128, 128) == 128
    assert head_of(read_keys(path, gguf), gguf.tensors, 3, 128) == path.read_bytes()[:-256]


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "x.gguf")
    gguf = read_gguf(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BadGguf, match="it changed while it was read"):
        read_keys(path, gguf)
