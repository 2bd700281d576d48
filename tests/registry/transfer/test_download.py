import asyncio
import contextlib
import os
import random
import re
import threading
import time

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.progress import Progress
from paddock.registry import RegistryError
from paddock.registry.transfer.config import TransferConfig
from paddock.registry.transfer.partial_blob import downloads_folder
from tests.registry.conftest import FAST_RETRY, Machine, until
from tests.registry.contents import MODEL, TEMPLATE, digest, is_blob
from tests.registry.fake import FakeRegistry, Fault, Received, once


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
    ranges = {request.headers["Range"] for request in fake.of("GET", digest(MODEL), "storage")}
    assert len(ranges) >= 8 and "bytes=0-399999" in ranges


def test_no_more_connections_than_the_setting_allows(fake: FakeRegistry, library: Library) -> None:
    busy, most, lock = 0, 0, threading.Lock()
    fake.pause = 0.002

    def count(request: Received) -> Fault | None:
        nonlocal busy, most
        if is_blob(request):
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

    def next_fault(request: Received) -> Fault | None:
        with lock:
            return next(faults) if is_blob(request) else None

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
    fake.fault = lambda request: fault if is_blob(request) else None
    fake.add("team/m", "latest", MODEL)
    with pytest.raises(RegistryError, match=message):
        machine.pull(f"{fake.host}/team/m")
    assert list(machine.library.manifests.names()) == [] and machine.damage() == []
    fake.fault = lambda request: None
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


@pytest.mark.parametrize("seed", range(12))
def test_under_random_faults_a_pull_ends_bit_exact_or_with_an_error(
    fake: FakeRegistry, machine: Machine, seed: int
) -> None:
    dice, lock = random.Random(seed), threading.Lock()

    def roll(request: Received) -> Fault | None:
        with lock:
            kind, size = dice.random(), dice.randrange(400_000)
        if not is_blob(request) or kind < 0.5:
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
    fake.received.clear()
    lines = machine.pull(str(name))
    first = next(line for line in lines if line.digest == digest(MODEL))
    assert first.completed >= before
    sent = [re.findall(r"\d+", a.headers["Range"]) for a in fake.of("GET", digest(MODEL), "storage")]
    assert min(int(start) for start, _ in sent) > 0
    assert machine.blob(digest(MODEL)) == MODEL


def test_an_address_of_storage_that_is_not_good_any_more_is_asked_for_again(
    fake: FakeRegistry, machine: Machine
) -> None:
    def expire(request: Received) -> Fault | None:
        old = len(fake.of("GET", digest(MODEL), "storage")) > 2 and len(fake.of("GET", digest(MODEL), "registry")) < 2
        return Fault(status=403) if old and is_blob(request) else None

    fake.fault = expire
    fake.add("team/m", "latest", MODEL)
    Machine(machine.library, max_transfer_streams=1).pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


def test_a_damaged_blob_is_replaced(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", MODEL)
    machine.library.blobs.folder.mkdir(parents=True)
    machine.library.blobs.path(digest(MODEL)).write_bytes(MODEL[:1000])
    machine.pull(f"{fake.host}/team/m")
    assert machine.blob(digest(MODEL)) == MODEL


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


def test_a_registry_without_ranges_sends_a_layer_once(fake: FakeRegistry, machine: Machine) -> None:
    machine = Machine(machine.library, TransferConfig(FAST_RETRY))
    fake.ranges, fake.pause = False, 0.01
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    assert len(fake.of("GET", digest(MODEL), "storage")) == 1


def test_a_layer_that_stays_wrong_leaves_nothing_behind(fake: FakeRegistry, machine: Machine) -> None:
    fake.fault = lambda request: Fault(spoil=True) if is_blob(request) else None
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
    fake.received.clear()
    machine.pull(f"{fake.host}/team/m")
    ranges = [re.findall(r"\d+", a.headers["Range"]) for a in fake.of("GET", digest(MODEL), "storage")]
    assert sum(int(end) + 1 - int(start) for start, end in ranges) < len(MODEL)
    assert machine.blob(digest(MODEL)) == MODEL
