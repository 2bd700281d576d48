import os
import time
from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.files import DAY
from paddock.library.store.library import Library
from paddock.library.store.manifests import LAYER_TYPE, MANIFEST_TYPE, Layer, Manifest
from paddock.library.store.notes import MAX_NOTE, BlobNotes

ONE, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture
def notes(tmp_path: Path) -> BlobNotes:
    return BlobNotes(tmp_path / "notes")


def test_a_note_is_kept_until_it_is_replaced_or_removed(notes: BlobNotes) -> None:
    assert notes.read(ONE) is None
    notes.write(ONE, b"a")
    notes.write(OTHER, b"b")
    assert (notes.read(ONE), notes.read(OTHER)) == (b"a", b"b")
    notes.write(ONE, b"c")
    notes.remove(OTHER)
    notes.remove(OTHER)
    assert (notes.read(ONE), notes.read(OTHER)) == (b"c", None)
    assert [path.name for path in notes.folder.iterdir()] == [ONE.replace(":", "-")]


def test_a_note_that_is_too_long_counts_as_none(notes: BlobNotes) -> None:
    notes.write(ONE, bytes(MAX_NOTE + 1))
    assert notes.read(ONE) is None


def test_a_models_folder_without_anything_of_ours_stays_as_it_is(tmp_path: Path) -> None:
    notes = BlobNotes(tmp_path / "paddock" / "notes")
    notes.write(ONE, b"a")
    assert (notes.read(ONE), list(tmp_path.iterdir())) == (None, [])
    notes.folder.parent.mkdir()
    notes.write(ONE, b"a")
    assert notes.read(ONE) == b"a"


def test_a_folder_that_cannot_be_written_has_no_notes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    notes = BlobNotes(tmp_path / "file" / "notes")
    notes.write(ONE, b"a")
    assert notes.read(ONE) is None


def test_pruning_removes_notes_of_unused_blobs_and_leftovers_only(notes: BlobNotes) -> None:
    notes.write(ONE, b"a")
    notes.write(OTHER, b"b")
    leftover = notes.folder / ".paddock-1-x.tmp"
    for path in (leftover, notes.folder / "README"):
        path.write_bytes(b"")
    os.utime(leftover, (time.time() - DAY - 60,) * 2)
    notes.prune({ONE}.__contains__)
    assert sorted(path.name for path in notes.folder.iterdir()) == ["README", ONE.replace(":", "-")]


def test_a_note_goes_with_its_blob(tmp_path: Path) -> None:
    library, name = Library(tmp_path), ModelName.parse("x")
    digest, _ = library.blobs.put(b"text")
    with library.shared_lock():
        library.write(name, Manifest(2, MANIFEST_TYPE, Layer("", "", 0), [Layer(f"{LAYER_TYPE}template", digest, 4)]))
    library.blobs.notes.write(digest, b"a note")
    library.blobs.notes.write(ONE, b"of a blob that another program has removed")
    library.prune()
    assert (library.blobs.notes.read(digest), library.blobs.notes.read(ONE)) == (b"a note", None)
    library.delete(name)
    assert library.blobs.notes.read(digest) is None
