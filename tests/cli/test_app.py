import json
import subprocess
import sys

import pytest
import typer.main

from paddock.cli.app import app
from paddock.cli.flags import CobraCommand, CobraGroup

SLOW = ("rich", "httpx", "pydantic", "numpy", "starlette", "jinja2")
"""Packages that take long to import and that `paddock list` does not need."""


def test_every_command_has_a_help_text_of_one_line_and_a_description_of_every_flag() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, CobraGroup)
    for name, command in group.commands.items():
        assert isinstance(command, CobraCommand), name
        assert command.help and command.help.endswith(".") and "\n" not in command.help, name
        assert len(command.help) <= 60, f"the list of commands cuts off the help of {name}"
        for flag in command.params:
            assert flag.opts and getattr(flag, "help", None), (name, flag.name)


@pytest.mark.parametrize("line", [["--help"], ["list"]])
def test_a_command_imports_only_what_it_needs(line: list[str]) -> None:
    script = (
        "import json, sys; from paddock.cli.main import run_command; run_command(sys.argv[1:]);"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *line], capture_output=True, text=True, env={"PADDOCK_HOST": "127.0.0.1:9"}
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "paddock.cli.app" in loaded
    assert loaded.isdisjoint(SLOW)
    commands = {name.rpartition(".")[2] for name in loaded if name.startswith("paddock.cli.commands.")}
    assert commands == ({"models"} if line == ["list"] else set())
