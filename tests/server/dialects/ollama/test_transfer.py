import hashlib
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.llama import tiny_llama
from tests.registry.fake import FakeRegistry, Fault, Received, fake_registry
from tests.registry.transfer.test_push import MODEL, TEMPLATE, digest
from tests.server.servers import ServerUnderTest, until


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        registry.add("team/m", "latest", MODEL, TEMPLATE)
        yield registry


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("transfer")) as server:
        yield server


def blob(server: ServerUnderTest, data: bytes) -> Path:
    return server.models / "blobs" / digest(data).replace(":", "-")


def damaged(models: Path) -> list[str]:
    """Return the blobs with a wrong digest, and the manifests with missing blobs."""
    files = list((models / "blobs").glob("sha256-*"))
    wrong = [p.name for p in files if p.name != f"sha256-{hashlib.sha256(p.read_bytes()).hexdigest()}"]
    for path in (p for p in (models / "manifests").rglob("*") if p.is_file() and not p.name.startswith(".")):
        manifest = json.loads(path.read_bytes())
        digests = [layer["digest"].replace(":", "-") for layer in [manifest["config"], *manifest["layers"]]]
        wrong += [f"{path.name}: {d}" for d in digests if not (models / "blobs" / d).exists()]
    return wrong


def test_a_pull_is_streamed(server: ServerUnderTest, fake: FakeRegistry) -> None:
    answer = server.post("/api/pull", {"model": f"{fake.host}/team/m"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert answer.lines[0] == {"status": "pulling manifest"} and answer.lines[-1] == {"status": "success"}
    layer = [line for line in answer.lines if line.get("digest") == digest(MODEL)]
    assert layer[-1]["completed"] == layer[-1]["total"] == len(MODEL)
    assert blob(server, MODEL).read_bytes() == MODEL
    assert f"{fake.host}/team/m:latest" in server.tags()
    assert server.request("DELETE", "/api/delete", {"model": f"{fake.host}/team/m"}).status == 200


def test_a_pull_without_streaming_has_one_answer(server: ServerUnderTest, fake: FakeRegistry) -> None:
    answer = server.post("/api/pull", {"name": f"{fake.host}/team/m", "stream": False})
    assert answer.json == {"status": "success"}
    missing = server.post("/api/pull", {"model": f"{fake.host}/team/none", "stream": False})
    assert (missing.status, missing.error) == (500, "pull model manifest: file does not exist")
    streamed = server.post("/api/pull", {"model": f"{fake.host}/team/none"})
    assert streamed.lines == [{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]


@pytest.mark.parametrize("how", ["pull", "import"])
def test_a_model_that_a_pull_replaces_is_unloaded(
    server: ServerUnderTest, fake: FakeRegistry, tmp_path: Path, how: str
) -> None:
    name = f"{fake.host}/team/own"
    weights = [tiny_llama(tmp_path / f"{layers}.gguf", layers=layers).read_bytes() for layers in (1, 2)]
    fake.add("team/own", "latest", weights[0], TEMPLATE)
    server.post("/api/pull", {"model": name, "stream": False})
    archive = server.post("/api/export", {"model": name}).body
    if how == "import":
        server.import_gguf(name, tmp_path / "2.gguf")
    assert server.generate(name, options={"num_predict": 1}).status == 200
    assert list(server.ps()) == [f"{name}:latest"]
    (runner,) = server.runners()
    if how == "pull":
        fake.add("team/own", "latest", weights[1], TEMPLATE)
        assert server.post("/api/pull", {"model": name, "stream": False}).json == {"status": "success"}
    else:
        assert server.post("/api/import", archive).status == 200
    assert server.ps() == {}
    until(lambda: not runner.is_running())
    server.request("DELETE", "/api/delete", {"model": name})


def test_a_model_is_pushed(server: ServerUnderTest, fake: FakeRegistry) -> None:
    server.post("/api/pull", {"model": f"{fake.host}/team/m", "stream": False})
    server.post("/api/copy", {"source": f"{fake.host}/team/m", "destination": f"{fake.host}/team/copy"})
    fake.mounts = False
    lines = server.post("/api/push", {"model": f"{fake.host}/team/copy"}).lines
    assert [lines[0], *lines[-2:]] == [{"status": s} for s in ("retrieving manifest", "pushing manifest", "success")]
    assert fake.manifests["team/copy:latest"] == fake.manifests["team/m:latest"]
    assert fake.blobs["team/copy"] == fake.blobs["team/m"]
    assert server.post("/api/push", {"model": f"{fake.host}/team/copy", "stream": False}).json == {"status": "success"}
    assert server.post("/api/push", {}).error == "model is required"


def test_a_client_that_goes_away_stops_the_pull_unless_somebody_else_waits(
    server: ServerUnderTest, fake: FakeRegistry
) -> None:
    model = b"slow" * 500_000
    fake.add("team/slow", "latest", model)
    fake.pause = 0.03
    body = json.dumps({"model": f"{fake.host}/team/slow"})

    def begin() -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/api/pull", body)
        response = connection.getresponse()
        while b"digest" not in response.readline():
            pass
        return response

    begin().close()
    time.sleep(0.3)
    before = len(fake.received)
    time.sleep(0.5)
    assert len(fake.received) == before and not blob(server, model).exists()

    results: list[bytes] = []
    first = begin()
    second = threading.Thread(target=lambda: results.append(begin().read()))
    second.start()
    time.sleep(0.2)
    first.close()
    second.join()
    assert results[0].endswith(b'{"status":"success"}\n')
    assert blob(server, model).read_bytes() == model


def test_export_and_import(server: ServerUnderTest, fake: FakeRegistry) -> None:
    name = f"{fake.host}/team/m:latest"
    server.post("/api/pull", {"model": name, "stream": False})
    exported = server.post("/api/export", {"model": name})
    assert (exported.status, exported.headers["Content-Type"]) == (200, "application/x-tar")
    assert int(exported.headers["Content-Length"]) == len(exported.body)
    server.request("DELETE", "/api/delete", {"model": name})
    imported = server.post("/api/import", exported.body)
    assert imported.json == {"status": "success", "model": name}
    assert blob(server, MODEL).read_bytes() == MODEL
    named = server.post("/api/import?model=other", exported.body)
    assert named.json["model"] == "other:latest" and "other:latest" in server.tags()
    place = exported.body.index(TEMPLATE)
    spoilt = exported.body[:place] + b"!" + exported.body[place + 1 :]
    wrong = server.post("/api/import?model=bad", spoilt)
    assert wrong.status == 400 and "digest mismatch" in wrong.error
    for data in (b"", b"x" * 3000, exported.body[:2_000_000], exported.body[512:], bytes(100_000)):
        answer = server.post("/api/import?model=bad", data)
        assert answer.status == 400 and "archive" in answer.error
    assert "bad:latest" not in server.tags()
    assert server.post("/api/export", {"model": "none"}).status == 404
    assert server.post("/api/import?model=a%20b", exported.body).error == "invalid model name"


def test_an_import_that_is_broken_off_leaves_nothing(server: ServerUnderTest, fake: FakeRegistry) -> None:
    name = f"{fake.host}/team/m:latest"
    server.post("/api/pull", {"model": name, "stream": False})
    data = server.post("/api/export", {"model": name}).body
    for size in (0, 100, 3000, 1_000_000, len(data) - 1):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.putrequest("POST", "/api/import?model=broken")
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data[:size])
        connection.close()
    until(lambda: not list((server.models / "blobs").glob(".paddock-*")))
    time.sleep(0.3)
    assert "broken:latest" not in server.tags()
    assert "never retrieved" not in server.log and "Traceback" not in server.log
    assert not list((server.models / "blobs").glob(".paddock-*"))


def test_a_server_stopped_during_a_pull_ends_soon_and_reports_it(tmp_path: Path, fake: FakeRegistry) -> None:
    fake.pause = 0.1
    with ServerUnderTest(tmp_path) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/api/pull", json.dumps({"model": f"{fake.host}/team/m"}))
        response = connection.getresponse()
        until(lambda: bool(fake.of("GET", digest(MODEL))))
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 15
        assert b"the server is stopping" in response.read()


def test_other_requests_are_answered_during_a_pull(server: ServerUnderTest, fake: FakeRegistry) -> None:
    model = bytes(30_000_000)
    fake.add("team/big", "latest", model)
    thread = threading.Thread(target=lambda: server.post("/api/pull", {"model": f"{fake.host}/team/big"}))
    thread.start()
    slow = []
    while thread.is_alive():
        began = time.monotonic()
        server.get("/api/version")
        slow.append(time.monotonic() - began)
    thread.join()
    assert blob(server, model).stat().st_size == len(model)
    assert sorted(slow)[len(slow) // 2] < 1


def test_no_secret_is_in_the_log(server: ServerUnderTest, fake: FakeRegistry) -> None:
    fake.tokens = True
    fake.fault = lambda request: Fault(status=403) if is_storage(request) else None
    fake.add("team/log", "latest", b"log" * 1000)
    lines = server.post("/api/pull", {"model": f"{fake.host}/team/log"}).lines
    assert "403" in lines[-1]["error"] and "secret" not in lines[-1]["error"]
    assert "secret" not in server.log and "t0ken" not in server.log


def is_storage(request: Received) -> bool:
    return request.server == "storage"


def test_a_server_that_never_pulls_does_not_import_the_registry_client() -> None:
    code = (
        "import sys, paddock.server.run; print([m for m in sys.modules if m in ('httpx', 'cryptography', 'tarfile')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
