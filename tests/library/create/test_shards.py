import tracemalloc
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gguf
from paddock.errors import PaddockError
from paddock.gguf import BadGguf, read_header
from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.create.shards import IncompleteShards, Shard, merge_shards, ordered_shards, shard_names
from paddock.library.errors import Cancelled
from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobNotFound
from paddock.library.store.library import Library
from paddock.progress import Progress
from tests.conversion.splits import split
from tests.examples import scaled
from tests.models.llama import tiny_llama


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("whole") / "x.gguf", chat_template="{{ messages }}", name="the whole")


def uploaded(library: Library, paths: Iterable[Path]) -> dict[str, str]:
    return {path.name: library.blobs.put(path.read_bytes())[0] for path in paths}


def make(library: Library, files: dict[str, str]) -> list[Progress]:
    reports: list[Progress] = []
    create(library, ModelName.parse("x"), ModelSpec(files=files), reports.append)
    return reports


@pytest.mark.parametrize("most", [1, 4, 19])
def test_the_parts_make_the_file_that_was_cut(library: Library, whole: Path, tmp_path: Path, most: int) -> None:
    files = uploaded(library, split(whole, tmp_path / "parts", most))
    shuffled = dict(sorted(files.items(), key=lambda item: item[1]))
    reports = make(library, shuffled)
    assert library.open(ModelName.parse("x")).model_path.read_bytes() == whole.read_bytes()
    measured = [progress for progress in reports if progress.total]
    assert {progress.status for progress in measured} == {f"joining {len(files)} files"}
    assert measured[-1].completed == measured[-1].total > 0
    assert all(library.blobs.exists(digest) for digest in files.values())


def test_files_that_gguf_py_splits_are_joined(library: Library, tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama", split_max_tensors=2)
    writer.add_name("m")
    writer.add_string("general.note", "é" * 50)
    writer.add_array("some.words", ["a", "", "bc"])
    writer.add_array("some.numbers", [1, 2, 3])
    arrays = {f"t{i}.weight": np.full((i + 1, 7), i, np.float32) for i in range(5)}
    for name, values in arrays.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    parts = sorted(tmp_path.glob("m-*.gguf"))
    assert len(parts) == 3
    make(library, uploaded(library, parts))
    path = library.open(ModelName.parse("x")).model_path
    reader = gguf.GGUFReader(path)
    assert {tensor.name for tensor in reader.tensors} == set(arrays)
    assert all((tensor.data == arrays[tensor.name]).all() for tensor in reader.tensors)
    metadata = read_header(path).metadata
    assert metadata["general.note"] == "é" * 50
    assert not [key for key in metadata if key.startswith("split.")]


@settings(max_examples=scaled(15), deadline=None)
@given(absent=st.integers(0, 4))
def test_a_part_that_is_missing_is_named(whole: Path, tmp_path_factory: pytest.TempPathFactory, absent: int) -> None:
    folder = tmp_path_factory.mktemp("parts")
    library = Library(folder / "models")
    paths = split(whole, folder / "parts", 5)
    gone = paths.pop(absent % len(paths))
    with pytest.raises(IncompleteShards, match=rf"part \d of 5 is missing: {gone.name}"):
        make(library, uploaded(library, paths))
    assert library.list() == []


def test_parts_that_do_not_belong_together_are_refused(library: Library, whole: Path, tmp_path: Path) -> None:
    first, second, *_ = split(whole, tmp_path / "parts", 10)
    other, *_ = split(whole, tmp_path / "others", 10, count=7)
    digests = uploaded(library, [first, second])
    foreign = library.blobs.put(other.read_bytes())[0]
    twice = {first.name: digests[first.name], second.name: digests[first.name]}
    with pytest.raises(IncompleteShards, match="are the same part of a model"):
        make(library, twice)
    with pytest.raises(IncompleteShards, match="is no part of the same model"):
        make(library, {first.name: digests[first.name], second.name: foreign})
    with pytest.raises(IncompleteShards, match=r"part 1 of 7 is missing$|part 2 of 7 is missing$"):
        make(library, {"renamed.gguf": foreign})
    with pytest.raises(BlobNotFound):
        merge_shards(library.blobs, {"x.gguf": "sha256:" + "0" * 64}, lambda status: None)


def test_a_damaged_part_is_refused(library: Library, whole: Path, tmp_path: Path) -> None:
    first, second, third, *_ = split(whole, tmp_path / "parts", 10)
    second.write_bytes(second.read_bytes()[:-4096])
    with pytest.raises(PaddockError, match="is it cut off"):
        make(library, uploaded(library, [first, second, third]))


def test_a_part_that_is_replaced_before_it_is_copied_is_refused(
    library: Library, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_first(shards: Sequence[Shard]) -> list[Shard]:
        first, second, *others = ordered_shards(shards)
        first.path.unlink()
        first.path.write_bytes(second.path.read_bytes())
        return [first, second, *others]

    monkeypatch.setattr("paddock.library.create.shards.ordered_shards", replace_first)
    with pytest.raises(BadGguf, match="it changed while it was read"):
        merge_shards(library.blobs, uploaded(library, split(whole, tmp_path / "parts", 10)), lambda progress: None)


def test_giving_up_leaves_nothing(library: Library, whole: Path, tmp_path: Path) -> None:
    files = uploaded(library, split(whole, tmp_path / "parts", 5))
    before = sorted(library.blobs.folder.iterdir())

    def give_up(progress: Progress) -> None:
        if progress.completed:
            raise Cancelled

    with pytest.raises(Cancelled):
        create(library, ModelName.parse("x"), ModelSpec(files=files), give_up)
    assert sorted(library.blobs.folder.iterdir()) == before


def test_joined_and_quantized_at_once_leaves_no_blob_between(library: Library, whole: Path, tmp_path: Path) -> None:
    files = uploaded(library, split(whole, tmp_path / "parts", 10))
    before = set(library.blobs.folder.iterdir())
    create(library, ModelName.parse("x"), ModelSpec(files=files, quantize="Q8_0"), lambda status: None)
    model = library.open(ModelName.parse("x"))
    assert model.gguf.file_type == "Q8_0"
    config = library.blobs.path(model.manifest.config.digest)
    assert set(library.blobs.folder.iterdir()) - before == {model.model_path, config}


def test_memory_is_bounded_when_files_are_joined(library: Library, tmp_path: Path) -> None:
    large = tiny_llama(tmp_path / "large.gguf", width=512, feed_forward=2048, layers=3)
    files = uploaded(library, split(large, tmp_path / "parts", 20))
    tracemalloc.start()
    try:
        merge_shards(library.blobs, files, lambda status: None)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert large.stat().st_size > 40 << 20
    assert most < 24 << 20


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("m-00002-of-00003.gguf", ["m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"]),
        ("a/m-00001-of-00002.GGUF", ["a/m-00001-of-00002.GGUF", "a/m-00002-of-00002.GGUF"]),
        ("m-00001-of-00001.gguf", []),
        ("m-00001-of-99999.gguf", []),
        ("m.gguf", []),
    ],
)
def test_the_names_of_all_parts_follow_from_one(name: str, parts: list[str]) -> None:
    assert shard_names(name) == parts
