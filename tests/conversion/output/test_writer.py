import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gguf
from paddock.conversion.checkpoint.safetensors import read_tensors
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import OutputTensor, WeightType, whole
from paddock.conversion.output.writer import write_gguf
from tests.conversion.checkpoints import write_safetensors
from tests.examples import scaled
from tests.models.llama import add_value, finish

VALUES = np.random.RandomState(1).standard_normal((6, 32)).astype(np.float32)
METADATA = st.dictionaries(
    st.from_regex(r"x\.[a-z]{1,8}", fullmatch=True),
    st.one_of(
        st.booleans(),
        st.integers(0, 2**32 - 1),
        st.floats(width=32, allow_nan=False, allow_infinity=False),
        st.text(max_size=9),
        st.lists(st.text(max_size=5), max_size=5),
        st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5),
        st.lists(st.floats(width=32, allow_nan=False), max_size=5),
    ),
    max_size=6,
)


@settings(max_examples=scaled(60), deadline=None)
@given(metadata=METADATA, weight_type=st.sampled_from(WeightType))
def test_files_are_byte_for_byte_those_of_the_gguf_package(
    metadata: dict[str, Any], weight_type: WeightType, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "theirs.gguf"
    writer = gguf.GGUFWriter(path, "anything")
    writer.add_file_type({WeightType.F32: 0, WeightType.F16: 1, WeightType.BF16: 32}[weight_type])
    for key, value in metadata.items():
        add_value(writer, key, value)
    writer.add_tensor("a.bias", VALUES[0])
    writer.add_tensor("a.scale", VALUES)
    finish(writer)
    ours = io.BytesIO()
    tensors = [OutputTensor("a.bias", (32,), values=VALUES[0]), OutputTensor("a.scale", (6, 32), values=VALUES)]
    write_gguf(ours, "anything", metadata, tensors, weight_type)
    assert ours.getvalue() == path.read_bytes()


def test_matrices_get_the_type_of_the_weights(tmp_path: Path) -> None:
    found = read_tensors(write_safetensors(tmp_path / "x.safetensors", {"w": VALUES, "b": VALUES[0]}))
    path = tmp_path / "x.gguf"
    with path.open("wb") as file:
        write_gguf(file, "x", {}, [whole("w.weight", found["w"]), whole("w.bias", found["b"])], WeightType.F16)
    written = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    assert (written["w.weight"].data == VALUES.astype(np.float16)).all()
    assert (written["w.bias"].data == VALUES[0]).all()


def test_progress_counts_the_bytes_of_tensors() -> None:
    seen: list[tuple[int, int]] = []
    tensors = [OutputTensor(name, (6, 32), values=VALUES) for name in ("a", "b")]
    write_gguf(io.BytesIO(), "x", {}, tensors, WeightType.F32, lambda done, total: seen.append((done, total)))
    assert seen == [(768, 1536), (1536, 1536)]


@pytest.mark.parametrize(
    ("value", "message"), [(-1, "whole number"), (1 << 32, "whole number"), (1e300, "32-bit float")]
)
def test_a_number_that_does_not_fit_is_named_by_its_key(value: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=f"^x.key must be a .*{message}"):
        write_gguf(io.BytesIO(), "x", {"x.key": value}, [], WeightType.F32)
