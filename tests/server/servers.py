"""A real server process for tests."""

import contextlib
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

START_SECONDS = 20
NOWHERE = "http://127.0.0.1:9"
"""Proxy for HTTPS that nothing listens at, so that no test reaches another machine; test registries use plain HTTP."""
FORM = "application/x-www-form-urlencoded"
"""The content type that curl sends with `-d '{…}'`."""


@dataclass(frozen=True)
class Answer:
    """An answer of the server."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """The objects of a stream."""
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def error(self) -> str:
        """The text of an error, which must be the only field."""
        found = self.json
        assert list(found) == ["error"], found
        assert isinstance(found["error"], str)
        assert found["error"]
        return found["error"]


class ServerUnderTest:
    """A `paddock serve` process with its own home and models folder in `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        wait: bool = True,
        command: Sequence[str] = ("-m", "paddock", "serve"),
        **settings: str,
    ) -> None:
        """Start Python with `command`, by default `paddock serve`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.models = Path(settings.pop("MODELS", "") or folder / "models")
        self._log = folder / f"server-{self.port}.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PADDOCK_", "OLLAMA_"))}
        environment |= {
            "HOME": str(folder),
            "PADDOCK_HOST": f"127.0.0.1:{self.port}",
            "PADDOCK_MODELS": str(self.models),
            "PADDOCK_TINY": "0",
            "HTTPS_PROXY": NOWHERE,
            "https_proxy": NOWHERE,
            **{f"PADDOCK_{name}": value for name, value in settings.items()},
        }
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)
        if wait:
            until(self._answers, START_SECONDS)

    def __enter__(self) -> "ServerUnderTest":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        runners = self.runners() if self.process.poll() is None else []
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            for runner in runners:
                runner.kill()
            self.process.kill()
            raise

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything that the server has logged so far."""
        return self._log.read_text("utf-8")

    def runners(self) -> list[psutil.Process]:
        """The processes of the models that are loaded, and those that convert."""
        return [child for child, is_worker in self._children() if not is_worker]

    def workers(self) -> list[psutil.Process]:
        """The processes that read and render templates."""
        return [child for child, is_worker in self._children() if is_worker]

    def _children(self) -> Iterator[tuple[psutil.Process, bool]]:
        """Return the processes that the server has started, and whether each is a worker for templates."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE:
                    yield child, "paddock.workers" in child.cmdline()

    def connect(self) -> socket.socket:
        """Open a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def exchange(self, data: bytes, *, seconds: float = 30) -> bytes:
        """Send these bytes, close the connection for writing, and return everything that is answered."""
        with self.connect() as connection:
            connection.settimeout(seconds)
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            pieces = []
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(65536):
                    pieces.append(piece)
        return b"".join(pieces)

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request; a `body` that is not bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {"Content-Type": FORM} if data is not None else {}
            connection.request(method, path, data, given | (headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        return self.request("POST", path, body, headers)

    def generate(self, model: str, prompt: str = "Once upon a time", **fields: Any) -> Answer:
        """Complete a text, without streaming by default."""
        return self.post("/api/generate", {"model": model, "prompt": prompt, "stream": False, **fields})

    def chat(self, model: str, *messages: tuple[str, str], **fields: Any) -> Answer:
        """Answer messages of role and content, without streaming by default."""
        turns = [{"role": role, "content": content} for role, content in messages]
        return self.post("/api/chat", {"model": model, "messages": turns, "stream": False, **fields})

    def create(self, name: str, **fields: Any) -> Answer:
        return self.post("/api/create", {"model": name, "stream": False, **fields})

    def upload(self, file: Path | bytes) -> str:
        """Store a blob and return its digest."""
        data = file if isinstance(file, bytes) else file.read_bytes()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert self.post(f"/api/blobs/{digest}", data).status in (200, 201)
        return digest

    def import_gguf(self, name: str, file: Path, **fields: Any) -> None:
        """Create a model from a GGUF file."""
        answer = self.create(name, files={file.name: self.upload(file)}, **fields)
        assert answer.json == {"status": "success"}

    def ps(self) -> dict[str, Any]:
        """The loaded models by name."""
        return {m["name"]: m for m in self.get("/api/ps").json["models"]}

    def tags(self) -> dict[str, Any]:
        """The models on disk by name."""
        return {m["name"]: m for m in self.get("/api/tags").json["models"]}

    def unload(self, model: str) -> float:
        """Unload a model and return how many seconds it took."""
        started = time.monotonic()
        answer = self.post("/api/generate", {"model": model, "keep_alive": 0})
        assert answer.json["done_reason"] == "unload"
        until(lambda: f"{model}:latest" not in self.ps())
        return time.monotonic() - started

    def unload_all(self) -> None:
        """Unload every model, and wait until the processes have gone."""
        for name in self.ps():
            self.post("/api/generate", {"model": name, "keep_alive": 0})
        until(lambda: not self.runners())

    def files(self) -> dict[str, bytes]:
        """All files in the models folder and what they hold."""
        return {str(p.relative_to(self.models)): p.read_bytes() for p in self.models.rglob("*") if p.is_file()}

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the server and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(15)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log
        try:
            return self.get("/").status == 200
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until `condition` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@contextlib.contextmanager
def unchanged(server: ServerUnderTest) -> Iterator[None]:
    """Check that the body of the `with` leaves the models folder as it was, once the server has noticed its end."""
    before = server.files()
    yield
    with contextlib.suppress(AssertionError):
        until(lambda: server.files() == before, 10)
    assert server.files() == before
