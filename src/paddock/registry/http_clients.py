"""The HTTP clients of transfers: created by the first running transfer, closed after the last."""

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from paddock import __version__
from paddock.registry.address_guard import AddressGuard
from paddock.registry.endpoints import RegistryEndpoint
from paddock.registry.errors import RegistryError
from paddock.registry.retry import RetryPolicy

if TYPE_CHECKING:
    import httpx

    from paddock.registry.guarded_network import Network

LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")
CONNECTIONS = 64


class HTTPClients:
    """A client for each registry, so that none uses connections that another was allowed to make.

    They use the proxies of the environment.
    """

    def __init__(self, retry: RetryPolicy, network: "Network | None" = None) -> None:
        """Wait and retry as `retry` says.

        Args:
            network: how machines are reached; None: as the system does.
        """
        self._retry = retry
        self._network = network
        self._clients: dict[tuple[str, bool], httpx.AsyncClient] = {}
        self._guards: dict[str, AddressGuard] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._users = 0

    @contextlib.asynccontextmanager
    async def in_use(self) -> AsyncIterator[None]:
        """Keep the clients open during a transfer; the last transfer closes their connections."""
        self._users += 1
        try:
            if not self._contexts:  # in a thread: the imports take 0.1 s
                self._contexts = await asyncio.to_thread(_prepare)
            yield
        finally:
            self._users -= 1
            if not self._users:
                clients, self._clients, self._guards = self._clients, {}, {}
                for client in clients.values():
                    await client.aclose()

    def get(self, registry: RegistryEndpoint) -> "httpx.AsyncClient":
        """Return the client for the requests to a registry, and to where it sends them on."""
        key = registry.base, registry.check
        client = self._clients.get(key)
        if client is None:
            context = self._contexts[registry.check]
            client = self._clients[key] = _client(context, self.timeout(), self.guard(registry), self._network)
        return client

    def guard(self, registry: RegistryEndpoint) -> AddressGuard:
        """Return what says which addresses the registry may send its client to."""
        host = urlsplit(registry.base).hostname or ""
        return self._guards.setdefault(registry.base, AddressGuard(host))

    def timeout(self, seconds: float = 0) -> "httpx.Timeout":
        """Return the timeouts of a request; `seconds` are added to the usual wait for the answer."""
        import httpx

        stall = self._retry.stall_timeout
        return httpx.Timeout(stall, read=stall + seconds, connect=self._retry.connect_timeout, pool=None)


def _prepare() -> dict[bool, ssl.SSLContext]:
    """Import what the clients need; return the contexts that do (True) and do not (False) check certificates."""
    from paddock.registry import guarded_network

    assert guarded_network
    return {True: _trust(), False: _no_trust()}


def _client(
    context: ssl.SSLContext, timeout: "httpx.Timeout", guard: AddressGuard, network: "Network | None"
) -> "httpx.AsyncClient":
    """Return a new client.

    Raises:
        RegistryError: if the environment names an unusable proxy.
    """
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    from paddock.registry.guarded_network import GuardedTransport, Network

    for name in ("httpx", "httpcore"):  # they log addresses, and those of storage are as good as passwords
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    try:
        client = httpx.AsyncClient(
            verify=context,
            timeout=timeout,
            limits=limits,
            headers={"User-Agent": f"paddock/{__version__}", "Accept-Encoding": "identity"},
            # Cookies are kept per host, so they would reach other ports and repositories.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            # Requests to this machine use no proxy, whatever NO_PROXY says.
            mounts=dict.fromkeys(LOOPBACK),
        )
    except (ImportError, ValueError, httpx.InvalidURL):  # their messages may contain its password
        raise RegistryError(
            "the proxy that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot be used: it takes "
            "http://host:port or https://host:port"
        ) from None
    # A client that is given its transport uses no proxies of the environment; so this one gets it afterwards.
    assert isinstance(client._transport, httpx.AsyncHTTPTransport)
    client._transport = GuardedTransport(context, limits, guard, network or Network())
    return client


def _trust() -> ssl.SSLContext:
    """Trust the authorities of the system, which may have a company's own, and those that come with httpx."""
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
