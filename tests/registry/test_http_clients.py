import pytest

from paddock.registry import RegistryError
from tests.registry.conftest import Machine
from tests.registry.contents import TEMPLATE
from tests.registry.fake import FakeRegistry, fake_registry


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_registry() as proxy:  # it takes the whole address for a path that it does not know
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.host}")
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
        fake.add("team/m", "latest", TEMPLATE)
        machine.pull(f"{fake.host}/team/m")
        assert proxy.received == []
        with pytest.raises(RegistryError):
            machine.pull("registry.test/team/m", insecure=True)
        assert [request.path for request in proxy.received] == ["http://registry.test/v2/team/m/manifests/latest"]
