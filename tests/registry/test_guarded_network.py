import asyncio

import httpcore
import pytest

from paddock.registry import guarded_network
from paddock.registry.address_guard import AddressGuard, RefusedAddress
from paddock.registry.guarded_network import GuardedBackend, resolve
from tests.registry.fake import FakeRegistry
from tests.registry.network import INSIDE, REGISTRY, STORAGE, FakeNetwork


def connect(fake_network: FakeNetwork, host: str, *, registry: str = REGISTRY, timeout: float = 5) -> None:
    async def work() -> None:
        backend = GuardedBackend(AddressGuard(registry), fake_network.network)
        stream = await backend.connect_tcp(host, 80, timeout)
        await stream.aclose()

    asyncio.run(work())


def test_only_addresses_that_are_allowed_are_tried(fake: FakeRegistry) -> None:
    network = FakeNetwork()
    network.names["a.test"] = [["127.0.0.1", "::1", INSIDE, STORAGE]]
    network.places[STORAGE, 80] = fake.port
    connect(network, "a.test")
    assert network.connected == [(STORAGE, 80)]
    network.names["b.test"] = [["127.0.0.1"]]
    with pytest.raises(RefusedAddress):
        connect(network, "b.test")
    assert network.connected == [(STORAGE, 80)]


def test_the_next_address_is_tried_if_one_refuses(fake: FakeRegistry) -> None:
    network = FakeNetwork()
    network.names["a.test"] = [[REGISTRY, STORAGE]]
    network.places[STORAGE, 80] = fake.port
    connect(network, "a.test")
    assert network.connected == [(REGISTRY, 80), (STORAGE, 80)]


class Silent(FakeNetwork):
    """One of its addresses never answers."""

    async def connect_tcp(self, host: str, port: int, *others: object) -> httpcore.AsyncNetworkStream:
        if host == REGISTRY:
            self.connected.append((host, port))
            await asyncio.Event().wait()
        return await super().connect_tcp(host, port)


def test_the_next_address_is_tried_beside_one_that_does_not_answer(
    fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_network, "HEAD_START", 0.01)
    network = Silent()
    network.names["a.test"] = [[REGISTRY, STORAGE]]
    network.places[STORAGE, 80] = fake.port
    connect(network, "a.test", timeout=20)
    assert network.connected == [(REGISTRY, 80), (STORAGE, 80)]


def test_no_answer_is_a_timeout_and_no_name_an_error() -> None:
    network = Silent()
    network.names["a.test"] = [[REGISTRY]]
    with pytest.raises(httpcore.ConnectTimeout):
        connect(network, "a.test", timeout=0.05)
    with pytest.raises(httpcore.ConnectError):
        connect(network, "none.test")
    network.names["refuses.test"] = [[STORAGE]]
    with pytest.raises(httpcore.ConnectError, match="refused"):
        connect(network, "refuses.test")


def test_the_system_resolves_names() -> None:
    assert "127.0.0.1" in asyncio.run(resolve("127.0.0.1", 80))


def test_no_registry_is_reached_by_a_socket_of_the_file_system() -> None:
    backend = GuardedBackend(AddressGuard(REGISTRY), FakeNetwork().network)
    with pytest.raises(httpcore.ConnectError):
        asyncio.run(backend.connect_unix_socket("/x"))
