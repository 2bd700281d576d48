"""Landlock's rules: every version of it, and folders that are given without a part."""

from pathlib import Path

import pytest

from paddock.sandbox.landlock import READ, Access, landlock_version, rights_without
from tests.sandbox.processes import needs_landlock, run

PROGRAM = """
from paddock.sandbox.landlock import READ, restrict_files
from paddock.sandbox.limits import forbid_new_privileges
forbid_new_privileges()
folder, version = Path(sys.argv[1]), int(sys.argv[2])
restrict_files({folder / "a": READ, folder / "absent": READ}, version)
answer([attempt((folder / "a").read_bytes), attempt((folder / "b").read_bytes), attempt((folder / "c").touch)])
"""


@needs_landlock
@pytest.mark.parametrize("version", range(1, 9))
def test_files_are_restricted_by_every_version(tmp_path: Path, version: int) -> None:
    if version > landlock_version():
        pytest.skip("this kernel does not have that version")
    for name in "ab":
        (tmp_path / name).write_bytes(b"1")
    assert run(PROGRAM, tmp_path, version) == ["done", "PermissionError", "PermissionError"]


def test_a_folder_is_given_without_a_part_of_it(tmp_path: Path) -> None:
    for name in ("a/b/hidden/x", "a/b/beside/y", "a/z"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a" / "link").symlink_to(tmp_path / "a" / "b")
    found = rights_without(tmp_path / "a", READ, [tmp_path / "a" / "b" / "hidden"])
    assert found == {
        tmp_path / "a": Access.READ_DIR,
        tmp_path / "a" / "b": Access.READ_DIR,
        tmp_path / "a" / "b" / "beside": READ,
        tmp_path / "a" / "z": READ,
    }


def test_a_folder_with_nothing_hidden_in_it_is_given_as_it_is(tmp_path: Path) -> None:
    assert rights_without(tmp_path, READ, [tmp_path.parent / "other"]) == {tmp_path: READ}
    assert rights_without(tmp_path, READ, [tmp_path]) == {}
