"""The Host check depends on the address that is bound, however the setting HOST writes it."""

import http.client
import socket
from pathlib import Path

import pytest

from tests.server.servers import ServerUnderTest, free_port, until

LOOPBACK = ["LOCALHOST", "Localhost", "localhost.", "127.1", "0x7f.1", "0177.0.0.1", "127.0.0.2", "[::ffff:127.0.0.1]"]
SPELLINGS = [*LOOPBACK, "[::1]", "[0:0:0:0:0:0:0:1]", "ip6-localhost"]


def resolves(host: str) -> tuple[str, int] | None:
    """Return the address that a host in the setting stands for; None if this machine does not know it."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(found[0]) as probe:
            probe.bind(found[4])
    except OSError:
        return None
    return str(found[4][0]), found[0]


def status(address: str, port: int, host: str) -> int:
    connection = http.client.HTTPConnection(address, port, timeout=20)
    try:
        connection.request("GET", "/api/version", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.thorough
@pytest.mark.parametrize("written", [*SPELLINGS, "0.0.0.0", "0"])
def test_a_server_on_loopback_refuses_strangers_names_however_its_address_is_written(
    tmp_path: Path, written: str
) -> None:
    found = resolves(written)
    if found is None:
        pytest.skip(f"this machine cannot listen on {written}")
    address = "127.0.0.1" if found[0] == "0.0.0.0" else found[0]
    port = free_port()
    with ServerUnderTest(tmp_path, port=port, wait=False, HOST=f"{written}:{port}") as server:

        def answers() -> bool:
            assert server.process.poll() is None, server.log
            try:
                return status(address, port, "localhost") == 200
            except OSError:
                return False

        until(answers)
        stranger = 200 if written in ("0.0.0.0", "0") else 403
        for host in ("evil.com", f"evil.com:{port}", "[::1]evil.com", "127.0.0.1@evil.com"):
            assert status(address, port, host) == stranger, host
        for host in ("localhost", f"127.0.0.1:{port}", f"[::1]:{port}", f"{written}:{port}"):
            assert status(address, port, host) == 200, host
