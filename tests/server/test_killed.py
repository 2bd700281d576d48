"""The server is killed during an operation: the library stays sound, and the operation resumes after a restart."""

import contextlib
import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.registry.fake import FakeRegistry, fake_registry
from tests.registry.transfer.test_push import MODEL, TEMPLATE, digest
from tests.server.dialects.ollama.test_transfer import damaged
from tests.server.servers import ServerUnderTest

FAST = 3
MANY = 50
TIMES = [FAST, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        registry.storage = False
        registry.add("team/m", "latest", MODEL, TEMPLATE)
        yield registry


def kill_in(server: ServerUnderTest, seconds: float, work: Callable[[], object]) -> None:
    """Start `work` with the server, and kill the server after some time."""

    def begin() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            work()

    thread = threading.Thread(target=begin)
    thread.start()
    time.sleep(seconds)
    server.process.kill()
    server.process.wait()
    thread.join()
    assert damaged(server.models) == []


def spans(models: Path, data: bytes) -> list[tuple[int, int]]:
    """Return the byte ranges of a layer that are recorded as downloaded."""
    note = models / "paddock" / "downloads" / digest(data).replace(":", "-") / "note"
    return [(start, end) for start, end in json.loads(note.read_bytes())["spans"]] if note.exists() else []


def asked_for(fake: FakeRegistry, header: str, method: str) -> list[tuple[int, int]]:
    """Return the byte ranges of the large layer that were requested."""
    found = []
    for request in fake.of(method):
        text = request.headers.get(header, "").removeprefix("bytes=")
        if text and (digest(MODEL) in request.path or method == "PATCH"):
            first, _, last = text.partition("-")
            found.append((int(first), int(last) + 1))
    return [(start, end) for start, end in found if end > 1000]


@pytest.mark.parametrize("times", TIMES)
def test_a_server_killed_within_a_pull_leaves_a_sound_library(tmp_path: Path, fake: FakeRegistry, times: int) -> None:
    dice, resumed, whole = random.Random(times), 0, {"model": f"{fake.host}/team/m", "stream": False}
    for _ in range(times):
        fake.pause = 0.02
        with ServerUnderTest(tmp_path) as server:
            kill_in(server, dice.uniform(0, 1.4), lambda s=server: s.post("/api/pull", whole))  # type: ignore[misc]
        there = spans(server.models, MODEL)
        resumed += bool(there)
        fake.pause = 0
        fake.received.clear()
        with ServerUnderTest(tmp_path) as server:
            assert server.post("/api/pull", whole).json == {"status": "success"}
            assert not [s for s, _ in asked_for(fake, "Range", "GET") for a, b in there if a <= s < b]
            assert damaged(server.models) == []
            assert (server.models / "blobs" / digest(MODEL).replace(":", "-")).read_bytes() == MODEL
            assert not list((server.models / "paddock" / "downloads").iterdir())
            assert server.request("DELETE", "/api/delete", {"model": f"{fake.host}/team/m"}).status == 200
    assert resumed or times == FAST


@pytest.mark.parametrize("times", TIMES)
def test_a_server_killed_within_a_push_leaves_a_sound_library(tmp_path: Path, fake: FakeRegistry, times: int) -> None:
    dice, resumed, name = random.Random(times), 0, f"{fake.host}/team/copy"
    with ServerUnderTest(tmp_path) as server:
        server.post("/api/pull", {"model": f"{fake.host}/team/m", "stream": False})
        server.post("/api/copy", {"source": f"{fake.host}/team/m", "destination": name})
    fake.mounts = False
    for _ in range(times):
        fake.pause = 0.02
        for kept in (fake.uploads, fake.manifests, fake.blobs):
            kept.clear()
        with ServerUnderTest(tmp_path) as server:
            before = server.files()
            kill_in(server, dice.uniform(0, 1.6), lambda s=server: s.post("/api/push", {"model": name}))  # type: ignore[misc]
        left = server.files()
        assert before.items() <= left.items() and all("uploads" in path for path in left.keys() - before.keys())
        time.sleep(0.1)
        sent = max(map(len, fake.uploads.values()), default=0)
        resumed += sent > 1000
        fake.pause = 0
        fake.received.clear()
        with ServerUnderTest(tmp_path) as server:
            assert server.post("/api/push", {"model": name, "stream": False}).json == {"status": "success"}
        assert fake.blobs["team/copy"][digest(MODEL)] == MODEL and "team/copy:latest" in fake.manifests
        if sent > 1000:
            assert asked_for(fake, "Content-Range", "PATCH") in ([], [(sent, len(MODEL))])
        assert damaged(server.models) == []
    assert resumed or times == FAST


@pytest.mark.parametrize("times", TIMES)
def test_a_server_killed_within_a_create_leaves_a_sound_library(tmp_path: Path, tiny: Path, times: int) -> None:
    dice, data = random.Random(times), tiny.read_bytes()

    def make(server: ServerUnderTest) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.putrequest("POST", f"/api/blobs/{digest(data)}")
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders()
        step = -(-len(data) // 10)
        for start in range(0, len(data), step):
            connection.send(data[start : start + step])
            time.sleep(0.002)
        assert connection.getresponse().status in (200, 201)
        connection.close()
        body = {"model": "m", "files": {"m.gguf": digest(data)}, "system": "Be brief.", "parameters": {"top_k": 3}}
        assert server.post("/api/create", {**body, "stream": False}).json == {"status": "success"}

    took = 0.1
    for _ in range(times):
        with ServerUnderTest(tmp_path) as server:
            kill_in(server, dice.uniform(0, 1.2 * took), lambda s=server: make(s))  # type: ignore[misc]
        with ServerUnderTest(tmp_path) as server:
            began = time.monotonic()
            make(server)
            took = time.monotonic() - began
            assert damaged(server.models) == []
            assert server.post("/api/show", {"model": "m"}).json["system"] == "Be brief."
            assert server.request("DELETE", "/api/delete", {"model": "m"}).status == 200
