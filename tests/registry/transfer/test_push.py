import asyncio
import contextlib
import hashlib
import json
import random
from dataclasses import replace

import pytest

from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobNotFound
from paddock.library.store.library import Library
from paddock.library.store.manifests import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Layer, Manifest
from paddock.progress import Progress
from paddock.registry import RegistryError
from paddock.registry.transfer.config import TransferConfig
from tests.conftest import SHARED
from tests.registry.conftest import SMALL, Machine, until
from tests.registry.fake import FakeRegistry

MODEL = random.Random(2).randbytes(3_000_000)
TEMPLATE = b"{{ .Prompt }}"
CONFIG = b"{}"


def upload_config(**changes: float) -> TransferConfig:
    return replace(SMALL, upload=replace(SMALL.upload, **changes))  # type: ignore[arg-type]


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def make(library: Library, name: str, model: bytes = MODEL, source: str = "") -> ModelName:
    """A model in the library."""
    for data in (model, TEMPLATE, CONFIG):
        library.blobs.put(data)
    layers = [
        Layer(f"{LAYER_TYPE}model", digest(model), len(model), source),
        Layer(f"{LAYER_TYPE}template", digest(TEMPLATE), len(TEMPLATE)),
    ]
    config = Layer(CONFIG_TYPE, digest(CONFIG), len(CONFIG))
    parsed = ModelName.parse(name)
    library.write(parsed, Manifest(2, MANIFEST_TYPE, config, layers))
    return parsed


@pytest.mark.parametrize("storage", [True, False])
def test_a_model_arrives_with_every_layer_and_its_manifest_as_it_is(
    fake: FakeRegistry, machine: Machine, storage: bool
) -> None:
    fake.storage = storage
    name = make(machine.library, f"{fake.host}/team/m:v1")
    lines = machine.push(str(name))
    assert fake.blobs["team/m"] == {digest(data): data for data in (MODEL, TEMPLATE, CONFIG)}
    assert fake.manifests["team/m:v1"] == machine.library.manifests.path(name).read_bytes()
    assert fake.of("PUT", "/manifests/")[0].headers["Content-Type"] == MANIFEST_TYPE
    statuses = list(dict.fromkeys(line.status for line in lines))
    assert statuses[0] == "retrieving manifest" and statuses[-2:] == ["pushing manifest", "success"]
    last = [line for line in lines if line.digest == digest(MODEL)][-1]
    assert last == Progress(f"pushing {digest(MODEL)[7:19]}", digest(MODEL), len(MODEL), len(MODEL))


def test_layers_that_are_there_are_not_sent_again(fake: FakeRegistry, machine: Machine) -> None:
    name = str(make(machine.library, f"{fake.host}/team/m"))
    machine.push(name)
    fake.received.clear()
    lines = machine.push(name)
    assert not fake.of("POST") and not fake.of("PATCH")
    assert all(line.completed == line.total for line in lines)


def test_the_requests_are_those_recorded(fake: FakeRegistry, machine: Machine) -> None:
    trace = SHARED / "fixtures" / "registry" / "trace.jsonl"
    if not trace.exists():
        pytest.skip("the recorded cases are not here")
    rows = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    patch = next(row for row in rows if row["method"] == "PATCH" and row["body_bytes"] == 13)
    fake.tokens, fake.storage = True, False
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    ours = next(request for request in fake.of("PATCH") if request.headers["Content-Length"] == "13")
    assert {key: ours.headers.get(key) for key in patch["headers"]} == patch["headers"]


def test_storage_that_takes_the_chunks_hears_nothing_of_who_we_are(fake: FakeRegistry, machine: Machine) -> None:
    fake.tokens = True
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    sent = fake.of("PUT", "/uploads/", "storage")
    assert len(sent) == 5 and not [request for request in sent if "Authorization" in request.headers]
    sums = [hashlib.md5(MODEL[start : start + 1_000_000]).digest() for start in range(0, 3_000_000, 1_000_000)]
    etag = f"{hashlib.md5(b''.join(sums)).hexdigest()}-3"
    assert [request for request in fake.of("PUT", "/blobs/uploads/") if f"etag={etag}" in request.path]


def test_a_layer_of_another_repository_is_mounted(fake: FakeRegistry, machine: Machine) -> None:
    machine.push(str(make(machine.library, f"{fake.host}/team/a")))
    fake.received.clear()
    machine.push(str(make(machine.library, f"{fake.host}/team/b")))
    assert fake.blobs["team/b"] == fake.blobs["team/a"]
    assert not fake.of("PATCH") and len(fake.of("POST", "from=team%2Fa")) == 3


