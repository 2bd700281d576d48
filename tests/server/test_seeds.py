"""The requests of the guides to Ollama's API of 2024 are answered in the shape that the guides show.

The guides' model names are copies of a small real model.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from tests.models.kinds import full_attention
from tests.server.servers import ServerUnderTest, until

SEEDS = SHARED / "seeds"
pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="needs ../shared/seeds")

ADDRESS = "http://localhost:11434"
COMMAND = re.compile(
    rf"curl (?:-\S (?:[^-\s]\S* )??)*{ADDRESS}(?P<path>/api/[a-z]+(?:/sha256:[0-9a-f]+)?)"
    r"""(?: -d (?P<data>'[^']*'|"(?:[^"\\]|\\.)*"))?"""
)
"""With options such as -I, -X DELETE, -T model.bin -X POST."""
NAMES = ("llama3", "llama3.1", "llama3:13b", "mistral", "all-minilm")
"""What the guides call models."""
ANSWERS = {"created_at", "models", "status", "embedding", "embeddings", "modelfile"}
"""An object in a guide that has none of these is no answer, but what a model wrote."""
OF_THE_FILE = "model_info"
"""Its fields are those of the model's file, and no two models have the same."""
TIMES = ("created_at", "modified_at", "expires_at")


@dataclass(frozen=True)
class Request:
    """A request of a guide."""

    where: str
    command: str
    path: str
    data: str | None
    examples: tuple[dict[str, Any], ...]
    """The answers that the guide shows."""

    @property
    def skipped(self) -> str | None:
        """Return why a request cannot be run here."""
        if self.data is None and " -d " in self.command:
            return "the document has lost its quotes"
        if "images" in (self.data or ""):
            return "no small model here takes images"
        if self.path in ("/api/pull", "/api/push"):
            return "speaks to another machine: see tests/registry"
        return None


def requests() -> list[Request]:
    """Return every request of the guides."""
    return [request for file in sorted(SEEDS.glob("*.txt")) for request in requests_of(file)]


def requests_of(file: Path) -> Iterator[Request]:
    text = file.read_text("utf-8")
    found = list(COMMAND.finditer(text))
    for n, match in enumerate(found):
        end = found[n + 1].start() if n + 1 < len(found) else len(text)
        command = match[0] + (" -d " if text[match.end() :].startswith(" -d ") else "")
        path = match["path"]
        where = f"{file.name[:3]}-{n}-{path.removeprefix('/api/').partition(':')[0]}"
        yield Request(where, command, path, match["data"], tuple(answers(text[match.end() : end])))


def answers(text: str) -> Iterator[dict[str, Any]]:
    """Return every answer that a guide shows between one request and the next."""
    text = re.sub(r",\.\.\.\s*\]", "]", text)  # vectors are cut short there
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            if ANSWERS & value.keys():
                yield value
        at = text.find("{", end)


@dataclass(frozen=True)
class Reply:
    """An answer that curl received."""

    status: int
    kind: str
    body: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.split("\n") if line]


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """A server with a model that has every feature."""
    with ServerUnderTest(tmp_path_factory.mktemp("seeds")) as server:
        texts = {"template": "{{ .System }} {{ .Prompt }}", "license": "MIT"}
        endless = full_attention(tmp_path_factory.mktemp("gguf") / "endless.gguf")
        server.import_gguf("talker", endless, parameters={"num_predict": 24}, **texts)
        yield server


@pytest.fixture
def named(guide: ServerUnderTest) -> ServerUnderTest:
    """The server with every model that the guides use, one of them loaded, and none that they create."""
    for name in NAMES:
        assert guide.post("/api/copy", {"source": "talker", "destination": name}).status == 200
    for name in ("mario", "llama3-backup"):
        guide.request("DELETE", "/api/delete", {"model": name})
    assert guide.generate("llama3.1", "").status == 200
    until(lambda: len(guide.ps()) == 1)
    return guide


def run(server: ServerUnderTest, request: Request, folder: Path) -> Reply:
    """Run a request's command in a shell."""
    (folder / "model.bin").write_bytes(b"another file")
    command = request.command.replace(ADDRESS, server.url).replace("curl ", "curl -sS -D headers ", 1)
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    head = (folder / "headers").read_bytes().decode().split("\r\n\r\n")[-2]
    status = re.search(r"HTTP/1.1 (\d+)", head)
    kind = re.search(r"(?im)^content-type: ([^;\r\n]*)", head)
    assert status is not None
    return Reply(int(status[1]), kind[1] if kind else "", "" if "-I" in request.command else done.stdout)


def compare(shown: Any, got: Any, path: str = "") -> None:
    """Check that `got` has every field of `shown`, with the same type."""
    if shown is None:
        return
    assert type(got) is type(shown), f"{path}: {got!r} for {shown!r}"
    if isinstance(shown, dict):
        for name, value in shown.items():
            if name == "images" and value is None:
                continue  # the oldest guides show what later ones leave out
            if path.endswith(OF_THE_FILE) and name not in got:
                continue
            assert name in got, f"{path}.{name} is missing in {got}"
            compare(value, got[name], f"{path}.{name}")
    elif isinstance(shown, list) and shown:
        assert got, f"{path} is empty"
        compare(shown[0], got[0], f"{path}[0]")
    elif path.endswith(TIMES):
        assert datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", got)).tzinfo is not None


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    """Return the distinct status texts without digests."""
    return list(dict.fromkeys(re.sub(r"sha256:\w+", "sha256", line["status"]) for line in lines))


def test_the_guides_have_requests_of_every_endpoint() -> None:
    found = requests()
    assert len(found) > 45
    runnable = [r for r in found if not r.skipped]
    assert len(runnable) > 30
    assert {r.path.partition("/sha256")[0] for r in runnable} == {
        f"/api/{name}"
        for name in "generate chat create blobs copy delete ps tags show embed embeddings".split()  # noqa: SIM905
    }
    assert sum(len(r.examples) for r in runnable) > 50


@pytest.mark.parametrize("request_", requests(), ids=lambda request: request.where)
def test_a_request_of_a_guide_is_answered_as_the_guide_shows(
    named: ServerUnderTest, tmp_path: Path, request_: Request
) -> None:
    if request_.skipped:
        pytest.skip(request_.skipped)
    reply = run(named, request_, tmp_path)
    if "/blobs/" in request_.path:
        # The guide shows a digest without its file.
        assert reply.status == (404 if "-I" in request_.command else 400)
        return
    assert reply.status == 200, reply.body
    if request_.path in ("/api/copy", "/api/delete"):
        assert reply.body == ""
        return
    lines = reply.lines
    if request_.path == "/api/create":
        assert reply.kind == "application/x-ndjson"
        assert kinds(lines) == kinds(list(request_.examples))
        return
    body = json.loads(shlex.split(request_.data or "{}")[0])
    streamed = request_.path in ("/api/generate", "/api/chat") and body.get("stream", True) and len(body) > 1
    assert reply.kind == ("application/x-ndjson" if streamed else "application/json")
    assert (len(lines) > 1) == streamed
    for example in request_.examples:
        compare(example, lines[0 if example.get("done") is False else -1])
    if request_.path in ("/api/generate", "/api/chat"):
        assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
        assert ("context" in lines[-1]) == (request_.path == "/api/generate" and "raw" not in body and len(body) > 1)
