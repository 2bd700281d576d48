import errno
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from paddock.library.store import files
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import require_space, write_atomically

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
