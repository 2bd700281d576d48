import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest

from paddock.conversion.errors import ConversionError
from paddock.conversion.output.writer import ReportBytes
from paddock.conversion.workers import job
from paddock.conversion.workers.job import run_job


@pytest.fixture(autouse=True)
def signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep this process's own handler of Ctrl-C and its standard input."""
    monkeypatch.setattr(job, "_end_with_input", lambda: None)
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]


def test_progress_is_reported_now_and_then_and_at_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def convert(file: BinaryIO, progress: ReportBytes) -> None:
        for done in range(1001):
            progress(done, 1000)
        file.write(b"converted")

    assert run_job(tmp_path / "out", convert) == 0
    assert (tmp_path / "out").read_bytes() == b"converted"
    found = lines(capsys)
    assert found[-1]["completed"] == found[-1]["total"] == 1000
    assert len(found) < 100


def failing(error: Exception) -> Callable[[BinaryIO, ReportBytes], None]:
    def convert(file: BinaryIO, progress: ReportBytes) -> None:
        raise error

    return convert


def test_what_cannot_be_converted_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_job(tmp_path / "out", failing(ConversionError("the adapter is empty"))) == 1
    assert lines(capsys) == [{"error": "the adapter is empty"}]


def test_a_full_disk_is_said_with_its_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_job(tmp_path / "out", failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))) == 1
    assert lines(capsys) == [{"error": "No space left on device", "errno": errno.ENOSPC}]


def test_the_process_ends_when_its_input_does() -> None:
    script = (
        "import time; from pathlib import Path; from paddock.conversion.workers.job import run_job\n"
        "run_job(Path('/dev/null'), lambda file, progress: (print('ready', flush=True), time.sleep(100)))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        started = time.monotonic()
        process.stdin.close()
        assert process.wait(60) == 1
        assert time.monotonic() - started < 60
