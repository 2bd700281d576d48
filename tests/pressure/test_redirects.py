"""Registries that send this machine to where they have no business: refused, before a byte is sent there."""

import asyncio
import gzip
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.registry import Registry, RegistryError
from tests.registry.conftest import SMALL, Machine
from tests.registry.contents import MODEL, TEMPLATE, digest
from tests.registry.fake import FakeRegistry, Fault, Received, fake_registry
from tests.registry.network import INSIDE, REGISTRY, STORAGE, FakeNetwork, self_signed
from tests.registry.transfer.test_push import make
from tests.server.servers import ServerUnderTest

NAME = "registry.test/team/m"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Outside(Machine):
    """A machine on a network of the tests, on which `registry.test` and `storage.test` have public addresses."""

    def __init__(self, library: Library, fake: FakeRegistry) -> None:
        super().__init__(library, SMALL)
        self.network = FakeNetwork()
        self.network.names["registry.test"] = [[REGISTRY]]
        self.network.names["storage.test"] = [[STORAGE]]
        self.network.names["inside.test"] = [[INSIDE]]
        for name, address in (("here.test", "127.0.0.1"), ("here6.test", "::1"), ("mapped.test", "::ffff:127.0.0.1")):
            self.network.names[name] = [[address]]
        self.network.names["metadata.test"] = [["169.254.169.254"]]
        for port in (80, 443):
            self.network.places[REGISTRY, port] = fake.port
        for address in (STORAGE, INSIDE, "127.0.0.1", "::1", "169.254.169.254"):
            for port in (80, 443):
                self.network.places[address, port] = fake.storage_port

    def registry(self) -> Registry:
        return Registry(self.library, self.settings, self.config, self.network.network)

    def refuses(self, what: str, match: str = "refused") -> None:
        """Check that a pull or push is refused, and that nothing was sent but to the registry."""
        with pytest.raises(RegistryError, match=match):
            getattr(self, what)(NAME, insecure=True)
        assert {address for address, _ in self.network.connected} == {REGISTRY}
        assert self.damage() == []


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


