import socket

import pytest

from paddock.cli.commands.serve import serve
from paddock.cli.errors import CommandError
from paddock.settings import read_settings


def test_a_server_that_cannot_start_is_an_error_that_names_the_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PADDOCK_MODELS", str(home / "models"))
    monkeypatch.setenv("PADDOCK_TINY", "0")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("PADDOCK_HOST", host)
        with pytest.raises(CommandError, match=f"{host} is in use"):
            serve(read_settings())
