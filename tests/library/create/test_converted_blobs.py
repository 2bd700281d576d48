"""What a worker process writes becomes blobs, and nothing is kept of one that fails."""

from pathlib import Path

import pytest

from paddock.library.create.converted_blobs import converted_blob, converted_blobs
from paddock.library.create.worker_process import WorkerFailed
from paddock.library.errors import Cancelled
from paddock.library.store.library import Library
from paddock.progress import Progress

pytestmark = pytest.mark.model

WRITE = """
import json, pathlib, sys
job = json.loads(sys.argv[1])
for target in ("first", "second", "target"):
    if target in job:
        pathlib.Path(job[target]).write_bytes(job["texts"].get(target, "").encode())
print('{"completed": 1, "total": 4}')
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module `work` that writes the texts of its job."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = tmp_path / "work.py"
    path.write_text(WRITE)
    return path


def files(library: Library) -> list[str]:
    folder = library.blobs.folder
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_worker_s_file_becomes_a_blob_and_its_count_is_scaled_to_the_size(module: Path, library: Library) -> None:
    reports: list[Progress] = []
    digest = converted_blob(library.blobs, "work", {"texts": {"target": "abc"}}, "converting", 1000, reports.append)
    assert library.blobs.path(digest).read_bytes() == b"abc"
    assert reports[0] == Progress("converting", total=1000)
    assert Progress("converting", total=1000, completed=250) in reports


def test_a_target_that_stays_empty_gets_no_blob(module: Path, library: Library) -> None:
    job = {"texts": {"second": "x"}}
    written = converted_blobs(library.blobs, "work", job, ("first", "second"), "x", 1, lambda progress: None)
    assert list(written) == ["second"]
    assert len(files(library)) == 1


def test_a_worker_that_fails_leaves_nothing(module: Path, library: Library) -> None:
    module.write_text(WRITE + '\nprint(\'{"error": "too odd"}\')\nraise SystemExit(1)\n')
    with pytest.raises(WorkerFailed, match="too odd"):
        converted_blob(library.blobs, "work", {"texts": {"target": "abc"}}, "x", 1, lambda progress: None)
    assert files(library) == []


def test_a_report_that_cancels_leaves_nothing(module: Path, library: Library) -> None:
    def report(progress: Progress) -> None:
        if progress.completed:
            raise Cancelled

    with pytest.raises(Cancelled):
        converted_blob(library.blobs, "work", {"texts": {"target": "abc"}}, "x", 100, report)
    assert files(library) == []
