import asyncio

import httpx
import pytest

from paddock.registry import RegistryError
from paddock.registry.endpoints import RegistryEndpoint
from paddock.registry.guarded_network import GuardedTransport
from paddock.registry.http_clients import HTTPClients
from paddock.registry.retry import RetryPolicy
from tests.registry.conftest import Machine
from tests.registry.contents import TEMPLATE
from tests.registry.fake import FakeRegistry, fake_registry


def test_each_registry_has_a_client_and_a_guard_of_its_own() -> None:
    first, second = RegistryEndpoint("https://a.test", "a.test"), RegistryEndpoint("https://b.test", "b.test")
    clients = HTTPClients(RetryPolicy())

    async def work() -> None:
        async with clients.in_use():
            assert clients.get(first) is clients.get(first)
            assert clients.get(first) is not clients.get(second)
            assert clients.guard(first) is clients.guard(first)
            assert clients.guard(first) is not clients.guard(second)
            client = clients.get(first)
            for url in ("https://a.test/", "http://localhost/", "https://127.0.0.1/"):
                assert isinstance(client._transport_for_url(httpx.URL(url)), GuardedTransport)

    asyncio.run(work())


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
