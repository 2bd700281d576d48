import builtins
from pathlib import Path

import pytest

from paddock.cli.chat import editor
from paddock.cli.chat.editor import Editor


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines that a person types, first to last."""
    lines: list[str] = []
    monkeypatch.setattr(builtins, "input", lambda prompt: lines.pop(0))
    return lines


@pytest.fixture(autouse=True)
def no_history() -> None:
    pytest.importorskip("readline").clear_history()


def saved(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if not line.startswith("_")]


def test_lines_are_saved_once_in_a_file_that_only_the_owner_reads(tmp_path: Path, typed: list[str]) -> None:
    file = tmp_path / "new" / "history"
    lines = Editor(file, remember=True)
    typed += ["one", "one", "  ", "two"]
    assert [lines.read_line(">>> ") for _ in range(4)] == ["one", "one", "  ", "two"]
    assert saved(file) == ["one", "two"]
    assert file.stat().st_mode & 0o077 == 0


def test_nothing_is_saved_while_the_history_is_off(tmp_path: Path, typed: list[str]) -> None:
    lines = Editor(tmp_path / "history", remember=False)
    typed += ["secret", "open"]
    lines.read_line(">>> ")
    assert not (tmp_path / "history").exists()
    lines.remember = True
    lines.read_line(">>> ")
    assert saved(tmp_path / "history") == ["open"]


def test_a_history_that_cannot_be_written_or_read_is_no_error(tmp_path: Path, typed: list[str]) -> None:
    (tmp_path / "file").write_text("no folder")
    lines = Editor(tmp_path / "file" / "history", remember=True)
    typed += ["one"]
    assert lines.read_line(">>> ") == "one"


def test_without_readline_lines_are_read_all_the_same(
    tmp_path: Path, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor, "_import_readline", lambda: None)
    typed += ["one"]
    assert Editor(tmp_path / "history", remember=True).read_line(">>> ") == "one"
    assert not (tmp_path / "history").exists()
