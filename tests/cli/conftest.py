"""A real server on a free port with an empty models folder, and the `paddock` command as a process."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

START_SECONDS = 20


@dataclass(frozen=True)
class Result:
    stdout: str
    stderr: str
    exit: int


@dataclass(frozen=True)
class Paddock:
    """Runs `paddock` against one server."""

    port: int
    home: Path
    models: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PADDOCK_", "OLLAMA_"))}
        return kept | {
            "HOME": str(self.home),
            "PADDOCK_HOST": f"127.0.0.1:{self.port}",
            "PADDOCK_MODELS": str(self.models),
            "PADDOCK_TINY": "0",
        }

    def run(self, *args: str, stdin: str = "", cwd: Path | None = None, **environment: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "paddock", *args],
            input=stdin.encode(),
            capture_output=True,
            cwd=cwd or self.home,
            env=self.environment | environment,
            timeout=120,
        )
        return Result(done.stdout.decode(), done.stderr.decode(), done.returncode)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def paddock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paddock]:
    folder = tmp_path_factory.mktemp("paddock")
    paddock = Paddock(free_port(), folder / "home", folder / "models")
    paddock.home.mkdir()
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "paddock", "serve"], env=paddock.environment, stdout=log, stderr=log
        )
        try:
            _wait(server, paddock.port, folder / "log")
            yield paddock
        finally:
            server.terminate()
            server.wait(20)


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"the server ended with status {server.returncode}:\n{log.read_text()}")
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    pytest.fail(f"the server did not answer within {START_SECONDS} s:\n{log.read_text()}")
