import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobStore
from paddock.library.store.claims import LIFETIME
from paddock.library.store.files import DAY
from paddock.library.store.library import Library, ModelNotFound
from paddock.library.store.manifests import BrokenModel
from tests.calls import count_calls
from tests.models.llama import tiny_file


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


@pytest.fixture
def base(library: Library, tmp_path: Path) -> str:
    """A model in the library; returns the digest of its GGUF file."""
    digest, _ = library.blobs.put(tiny_file(tmp_path / "x.gguf", "llama", {"llama.context_length": 64}).read_bytes())
    make(library, "base", ModelSpec(files={"x.gguf": digest}, template="{{ .Prompt }}"))
    return digest


def make(library: Library, name: str, spec: ModelSpec) -> None:
    create(library, ModelName.parse(name), spec, lambda status: None)


def name(text: str) -> ModelName:
    return ModelName.parse(text)


def blobs(library: Library) -> set[str]:
    return {path.name for path in library.blobs.folder.iterdir()}


def test_a_model_is_what_was_made(library: Library, base: str) -> None:
    make(
        library,
        "full",
        ModelSpec(
            base="base",
            system="Be brief.",
            licenses=["MIT", "Apache"],
            parameters={"stop": ["a"], "top_k": 5},
            messages=[{"role": "user", "content": "hi"}],
        ),
    )
    model = library.open(name("FULL"))
    assert model.name == name("full")
    assert (model.template, model.system, model.licenses) == ("{{ .Prompt }}", "Be brief.", ["MIT", "Apache"])
    assert model.parameters == {"stop": ["a"], "top_k": 5}
    assert model.messages == [{"role": "user", "content": "hi"}]
    assert model.parent == "base:latest"
    assert model.model_path == library.blobs.path(base)
    assert model.gguf.context_length == 64
    assert model.size == sum(p.stat().st_size for p in map(library.blobs.path, model.manifest.digests()))
    assert abs(model.modified_ns / 1e9 - time.time()) < 60


def test_an_unknown_model_is_not_found(library: Library) -> None:
    with pytest.raises(ModelNotFound, match=r"^model 'nope:latest' not found$"):
        library.open(name("nope"))
    with pytest.raises(ModelNotFound):
        library.delete(name("nope"))
    with pytest.raises(ModelNotFound):
        library.copy(name("nope"), name("x"))
    assert library.list() == []


def test_models_are_listed_newest_first(library: Library, base: str) -> None:
    for i, other in enumerate(("b", "c", "a")):
        library.copy(name("base"), name(other))
        os.utime(library.manifests.path(name(other)), ns=(i, i))
    assert [model.name.short for model in library.list()] == ["base:latest", "a:latest", "c:latest", "b:latest"]


def test_a_model_is_read_again_only_when_it_changes(library: Library, base: str) -> None:
    first = library.open(name("base"))
    assert library.open(name("base")) is first
    make(library, "base", ModelSpec(base="base", system="new"))
    assert library.open(name("base")).system == "new"


def test_a_change_by_another_server_is_noticed(library: Library, base: str) -> None:
    first, other = library.open(name("base")), Library(library.folder)
    make(other, "base", ModelSpec(base="base", system="new"))
    assert library.open(name("base")).system == "new"
    other.copy(name("base"), name("copy"))
    assert library.open(name("copy")).system == "new"
    other.delete(name("base"))
    with pytest.raises(ModelNotFound):
        library.open(name("base"))
    assert first.system is None


def test_weights_that_are_removed_or_come_back_are_noticed(library: Library, base: str) -> None:
    library.open(name("base"))
    weights = library.blobs.path(base)
    weights.rename(weights.with_suffix(".gone"))
    with pytest.raises(BrokenModel):
        _ = library.open(name("base")).gguf
    weights.with_suffix(".gone").rename(weights)
    assert library.open(name("base")).gguf.architecture == "llama"


