"""Which addresses a registry may send this machine to: by redirects, upload locations and realms.

A registry is a stranger, and this machine can reach what the stranger cannot: services of its own, those of its
network, and the metadata service of a cloud, which lies at a link-local address.
"""

import ipaddress
import socket
from collections.abc import Sequence
from enum import Enum

from paddock.registry.errors import RegistryError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses that end with the IPv4 address which they lead to (RFC 6052)."""
THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
"""Addresses that lead to this machine on Linux."""


class Zone(Enum):
    """How near an address is; the value says it in a message."""

    PUBLIC = "a public address"
    PRIVATE = "an address of a private network"
    LINK_LOCAL = "a link-local address"
    LOOPBACK = "this machine itself"


class RefusedAddress(RegistryError):
    """A registry sends this machine to an address where it has no business."""


def zone_of(address: IPAddress) -> Zone:
    """Return the zone of an address, or of the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return zone_of(inner)
    if address.is_loopback or address.is_unspecified or (address.version == 4 and address in THIS_NETWORK):
        return Zone.LOOPBACK
    if address.is_link_local:
        return Zone.LINK_LOCAL
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return Zone.PRIVATE
    if address.is_global and not address.is_multicast:
        return Zone.PUBLIC
    return Zone.PRIVATE


def literal_address(host: str) -> IPAddress | None:
    """Return the address that a host is, in any form that a resolver takes (`127.1`, `0x7f.1`); None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


class AddressGuard:
    """The addresses that the transfers with one registry may connect to.

    The registry itself may be anywhere, and stays in the zone of the first connection to it: its name may not lead to
    another zone later. It may send this machine on to public addresses and to its own zone; a registry on this machine,
    which is its owner's, also to the private network. It may not send it from a public address into a private network:
    what is reachable there only from inside is not the business of a stranger outside.

    Args:
        host: the registry's host, without a port.
    """

    def __init__(self, host: str) -> None:
        self._host = _normal(host)
        self._home: Zone | None = None
        address = literal_address(self._host)
        if address is not None:
            self._home = zone_of(address)
        elif _is_localhost(self._host):
            self._home = Zone.LOOPBACK

    def check_host(self, host: str) -> None:
        """Check a host that an address names, as far as its text tells. A proxy may be the one who resolves it.

        Raises:
            RefusedAddress: if it is an address, or `localhost`, that the registry may not send this machine to.
        """
        address = literal_address(host)
        if address is not None:
            self._check(host, zone_of(address))
        elif _is_localhost(_normal(host)):
            self._check(host, Zone.LOOPBACK)

    def allowed(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Return those of a host's resolved addresses that may be connected to, in their order.

        Raises:
            RefusedAddress: if it has addresses, and none of them may.
        """
        zones = [(text, zone_of(ipaddress.ip_address(text.partition("%")[0]))) for text in addresses]
        found = [text for text, zone in zones if self._may_reach(host, zone)]
        if zones and not found:
            self._check(host, zones[0][1])
        return found

    def connected(self, host: str, address: str) -> None:
        """Note that a connection to one of the allowed addresses of a host was made.

        Raises:
            RefusedAddress: if the registry was found in another zone meanwhile.
        """
        zone = zone_of(ipaddress.ip_address(address.partition("%")[0]))
        if self._home is None and _normal(host) == self._host:
            self._home = zone
        self._check(host, zone)

    def _may_reach(self, host: str, zone: Zone) -> bool:
        home = self._home
        if home is None and _normal(host) == self._host:
            return True
        return zone in (Zone.PUBLIC, home) or (home is Zone.LOOPBACK and zone is Zone.PRIVATE)

    def _check(self, host: str, zone: Zone) -> None:
        if not self._may_reach(host, zone):
            raise RefusedAddress(f"{self._host} leads to {host}, which is {zone.value}: refused")


def _normal(host: str) -> str:
    return host.lower().strip("[]").rstrip(".")


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
