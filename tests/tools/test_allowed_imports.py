"""The import contracts of `pyproject.toml`, tried on a copy of the tree with illegal imports added."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.allowed_imports import innermost, is_within, read_rooms

ROOT = Path(__file__).parents[2]

ILLEGAL = {
    "the library of kernels in the scheduler": ("engine/scheduler/scheduler.py", "import llama_cpp"),
    "parsing in the engine": ("engine/runner.py", "from paddock.parsing.reply import ReplyParser"),
    "the engine in conversion": ("conversion/importing.py", "from paddock.engine import loading"),
    "a local process in the server": ("server/app.py", "from paddock.fleet.transports import local_process"),
    "the server in the service": ("service/inference.py", "from paddock.server import streaming"),
    "the service in the protocol": ("protocol/ollama/inference.py", "from paddock.service import inference"),
    "the engine on the command line": ("cli/commands/run.py", "from paddock.engine import loading"),
    "a web framework in the service": ("service/inference.py", "import starlette"),
    "a package that nobody is listed with": ("library/names.py", "import requests"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that `lint-imports` reads."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("bundled", "__pycache__"))
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def restored(copy: Path) -> Iterator[Path]:
    """The copy, whose files are put back afterwards."""
    before = {path: path.read_text() for path in (copy / "src").rglob("*.py")}
    yield copy
    for path, text in before.items():
        if path.read_text() != text:
            path.write_text(text)


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_tree_as_it_is_keeps_all_contracts(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("what", ILLEGAL)
def test_an_illegal_import_breaks_a_contract(restored: Path, what: str) -> None:
    file, statement = ILLEGAL[what]
    path = restored / "src" / "paddock" / file
    path.write_text(f"{path.read_text()}\n\n{statement}  # noqa\n")
    result = lint(restored)
    assert result.returncode == 1, result.stdout
    assert f"paddock.{file[:-3].replace('/', '.')} must not import" in result.stdout


def test_the_innermost_room_counts() -> None:
    rooms = read_rooms(["a.b: x, y", "a.b.c:", "a: z"])
    assert rooms == {"a.b": ("x", "y"), "a.b.c": (), "a": ("z",)}
    assert [innermost(name, rooms) for name in ("a", "a.b", "a.bc", "a.b.c.d", "b")] == ["a", "a.b", "a", "a.b.c", None]
    assert not is_within("a.bc", "a.b")
