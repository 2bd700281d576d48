from pathlib import Path

from paddock.library.store.stamps import FileStamps, stamp_of


def test_a_stamp_tells_versions_of_a_file_apart(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert stamp_of(path) is None
    path.write_text("one")
    first = stamp_of(path)
    assert first is not None and stamp_of(str(path)) == first
    path.write_text("longer")
    assert stamp_of(path) not in (None, first)


def test_files_are_current_until_one_changes_appears_or_goes(tmp_path: Path) -> None:
    there, absent = tmp_path / "there", tmp_path / "absent"
    there.write_text("one")

    def taken() -> FileStamps:
        return FileStamps([(there, stamp_of(there)), (absent, stamp_of(absent))])

    stamps = taken()
    assert stamps.are_current()
    absent.write_text("appeared")
    assert not stamps.are_current()
    stamps = taken()
    there.write_text("longer")
    assert not stamps.are_current()
    stamps = taken()
    there.unlink()
    assert not stamps.are_current()


def test_invalidated_stamps_are_never_current_again(tmp_path: Path) -> None:
    stamps = FileStamps([(tmp_path, stamp_of(tmp_path))])
    stamps.invalidate()
    assert not stamps.are_current()
