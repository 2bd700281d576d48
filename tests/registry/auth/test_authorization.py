import json
import re

import pytest

from paddock.registry import RegistryError
from tests.conftest import SHARED
from tests.registry.conftest import Machine
from tests.registry.contents import MODEL, TEMPLATE
from tests.registry.fake import FakeRegistry


def test_what_proves_who_we_are_goes_to_the_registry_alone(fake: FakeRegistry, machine: Machine) -> None:
    fake.tokens = True
    fake.add("team/m", "latest", MODEL)
    machine.pull(f"{fake.host}/team/m")
    assert fake.of("GET", "", "storage")
    assert not [request for request in fake.of("GET", "", "storage") if "Authorization" in request.headers]
    assert len(fake.of("GET", "/token")) == 1
    assert all(
        request.headers.get("Authorization") == "Bearer t0ken" for request in fake.of("GET", "/blobs/", "registry")
    )


def test_a_realm_on_another_host_is_refused(fake: FakeRegistry, machine: Machine) -> None:
    fake.tokens, fake.realm = True, f"{fake.storage_url}/token"
    fake.add("team/m", "latest", MODEL)
    with pytest.raises(RegistryError, match="another host"):
        machine.pull(f"{fake.host}/team/m")
    assert not fake.of("GET", "", "storage")


def test_the_token_requests_are_those_recorded(fake: FakeRegistry, machine: Machine) -> None:
    trace = SHARED / "fixtures" / "registry" / "trace.jsonl"
    if not trace.exists():
        pytest.skip("the recorded cases are not here")
    recorded = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    token = next(row for row in recorded if row["path"].startswith("/token"))
    fake.tokens = True
    fake.add("team/m", "v1", TEMPLATE)
    machine.pull(f"{fake.host}/team/m:v1")
    ours = fake.of("GET", "/token")[0]
    shape = re.compile(r"=[^&]*")
    assert shape.sub("=", ours.path) == shape.sub("=", token["path"])
    assert len(ours.headers["Authorization"]) == len(token["headers"]["Authorization"])
