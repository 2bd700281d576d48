"""A network of the tests: names and addresses as they please, and what really listens there."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from paddock.registry.guarded_network import Network

REGISTRY, STORAGE, INSIDE = "8.8.4.4", "9.9.9.9", "10.1.2.3"
"""Addresses: two public ones, and one of a private network. Nothing of the tests is really sent there."""


class FakeNetwork(httpcore.AsyncNetworkBackend):
    """Answers look-ups from `names`, one answer after another, and leads addresses to ports of this machine."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        """The addresses of each name; look-ups get one list after another, and the last one for good."""
        self.places: dict[tuple[str, int], int] = {}
        """The port of this machine that stands for an address and port."""
        self.connected: list[tuple[str, int]] = []
        """Every address and port to which somebody tried to connect."""
        self._system = httpcore.AnyIOBackend()

    @property
    def network(self) -> Network:
        return Network(self._resolve, self)

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        answers = self.names.get(host)
        if not answers:
            raise OSError(-2, "Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        place = self.places.get((host, port))
        if place is None:
            raise httpcore.ConnectError("Connection refused")
        return await self._system.connect_tcp("127.0.0.1", place, timeout)


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own, which nobody trusts."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "registry.test")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("registry.test")]), critical=False)
        .sign(key, None)
    )
    file = folder / "tls.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
