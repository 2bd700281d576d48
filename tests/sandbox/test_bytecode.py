"""Modules that a confined process imports later are compiled by another process, once."""

from pathlib import Path

import pytest

from tests.sandbox.processes import run

PROGRAM = """
from paddock.sandbox.bytecode import compile_modules
sys.dont_write_bytecode = bool(int(sys.argv[1]))
compile_modules(["later", "later.part"])
answer("later" in sys.modules)
"""


COUNT = """
from pathlib import Path
with (Path(__file__).parent / "runs").open("a") as file:
    file.write("1")
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that nobody has imported yet."""
    folder = tmp_path / "later"
    folder.mkdir()
    for name in ("__init__.py", "part.py"):
        (folder / name).write_text(COUNT)
    return folder


def compiled(package: Path) -> set[str]:
    return {file.name.split(".")[0] for file in package.glob("__pycache__/*.pyc")}


def test_modules_are_compiled_by_another_process_and_only_once(package: Path) -> None:
    for _ in range(2):
        assert run(PROGRAM, 0, PYTHONPATH=str(package.parent), PYTHONDONTWRITEBYTECODE="") is False
        assert compiled(package) == {"__init__", "part"}
        assert (package / "runs").read_text() == "11"


def test_nothing_is_compiled_where_python_was_told_not_to(package: Path) -> None:
    run(PROGRAM, 1, PYTHONPATH=str(package.parent))
    assert not (package / "runs").exists()


def test_a_module_that_is_not_there_is_left_alone(tmp_path: Path) -> None:
    assert run(PROGRAM, 0, PYTHONPATH=str(tmp_path)) is False
