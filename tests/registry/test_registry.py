import time

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.registry import RegistryError
from tests.registry.conftest import Machine
from tests.registry.contents import MODEL, TEMPLATE, digest
from tests.registry.fake import fake_registry


def test_a_registry_that_is_not_there_is_told_at_once(machine: Machine) -> None:
    began = time.monotonic()
    with pytest.raises(
        RegistryError, match=r'pull model manifest: Get "http://127.0.0.1:9/v2/x/y/m.*": Connection refused'
    ):
        machine.pull("127.0.0.1:9/x/y", insecure=True)
    assert time.monotonic() - began < 10


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
