"""The HTTP clients: made when a transfer begins, closed when none is left."""

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from paddock import __version__
from paddock.registry.retry import Patience

if TYPE_CHECKING:
    import httpx

LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")
CONNECTIONS = 64


class Clients:
    """Two clients, with and without a look at certificates; proxies are those that the environment names."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._users = 0

    @contextlib.asynccontextmanager
    async def in_use(self) -> AsyncIterator[None]:
        """Keep the clients while transfers go on; the last one closes their connections."""
        self._users += 1
        try:
            if not self._contexts:  # imports that take 0.1 s, in which the server has other things to do
                self._contexts = await asyncio.to_thread(_prepare)
            yield
        finally:
            self._users -= 1
            if not self._users:
                clients, self._clients = self._clients, {}
                for client in clients.values():
                    await client.aclose()

    def get(self, check: bool) -> "httpx.AsyncClient":
        """The client that does or does not check certificates."""
        client = self._clients.get(check)
        if client is None:
            client = self._clients[check] = _client(self._contexts[check], self._patience)
        return client


def _prepare() -> dict[bool, ssl.SSLContext]:
    """Import the library; return what it needs to check certificates, and not to."""
    import httpx

    assert httpx
    return {True: _trust(), False: _no_trust()}


def _client(context: ssl.SSLContext, patience: Patience) -> "httpx.AsyncClient":
    import httpx

    for name in ("httpx", "httpcore"):  # they log addresses, and those of storage are as good as passwords
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.AsyncClient(
        verify=context,
        timeout=httpx.Timeout(patience.stall, connect=patience.connect, pool=None),
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        headers={"User-Agent": f"paddock/{__version__}", "Accept-Encoding": "identity"},
        follow_redirects=False,
        # No proxy stands between this machine and itself, whatever NO_PROXY says.
        mounts=dict.fromkeys(LOOPBACK),
    )


def _trust() -> ssl.SSLContext:
    """Believe what the system does (a company's own authority is there), and the authorities that come with httpx."""
    context = ssl.create_default_context()
    if not os.environ.get("SSL_CERT_FILE"):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _no_trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
