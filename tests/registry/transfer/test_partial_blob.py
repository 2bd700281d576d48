import json
import os
import time

import pytest

from paddock.registry.transfer.partial_blob import downloads_folder
from tests.registry.conftest import Machine
from tests.registry.contents import MODEL, TEMPLATE, digest
from tests.registry.fake import FakeRegistry


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
