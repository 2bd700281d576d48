"""Models inside the package: there without any action, removed by a mark, brought along by what is made of them."""

from pathlib import Path

import pytest

from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.library import Library, ModelNotFound
from tests.models.llama import tiny_file


def name(text: str) -> ModelName:
    return ModelName.parse(text)


def make(library: Library, model: str, spec: ModelSpec) -> None:
    create(library, name(model), spec, lambda status: None)


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    inside = Library(tmp_path / "packaged")
    digest, _ = inside.blobs.put(tiny_file(tmp_path / "x.gguf", "llama", {"llama.context_length": 64}).read_bytes())
    make(inside, "tiny", ModelSpec(files={"x.gguf": digest}, template="{{ .Prompt }}", licenses=["MIT"]))
    return inside.folder


@pytest.fixture
def library(tmp_path: Path, packaged: Path) -> Library:
    return Library(tmp_path / "models", packaged)


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_a_packaged_model_is_there_and_nothing_is_written(library: Library, packaged: Path) -> None:
    before = files(packaged)
    assert library.open(name("Tiny")).licenses == ["MIT"]
    assert [m.name.short for m in library.list()] == ["tiny:latest"]
    assert library.open(name("tiny")).model_path.is_relative_to(packaged)
    assert library.prune() == 0
    assert not files(library.folder) - {"paddock/lock"}
    assert files(packaged) == before


def test_removed_it_is_hidden_until_it_is_asked_for(library: Library, packaged: Path) -> None:
    library.open(name("tiny"))
    assert library.has(name("TINY"))
    library.delete(name("tiny"))
    assert not library.has(name("tiny"))
    assert library.list() == []
    with pytest.raises(ModelNotFound):
        library.open(name("tiny"))
    with pytest.raises(ModelNotFound):
        library.delete(name("tiny"))
    assert Library(library.folder, packaged).list() == [], "another server on the folder sees the same"
    assert library.bundle is not None
    assert library.bundle.unhide(name("TINY"))
    assert not library.bundle.unhide(name("other"))
    assert library.open(name("tiny"))


def test_what_another_server_does_to_a_bundled_name_is_noticed(library: Library, packaged: Path) -> None:
    other = Library(library.folder, packaged)
    bundled = library.open(name("tiny"))
    assert library.open(name("tiny")) is bundled
    other.delete(name("tiny"))
    with pytest.raises(ModelNotFound):
        library.open(name("tiny"))
    assert other.bundle is not None
    other.bundle.unhide(name("tiny"))
    assert library.open(name("tiny")).digest == bundled.digest
    make(other, "TINY", ModelSpec(base="tiny", system="Be brief."))
    assert library.open(name("tiny")).system == "Be brief."
    other.delete(name("tiny"))
    assert library.open(name("tiny")).system is None


def test_ones_own_model_of_the_name_comes_first(library: Library) -> None:
    make(library, "tiny", ModelSpec(base="tiny", system="Be brief."))
    assert library.open(name("tiny")).system == "Be brief."
    assert len(library.list()) == 1
    library.delete(name("tiny"))
    assert library.open(name("tiny")).system is None, "the packaged one is still there"


def test_what_is_made_of_it_stands_alone(library: Library) -> None:
    make(library, "mine", ModelSpec(base="tiny", system="Be brief."))
    library.copy(name("tiny"), name("copied"))
    alone = Library(library.folder)
    for model in ("mine", "copied"):
        opened = alone.open(name(model))
        assert opened.gguf.context_length == 64
        assert opened.licenses == ["MIT"]
    assert alone.open(name("copied")).digest == library.open(name("tiny")).digest
    assert alone.prune() == 0
    assert alone.open(name("mine")).gguf


def test_copied_onto_itself_it_stays_what_it_is(library: Library) -> None:
    library.copy(name("tiny"), name("TINY"))
    assert not (library.folder / "manifests").exists()


def test_without_a_package_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        Library(tmp_path / "models").open(name("tiny"))
