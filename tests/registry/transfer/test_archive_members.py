import io
import re
import sys
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.registry.errors import BadArchive
from paddock.registry.transfer import archive_members, archive_worker
from paddock.registry.transfer.archive_members import ArchiveMembers, NoArchiveWorker
from paddock.registry.transfer.archive_worker import LIMITS, ArchiveLimits
from tests.examples import scaled

SIZES = [0, 1, 511, 512, 513, 1024, 100_000, 3_000_000]
MAX_HEADERS = 1 << 20


def packed(contents: Iterable[tuple[str, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for name, data in contents:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def unpacked(data: bytes) -> list[tuple[str, bytes]]:
    with ArchiveMembers(io.BytesIO(data), MAX_HEADERS) as members:
        return [(member.name, b"".join(member.pieces())) for member in members]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_come_out_as_they_were_put_in(form: int) -> None:
    contents = [
        (f"{number}{'x' * (0 if form == tarfile.USTAR_FORMAT else 200)}", bytes([number]) * size)
        for number, size in enumerate(SIZES)
    ]
    assert unpacked(packed(contents, form)) == contents


def test_what_is_not_read_of_a_file_is_passed_over() -> None:
    data = packed([(str(size), bytes(size)) for size in SIZES])
    with ArchiveMembers(io.BytesIO(data), MAX_HEADERS) as members:
        found = []
        for number, member in enumerate(members):
            if number % 2:
                next(member.pieces())
            found.append((member.name, member.size))
    assert found == [(str(size), size) for size in SIZES]


def test_folders_and_links_are_left_out() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, kind in (
            ("a", tarfile.DIRTYPE),
            ("b", tarfile.SYMTYPE),
            ("c", tarfile.LNKTYPE),
            ("d", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    assert unpacked(file.getvalue() + packed([])) == []


def test_a_file_that_is_cut_off_is_refused() -> None:
    data = packed([("a", bytes(10_000))])
    with pytest.raises(BadArchive, match="cut off within a"):
        unpacked(data[:5000])
    with pytest.raises(BadArchive):
        unpacked(data[:100])
    with pytest.raises(BadArchive):
        unpacked(b"")


class Broken(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise OSError("the client went away")


def test_an_error_of_the_file_is_its_own() -> None:
    with pytest.raises(OSError, match="went away"), ArchiveMembers(Broken(), MAX_HEADERS) as members:  # type: ignore[arg-type]
        list(members)


def test_a_worker_that_says_nothing_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_members, "LIMITS", ArchiveLimits(wait_seconds=0))
    began = time.monotonic()
    with pytest.raises(BadArchive, match="too long"), ArchiveMembers(io.BytesIO(packed([])), MAX_HEADERS) as members:
        list(members)
    assert time.monotonic() - began < 10
    assert members._process.returncode is not None


def test_a_worker_that_is_gone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadArchive), ArchiveMembers(io.BytesIO(packed([("a", b"a")])), MAX_HEADERS) as members:
        members._process.kill()
        list(members)


def test_a_worker_that_cannot_start_is_not_the_archives_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("import no_such_module")
    monkeypatch.setattr(archive_worker, "__file__", str(tmp_path / "worker.py"))
    with pytest.raises(NoArchiveWorker, match="exit status 1"), ArchiveMembers(io.BytesIO(), MAX_HEADERS) as members:
        list(members)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes rights from a process")
def test_the_worker_has_given_up_what_it_does_not_need() -> None:
    with ArchiveMembers(io.BytesIO(packed([("a", b"a")])), MAX_HEADERS) as members:
        assert next(iter(members)).name == "a"
        process = Path("/proc", str(members._process.pid))
        status, limits = (process / "status").read_text(), (process / "limits").read_text()
        assert members._process.args[1] == "-P"  # type: ignore[index]
    assert "NoNewPrivs:\t1\n" in status
    assert re.search(rf"Max address space +{LIMITS.memory_bytes} ", limits)
    assert re.search(rf"Max cpu time +{LIMITS.processor_seconds} ", limits)
    assert re.search(r"Max file size +0 ", limits)


@settings(max_examples=scaled(20))
@given(contents=st.lists(st.tuples(st.text("ab/", min_size=1, max_size=5), st.binary(max_size=1500)), max_size=4))
def test_any_small_archive(contents: list[tuple[str, bytes]]) -> None:
    expected = [(name.rstrip("/") or name, data) for name, data in contents]
    assert [data for _, data in unpacked(packed(contents))] == [data for _, data in expected]
