import asyncio
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.progress import Progress
from paddock.registry import RegistryError
from paddock.registry.transfer import download as downloading
from paddock.registry.transfer.partial_blob import downloads_folder
from paddock.registry.transfer.watch import watch
from tests.conftest import SHARED
from tests.registry.conftest import Machine, until
from tests.registry.fake import Asked, FakeRegistry, Fault, fake_registry

MODEL = random.Random(1).randbytes(3_000_000)
TEMPLATE = b"{{ .Prompt }}"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges, blocks and shares of a size that fits the models of these tests."""
    monkeypatch.setattr(downloading, "LEAST_PART", 400_000)
    monkeypatch.setattr(downloading, "MOST_PART", 400_000)
    monkeypatch.setattr(downloading, "BLOCK", 1 << 16)


def is_blob(asked: Asked) -> bool:
    return digest(MODEL) in asked.path and (asked.server == "storage" or "/blobs/" in asked.path)


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


@pytest.mark.parametrize("storage", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
def test_it_does_not_matter_how_the_registry_serves_blobs(
    fake: FakeRegistry, machine: Machine, storage: bool, ranges: bool
) -> None:
    fake.storage, fake.ranges = storage, ranges
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


def test_a_large_layer_comes_in_ranges_over_several_connections(fake: FakeRegistry, machine: Machine) -> None:
    fake.pause = 0.005
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    ranges = {asked.headers["Range"] for asked in fake.of("GET", digest(MODEL), "storage")}
    assert len(ranges) >= 8 and "bytes=0-399999" in ranges


def test_no_more_connections_than_the_setting_allows(fake: FakeRegistry, library: Library) -> None:
    busy, most, lock = 0, 0, threading.Lock()
    fake.pause = 0.002

    def count(asked: Asked) -> Fault | None:
        nonlocal busy, most
        if is_blob(asked):
            with lock:
                busy += 1
                most = max(most, busy)
            time.sleep(0.05)
            with lock:
                busy -= 1
        return None

    fake.fault = count
    fake.add("team/m", "latest", MODEL)
    Machine(library, max_transfer_streams=2).pull(f"{fake.host}/team/m")
    assert most == 2


def test_pulled_again_nothing_is_fetched_and_the_lines_are_the_recorded_ones(
    fake: FakeRegistry, machine: Machine
) -> None:
    fake.add("team/m", "latest", MODEL, TEMPLATE)
    machine.pull(f"{fake.host}/team/m")
    fake.asked.clear()
    lines = machine.pull(f"{fake.host}/team/m")
    assert not fake.of("GET", "/blobs/")
    assert [(line.status.split()[0], line.total == line.completed) for line in lines] == [
        ("pulling", True),
        *[("pulling", True)] * 3,
        ("verifying", True),
        ("writing", True),
        ("success", True),
    ]


def test_what_proves_who_we_are_goes_to_the_registry_alone(fake: FakeRegistry, machine: Machine) -> None:
    fake.tokens = True
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    assert fake.of("GET", "", "storage")
    assert not [asked for asked in fake.of("GET", "", "storage") if "Authorization" in asked.headers]
    assert len(fake.of("GET", "/token")) == 1
    assert all(asked.headers.get("Authorization") == "Bearer t0ken" for asked in fake.of("GET", "/blobs/", "registry"))


def test_a_realm_on_another_host_is_refused(fake: FakeRegistry, machine: Machine) -> None:
    fake.tokens, fake.realm = True, f"{fake.storage_url}/token"
    fake.add("team/m", "latest", MODEL)
    with pytest.raises(RegistryError, match="another host"):
        machine.pull(f"{fake.host}/team/m")
    assert not fake.of("GET", "", "storage")


def test_a_model_that_is_not_there(fake: FakeRegistry, machine: Machine) -> None:
    with pytest.raises(RegistryError, match=r"^pull model manifest: file does not exist$"):
        machine.pull(f"{fake.host}/team/none")


def test_a_registry_that_is_not_there_is_told_at_once(machine: Machine) -> None:
    began = time.monotonic()
    with pytest.raises(
        RegistryError, match=r'pull model manifest: Get "http://127.0.0.1:9/v2/x/y/m.*": Connection refused'
    ):
        machine.pull("127.0.0.1:9/x/y", insecure=True)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "evil", ["sha256:../../../../etc/passwd", "../../x", "sha256:" + "0" * 63 + "/", "sha256-..", "md5:" + "0" * 64]
)
def test_a_digest_that_is_a_path_never_leaves_the_folder(fake: FakeRegistry, machine: Machine, evil: str) -> None:
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": evil, "size": 3}]
    fake.add("team/m", "latest", layers=layers)
    before = {str(p) for p in machine.library.folder.parent.rglob("*")}
    with pytest.raises(RegistryError, match="invalid digest format"):
        machine.pull(f"{fake.host}/team/m")
    assert not [asked for asked in fake.asked if "/blobs/" in asked.path]
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


def once(fault: Fault, times: int = 1) -> "Iterator[Fault | None]":
    for _ in range(times):
        yield fault
    while True:
        yield None


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=0),
        Fault(cut=1),
        Fault(cut=100_000),
        Fault(stall=100_000),
        Fault(stall=0),
        Fault(spoil=True),
        Fault(shift=1),
        *(Fault(status=status) for status in (429, 500, 502, 503, 504)),
        Fault(status=503, headers={"Retry-After": "0"}),
        Fault(status=429, headers={"Retry-After": "nonsense"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("storage", [True, False])
def test_what_goes_wrong_once_is_made_good(fake: FakeRegistry, machine: Machine, fault: Fault, storage: bool) -> None:
    fake.storage = storage
    faults, lock = once(fault), threading.Lock()

    def next_fault(asked: Asked) -> Fault | None:
        with lock:
            return next(faults) if is_blob(asked) else None

    fake.fault = next_fault
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(cut=0), "pulling"),
        (Fault(stall=0), "no answer in time"),
        (Fault(status=500), "500"),
        (Fault(status=429), "429"),
        (Fault(status=403), "403"),
        (Fault(spoil=True), "digest mismatch, file must be downloaded again"),
        (Fault(shift=1), "another range"),
    ],
    ids=str,
)
def test_what_stays_wrong_is_a_clear_error_and_no_model(
    fake: FakeRegistry, machine: Machine, fault: Fault, message: str
) -> None:
    fake.storage = False
    fake.fault = lambda asked: fault if is_blob(asked) else None
    fake.add("team/m", "latest", MODEL)
    with pytest.raises(RegistryError, match=message):
        machine.pull(f"{fake.host}/team/m")
    assert list(machine.library.manifests.names()) == [] and machine.damage() == []
    fake.fault = lambda asked: None
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


def test_a_manifest_is_asked_for_again_while_the_registry_is_busy(fake: FakeRegistry, machine: Machine) -> None:
    faults = once(Fault(status=503), 3)
    fake.fault = lambda asked: next(faults) if "/manifests/" in asked.path else None
    fake.add("team/m", "latest", TEMPLATE)
    machine.pull(f"{fake.host}/team/m")
    assert len(fake.of("GET", "/manifests/")) == 4


@pytest.mark.parametrize("seed", range(12))
def test_under_random_faults_a_pull_ends_bit_exact_or_with_an_error(
    fake: FakeRegistry, machine: Machine, seed: int
) -> None:
    dice, lock = random.Random(seed), threading.Lock()

    def roll(asked: Asked) -> Fault | None:
        with lock:
            kind, size = dice.random(), dice.randrange(400_000)
        if not is_blob(asked) or kind < 0.5:
            return None
        if kind < 0.75:
            return Fault(cut=size)
        if kind < 0.8:
            return Fault(stall=size)
        if kind < 0.83:
            return Fault(spoil=True)
        return Fault(shift=7) if kind < 0.87 else Fault(status=dice.choice([429, 500, 503]))

    fake.fault, fake.storage = roll, seed % 2 == 0
    fake.add("team/m", "latest", MODEL, TEMPLATE)
    for _ in range(20):
        with contextlib.suppress(RegistryError):
            machine.pull(f"{fake.host}/team/m")
            break
        assert machine.damage() == []
    assert machine.blob(digest(MODEL)) == MODEL and machine.damage() == []


def test_an_interrupted_pull_goes_on_where_it_was(fake: FakeRegistry, machine: Machine) -> None:
    fake.pause = 0.02
    fake.add("team/m", "latest", MODEL)
    name = ModelName.parse(f"{fake.host}/team/m")

    async def interrupted() -> int:
        lines: list[Progress] = []
        task = asyncio.create_task(machine.registry().pull(name, lines.append))
        await until(lambda: any(line.completed > 1_000_000 for line in lines))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return max(line.completed for line in lines)

    before = asyncio.run(interrupted())
    assert list(machine.library.manifests.names()) == []
    fake.pause = 0
    fake.asked.clear()
    lines = machine.pull(str(name))
    first = next(line for line in lines if line.digest == digest(MODEL))
    assert first.completed >= before
    asked = [re.findall(r"\d+", a.headers["Range"]) for a in fake.of("GET", digest(MODEL), "storage")]
    assert min(int(start) for start, _ in asked) > 0
    assert machine.blob(digest(MODEL)) == MODEL


def test_what_came_is_not_believed_when_the_disk_has_changed(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", MODEL)
    folder = downloads_folder(machine.library.blobs) / digest(MODEL).replace(":", "-")
    folder.mkdir(parents=True)
    (folder / "data").write_bytes(bytes(len(MODEL)))
    (folder / "note").write_text(json.dumps({"size": len(MODEL), "spans": [[0, 2_000_000]]}))
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


@pytest.mark.parametrize("note", ["", "{}", '{"size": 3000000, "spans": [[0, 9000000]]}', '{"size":1,"spans":[[0,1]]}'])
def test_a_note_that_makes_no_sense_is_ignored(fake: FakeRegistry, machine: Machine, note: str) -> None:
    fake.add("team/m", "latest", MODEL)
    folder = downloads_folder(machine.library.blobs) / digest(MODEL).replace(":", "-")
    folder.mkdir(parents=True)
    (folder / "data").write_bytes(b"x")
    (folder / "note").write_text(note)
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


def test_a_layer_wanted_twice_comes_once_and_both_see_it_come(fake: FakeRegistry, machine: Machine) -> None:
    fake.pause = 0.06
    fake.add("team/a", "latest", MODEL)
    fake.add("team/b", "latest", MODEL, TEMPLATE)

    async def both() -> tuple[list[Progress], list[Progress]]:
        registry = machine.registry()
        first: list[Progress] = []
        second: list[Progress] = []
        await asyncio.gather(
            registry.pull(ModelName.parse(f"{fake.host}/team/a"), first.append),
            registry.pull(ModelName.parse(f"{fake.host}/team/b"), second.append),
        )
        return first, second

    for lines in asyncio.run(both()):
        seen = [line.completed for line in lines if line.digest == digest(MODEL)]
        assert seen[-1] == len(MODEL) and len(set(seen)) > 2
    repositories = {a.path.split("/blobs/")[0] for a in fake.of("GET", digest(MODEL), "registry")}
    assert len(repositories) == 1


def test_who_gives_up_does_not_stop_the_download_for_the_other(fake: FakeRegistry, machine: Machine) -> None:
    fake.pause = 0.05
    fake.add("team/m", "latest", MODEL)
    name = ModelName.parse(f"{fake.host}/team/m")

    async def two() -> None:
        registry = machine.registry()
        lines: list[Progress] = []
        first = asyncio.create_task(registry.pull(name, lines.append))
        await until(lambda: any(line.completed for line in lines))
        second = asyncio.create_task(registry.pull(name, lines.append))
        await asyncio.sleep(0.05)
        first.cancel()
        await second
        assert first.cancelled() or isinstance(first.exception(), asyncio.CancelledError)

    asyncio.run(two())
    assert machine.blob(digest(MODEL)) == MODEL
    starts = [a.headers["Range"] for a in fake.of("GET", digest(MODEL), "storage")]
    assert starts.count("bytes=0-399999") == 1


def test_if_the_first_one_s_registry_fails_the_second_one_s_is_asked(machine: Machine) -> None:
    with fake_registry() as good, fake_registry() as bad:
        for fake in (good, bad):
            fake.add("team/m", "latest", MODEL)
        bad.fault = lambda asked: Fault(status=500) if is_blob(asked) else None

        async def both() -> list[BaseException | None]:
            registry = machine.registry()
            names = [ModelName.parse(f"{fake.host}/team/m") for fake in (bad, good)]
            tasks = []
            for name in names:
                tasks.append(registry.pull(name, lambda line: None))
                await asyncio.sleep(0)
            return await asyncio.gather(*tasks, return_exceptions=True)

        results = asyncio.run(both())
        assert results[1] is None
        assert machine.blob(digest(MODEL)) == MODEL


def test_a_layer_has_at_most_ten_lines_a_second() -> None:
    lines: list[tuple[float, int]] = []

    async def work() -> None:
        began = time.monotonic()
        task = asyncio.create_task(asyncio.sleep(1.3))
        completed = lambda: int((time.monotonic() - began) * 1e6)  # noqa: E731
        await watch(task, completed, lambda done: lines.append((time.monotonic(), done)))

    asyncio.run(work())
    times = [when for when, _ in lines]
    assert len(times) >= 8 and times[-1] - times[0] > 1
    for start in times:
        assert len([t for t in times if start <= t < start + 1]) <= 10


def test_an_address_of_storage_that_is_not_good_any_more_is_asked_for_again(
    fake: FakeRegistry, machine: Machine
) -> None:
    def expire(asked: Asked) -> Fault | None:
        old = len(fake.of("GET", digest(MODEL), "storage")) > 2 and len(fake.of("GET", digest(MODEL), "registry")) < 2
        return Fault(status=403) if old and is_blob(asked) else None

    fake.fault = expire
    fake.add("team/m", "latest", MODEL)
    Machine(machine.library, max_transfer_streams=1).pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


def test_too_little_space_is_told_before_anything_is_fetched(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.add("team/m", "latest", MODEL)
    usage = shutil.disk_usage(machine.library.folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2_000_000))
    with pytest.raises(RegistryError, match=r"not enough space in .*3 MB are to be downloaded, 2 MB free"):
        machine.pull(f"{fake.host}/team/m")
    assert not [asked for asked in fake.asked if "/blobs/" in asked.path]


def test_a_dry_run_says_what_would_come_and_fetches_nothing(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", MODEL, TEMPLATE)
    machine.library.blobs.put(TEMPLATE)
    lines = machine.pull(f"{fake.host}/team/m", dry_run=True)
    assert lines[1:3] == [
        Progress(f"would pull {digest(MODEL)[7:19]}", digest(MODEL), len(MODEL), 0),
        Progress(f"have {digest(TEMPLATE)[7:19]}", digest(TEMPLATE), len(TEMPLATE), len(TEMPLATE)),
    ]
    assert list(machine.library.manifests.names()) == []
    assert not [asked for asked in fake.asked if "/blobs/" in asked.path]


def test_a_damaged_blob_is_replaced(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", MODEL)
    machine.library.blobs.folder.mkdir(parents=True)
    machine.library.blobs.path(digest(MODEL)).write_bytes(MODEL[:1000])
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


def test_blobs_of_the_version_before_go_and_that_is_said(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    fake.add("team/m", "latest", TEMPLATE)
    lines = machine.pull(f"{fake.host}/team/m")
    assert [line.status for line in lines][-3:] == ["writing manifest", "removing any unused layers", "success"]
    assert not machine.library.blobs.exists(digest(MODEL))


def test_a_mirror_stands_in_for_the_default_registry_and_may_lack_the_model(library: Library) -> None:
    with fake_registry() as mirror:
        mirror.add("library/m", "latest", TEMPLATE)
        Machine(library, mirror=(f"http://{mirror.host}",)).pull("m")
        assert library.open(ModelName.parse("m")).name.short == "m:latest"
        with fake_registry() as origin:
            origin.add("team/m", "latest", MODEL)
            machine = Machine(library, mirror=(f"{origin.host}=http://{mirror.host}",))
            machine.pull(f"{origin.host}/team/m")
            assert mirror.of("GET", "/v2/team/m/manifests/latest") and machine.blob(digest(MODEL)) == MODEL


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_registry() as proxy:  # it takes the whole address for a path that it does not know
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.host}")
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
        fake.add("team/m", "latest", TEMPLATE)
        machine.pull(f"{fake.host}/team/m")
        assert proxy.asked == []
        with pytest.raises(RegistryError):
            machine.pull("registry.test/team/m", insecure=True)
        assert [asked.path for asked in proxy.asked] == ["http://registry.test/v2/team/m/manifests/latest"]


def test_the_layer_of_another_server_that_downloads_it_is_waited_for(fake: FakeRegistry, library: Library) -> None:
    fake.pause = 0.01
    fake.add("team/m", "latest", MODEL)
    name = ModelName.parse(f"{fake.host}/team/m")
    one, two = Machine(library), Machine(Library(library.folder))

    async def both() -> None:
        await asyncio.gather(*(m.registry().pull(name, m.lines.append) for m in (one, two)))

    asyncio.run(both())
    assert [a.headers["Range"] for a in fake.of("GET", digest(MODEL), "storage")].count("bytes=0-399999") == 1
    assert one.blob(digest(MODEL)) == MODEL
    assert not list(downloads_folder(library.blobs).iterdir())


def test_what_nobody_goes_on_with_for_two_weeks_is_removed(fake: FakeRegistry, machine: Machine) -> None:
    folder = downloads_folder(machine.library.blobs)
    old, new = (folder / f"sha256-{c * 64}" for c in "ab")
    for path in (old, new):
        path.mkdir(parents=True)
        (path / "data").write_bytes(b"x")
    long_ago = time.time() - 15 * 24 * 60 * 60
    os.utime(old / "data", (long_ago, long_ago))
    fake.add("team/m", "latest", TEMPLATE)
    machine.pull(f"{fake.host}/team/m")
    assert not old.exists() and new.exists()


def test_the_token_requests_are_those_of_the_recording(fake: FakeRegistry, machine: Machine) -> None:
    trace = SHARED / "fixtures" / "registry" / "trace.jsonl"
    if not trace.exists():
        pytest.skip("the recordings are not here")
    recorded = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    token = next(row for row in recorded if row["path"].startswith("/token"))
    fake.tokens = True
    fake.add("team/m", "v1", TEMPLATE)
    machine.pull(f"{fake.host}/team/m:v1")
    ours = fake.of("GET", "/token")[0]
    shape = re.compile(r"=[^&]*")
    assert shape.sub("=", ours.path) == shape.sub("=", token["path"])
    assert len(ours.headers["Authorization"]) == len(token["headers"]["Authorization"])


def test_the_path_of_a_library_that_is_not_there_yet(tmp_path: Path, fake: FakeRegistry) -> None:
    fake.add("team/m", "latest", TEMPLATE)
    machine = Machine(Library(tmp_path / "a" / "b" / "models"))
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(TEMPLATE)) == TEMPLATE


def test_a_registry_without_ranges_sends_a_layer_once(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "MOST_PART", 1 << 30)
    monkeypatch.setattr(downloading, "LEAST_PART", 1 << 30)
    fake.ranges, fake.pause = False, 0.01
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    assert len(fake.of("GET", digest(MODEL), "storage")) == 1


def test_the_space_that_other_pulls_will_need_is_not_counted_as_free(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = bytes(2_000_000)
    fake.pause = 0.1
    fake.add("team/a", "latest", MODEL)
    fake.add("team/b", "latest", other)
    usage = shutil.disk_usage(machine.library.folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=4_000_000))

    async def both() -> None:
        registry = machine.registry()
        first = asyncio.create_task(registry.pull(ModelName.parse(f"{fake.host}/team/a"), lambda line: None))
        await until(lambda: bool(fake.of("GET", digest(MODEL), "storage")))
        with pytest.raises(RegistryError, match="not enough space"):
            await registry.pull(ModelName.parse(f"{fake.host}/team/b"), lambda line: None)
        first.cancel()
        await asyncio.wait((first,))

    asyncio.run(both())


def test_a_layer_that_stays_wrong_leaves_nothing_behind(fake: FakeRegistry, machine: Machine) -> None:
    fake.fault = lambda asked: Fault(spoil=True) if is_blob(asked) else None
    fake.add("team/m", "latest", MODEL)
    with pytest.raises(RegistryError, match="digest mismatch"):
        machine.pull(f"{fake.host}/team/m")
    assert not [p for p in downloads_folder(machine.library.blobs).rglob("*") if digest(MODEL)[7:] in str(p)]


def test_a_full_disk_is_told_and_the_next_pull_goes_on(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.add("team/m", "latest", MODEL)
    write, room = os.pwrite, [1_000_000]

    def full(descriptor: int, data: memoryview, offset: int) -> int:
        room[0] -= len(data)
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        return write(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        machine.pull(f"{fake.host}/team/m")
    assert machine.damage() == [] and list(machine.library.manifests.names()) == []
    monkeypatch.undo()
    fake.asked.clear()
    machine.pull(f"{fake.host}/team/m")
    ranges = [re.findall(r"\d+", a.headers["Range"]) for a in fake.of("GET", digest(MODEL), "storage")]
    assert sum(int(end) + 1 - int(start) for start, end in ranges) < len(MODEL)
    assert machine.blob(digest(MODEL)) == MODEL


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
