import hashlib
import itertools
import json

import pytest

from tests.registry.conftest import Machine
from tests.registry.fake import FakeRegistry
from tests.registry.transfer.test_push import MODEL, digest, make, upload_config


def test_a_large_layer_goes_in_chunks_in_order(fake: FakeRegistry, machine: Machine) -> None:
    fake.storage = False
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    ranges = [request.headers["Content-Range"] for request in fake.of("PATCH")]
    assert [r for r in ranges if r.endswith("999999")] == ["0-999999", "1000000-1999999", "2000000-2999999"]


def test_the_slower_it_goes_the_smaller_the_chunks(fake: FakeRegistry, machine: Machine) -> None:
    machine = Machine(machine.library, upload_config(chunk_seconds=0.02))
    fake.storage, fake.pause = False, 0.01
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    sizes = [int(request.headers["Content-Length"]) for request in fake.of("PATCH")]
    assert max(sizes) == 1_000_000 and sizes.count(100_000) > 10
    assert fake.blobs["team/m"][digest(MODEL)] == MODEL


def test_chunks_for_storage_are_all_of_one_size(fake: FakeRegistry, machine: Machine) -> None:
    machine = Machine(machine.library, upload_config(chunk_seconds=0))
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    sizes = [len(request.body) for request in fake.of("PUT", "/uploads/", "storage")]
    assert sorted(sizes)[-3:] == [1_000_000] * 3 and len(sizes) == 5


@pytest.mark.parametrize("keeps", [True, False])
def test_a_connection_that_breaks_costs_no_more_than_it_must(fake: FakeRegistry, machine: Machine, keeps: bool) -> None:
    fake.storage, fake.keeps_uploads = False, keeps
    cuts = itertools.chain([400_000, 100_000, 0], itertools.repeat(None))
    fake.upload_fault = lambda request: next(cuts) if int(request.headers["Content-Length"]) > 100 else None
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    assert fake.blobs["team/m"][digest(MODEL)] == MODEL
    starts = [int(a.headers["Content-Range"].split("-")[0]) for a in fake.of("PATCH")]
    assert 500_000 in starts if keeps else starts.count(0) > 3


def test_a_note_about_a_layer_that_has_arrived_since_is_removed(fake: FakeRegistry, machine: Machine) -> None:
    name = str(make(machine.library, f"{fake.host}/team/m"))
    machine.push(name)
    notes = machine.library.folder / "paddock" / "uploads"
    notes.mkdir(parents=True, exist_ok=True)
    # As if the server had been killed when the layer was complete, before it knew.
    address = f"http://{fake.host}/v2/team/m {digest(MODEL)}"
    note = notes / hashlib.sha256(address.encode()).hexdigest()
    note.write_text(json.dumps({"url": f"http://{fake.host}/v2/team/m/blobs/uploads/u1"}))
    machine.push(name)
    assert not note.exists()


def test_what_is_spoilt_on_its_way_is_sent_again(fake: FakeRegistry, machine: Machine) -> None:
    fake.storage, fake.spoils_uploads = False, 2
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    assert fake.blobs["team/m"][digest(MODEL)] == MODEL


def test_a_registry_may_look_for_long_at_what_it_has_got(fake: FakeRegistry, machine: Machine) -> None:
    fake.storage, fake.finish_seconds = False, 1
    machine.push(str(make(machine.library, f"{fake.host}/team/m")))
    assert len(fake.of("PUT", digest(MODEL).replace(":", "%3A"))) == 1
