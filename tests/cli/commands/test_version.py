from collections.abc import Iterator

import pytest

from paddock import __version__
from paddock.cli.commands.version import print_version
from tests.cli.canned import Canned, canned_server
from tests.cli.conftest import free_port


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canned]:
    with canned_server() as canned:
        monkeypatch.setenv("PADDOCK_HOST", canned.url)
        yield canned


def test_without_a_server_the_version_is_this_programs_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PADDOCK_HOST", f"127.0.0.1:{free_port()}")
    print_version()
    assert capsys.readouterr().out == (
        f"Warning: could not connect to a running Paddock instance\nWarning: client version is {__version__}\n"
    )


@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        ({"paddock": __version__, "version": "0.9"}, f"paddock version is {__version__}\n"),
        ({"paddock": "0.0.1"}, f"paddock version is 0.0.1\nWarning: client version is {__version__}\n"),
        ({"version": "0.9"}, f"ollama version is 0.9\nWarning: client version is {__version__}\n"),
    ],
)
def test_a_server_of_another_version_or_kind_is_named_with_a_warning(
    server: Canned, answer: dict[str, str], printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.json("GET /api/version", answer)
    print_version()
    assert capsys.readouterr().out == printed
