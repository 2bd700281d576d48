from pathlib import Path

import pytest

from paddock.cli.commands.convert import convert
from paddock.cli.errors import CommandError
from paddock.cli.main import run_command
from paddock.gguf import read_header
from tests.conversion.checkpoints import recorded as recorded_text
from tests.conversion.checkpoints import write_checkpoint
from tests.conversion.vision_checkpoints import recorded, write_seeing_checkpoint


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """A small checkpoint of a language model."""
    _, config, shapes = recorded_text("llama")
    return write_checkpoint(tmp_path / "llama", config, shapes)


@pytest.fixture
def gemma(tmp_path: Path) -> Path:
    """A small checkpoint with a vision tower."""
    *_, config, shapes = recorded("gemma3")
    write_seeing_checkpoint(tmp_path / "gemma3", config, shapes)
    return tmp_path / "gemma3"


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.strip() for line in capsys.readouterr().err.splitlines()]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_checkpoint_becomes_a_file_and_each_step_is_printed(
    llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(llama, tmp_path / "out.gguf", "BF16")
    first, writing, last = printed(capsys)
    assert (first, last) == ("converting model", "success")
    assert writing.startswith("writing out.gguf: 100%")
    gguf = read_header(tmp_path / "out.gguf")
    assert (gguf.architecture, gguf.file_type) == ("llama", "BF16")
    assert files(tmp_path) == ["out.gguf"]


def test_the_command_line_names_the_folder_the_file_and_the_type(
    llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.gguf"
    assert run_command(["convert", str(llama), str(target), "--type", "bf16"]) == 0
    assert read_header(target).file_type == "BF16"
    capsys.readouterr()
    assert run_command(["convert", str(tmp_path / "none"), str(target)]) == 1
    assert capsys.readouterr().err.startswith("Error: ")


def test_wrong_arguments_are_explained_and_the_old_file_stays(llama: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.gguf"
    target.write_text("old")
    (llama / "tokenizer.json").unlink()
    for folder, out, kind, message in [
        (llama, target, "f16", "the tokenizer is missing"),
        (tmp_path / "none", target, "f16", "none is not a folder"),
        (tmp_path, target, "f16", "no safetensors files found"),
        (llama, tmp_path, "f16", "is a folder: name the file to write"),
        (llama, target, "q4", "--type must be one of f16, bf16, f32, not q4"),
    ]:
        with pytest.raises(CommandError, match=message):
            convert(folder, out, kind)
    assert target.read_text() == "old"
    assert files(tmp_path) == ["out.gguf"]


def test_the_vision_tower_becomes_a_projector_file(
    gemma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(gemma, tmp_path / "out.gguf", "f16")
    assert "the projector is mmproj-out.gguf" in printed(capsys)
    assert files(tmp_path) == ["mmproj-out.gguf", "out.gguf"]
    assert read_header(tmp_path / "out.gguf").architecture == "gemma3"
    projector = read_header(tmp_path / "mmproj-out.gguf")
    assert (projector.architecture, projector.metadata["clip.projector_type"]) == ("clip", "gemma3")


def test_an_older_projector_is_replaced_or_left_with_a_message(
    gemma: Path, llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, projector = tmp_path / "out.gguf", tmp_path / "mmproj-out.gguf"
    projector.write_text("older")
    convert(gemma, target, "f32")
    assert "the projector is mmproj-out.gguf, in place of an older one" in printed(capsys)
    assert read_header(projector).architecture == "clip"
    convert(llama, target, "f32")
    assert "the older mmproj-out.gguf was left: it does not belong to this model" in printed(capsys)
    assert read_header(target).architecture == "llama"
    assert read_header(projector).architecture == "clip"


def test_the_old_model_stays_if_the_projector_cannot_be_written(gemma: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.gguf"
    target.write_text("old")
    (tmp_path / "mmproj-out.gguf").mkdir()
    with pytest.raises(CommandError):
        convert(gemma, target, "f16")
    assert target.read_text() == "old"
    assert files(tmp_path) == ["out.gguf"]
