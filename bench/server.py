"""A server to measure: Paddock or another that speaks the same API, on a free port, with a models folder of its own."""

import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server and its process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    seconds_to_answer: float
    """Seconds from its start to its first answer."""

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Send JSON and return the answer.

        Raises:
            RuntimeError: if it is an error.
        """
        return dict(json.loads(self.request("POST", path, json.dumps(body).encode())))

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Send a request on a connection of its own and return the body of the answer.

        Raises:
            RuntimeError: if it is an error.
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=600)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {data.decode(errors='replace')}")
        return data

    def create(self, name: str, file: Path, template: str = "{{ .Prompt }}") -> None:
        """Make a model of a GGUF file."""
        data = file.read_bytes()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.request("POST", f"/api/blobs/{digest}", data)
        self.post("/api/create", {"model": name, "files": {file.name: digest}, "template": template, "stream": False})


def paddock_command() -> list[str]:
    """Return the command that runs the `paddock` of this Python."""
    script = shutil.which("paddock", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "paddock"]


def environment(models: Path, port: int) -> dict[str, str]:
    """Return the environment of a server: without the user's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PADDOCK_", "OLLAMA_"))}
    both = {"HOST": f"{HOST}:{port}", "MODELS": str(models)}
    return kept | {f"{p}_{k}": v for p in ("PADDOCK", "OLLAMA") for k, v in both.items()}


@contextmanager
def running(
    models: Path, command: Callable[[int], Sequence[str]] | None = None, answers: str = "/api/version"
) -> Iterator[Server]:
    """Start a server (by default our own) on a port, wait until it `answers`, and end it afterwards."""
    port = free_port()
    log = models / "server.log"
    with log.open("ab") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command(port) if command else [*paddock_command(), "serve"],
            env=environment(models, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for_answer(port, answers, process, start, log)
        yield Server(port, process, log, time.perf_counter() - start)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def models_folder() -> Iterator[Path]:
    """Make an empty folder for models, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="paddock-bench-") as folder:
        yield Path(folder)


def free_port() -> int:
    """Return a port of this machine that is free."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for_answer(port: int, path: str, process: subprocess.Popen[bytes], start: float, log: Path) -> None:
    while time.perf_counter() - start < START_SECONDS:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text(errors='replace')[-500:]}")
        try:
            with socket.create_connection((HOST, port), timeout=5) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                if connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            time.sleep(0.001)
    raise RuntimeError(f"the server did not answer within {START_SECONDS} s of its start")
