import asyncio
import logging
import time

import pytest

from paddock.library.names import ModelName
from paddock.registry import RegistryError
from paddock.registry.auth.authorization import Identity
from paddock.registry.endpoints import registry_endpoints
from paddock.registry.errors import TemporaryError, Unreachable
from paddock.registry.http_clients import HTTPClients
from paddock.registry.repository import RepositoryClient, header_number
from paddock.registry.transfer.config import TransferConfig
from tests.registry.conftest import FAST_RETRY, Machine
from tests.registry.fake import FakeRegistry, Fault
from tests.registry.transfer.test_push import TEMPLATE, make


@pytest.mark.parametrize(
    "location", ["http://[bad", "http://a:b/", "//[", "http://\x7f/", "ftp://a/b", "http://[::1/x"]
)
def test_a_redirect_to_no_address_is_a_clear_error(fake: FakeRegistry, machine: Machine, location: str) -> None:
    fake.location = location
    fake.add("team/m", "latest", TEMPLATE)
    with pytest.raises(RegistryError):
        machine.pull(f"{fake.host}/team/m")
    assert machine.damage() == []


@pytest.mark.parametrize("proxy", ["socks4://ada:s3cret@127.0.0.1:1", "ftp://ada:s3cret@a"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(RegistryError, match="proxy") as error:
        machine.pull("registry.test/team/m")
    assert "s3cret" not in str(error.value)


def test_a_number_of_a_header_is_whole_and_short() -> None:
    assert [header_number(text) for text in ("0", "17", "9" * 18)] == [0, 17, 10**18 - 1]
    assert [header_number(text) for text in ("", "-1", "1.5", "²", "٣", "9" * 19, " 1", "0x1")] == [None] * 8


def test_cookies_are_not_kept(fake: FakeRegistry, machine: Machine) -> None:
    fault = Fault(status=503, headers={"Set-Cookie": "session=s3cret; Path=/"})
    faults = iter([fault])
    fake.fault = lambda request: next(faults, None) if "/manifests/" in request.path else None
    fake.add("team/m", "latest", TEMPLATE)
    machine.pull(f"{fake.host}/team/m")
    assert len(fake.of("GET", "/manifests/")) == 2
    assert not [request for request in fake.received if "Cookie" in request.headers]


def test_what_a_registry_says_cannot_steer_the_terminal(fake: FakeRegistry, machine: Machine) -> None:
    fake.message = '{"errors":[{"message":"no \\u001b[2Jway\\u009b31m\\u202e"}]}'
    fake.fault = lambda request: Fault(status=400)
    with pytest.raises(RegistryError, match=r"400.*no .*way") as error:
        machine.pull(f"{fake.host}/team/m")
    assert str(error.value).isprintable()


def test_nobody_is_there_only_until_somebody_has_answered(fake: FakeRegistry, machine: Machine) -> None:
    fake.add("team/m", "latest", TEMPLATE)
    clients = HTTPClients(FAST_RETRY)
    name = ModelName.parse(f"{fake.host}/team/m")
    repository = RepositoryClient(
        clients, registry_endpoints(name, insecure=False)[0], name, Identity(machine.settings.folder)
    )

    async def ask() -> None:
        nowhere = "http://127.0.0.1:9/x"
        async with clients.in_use():
            with pytest.raises(Unreachable):
                await repository.read("GET", nowhere, 1000)
            await repository.read("GET", f"{repository.url}/manifests/latest", 10_000)
            with pytest.raises(TemporaryError) as error:
                await repository.read("GET", nowhere, 1000)
            assert not isinstance(error.value, Unreachable)

    asyncio.run(ask())


def test_a_push_to_nobody_is_told_at_once(machine: Machine) -> None:
    began = time.monotonic()
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:9"):
        Machine(machine.library, TransferConfig()).push(str(make(machine.library, "127.0.0.1:9/x/y")))
    assert time.monotonic() - began < 15


def test_a_mirror_with_a_password_in_its_address_is_refused_without_telling_it() -> None:
    with pytest.raises(RegistryError, match="paddock login") as error:
        registry_endpoints(ModelName.parse("m"), insecure=False, mirrors=("https://ada:s3cret@mirror.test",))
    assert "s3cret" not in str(error.value)


def test_nothing_is_logged_that_is_secret(
    fake: FakeRegistry, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.tokens = True
    fake.add("team/m", "latest", TEMPLATE)
    machine.pull(f"{fake.host}/team/m")
    assert "signature=secret" not in caplog.text and "t0ken" not in caplog.text
    assert fake.of("GET", "signature=secret", "storage")


def test_why_there_is_no_connection_is_told_in_the_system_s_words(machine: Machine) -> None:
    for host in ("127.0.0.1:9", "localhost:9"):
        with pytest.raises(RegistryError, match=r"Connection refused$"):
            machine.pull(f"{host}/x/y")