def test_no_more_than_the_models_opened_last_are_kept_with_their_headers(
    library: Library, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paddock.library.store.library.MAX_OPENED", 2)
    for other in ("a", "b", "c"):
        library.copy(name("base"), name(other))
    opened = [library.open(name(other)) for other in ("a", "b", "c")]
    again = [library.open(name(other)) for other in ("c", "b", "a")]
    assert [one is two for one, two in zip(reversed(opened), again, strict=True)] == [True, True, False]


@pytest.mark.parametrize("kind", ["template", "params", "config"])
def test_a_model_that_lost_a_blob_is_broken_and_the_others_are_well(
    library: Library, base: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    make(library, "other", ModelSpec(base="base", template="{{ .Prompt }}!", parameters={"top_k": 1}, requires="0.1.0"))
    manifest = library.open(name("other")).manifest
    digest = next(layer.digest for layer in manifest.layers if layer.kind == kind) if kind != "config" else ""
    library.blobs.remove(digest or manifest.config.digest)
    again = Library(library.folder)
    with pytest.raises(BrokenModel, match=r"^model 'other:latest' is broken: blob sha256:\w+ not found"):
        again.open(name("other"))
    with caplog.at_level(logging.WARNING):
        assert [model.name.short for model in again.list()] == ["base:latest"]
    assert "other:latest" in caplog.text
    again.delete(name("other"))


def test_a_model_without_its_weights_says_so(library: Library, base: str) -> None:
    library.blobs.remove(base)
    with pytest.raises(BrokenModel, match="No such file"):
        _ = library.open(name("base")).gguf


def test_deleting_removes_what_only_that_model_used(library: Library, base: str) -> None:
    before = blobs(library)
    make(library, "other", ModelSpec(base="base", system="Only here."))
    library.copy(name("base"), name("copy"))
    library.delete(name("other"))
    assert blobs(library) == before
    library.delete(name("BASE"))
    assert blobs(library) == before
    library.delete(name("copy"))
    assert blobs(library) == set()
    assert library.list() == []


def test_replacing_a_model_removes_what_only_the_old_one_used(library: Library, base: str) -> None:
    before = blobs(library)
    make(library, "base", ModelSpec(base="base", system="first"))
    make(library, "base", ModelSpec(base="base", template="second", system="second"))
    library.copy(name("base"), name("other"))
    make(library, "fresh", ModelSpec(files={"x.gguf": base}, template="{{ .Prompt }}"))
    library.copy(name("fresh"), name("base"))
    library.copy(name("fresh"), name("other"))
    assert blobs(library) == before


def test_nothing_is_removed_while_a_manifest_cannot_be_read(library: Library, base: str) -> None:
    library.copy(name("base"), name("broken"))
    library.manifests.path(name("broken")).write_text("{")
    before = blobs(library)
    library.delete(name("base"))
    age(library)
    assert library.prune() == 0
    assert blobs(library) == before
    again = Library(library.folder)
    again.delete(name("broken"))
    assert again.prune() == len(before)


def test_what_could_not_be_removed_goes_with_the_next_change(library: Library, base: str) -> None:
    library.copy(name("base"), name("broken"))
    library.manifests.path(name("broken")).write_text("{")
    library.delete(name("base"))
    library.delete(name("broken"))
    assert blobs(library) == set()


def test_pruning_removes_only_old_blobs_that_no_model_uses(library: Library, base: str) -> None:
    before = blobs(library)
    old, _ = library.blobs.put(b"old")
    partial = library.blobs.folder / ("sha256-" + "0" * 64 + "-partial")
    partial.write_bytes(b"x")
    age(library)
    new, _ = library.blobs.put(b"new")
    assert library.prune() == 1
    assert blobs(library) == before | {partial.name, new.replace(":", "-")}
    assert not library.blobs.exists(old)


def test_nothing_is_pruned_while_a_model_is_being_made(library: Library) -> None:
    digest, _ = library.blobs.put(b"old")
    age(library)
    for maker in (library, Library(library.folder)):
        with maker.shared_lock():
            assert Library(library.folder).prune() == 0
    assert library.blobs.exists(digest)
    assert library.prune() == 1
    assert not library.blobs.exists(digest)


def test_blobs_survive_the_deletion_of_their_model_while_another_is_made(library: Library, base: str) -> None:
    before = blobs(library)
    with library.shared_lock():
        library.delete(name("base"))
        assert blobs(library) == before
        make(library, "new", ModelSpec(files={"x.gguf": base}))
    assert library.open(name("new")).gguf.architecture == "llama"
    library.delete(name("new"))
    assert blobs(library) == set()


def test_blobs_survive_a_deletion_by_another_server_while_a_model_is_made(library: Library, base: str) -> None:
    before, other = blobs(library), Library(library.folder)
    with library.shared_lock():
        other.delete(name("base"))
    assert blobs(library) == before
    make(other, "new", ModelSpec(files={"x.gguf": base}))
    other.delete(name("new"))
    assert blobs(library) == set()


@pytest.mark.parametrize("upload", [True, False])
def test_an_uploaded_blob_survives_the_deletion_of_another_model_that_used_it(
    library: Library, base: str, upload: bool
) -> None:
    if upload:
        with library.blobs.writer() as writer:
            writer.write(library.blobs.path(base).read_bytes())
            writer.commit()
    else:
        assert library.blobs.claim(base)
    Library(library.folder).delete(name("base"))
    make(library, "mine", ModelSpec(files={"x.gguf": base}))
    library.delete(name("mine"))
    assert blobs(library) == set()


def test_each_client_that_uploaded_a_blob_can_make_its_model(library: Library, base: str) -> None:
    for _ in range(2):
        library.blobs.claim(base)
    library.delete(name("base"))
    for mine in ("one", "two"):
        make(library, mine, ModelSpec(files={"x.gguf": base}))
        library.delete(name(mine))
    assert blobs(library) == set()


def test_a_claim_is_over_after_some_minutes(library: Library, base: str) -> None:
    library.blobs.claim(base)
    long_ago = time.time() - LIFETIME - 1
    for path in library.blobs.claims.folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    library.delete(name("base"))
    assert blobs(library) == set()
    assert list(library.blobs.claims.folder.iterdir()) == []


def test_no_blob_that_is_not_there_is_claimed(library: Library) -> None:
    assert not library.blobs.claim("sha256:" + "0" * 64)
    assert library.blobs.claims.digests() == set()


class Interrupting(BlobStore):
    """A blob store in whose reads something else happens first, once."""

    what: Callable[[], None] | None = None

    def read(self, digest: str, limit: int) -> bytes:
        what, self.what = self.what, None
        if what:
            what()
        return super().read(digest, limit)


def test_a_model_that_is_deleted_while_it_is_read_is_not_found(library: Library, base: str) -> None:
    again = Library(library.folder)
    again.blobs = store = Interrupting(library.blobs.folder)
    store.what = lambda: library.delete(name("base"))
    with pytest.raises(ModelNotFound):
        again.open(name("base"))
    make(library, "base", ModelSpec(files={"x.gguf": library.blobs.put(tiny(library))[0]}))
    store.what = lambda: library.delete(name("base"))
    assert again.list() == []


def test_a_model_that_is_replaced_while_it_is_read_is_the_new_one(library: Library, base: str) -> None:
    again = Library(library.folder)
    again.blobs = store = Interrupting(library.blobs.folder)

    def replace() -> None:
        library.delete(name("base"))
        make(library, "base", ModelSpec(files={"x.gguf": library.blobs.put(tiny(library))[0]}, system="new"))

    store.what = replace
    assert again.open(name("base")).system == "new"


def test_a_model_that_was_opened_keeps_its_metadata_when_it_is_deleted(library: Library, base: str) -> None:
    model = library.open(name("base"))
    library.delete(name("base"))
    assert model.gguf.context_length == 64


def test_copying_onto_itself_changes_nothing(library: Library, base: str) -> None:
    library.copy(name("base"), name("BASE"))
    assert [model.name.short for model in library.list()] == ["base:latest"]


def test_models_are_read_once_however_often_they_are_listed(library: Library, base: str) -> None:
    source = library.manifests.path(name("base")).read_bytes()
    for i in range(100):
        path = library.manifests.path(name(f"m{i}"))
        path.parent.mkdir(parents=True)
        path.write_bytes(source)
    first, second = count_calls(library.list), count_calls(library.list)
    assert len(library.list()) == 101
    assert first["open"] >= 101
    assert second["open"] == 0
    assert second.total() < 101 * 100


@pytest.mark.thorough
def test_creating_copying_and_deleting_at_once_never_breaks_a_model(library: Library, base: str) -> None:
    stop = time.monotonic() + 1.5
    failures: list[BaseException] = []

    def repeat(action: Callable[[int], None]) -> None:
        i = 0
        while time.monotonic() < stop:
            i += 1
            try:
                action(i)
            except ModelNotFound:
                pass
            except BaseException as error:
                failures.append(error)
                return

    actions: list[Callable[[int], None]] = [
        lambda i: make(library, "x", ModelSpec(base="base", system=f"s{i % 3}")),
        lambda i: make(library, "y", ModelSpec(base="base", system=f"s{i % 3}")),
        lambda i: library.copy(name("x"), name("y")),
        lambda i: library.copy(name("y"), name("x")),
        lambda i: library.delete(name("x")),
        lambda i: library.delete(name("Y")),
        lambda i: library.list().clear(),
    ]
    threads = [threading.Thread(target=repeat, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for model in library.list():
        assert all(library.blobs.exists(digest) for digest in model.manifest.digests())
    assert library.open(name("base")).gguf.architecture == "llama"
    assert not any(path.startswith(".paddock") for path in blobs(library))


def tiny(library: Library) -> bytes:
    return tiny_file(library.folder.parent / "y.gguf", "llama", {"llama.context_length": 32}).read_bytes()


def age(library: Library) -> None:
    long_ago = time.time() - DAY - 60
    for path in library.blobs.folder.iterdir():
        os.utime(path, (long_ago, long_ago))


def test_a_model_is_there_until_it_is_deleted_even_if_it_is_broken(library: Library, base: str) -> None:
    assert library.has(name("Base"))
    make(library, "base", ModelSpec(base="base", system="new"))
    assert library.has(name("base"))
    library.delete(name("base"))
    assert not library.has(name("base"))
    library.manifests.path(name("broken")).parent.mkdir(parents=True)
    library.manifests.path(name("broken")).write_bytes(b"{")
    assert library.has(name("broken"))


def test_the_folder_of_an_earlier_version_becomes_private_at_the_start(tmp_path: Path) -> None:
    own = tmp_path / "models" / "paddock"
    own.mkdir(parents=True)
    own.chmod(0o755)
    Library(tmp_path / "models")
    assert own.stat().st_mode & 0o777 == 0o700
