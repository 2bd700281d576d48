"""The Host header: whether it names this machine, or may be a stranger's name that leads here by DNS rebinding."""

import functools
import ipaddress
import re
import socket

LOCAL_SUFFIXES = (".localhost", ".local", ".internal")
MAX_NAME = 253
"""Most characters of a host's name in DNS."""
MAX_PORT = 65535
_AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]*))?", re.IGNORECASE)
"""A host, which in brackets can only be an IPv6 address, and perhaps a port. Nothing may stand between the two."""
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", re.ASCII)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_bound_to_loopback(listener: socket.socket) -> bool:
    """Return whether a listening socket can be reached from this machine only.

    What counts is the address that it is bound to, however that was written in the setting `HOST`.
    """
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return True
    return unmapped(ipaddress.ip_address(listener.getsockname()[0])).is_loopback


def unmapped(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 address such as `::ffff:127.0.0.1` stands for, or the address itself."""
    return (address.ipv4_mapped if address.version == 6 else None) or address


class HostCheck:
    """The hosts by which a server that is bound to loopback may be called.

    They are those of Ollama's check: names of this machine, names that only a local network has, and addresses of
    loopback and of private networks.
    """

    def __init__(self, own_name: str = "") -> None:
        """Allow also `own_name`, which the owner wrote in the setting `HOST`; clients take it from there."""
        self._names = {"", "localhost", socket.gethostname().lower(), own_name.lower()}
        self.allows = functools.lru_cache(maxsize=16)(self._allows)
        """Return whether a request with this Host header may be answered."""

    def _allows(self, header: str) -> bool:
        try:
            return _is_near(ipaddress.ip_address(header))  # an IPv6 address without brackets, as old clients write it
        except ValueError:
            pass
        match = _AUTHORITY.fullmatch(header)
        if match is None or (match["port"] and (len(match["port"]) > 5 or int(match["port"]) > MAX_PORT)):
            return False
        try:
            if match["ipv6"] is not None:
                return _is_near(ipaddress.IPv6Address(match["ipv6"]))
            return _is_near(ipaddress.IPv4Address(match["name"]))
        except ValueError:
            if match["ipv6"] is not None:
                return False
        name = match["name"].lower()
        if name in self._names:
            return True
        return len(name) <= MAX_NAME and name.endswith(LOCAL_SUFFIXES) and _NAME.fullmatch(name) is not None


def _is_near(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return False
    address = unmapped(address)
    return address.is_loopback or address.is_private or address.is_unspecified
