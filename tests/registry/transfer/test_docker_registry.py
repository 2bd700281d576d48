"""The registry that Debian ships, as a team would run it."""

import asyncio
import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.registry import RegistryError
from paddock.registry.auth.credentials import Credentials, Login
from paddock.registry.transfer import upload as uploading
from paddock.registry.transfer.config import TransferConfig, UploadConfig
from tests.registry.conftest import FAST_RETRY, Machine, until
from tests.registry.fake import signed
from tests.registry.transfer.test_push import MODEL, digest, make

COMMAND = shutil.which("docker-registry")
pytestmark = pytest.mark.skipif(COMMAND is None, reason="docker-registry is not installed")

HTPASSWD = "ada:$2b$04$vqqD4tlR.CJ4Mpq3mzDVrefJTuQLKt/I0p6NUqcqFiQHENq4iZ/1C"
"""The password is `s3cret`."""


def chunks_of(size: int) -> TransferConfig:
    return TransferConfig(FAST_RETRY, upload=UploadConfig(max_chunk=size))


@contextmanager
def docker_registry(folder: Path, auth: str = "") -> Iterator[str]:
    """Run one; gives its host and port. `auth` is a part of its configuration."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    storage = f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}, delete: {{enabled: true}}}}"
    config = folder / "config.yml"
    config.write_text(f"version: 0.1\nlog: {{level: warn}}\n{storage}\nhttp: {{addr: {host}, secret: x}}\n{auth}")
    assert COMMAND is not None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([COMMAND, "serve", str(config)], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", int(host.split(":")[1])), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield host
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("docker")) as host:
        yield host


def there_and_back(machine: Machine, name: ModelName) -> None:
    """Push a model, delete it, pull it: it is the same."""
    before = machine.library.manifests.path(name).read_bytes()
    machine.push(str(name))
    machine.library.delete(name)
    assert not machine.library.blobs.exists(digest(MODEL))
    machine.pull(str(name))
    assert machine.library.manifests.path(name).read_bytes() == before
    assert machine.blob(digest(MODEL)) == MODEL and machine.damage() == []


def test_a_model_goes_there_and_comes_back(machine: Machine, host: str) -> None:
    there_and_back(machine, make(machine.library, f"{host}/team/m:v1"))


def test_chunks_are_put_together(machine: Machine, host: str) -> None:
    machine = Machine(machine.library, chunks_of(700_000))
    there_and_back(machine, make(machine.library, f"{host}/team/chunks"))


def test_pushed_again_and_to_another_repository_nothing_is_sent(
    machine: Machine, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.push(str(make(machine.library, f"{host}/team/first")))

    def refuse(*args: object) -> None:
        raise AssertionError("a chunk is sent")

    monkeypatch.setattr(uploading.Upload, "_send_chunk", refuse)
    machine.push(f"{host}/team/first")
    machine.push(str(make(machine.library, f"{host}/team/second")))
    machine.pull(f"{host}/team/second")


def test_a_model_that_it_does_not_have(machine: Machine, host: str) -> None:
    with pytest.raises(RegistryError, match=r"^pull model manifest: file does not exist$"):
        machine.pull(f"{host}/team/none")


def test_with_a_password(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD + "\n")
    auth = f"auth: {{htpasswd: {{realm: team, path: {tmp_path / 'htpasswd'}}}}}\n"
    with docker_registry(tmp_path / "docker", auth) as host:
        name = make(machine.library, f"{host}/team/m")
        with pytest.raises(RegistryError, match=f"paddock login {host}"):
            machine.push(str(name))
        Credentials(machine.settings.folder).save(host, Login("ada", "wrong"))
        with pytest.raises(RegistryError, match="401"):
            machine.push(str(name))
        Credentials(machine.settings.folder).save(host, Login("ada", "s3cret"))
        there_and_back(machine, name)


def test_with_tokens_for_the_signature_of_the_key(machine: Machine, tmp_path: Path) -> None:
    with token_server(tmp_path) as realm:
        auth = (
            f"auth: {{token: {{realm: '{realm}', service: team, issuer: tests, "
            f"rootcertbundle: {tmp_path / 'certificate.pem'}}}}}\n"
        )
        with docker_registry(tmp_path / "docker", auth) as host:
            there_and_back(machine, make(machine.library, f"{host}/team/m"))


@pytest.fixture(autouse=True)
def own_library(library: Library) -> None:
    """Each test has a library of its own; the registry is shared."""
    assert not library.folder.exists()


@contextmanager
def token_server(folder: Path) -> Iterator[str]:
    """Gives tokens for good signatures, signed with a key whose certificate is `certificate.pem`."""
    import datetime
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from urllib.parse import parse_qs, urlsplit

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def token(scopes: list[str]) -> str:
        chain = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]
        access = [dict(zip(("type", "name", "actions"), scope.split(":"), strict=True)) for scope in scopes]
        claims = {
            "iss": "tests",
            "sub": "somebody",
            "aud": "team",
            "jti": "1",
            "nbf": int(time.time()) - 60,
            "iat": int(time.time()) - 60,
            "exp": int(time.time()) + 600,
            "access": [entry | {"actions": entry["actions"].split(",")} for entry in access],
        }
        head = {"typ": "JWT", "alg": "ES256", "x5c": chain}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            url = f"http://{self.headers['Host']}{self.path}"
            good = signed(self.headers.get("Authorization", ""), url)
            body = json.dumps({"token": token(parse_qs(urlsplit(self.path).query)["scope"])}).encode() if good else b""
            self.send_response(200 if good else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token"
    finally:
        server.shutdown()
        server.server_close()


def test_the_token_server_of_these_tests_refuses_who_does_not_sign(tmp_path: Path) -> None:
    with token_server(tmp_path) as realm, pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{realm}?scope=a:b:c", timeout=5)


def test_a_push_that_breaks_off_in_a_chunk_ends_well(
    machine: Machine, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(machine.library, chunks_of(1_000_000))
    whole = uploading.Upload._pieces
    broken = iter([False, True])

    async def pieces(upload: uploading.Upload, start: int, end: int, sums: tuple[object, ...]):  # type: ignore[no-untyped-def]
        breaks = upload.size == len(MODEL) and next(broken, False)
        async for piece in whole(upload, start, end, sums):
            yield piece[:1000] if breaks else piece
            if breaks:
                raise ConnectionResetError

    monkeypatch.setattr(uploading.Upload, "_pieces", pieces)
    name = make(machine.library, f"{host}/team/broken")
    with pytest.raises(ConnectionResetError):
        machine.push(str(name))
    monkeypatch.undo()
    there_and_back(machine, name)


def test_a_push_that_is_given_up_ends_with_its_chunk_and_goes_on_later(
    machine: Machine, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(machine.library, chunks_of(1_000_000))
    send, whole = uploading.Upload._send_chunk, uploading.Upload._pieces
    starts: list[int] = []

    async def sent(upload: uploading.Upload, start: int, end: int) -> None:
        if upload.size == len(MODEL):
            starts.append(start)
        await send(upload, start, end)

    async def slow(upload: uploading.Upload, start: int, end: int, sums: tuple[object, ...]):  # type: ignore[no-untyped-def]
        async for piece in whole(upload, start, end, sums):
            yield piece[:1000]
            await asyncio.sleep(0.3)
            yield piece[1000:]

    monkeypatch.setattr(uploading.Upload, "_send_chunk", sent)
    monkeypatch.setattr(uploading.Upload, "_pieces", slow)
    name = make(machine.library, f"{host}/team/given-up")

    async def give_up() -> None:
        task = asyncio.create_task(machine.registry().push(name, lambda line: None))
        await until(lambda: len(starts) == 2)
        task.cancel()
        await asyncio.wait((task,))

    asyncio.run(give_up())
    assert starts == [0, 1_000_000]
    starts.clear()
    there_and_back(machine, name)
    assert starts == [2_000_000]