def test_a_registry_that_does_not_mount_gets_the_layer(fake: FakeRegistry, machine: Machine) -> None:
    fake.mounts = False
    make(machine.library, f"{fake.host}/team/a")
    machine.push(str(make(machine.library, f"{fake.host}/team/b", source=f"{fake.host}/team/a:latest")))
    assert fake.of("POST", "mount=") and fake.blobs["team/b"][digest(MODEL)] == MODEL


def test_an_interrupted_push_goes_on_where_it_was(fake: FakeRegistry, machine: Machine) -> None:
    fake.storage = False
    name = make(machine.library, f"{fake.host}/team/m")
    fake.upload_fault = lambda request: 300_000 if "1000000-" in request.headers["Content-Range"] else None

    async def interrupted() -> None:
        task = asyncio.create_task(machine.registry().push(name, machine.lines.append))
        await until(lambda: any("1000000-" in a.headers["Content-Range"] for a in fake.of("PATCH")))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    fake.upload_fault = lambda request: None
    fake.received.clear()
    machine.push(str(name))
    assert fake.blobs["team/m"][digest(MODEL)] == MODEL
    assert not [a for a in fake.of("PATCH") if a.headers["Content-Range"].startswith("0-9")]
    assert not list((machine.library.folder / "paddock" / "uploads").iterdir())


def test_a_model_that_is_not_there_is_told_in_the_recorded_way(machine: Machine) -> None:
    with pytest.raises(RegistryError, match=r"open .*nope/x/latest: no such file or directory"):
        machine.push("nope/x")
    assert [line.status for line in machine.lines] == ["retrieving manifest", "couldn't retrieve manifest"]


def test_a_registry_that_is_not_there_is_told(machine: Machine) -> None:
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:9"):
        machine.push(str(make(machine.library, "127.0.0.1:9/x/y")))


def test_a_blob_that_is_missing_or_damaged_is_told_before_anything_is_sent(
    fake: FakeRegistry, machine: Machine
) -> None:
    name = make(machine.library, f"{fake.host}/team/m")
    machine.library.blobs.path(digest(MODEL)).write_bytes(MODEL[:-1])
    with pytest.raises(RegistryError, match="has 2999999 bytes"):
        machine.push(str(name))
    machine.library.blobs.remove(digest(MODEL))
    with pytest.raises(BlobNotFound, match="not found"):
        machine.push(str(name))
    assert fake.received == []


def test_what_is_pushed_deleted_and_pulled_is_the_same(fake: FakeRegistry, machine: Machine) -> None:
    fake.tokens = True
    name = make(machine.library, f"{fake.host}/team/m")
    before = machine.library.manifests.path(name).read_bytes()
    machine.push(str(name))
    machine.library.delete(name)
    assert not machine.library.blobs.exists(digest(MODEL))
    machine.pull(str(name))
    assert machine.library.manifests.path(name).read_bytes() == before
    assert machine.blob(digest(MODEL)) == MODEL and machine.damage() == []


def test_a_blob_that_is_damaged_here_is_told_and_sent_once(fake: FakeRegistry, machine: Machine) -> None:
    fake.storage = False
    name = make(machine.library, f"{fake.host}/team/m")
    machine.library.blobs.path(digest(MODEL)).write_bytes(bytes(len(MODEL)))
    with pytest.raises(RegistryError, match=f"the blob {digest(MODEL)} is damaged"):
        machine.push(str(name))
    assert "team/m:latest" not in fake.manifests
    assert len([a for a in fake.of("PATCH") if a.headers["Content-Range"].startswith("0-9")]) == 1
    machine.library.blobs.path(digest(MODEL)).write_bytes(MODEL)
    machine.push(str(name))
    assert fake.blobs["team/m"][digest(MODEL)] == MODEL


def test_pushed_twice_at_once_it_is_sent_once(fake: FakeRegistry, machine: Machine) -> None:
    fake.storage = False
    name = make(machine.library, f"{fake.host}/team/m")

    async def both() -> None:
        registry = machine.registry()
        await asyncio.gather(*(registry.push(name, lambda line: None) for _ in range(2)))

    asyncio.run(both())
    starts = [request.headers["Content-Range"].split("-")[0] for request in fake.of("PATCH")]
    assert starts.count("1000000") == 1
    assert fake.blobs["team/m"][digest(MODEL)] == MODEL
