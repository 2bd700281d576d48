import asyncio
import json
import shutil
from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.progress import Progress
from paddock.registry import RegistryError
from paddock.registry.transfer.partial_blob import downloads_folder
from tests.registry.conftest import Machine
from tests.registry.contents import MODEL, TEMPLATE, digest
from tests.registry.fake import FakeRegistry, Fault, once


def test_a_model_comes_with_every_layer_and_its_manifest_as_it_is(fake: FakeRegistry, machine: Machine) -> None:
    manifest = fake.add("team/m", "v1", MODEL, TEMPLATE)
    name = f"{fake.host}/team/m:v1"
    lines = machine.pull(name)
    assert machine.blob(digest(MODEL)) == MODEL and machine.blob(digest(TEMPLATE)) == TEMPLATE
    assert machine.library.manifests.path(ModelName.parse(name)).read_bytes() == manifest
    statuses = list(dict.fromkeys(line.status for line in lines))
    assert statuses[0] == "pulling manifest"
    assert statuses[-3:] == ["verifying sha256 digest", "writing manifest", "success"]
    for data in (MODEL, TEMPLATE, b"{}"):
        last = [line for line in lines if line.digest == digest(data)][-1]
        assert last == Progress(f"pulling {digest(data)[7:19]}", digest(data), len(data), len(data))
    assert not list(downloads_folder(machine.library.blobs).iterdir())
    assert machine.library.open(ModelName.parse(name)).template == TEMPLATE.decode()


def test_pulled_again_nothing_is_fetched_and_the_lines_are_the_recorded_ones(
    fake: FakeRegistry, machine: Machine
) -> None:
    fake.add("team/m", "latest", MODEL, TEMPLATE)
    machine.pull(f"{fake.host}/team/m")
    fake.received.clear()
    lines = machine.pull(f"{fake.host}/team/m")
    assert not fake.of("GET", "/blobs/")
    assert [(line.status.split()[0], line.total == line.completed) for line in lines] == [
        ("pulling", True),
        *[("pulling", True)] * 3,
        ("verifying", True),
        ("writing", True),
        ("success", True),
    ]


def test_a_model_that_is_not_there(fake: FakeRegistry, machine: Machine) -> None:
    with pytest.raises(RegistryError, match=r"^pull model manifest: file does not exist$"):
        machine.pull(f"{fake.host}/team/none")


@pytest.mark.parametrize(
    "evil", ["sha256:../../../../etc/passwd", "../../x", "sha256:" + "0" * 63 + "/", "sha256-..", "md5:" + "0" * 64]
)
def test_a_digest_that_is_a_path_never_leaves_the_folder(fake: FakeRegistry, machine: Machine, evil: str) -> None:
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": evil, "size": 3}]
    fake.add("team/m", "latest", layers=layers)
    before = {str(p) for p in machine.library.folder.parent.rglob("*")}
    with pytest.raises(RegistryError, match="invalid digest format"):
        machine.pull(f"{fake.host}/team/m")
    assert not [request for request in fake.received if "/blobs/" in request.path]
    assert {str(p) for p in machine.library.folder.parent.rglob("*")} == before


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{}", b'{"manifests":[]}', b'{"layers":7}', b"\xff"])
def test_what_is_no_manifest_is_refused(fake: FakeRegistry, machine: Machine, text: bytes) -> None:
    fake.manifests["team/m:latest"] = text
    with pytest.raises(RegistryError, match="pull model manifest: "):
        machine.pull(f"{fake.host}/team/m")
    assert list(machine.library.manifests.names()) == []


def test_a_manifest_of_oci_without_its_type_is_read(fake: FakeRegistry, machine: Machine) -> None:
    fields = json.loads(fake.add("team/m", "latest", MODEL))
    del fields["mediaType"]
    fake.manifests["team/m:latest"] = json.dumps(fields).encode()
    machine.pull(f"{fake.host}/team/m")
    assert machine.library.open(ModelName.parse(f"{fake.host}/team/m"))


def test_a_manifest_is_asked_for_again_while_the_registry_is_busy(fake: FakeRegistry, machine: Machine) -> None:
    faults = once(Fault(status=503), 3)
    fake.fault = lambda request: next(faults) if "/manifests/" in request.path else None
    fake.add("team/m", "latest", TEMPLATE)
    machine.pull(f"{fake.host}/team/m")
    assert len(fake.of("GET", "/manifests/")) == 4


def test_too_little_space_is_told_before_anything_is_fetched(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.add("team/m", "latest", MODEL)
    usage = shutil.disk_usage(machine.library.folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2_000_000))
    with pytest.raises(RegistryError, match=r"not enough space in .*3 MB are to be downloaded, 2 MB free"):
        machine.pull(f"{fake.host}/team/m")
    assert not [request for request in fake.received if "/blobs/" in request.path]


def test_a_dry_run_says_what_would_come_and_fetches_nothing(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", MODEL, TEMPLATE)
    machine.library.blobs.put(TEMPLATE)
    lines = machine.pull(f"{fake.host}/team/m", dry_run=True)
    assert lines[1:3] == [
        Progress(f"would pull {digest(MODEL)[7:19]}", digest(MODEL), len(MODEL), 0),
        Progress(f"have {digest(TEMPLATE)[7:19]}", digest(TEMPLATE), len(TEMPLATE), len(TEMPLATE)),
    ]
    assert list(machine.library.manifests.names()) == []
    assert not [request for request in fake.received if "/blobs/" in request.path]


def test_blobs_of_the_version_before_go_and_that_is_said(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    fake.add("team/m", "latest", TEMPLATE)
    lines = machine.pull(f"{fake.host}/team/m")
    assert [line.status for line in lines][-3:] == ["writing manifest", "removing any unused layers", "success"]
    assert not machine.library.blobs.exists(digest(MODEL))


def test_the_path_of_a_library_that_is_not_there_yet(tmp_path: Path, fake: FakeRegistry) -> None:
    fake.add("team/m", "latest", TEMPLATE)
    machine = Machine(Library(tmp_path / "a" / "b" / "models"))
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(TEMPLATE)) == TEMPLATE


def test_a_manifest_with_thousands_of_layers_needs_no_thousands_of_tasks(fake: FakeRegistry, machine: Machine) -> None:
    layers = [
        {
            "mediaType": "application/vnd.ollama.image.license",
            "digest": digest(str(i).encode()),
            "size": len(str(i)),
        }
        for i in range(100)
    ]
    fake.add("team/m", "latest", layers=layers)
    fake.blobs["team/m"] |= {digest(str(i).encode()): str(i).encode() for i in range(100)}
    most = 0

    async def count() -> None:
        nonlocal most
        task = asyncio.create_task(machine.registry().pull(ModelName.parse(f"{fake.host}/team/m"), lambda line: None))
        while not task.done():
            most = max(most, len(asyncio.all_tasks()))
            await asyncio.sleep(0.001)
        await task

    asyncio.run(count())
    assert most < 6 * 100
    assert machine.damage() == []
