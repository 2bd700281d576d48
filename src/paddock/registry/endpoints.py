"""Endpoints of registries: the addresses to try for a model, and how far each is trusted."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from paddock.library.names import DEFAULT_HOST, ModelName
from paddock.registry.errors import RegistryError


@dataclass(frozen=True)
class RegistryEndpoint:
    """An address of a registry."""

    base: str
    """`https://host[:port]`, without a slash at its end; a mirror's may have a path."""
    host: str
    """Host as in model names, or the host of the mirror; logins are stored by it."""
    check: bool = True
    """Whether the certificate must be valid."""
    mirror: bool = False

    def repository_url(self, name: ModelName) -> str:
        """Return the address of a model's repository."""
        return f"{self.base}/v2/{name.namespace}/{name.model}"


def registry_endpoints(name: ModelName, *, insecure: bool, mirrors: tuple[str, ...] = ()) -> list[RegistryEndpoint]:
    """Return the endpoints for `name`, best first; a later one is used if those before do not answer.

    Plain HTTP is used with this machine itself, and with `insecure` for a registry without TLS.

    Raises:
        RegistryError: if a mirror is not a valid address.
    """
    found = [_mirror(text, name.host, insecure) for text in mirrors]
    endpoints = [endpoint for endpoint in found if endpoint is not None]
    if is_this_machine(name.host):
        return [*endpoints, RegistryEndpoint(f"http://{name.host}", name.host)]
    endpoints.append(RegistryEndpoint(f"https://{name.host}", name.host, check=not insecure))
    if insecure:
        endpoints.append(RegistryEndpoint(f"http://{name.host}", name.host))
    return endpoints


def is_this_machine(host: str) -> bool:
    """Return whether a host, with or without a port, is a loopback address or `localhost`."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def same_origin(a: str, b: str) -> bool:
    """Return whether two addresses have the same scheme, host and port."""
    return _origin(a) == _origin(b)


def same_host(a: str, b: str) -> bool:
    """Return whether two addresses have the same host, whatever the ports."""
    return _origin(a)[1] == _origin(b)[1]


def is_downgrade(before: str, after: str) -> bool:
    """Return whether a redirect from one address to the other leaves TLS."""
    return before.startswith("https:") and not after.startswith("https:")


def shown(url: str) -> str:
    """Return an address for messages: without user and query, which may be as good as a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RegistryError(f"the registry names an address that is none: {url!r}") from None
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), port or {"http": 80, "https": 443}.get(scheme, 0)


def _mirror(text: str, host: str, insecure: bool) -> RegistryEndpoint | None:
    """Return the mirror `[host=]address` if it stands for `host`; by default it stands for the default registry."""
    of, equals, url = text.rpartition("=")
    if (of if equals else DEFAULT_HOST).lower() != host.lower():
        return None
    url = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise RegistryError("a mirror is set that is no address") from None
    if "@" in parts.netloc:
        raise RegistryError(
            f"the mirror {shown(url)!r} has a password in its address: take it out, then paddock login "
            f"{parts.netloc.rpartition('@')[2]}"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError(f"the mirror {text!r} is no address")
    if parts.scheme == "http" and not insecure and not is_this_machine(parts.netloc):
        raise RegistryError(f"the mirror {text!r} has no TLS: pull with insecure to use it")
    return RegistryEndpoint(url.rstrip("/"), parts.netloc, check=not insecure, mirror=True)
