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
