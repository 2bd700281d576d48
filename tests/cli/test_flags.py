from pathlib import Path

import pytest

from paddock.cli.main import run_command


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server, so that a command with good arguments fails to connect."""
    monkeypatch.setenv("PADDOCK_HOST", "127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))


CONNECTS = "could not connect to paddock server, run 'paddock serve' to start it"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("frob", 'unknown command "frob" for "paddock"'),
        ("shwo x", 'unknown command "shwo" for "paddock"\n\nDid you mean this?\n\tshow\n'),
        ("serve x", "accepts 0 arg(s), received 1"),
        ("show", "accepts 1 arg(s), received 0"),
        ("show a b", "accepts 1 arg(s), received 2"),
        ("cp a", "accepts 2 arg(s), received 1"),
        ("rm", "requires at least 1 arg(s), only received 0"),
        ("run", "requires at least 1 arg(s), only received 0"),
        ("--frob", "unknown flag: --frob"),
        ("-q", "unknown shorthand flag: 'q' in -q"),
        ("show x --frob=1", "unknown flag: --frob"),
        ("show x -vx", "unknown shorthand flag: 'x' in -x"),
        ("show x ---y", "bad flag syntax: ---y"),
        ("create x -f", "flag needs an argument: 'f' in -f"),
        ("create x --file", "flag needs an argument: --file"),
        (
            "show x --verbose=maybe",
            'invalid argument "maybe" for "-v, --verbose" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        (
            "show x --license --system",
            "only one of '--license', '--modelfile', '--parameters', '--system', or '--template' can be specified",
        ),
        ("run x --keepalive soon", 'time: invalid duration "soon"'),
        ("run x --keepalive 5", 'time: missing unit in duration "5"'),
        (
            "run x --think=much y",
            'invalid value for --think: "much" (must be true, false, high, medium, low, or max)',
        ),
        ("list a b c", CONNECTS),
        ("ls --", CONNECTS),
        ("show -v x", CONNECTS),
        ("show x --verbose=false", CONNECTS),
        ("create -fModelfile x", CONNECTS),
        ("create -f=Modelfile x", CONNECTS),
        ("run x --think y", CONNECTS),
        ("stop -- -x", CONNECTS),
    ],
)
def test_arguments_are_read_as_ollama_reads_them(line: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(line.split()) == 1
    assert capsys.readouterr() == ("", f"Error: {error}\n")


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


def test_the_version_without_a_server_is_the_clients_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    first, second = out.splitlines()
    assert first == "Warning: could not connect to a running Paddock instance"
    assert second.startswith("Warning: client version is ")


def test_a_bad_setting_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PADDOCK_HOST", "127.0.0.1:port")
    assert run_command(["list"]) == 1
    assert capsys.readouterr().err.startswith("Error: HOST='127.0.0.1:port'")
