"""Connections of the HTTP clients: only to addresses that the registry may send this machine to.

A name is resolved once, and the connection goes to an address that was checked: nothing can be changed between the two.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ssl import SSLContext

import httpcore
import httpx

from paddock.registry.address_guard import AddressGuard

HEAD_START = 0.25
"""Seconds that an address gets before the next one is tried as well (RFC 8305)."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Function that returns the addresses of a host and port, the best first; raises OSError if it has none."""


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the system's resolver gives for a host, the best first.

    Raises:
        OSError: if there are none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class Network:
    """How the clients reach other machines; tests have one of their own."""

    resolve: Resolver = resolve
    backend: httpcore.AsyncNetworkBackend = field(default_factory=httpcore.AnyIOBackend)
    """Connects to addresses."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a host that `guard` allows."""

    def __init__(self, guard: AddressGuard, network: Network) -> None:
        self._guard = guard
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore calls it so)
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the address of `host` that answers first.

        Raises:
            RefusedAddress: if the registry may send this machine to none of them.
            httpcore.ConnectError, httpcore.ConnectTimeout: if none answers.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = self._guard.allowed(host, await self._network.resolve(host, port))
                address, stream = await self._fastest(addresses, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        try:
            self._guard.connected(host, address)
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no registry is reached that way.

        Raises:
            httpcore.ConnectError: always.
        """
        raise httpcore.ConnectError("registries are not reached by sockets of the file system")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _fastest(self, addresses: Sequence[str], port: int) -> tuple[str, httpcore.AsyncNetworkStream]:
        """Return the first connection that comes about, and its address. Each address gets a head start.

        Raises:
            httpcore.ConnectError, httpcore.ConnectTimeout: the error of the one that failed first, if none answers.
        """
        waiting = list(addresses)
        tried: dict[asyncio.Task[httpcore.AsyncNetworkStream], str] = {}
        winner: asyncio.Task[httpcore.AsyncNetworkStream] | None = None
        failed: list[BaseException] = []
        running: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
        try:
            while winner is None and (waiting or running):
                if waiting:
                    address = waiting.pop(0)
                    task = asyncio.create_task(self._network.backend.connect_tcp(address, port))
                    tried[task] = address
                    running.add(task)
                head_start = HEAD_START if waiting else None
                done, running = await asyncio.wait(running, timeout=head_start, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    error = task.exception()
                    if error is not None:
                        failed.append(error)
                    elif winner is None:
                        winner = task
            if winner is not None:
                return tried[winner], winner.result()
        finally:
            await _drop(task for task in tried if task is not winner)
        raise failed[0] if failed else httpcore.ConnectError("the name has no address")


async def _drop(tasks: Iterable[asyncio.Task[httpcore.AsyncNetworkStream]]) -> None:
    """End attempts to connect that are not needed, and close what they connected."""
    for task in list(tasks):
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled() and task.exception() is None:
            await task.result().aclose()


class GuardedTransport(httpx.AsyncHTTPTransport):
    """Transport of an HTTP client without a proxy whose connections `guard` checks."""

    def __init__(self, context: SSLContext, limits: httpx.Limits, guard: AddressGuard, network: Network) -> None:
        super().__init__(verify=context, limits=limits)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=GuardedBackend(guard, network),
        )
