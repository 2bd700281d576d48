from pathlib import Path

import pytest

from paddock.engine.binding import LoadError
from paddock.engine.files import BlobFolders, resolve_files
from paddock.ipc import FileRef, LoadModel


def blob(folder: Path, digit: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"sha256-{digit * 64}"
    path.write_bytes(b"x")
    return path


def ref(digit: str) -> FileRef:
    return FileRef(f"sha256:{digit * 64}")


def test_a_blob_is_found_in_any_folder_and_the_first_that_has_it_counts(tmp_path: Path) -> None:
    own, packaged = tmp_path / "own", tmp_path / "packaged"
    first, second = blob(own, "a"), blob(packaged, "b")
    blob(packaged, "a")
    folders = BlobFolders([own, packaged])
    assert folders.path(ref("a")) == first
    assert folders.path(ref("b")) == second


def test_a_blob_that_no_folder_has_is_a_load_error_that_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=f"own/sha256-{'c' * 64} does not exist$"):
        BlobFolders([tmp_path / "own", tmp_path / "packaged"]).path(ref("c"))
    with pytest.raises(LoadError, match=r"^sha256:c+ does not exist$"):
        BlobFolders([]).path(ref("c"))


def test_a_folder_is_not_a_blob(tmp_path: Path) -> None:
    (tmp_path / f"sha256-{'d' * 64}").mkdir()
    with pytest.raises(LoadError):
        BlobFolders([tmp_path]).path(ref("d"))


@pytest.mark.parametrize(
    "digest",
    ["", "sha256:", "a" * 64, "sha256:" + "A" * 64, f"sha256-{'a' * 64}", "sha256:../../x", "/etc/passwd"],
)
def test_only_a_digest_reaches_the_file_system(tmp_path: Path, digest: str) -> None:
    blob(tmp_path, "a")
    with pytest.raises(LoadError, match="is not a digest"):
        BlobFolders([tmp_path]).path(FileRef(digest))


def test_every_file_of_a_model_is_resolved(tmp_path: Path) -> None:
    model, adapter, projector = (blob(tmp_path, digit) for digit in "012")
    load = LoadModel(model=ref("0"), adapters=(ref("1"),), projector=ref("2"))
    files = resolve_files(load, BlobFolders([tmp_path]))
    assert (files.model, files.adapters, files.projector) == (model, (adapter,), projector)
    assert resolve_files(LoadModel(model=ref("0")), BlobFolders([tmp_path])).projector is None
