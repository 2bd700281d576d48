"""The HTTP clients: made when a transfer begins, closed when none is left."""

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from paddock import __version__
from paddock.registry.errors import RegistryError
from paddock.registry.transfer.retry import RetryPolicy

if TYPE_CHECKING:
    import httpx

LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")
CONNECTIONS = 64


class HTTPClients:
    """Two clients, with and without a look at certificates; proxies are those that the environment names."""

    def __init__(self, retry: RetryPolicy) -> None:
        self._retry = retry
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
            client = self._clients[check] = _client(self._contexts[check], self.timeout())
        return client

    def timeout(self, seconds: float = 0) -> "httpx.Timeout":
        """What a request may take: `seconds` more than usual until there is an answer."""
        import httpx

        stall = self._retry.stall_timeout
        return httpx.Timeout(stall, read=stall + seconds, connect=self._retry.connect_timeout, pool=None)


def _prepare() -> dict[bool, ssl.SSLContext]:
    """Import the library; return what it needs to check certificates, and not to."""
    import httpx

    assert httpx
    return {True: _trust(), False: _no_trust()}


def _client(context: ssl.SSLContext, timeout: "httpx.Timeout") -> "httpx.AsyncClient":
    """A client.

    Raises:
        RegistryError: if the environment names a proxy that cannot be used.
    """
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    for name in ("httpx", "httpcore"):  # they log registry_endpoints, and those of storage are as good as passwords
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        return httpx.AsyncClient(
            verify=context,
            timeout=timeout,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            headers={"User-Agent": f"paddock/{__version__}", "Accept-Encoding": "identity"},
            # A cookie belongs to a host, not to a port or a repository: it would reach others.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            # No proxy stands between this machine and itself, whatever NO_PROXY says.
            mounts=dict.fromkeys(LOOPBACK),
        )
    except (ImportError, ValueError, httpx.InvalidURL):  # their texts may name its password
        raise RegistryError(
            "the proxy that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot be used: it takes "
            "http://host:port or https://host:port"
        ) from None


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
