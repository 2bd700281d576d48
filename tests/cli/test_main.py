import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock import __version__
from paddock.cli.main import run_command
from tests.cli.canned import Canned, canned_server


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        canned.answers["HEAD /"] = (200, b"")
        canned.json("POST /api/show", {"details": {}})
        yield canned


@pytest.mark.parametrize("line", ["", "--help", "-h", "help"])
def test_help_lists_the_commands_on_standard_output(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(line.split()) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for command in ["serve", "create", "show", "run", "stop", "pull", "push", "list", "ps", "cp", "rm"]:
        assert f"\n  {command} " in out


@pytest.mark.parametrize("line", ["help create", "create --help", "create x -h"])
def test_a_command_has_its_own_help(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(line.split()) == 0
    out = capsys.readouterr().out
    assert out.startswith("Usage: paddock create MODEL [flags]\n") and "-f, --file" in out
    assert out.endswith("  -h, --help           Show this message.\n")


@pytest.mark.parametrize("flag", ["--version", "-v"])
def test_the_version_is_a_flag(
    flag: str, server: Canned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.json("GET /api/version", {"paddock": __version__})
    monkeypatch.setenv("PADDOCK_HOST", server.url)
    assert run_command([flag]) == 0
    assert capsys.readouterr() == (f"paddock version is {__version__}\n", "")


def test_an_invalid_setting_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PADDOCK_HOST", "127.0.0.1:port")
    assert run_command(["list"]) == 1
    assert capsys.readouterr().err.startswith("Error: HOST='127.0.0.1:port'")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_a_closed_output_pipe_ends_the_command_without_a_message(server: Canned, tmp_path: Path) -> None:
    server.stream("POST /api/generate", *[{"response": "x" * 60_000}] * 20, {"response": "", "done": True})
    read, write = os.pipe()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PADDOCK_", "OLLAMA_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "paddock", "run", "stories", "x"],
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=subprocess.PIPE,
        env=kept | {"HOME": str(tmp_path), "PADDOCK_HOST": server.url},
    )
    os.close(write)
    os.read(read, 10)
    os.close(read)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (141, b"")


@pytest.mark.parametrize("name", ["ls", "list"])
def test_an_alias_runs_the_command(
    name: str, server: Canned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.json("GET /api/tags", {"models": []})
    monkeypatch.setenv("PADDOCK_HOST", server.url)
    assert run_command([name]) == 0
    assert capsys.readouterr().out.startswith("NAME")


def test_an_error_comes_after_the_output_and_gives_status_1(
    server: Canned, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.json("GET /api/ps", {"error": "no luck"}, 500)
    monkeypatch.setenv("PADDOCK_HOST", server.url)
    assert run_command(["ps"]) == 1
    assert capsys.readouterr() == ("", "Error: no luck\n")


def test_ctrl_c_gives_the_status_of_an_interrupted_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("paddock.cli.commands.models.list_models", interrupt)
    assert run_command(["list"]) == 130
