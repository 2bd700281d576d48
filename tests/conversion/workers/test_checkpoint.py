from pathlib import Path

import pytest

from paddock.conversion.workers import checkpoint as worker
from paddock.conversion.workers.checkpoint import CheckpointJob
from paddock.gguf import read_header
from tests.conversion.checkpoints import recorded, write_checkpoint
from tests.conversion.workers.test_job import lines, signals

__all__ = ["signals"]


def job(tmp_path: Path, **changes: str) -> CheckpointJob:
    _, config, shapes = recorded("llama")
    folder = write_checkpoint(tmp_path / "checkpoint", config, shapes)
    files = {path.name: str(path) for path in folder.iterdir()}
    return CheckpointJob(files, changes.get("kind", "f16"), str(tmp_path / "out"), changes.get("projector", ""))


def test_a_checkpoint_is_written_in_the_type_that_was_asked_for(tmp_path: Path) -> None:
    assert worker.main(job(tmp_path, kind="bf16")) == 0
    assert read_header(tmp_path / "out").file_type == "BF16"


def test_a_model_without_a_tower_leaves_the_projectors_file_alone(tmp_path: Path) -> None:
    (tmp_path / "projector").write_bytes(b"")
    assert worker.main(job(tmp_path, projector=str(tmp_path / "projector"))) == 0
    assert (tmp_path / "projector").read_bytes() == b""


def test_a_broken_checkpoint_fails_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = job(tmp_path)
    del broken.files["tokenizer.json"]
    assert worker.main(broken) == 1
    assert str(lines(capsys)[-1]["error"]).startswith("the tokenizer is missing")
