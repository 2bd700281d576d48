"""Creating models from models that are missing or in use."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.llama import tiny_llama
from tests.registry.fake import FakeRegistry, fake_registry
from tests.server.servers import ServerUnderTest, unchanged, until

NOBODY = "127.0.0.1:9/team/nobody"
"""A model on a machine where no registry answers."""
CONFIG = json.dumps({"model_format": "gguf", "model_family": "llama", "architecture": "amd64", "os": "linux"}).encode()


@pytest.fixture
def fake(tiny: Path) -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        registry.add("team/base", "latest", tiny.read_bytes(), b"{{ .Prompt }}", config=CONFIG)
        yield registry


@pytest.fixture
def base(server: ServerUnderTest, fake: FakeRegistry) -> Iterator[str]:
    """The name of a model that only the registry has."""
    name = f"{fake.host}/team/base"
    yield name
    for made in ("made", name):
        server.request("DELETE", "/api/delete", {"model": made})


def test_a_missing_base_model_is_pulled(server: ServerUnderTest, base: str) -> None:
    lines = server.post("/api/create", {"model": "made", "from": base, "system": "Be brief."}).lines
    statuses = [line["status"] for line in lines]
    assert statuses[0] == "pulling manifest"
    assert any(line.get("digest") and line["completed"] == line["total"] for line in lines)
    last = statuses.index("success")
    assert statuses[last - 1] == "writing manifest"
    assert statuses[last + 1].startswith("using existing layer sha256:")
    assert statuses[-2:] == ["writing manifest", "success"]
    assert server.post("/api/show", {"model": "made"}).json["system"] == "Be brief."
    assert server.tags()["made:latest"]["details"]["parent_model"] == f"{base}:latest"
    assert server.generate("made").status == 200
    again = server.post("/api/create", {"model": "made", "from": base}).lines
    assert "pulling manifest" not in [line["status"] for line in again]


def test_a_missing_base_model_of_a_modelfile_is_reported(server: ServerUnderTest, base: str) -> None:
    body = {"name": "made", "modelfile": f"FROM {base}\nSYSTEM Be brief.", "stream": False}
    assert server.post("/api/create", body).json == {"status": "success"}
    assert server.post("/api/show", {"name": "made"}).json["system"] == "Be brief."


def test_a_base_model_that_no_registry_has_is_answered_with_the_error_of_a_pull(
    server: ServerUnderTest, fake: FakeRegistry
) -> None:
    body = {"model": "made", "from": f"{fake.host}/team/none"}
    with unchanged(server):
        streamed = server.post("/api/create", body)
        answer = server.post("/api/create", body | {"stream": False})
    assert streamed.status == 200
    assert streamed.lines == [{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]
    assert (answer.status, answer.error) == (500, "pull model manifest: file does not exist")


def test_a_registry_that_does_not_answer_is_named(server: ServerUnderTest) -> None:
    with unchanged(server):
        answer = server.create("made", **{"from": NOBODY})
    assert answer.status == 500
    assert answer.error.startswith('pull model manifest: Get "http://127.0.0.1:9/v2/team/nobody/manifests/latest": ')


def test_an_invalid_request_is_refused_before_anything_is_pulled(server: ServerUnderTest, fake: FakeRegistry) -> None:
    body = {"model": "made", "from": f"{fake.host}/team/base", "parameters": {"temperature": "hot"}}
    answer = server.post("/api/create", body)
    assert (answer.status, answer.error) == (400, 'option "temperature" must be of type float32')
    assert fake.received == []


def test_a_client_that_goes_away_stops_the_pull(server: ServerUnderTest, fake: FakeRegistry) -> None:
    model = b"slow" * 500_000
    fake.add("team/slow", "latest", model)
    fake.pause = 0.03
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/api/create", json.dumps({"model": "made", "from": f"{fake.host}/team/slow"}))
    response = connection.getresponse()
    while b"digest" not in response.readline():
        pass
    response.close()
    connection.close()
    time.sleep(0.3)
    before = len(fake.received)
    time.sleep(0.5)
    assert len(fake.received) == before
    assert not {"made:latest", f"{fake.host}/team/slow:latest"} & server.tags().keys()


@pytest.mark.parametrize("how", ["create", "copy", "modelfile"])
def test_a_model_is_unloaded_when_another_takes_its_name(server: ServerUnderTest, tmp_path: Path, how: str) -> None:
    server.import_gguf("first", tiny_llama(tmp_path / "first.gguf", layers=1))
    server.import_gguf("second", tiny_llama(tmp_path / "second.gguf", layers=3))
    server.unload_all()
    before = server.generate("first", options={"num_predict": 1}).status
    assert before == 200 and list(server.ps()) == ["first:latest"]
    (runner,) = server.runners()
    if how == "copy":
        assert server.post("/api/copy", {"source": "second", "destination": "first"}).status == 200
    elif how == "create":
        assert server.create("first", **{"from": "second"}).status == 200
    else:
        assert server.create("first", modelfile="FROM second").status == 200
    assert server.ps() == {}
    until(lambda: not runner.is_running())
    assert server.generate("first", options={"num_predict": 1}).status == 200
    assert server.ps()["first:latest"]["digest"] == server.tags()["first:latest"]["digest"]
    for name in ("first", "second"):
        server.request("DELETE", "/api/delete", {"model": name})
    assert server.ps() == {}


def test_a_model_created_again_from_the_same_files_stays_loaded(server: ServerUnderTest) -> None:
    server.post("/api/copy", {"source": "tiny", "destination": "same"})
    server.unload_all()
    server.generate("same", options={"num_predict": 1})
    (runner,) = server.runners()
    assert server.create("same", **{"from": "same"}, system="Be brief.").status == 200
    server.generate("same", options={"num_predict": 1})
    assert server.runners() == [runner]
    assert server.ps()["same:latest"]["digest"] == server.tags()["same:latest"]["digest"]
    server.request("DELETE", "/api/delete", {"model": "same"})


def test_a_reply_in_progress_finishes_when_its_model_is_replaced(server: ServerUnderTest, tmp_path: Path) -> None:
    server.import_gguf("busy", tiny_llama(tmp_path / "busy.gguf", layers=5))
    replies: list[int] = []

    def ask() -> None:
        answer = server.generate("busy", stream=True, options={"num_predict": 300, "num_ctx": 512})
        replies.append(len(answer.lines) if answer.lines[-1].get("done") else 0)

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: "busy:latest" in server.ps())
    assert server.create("busy", **{"from": "tiny"}).status == 200
    asking.join()
    assert replies[0] > 1
    until(lambda: not server.ps())
    server.request("DELETE", "/api/delete", {"model": "busy"})
