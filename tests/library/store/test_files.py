import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from paddock.library.store import files
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import require_space, write_atomically
from paddock.library.store.owner import Owner, current_owner, parse_owner

if sys.platform == "win32":
    pytest.skip("limits on files and file systems that can be mounted", allow_module_level=True)

import resource


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing more fails, and so does closing a file with more to write, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, previous)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [5_000, 50_000])
def test_a_write_that_fails_leaves_nothing(tmp_path: Path, size: int) -> None:
    with files_of_at_most(1_000), pytest.raises(OSError, match="File too large"):
        write_atomically(tmp_path / "a" / "b", bytes(size), tmp_path)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("size", [5_000, 50_000])
def test_a_blob_that_cannot_be_written_leaves_nothing(tmp_path: Path, size: int) -> None:
    with files_of_at_most(1_000), pytest.raises(OSError, match="File too large"):
        BlobStore(tmp_path).put(bytes(size))
    assert files_in(tmp_path) == []


def test_a_full_disk_is_as_full_after_a_write_as_before(small_disk: Path) -> None:
    write_atomically(small_disk / "a" / "b", b"old", small_disk)
    (small_disk / "full").write_bytes(bytes(56 * 1024))
    with pytest.raises(OSError, match="No space left"):
        write_atomically(small_disk / "a" / "b", bytes(6_000), small_disk)
    with pytest.raises(OSError, match="No space left"):
        BlobStore(small_disk / "blobs").put(bytes(6_000))
    assert sorted(files_in(small_disk)) == [small_disk / "a" / "b", small_disk / "full"]
    assert (small_disk / "a" / "b").read_bytes() == b"old"


def test_a_failed_write_on_a_full_disk_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, file: BinaryIO) -> None:
            self._file = file

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            self._file.close()
            raise OSError(errno.ENOSPC, "No space left on device")

    real = files.open_temporary

    def full(folder: Path) -> tuple[Any, Path]:
        file, path = real(folder)
        return Full(file), path

    monkeypatch.setattr(files, "open_temporary", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(tmp_path / "a" / "b", b"x", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_vanishes_before_the_rename_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "deep" / "er" / "tag"
    real = files.make_folder
    vanished: list[Path] = []

    def make_and_lose(folder: Path) -> None:
        real(folder)
        if folder == target.parent and len(vanished) < 3:
            vanished.append(folder)
            folder.rmdir()

    monkeypatch.setattr(files, "make_folder", make_and_lose)
    files.write_atomically(target, b"x", tmp_path)
    assert target.read_bytes() == b"x"
    assert len(vanished) == 3


def test_space_that_is_not_there_is_refused_before_the_work(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(OSError, match="not enough disk space: 1099511627776 MiB are needed") as error:
        require_space(tmp_path, 1 << 60)
    assert error.value.errno == errno.ENOSPC


LEAVE = """
import sys, time
from pathlib import Path
from paddock.library.store.files import open_temporary

file, path = open_temporary(Path(sys.argv[1]))
file.write(b"half")
file.flush()
print(path, flush=True)
time.sleep(60)
"""


@contextmanager
def writing_process(folder: Path, *before: str) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """Another process that has a temporary file open, and the file."""
    command = [*before, sys.executable, "-c", LEAVE, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def age(path: Path, seconds: float) -> None:
    long_ago = time.time() - seconds
    os.utime(path, (long_ago, long_ago))


def test_the_file_of_a_killed_process_goes_at_once_and_that_of_a_living_one_stays_for_ever(tmp_path: Path) -> None:
    with writing_process(tmp_path) as (killed, left), writing_process(tmp_path) as (_, kept):
        age(kept, 100 * files.DAY)
        assert files.remove_leftovers(tmp_path) == 0
        killed.kill()
        killed.wait()
        assert files.remove_leftovers(tmp_path) == 1
        assert not left.exists() and kept.exists()


def in_another_place(path: Path, **other: str) -> Path:
    """Rename a temporary file as if its process were in another place."""
    owner, _, rest = path.name.removeprefix(files.TEMPORARY_PREFIX).rpartition("-")
    elsewhere = path.with_name(f"{files.TEMPORARY_PREFIX}{replace(parse(owner), **other)}-{rest}")  # type: ignore[arg-type]
    return path.rename(elsewhere)


def parse(text: str) -> Owner:
    owner = parse_owner(text)
    assert owner is not None
    return owner


def test_the_file_of_another_container_goes_when_nobody_has_it_open(tmp_path: Path) -> None:
    with writing_process(tmp_path) as (process, path):
        path = in_another_place(path, namespace="0badcafe")
        age(path, 100 * files.DAY)
        assert files.remove_leftovers(tmp_path) == 0
        process.kill()
        process.wait()
        assert files.remove_leftovers(tmp_path) == 1
        assert not path.exists()


@pytest.mark.parametrize("local", [True, False])
def test_the_file_of_another_machine_stays_while_it_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    monkeypatch.setattr("os.major", lambda device: 8 if local else 0)
    file, path = files.open_temporary(tmp_path)
    path = in_another_place(path, boot="0badcafe")
    age(path, 100 * files.DAY)
    assert files.remove_leftovers(tmp_path) == 0, "it is locked"
    file.close()
    age(path, 60)
    assert files.remove_leftovers(tmp_path) == int(local), "no other machine has the same disk"
    if not local:
        age(path, files.HOUR + 60)
        assert files.remove_leftovers(tmp_path) == 1
    assert not path.exists()


def test_the_file_of_an_earlier_version_goes_after_a_day(tmp_path: Path) -> None:
    young, old = (tmp_path / f"{files.TEMPORARY_PREFIX}{n}-0123456789abcdef.tmp" for n in (12, 34))
    for path in (young, old):
        path.touch()
    age(old, files.DAY + 60)
    assert files.remove_leftovers(tmp_path) == 1
    assert young.exists() and not old.exists()


def test_other_files_stay(tmp_path: Path) -> None:
    for name in ("sha256-x", ".paddock-notes", "x.tmp", ".paddock-.tmp", ".paddock-1-1-1-1-x"):
        (tmp_path / name).touch()
    (tmp_path / ".paddock-folder.tmp").mkdir()
    assert files.remove_leftovers(tmp_path) == 0
    assert files.remove_leftovers(tmp_path / "absent") == 0
    assert len(list(tmp_path.iterdir())) == 6


def test_a_link_in_place_of_a_file_removes_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.touch()
    me = current_owner()
    for number, owner in enumerate((replace(me, started=1), replace(me, boot="0badcafe"))):
        (tmp_path / f"{files.TEMPORARY_PREFIX}{owner}-{number}.tmp").symlink_to(target)
    files.remove_leftovers(tmp_path)
    assert target.exists()


def test_a_new_file_that_is_taken_for_a_leftover_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files._lock
    removed: list[Path] = []

    def remove_first(descriptor: int) -> bool | None:
        if not removed:
            removed.extend(tmp_path.iterdir())
            removed[0].unlink()
        return real(descriptor)

    monkeypatch.setattr(files, "_lock", remove_first)
    file, path = files.open_temporary(tmp_path)
    file.close()
    assert path.exists() and path != removed[0]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_folder_is_entered_by_its_user_and_by_a_group_that_may_write_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "paddock"
    files.make_private_folder(folder)
    assert mode(folder) == 0o700 and mode(folder.parent) == 0o777 & ~umask()
    for before, after in ((0o755, 0o700), (0o777, 0o770), (0o2770, 0o2770), (0o750, 0o700)):
        folder.chmod(before)
        files.make_private_folder(folder)
        assert mode(folder) == after


def umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