@pytest.fixture
def machine(library: Library) -> Machine:
    return Machine(library)


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry on this machine."""
    with fake_registry() as registry:
        yield registry


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate of the registry that speaks HTTPS, for the name `registry.test`."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def tls(certificates: Path) -> ssl.SSLContext:
    return self_signed(certificates)


@pytest.fixture
def secure(tls: ssl.SSLContext) -> Iterator[FakeRegistry]:
    """A registry that speaks HTTPS."""
    with fake_registry(tls) as registry:
        registry.add("team/m", "latest", MODEL, TEMPLATE)
        yield registry


@pytest.fixture
def outside(library: Library, secure: FakeRegistry) -> Outside:
    return Outside(library, secure)


def blob_at(base: str) -> str:
    return f"{base}/team/m/{digest(MODEL)}"


def test_a_pull_that_is_redirected_to_another_public_address_works(secure: FakeRegistry, outside: Outside) -> None:
    secure.location = ""
    secure.storage_url = "https://storage.test"
    outside.pull(NAME, insecure=True)
    assert outside.blob(digest(MODEL)) == MODEL
    assert {address for address, _ in outside.network.connected} == {REGISTRY, STORAGE}


def test_a_certificate_that_nobody_signed_is_refused_before_anything_is_said(
    secure: FakeRegistry, outside: Outside
) -> None:
    with pytest.raises(RegistryError, match="certificate"):
        outside.pull(NAME)
    assert secure.received == []


def test_a_certificate_counts_for_its_name_whatever_the_address(
    secure: FakeRegistry, outside: Outside, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "tls.pem"))
    secure.storage_url = "https://storage.test"
    with pytest.raises(RegistryError, match=r"storage\.test"):
        outside.pull(NAME)
    assert secure.of("GET", "/manifests/") and not secure.of("GET", "", "storage")
    secure.storage = False
    outside.pull(NAME)
    assert outside.blob(digest(MODEL)) == MODEL


NEAR = [
    "https://127.0.0.1",
    "https://localhost",
    "https://LOCALHOST.",
    "https://x.localhost",
    "https://127.1",
    "https://0x7f.1",
    "https://2130706433",
    "https://0",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://169.254.169.254",
    "https://[fe80::1]",
    "https://10.1.2.3",
    "https://here.test",
    "https://here6.test",
    "https://mapped.test",
    "https://metadata.test",
    "https://inside.test",
    "https://user:word@127.0.0.1",
    "//localhost",
]


@pytest.mark.parametrize("base", NEAR)
def test_a_blob_is_not_fetched_from_where_the_registry_is_not(
    secure: FakeRegistry, outside: Outside, base: str
) -> None:
    secure.location = blob_at(base)
    outside.refuses("pull")


@pytest.mark.parametrize(
    "base", ["http://storage.test", "http://registry.test:8080", "http://localhost", "HTTP://8.8.8.8"]
)
def test_tls_is_never_left(secure: FakeRegistry, outside: Outside, base: str) -> None:
    secure.location = blob_at(base)
    outside.refuses("pull", "refused|no address")


def test_an_upload_does_not_go_to_where_the_registry_is_not(secure: FakeRegistry, outside: Outside) -> None:
    make(outside.library, f"{NAME}:latest")
    secure.mounts = False
    for base in ("https://127.0.0.1", "https://here.test", "https://metadata.test", "http://storage.test"):
        secure.upload_location = f"{base}/uploads/x"
        secure.blobs.clear()
        outside.refuses("push")


def test_a_token_is_asked_for_nowhere_else(secure: FakeRegistry, outside: Outside) -> None:
    secure.tokens = True
    for realm in ("https://here.test/token", "http://registry.test/token", "https://localhost/token"):
        secure.realm = realm
        outside.refuses("pull")
    secure.realm = "https://registry.test/token"
    secure.token_location = "https://127.0.0.1/token"
    outside.refuses("pull", "302")
    assert not [request for request in secure.received if request.server == "storage"]


def test_a_name_that_leads_here_at_its_second_look_up_is_refused(secure: FakeRegistry, outside: Outside) -> None:
    """DNS rebinding: each connection goes to an address that was checked."""
    outside.network.names["storage.test"] = [[STORAGE], ["127.0.0.1"]]
    secure.storage_url = "https://storage.test"
    faults = iter([Fault(cut=1000)] * 50)

    def fault(request: Received) -> Fault | None:
        return next(faults, None) if request.server == "storage" else None

    secure.fault = fault
    with pytest.raises(RegistryError, match="this machine itself"):
        outside.pull(NAME, insecure=True)
    assert ("127.0.0.1", 443) not in outside.network.connected


def test_the_registry_s_own_name_may_not_lead_here_later(secure: FakeRegistry, outside: Outside) -> None:
    outside.network.names["registry.test"] = [[REGISTRY], ["127.0.0.1"]]
    secure.location = "https://registry.test:444/x"
    outside.refuses("pull")


def test_redirects_end(secure: FakeRegistry, outside: Outside) -> None:
    secure.location = f"https://registry.test/v2/team/m/blobs/{digest(MODEL)}"
    outside.refuses("pull", "too often")


def test_no_credentials_are_sent_to_another_host(secure: FakeRegistry, outside: Outside) -> None:
    secure.tokens = True
    secure.realm = "https://registry.test/token"
    secure.storage_url = "https://storage.test"
    outside.pull(NAME, insecure=True)
    stored = [request for request in secure.received if request.server == "storage"]
    assert stored
    assert not [request for request in stored if "Authorization" in request.headers]


def test_a_registry_in_the_private_network_may_keep_its_blobs_there(secure: FakeRegistry, outside: Outside) -> None:
    outside.network.names["registry.test"] = [["10.9.9.9"]]
    outside.network.places["10.9.9.9", 443] = secure.port
    secure.storage_url = "https://inside.test"
    outside.pull(NAME, insecure=True)
    assert outside.blob(digest(MODEL)) == MODEL


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_a_manifest_that_grows_beyond_its_limit_is_refused_at_once(
    fake: FakeRegistry, machine: Machine, encoding: str
) -> None:
    bomb = gzip.compress(bytes(1 << 28), 9)
    assert len(bomb) < 1 << 20
    fake.manifests["team/m:latest"] = bomb
    fake.manifest_headers = {"Content-Encoding": encoding}
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(RegistryError, match="more than"):
        machine.pull(f"{fake.host}/team/m")
    assert time.monotonic() - began < 10
    assert tracemalloc.get_traced_memory()[1] < 48 << 20
    tracemalloc.stop()


def test_a_manifest_in_gzip_that_is_small_is_read(fake: FakeRegistry, machine: Machine) -> None:
    data = fake.add("team/m", "latest", TEMPLATE)
    fake.manifests["team/m:latest"] = gzip.compress(data)
    fake.manifest_headers = {"Content-Encoding": "gzip"}
    machine.pull(f"{fake.host}/team/m")
    assert machine.library.manifests.path(ModelName.parse(f"{fake.host}/team/m")).read_bytes() == data


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "deflate"])
def test_other_encodings_are_refused(fake: FakeRegistry, machine: Machine, encoding: str) -> None:
    fake.add("team/m", "latest", TEMPLATE)
    fake.manifest_headers = {"Content-Encoding": encoding}
    with pytest.raises(RegistryError, match="encoding"):
        machine.pull(f"{fake.host}/team/m")


def test_an_error_and_a_token_that_grow_are_refused(fake: FakeRegistry, machine: Machine) -> None:
    bomb = gzip.compress(bytes(1 << 27), 9)
    fake.error_body = bomb
    fake.fault = lambda request: Fault(status=400, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    with pytest.raises(RegistryError, match="400"):
        machine.pull(f"{fake.host}/team/m")
    assert tracemalloc.get_traced_memory()[1] < 48 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    "body", [b"[" * 60_000, b'{"errors":' + b"[" * 60_000, b'{"errors": 5}', b"\xff" * 100, b'{"a"']
)
def test_an_error_of_any_shape_is_told(fake: FakeRegistry, machine: Machine, body: bytes) -> None:
    fake.error_body = body
    fake.fault = lambda request: Fault(status=400)
    with pytest.raises(RegistryError, match="400"):
        machine.pull(f"{fake.host}/team/m")


@pytest.mark.parametrize("challenge", ["Bearer " + "a" * 60_000, "Bearer " + 'a="' * 20_000, "bearer " * 8_000])
def test_a_long_challenge_is_refused_at_once(fake: FakeRegistry, machine: Machine, challenge: str) -> None:
    fake.fault = lambda request: Fault(status=401, headers={"WWW-Authenticate": challenge})
    began = time.monotonic()
    with pytest.raises(RegistryError, match="authorization"):
        machine.pull(f"{fake.host}/team/m")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "1e3", ""])
def test_a_range_that_is_no_number_is_refused(fake: FakeRegistry, machine: Machine, number: str) -> None:
    fake.storage = False
    fake.add("team/m", "latest", TEMPLATE)
    fake.fault = lambda request: (
        Fault(headers={"Content-Range": f"bytes 0-{number}/13"}) if "/blobs/" in request.path else None
    )
    with pytest.raises(RegistryError):
        machine.pull(f"{fake.host}/team/m")
    assert machine.damage() == []


@pytest.mark.thorough
def test_a_server_refuses_it_with_a_sentence_and_answers_others(tmp_path: Path, fake: FakeRegistry) -> None:
    fake.add("team/m", "latest", MODEL)
    fake.location = "http://169.254.169.254/latest/meta-data"
    with ServerUnderTest(tmp_path / "server") as server:
        answer = server.post("/api/pull", {"model": f"{fake.host}/team/m", "stream": False, "insecure": True})
        assert "link-local" in answer.json["error"]
        fake.location = ""
        fake.manifests["team/m:latest"] = gzip.compress(bytes(1 << 29), 9)
        fake.manifest_headers = {"Content-Encoding": "gzip"}
        answer = server.post("/api/pull", {"model": f"{fake.host}/team/m", "stream": False})
        assert "more than" in answer.json["error"]
        assert server.get("/api/version").status == 200


def test_asyncio_is_left_clean(secure: FakeRegistry, outside: Outside) -> None:
    secure.storage_url = "https://storage.test"

    async def work() -> int:
        await outside.registry().pull(ModelName.parse(NAME), outside.lines.append, insecure=True)
        return len(asyncio.all_tasks())

    outside.network.names["registry.test"] = [["8.8.8.8", REGISTRY]]
    assert asyncio.run(work()) == 1
