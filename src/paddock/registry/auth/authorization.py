"""Authorization headers for registries that ask for one: passwords, or tokens for a password or a signature."""

import base64
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from paddock.registry.auth.credentials import Credentials, Login
from paddock.registry.auth.keys import open_key
from paddock.registry.endpoints import RegistryEndpoint, is_downgrade, same_host, shown
from paddock.registry.errors import Denied, RegistryError

_PARAMETER = re.compile(r'(?<![A-Za-z_])([A-Za-z_]++)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')

Fetch = Callable[[str, str], Awaitable[bytes]]
"""Function that gets an address with an Authorization header (none if "") and returns the body."""


@dataclass(frozen=True)
class Challenge:
    """A challenge of a 401 response (`WWW-Authenticate`)."""

    scheme: str
    """`bearer` or `basic`."""
    realm: str = ""
    service: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identity:
    """The user's key and passwords, in a folder."""

    folder: Path
    credentials: Credentials = field(init=False)

    def __post_init__(self) -> None:
        """Open the passwords of the folder."""
        object.__setattr__(self, "credentials", Credentials(self.folder))


class TokenReply(msgspec.Struct):
    """The response of a token server."""

    token: str | None = None
    access_token: str | None = None


def parse_challenges(header: str) -> list[Challenge]:
    """Parse `WWW-Authenticate`; schemes other than Basic and Bearer are ignored."""
    found = []
    starts = list(re.finditer(r"(?:^|,\s*|\s)(bearer|basic)(?=\s|$|,)", header, re.IGNORECASE))
    starts = [m for m in starts if header[: m.start()].count('"') % 2 == 0]
    for match, following in zip(starts, [*starts[1:], None], strict=False):
        text = header[match.end() : following.start() if following else len(header)]
        values = {name.lower(): re.sub(r"\\(.)", r"\1", a) or b for name, a, b in _PARAMETER.findall(text)}
        scopes = tuple(values.get("scope", "").split())
        found.append(Challenge(match[1].lower(), values.get("realm", ""), values.get("service", ""), scopes))
    return found


def token_url(challenge: Challenge, scopes: tuple[str, ...], nonce: str = "", now: int = 0) -> str:
    """Return the address of a token request: parameters sorted by name, one for each scope."""
    parts = urlsplit(challenge.realm)
    parameters = [
        *parse_qsl(parts.query, keep_blank_values=True),
        ("nonce", nonce or base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()),
        *(("scope", scope) for scope in scopes),
        ("service", challenge.service),
        ("ts", str(now or int(time.time()))),
    ]
    return parts._replace(query=urlencode(sorted(parameters, key=lambda p: p[0])), fragment="").geturl()


async def authorize(
    challenges: list[Challenge], address: RegistryEndpoint, scope: str, identity: Identity, fetch: Fetch
) -> str:
    """Return the Authorization header that satisfies one of `challenges`, with a token of a token server if needed.

    A token is requested with the password of `paddock login` if there is one for the registry, else with the key.

    Raises:
        RegistryError: if no challenge can be satisfied, or the realm is not on the registry's host.
    """
    import asyncio

    login = await asyncio.to_thread(identity.credentials.find, address.host)
    for challenge in challenges:
        if challenge.scheme == "bearer":
            return f"Bearer {await _token(challenge, address, scope, login, identity, fetch)}"
    if any(challenge.scheme == "basic" for challenge in challenges):
        if login is None:
            raise Denied(f"{address.host} wants a user name and a password: paddock login {address.host}")
        return basic(login)
    raise Denied(f"{address.host} wants to know who asks, in a way that is not known here")


def basic(login: Login) -> str:
    """Return the Authorization header with a user name and password."""
    return "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()


async def _token(
    challenge: Challenge, address: RegistryEndpoint, scope: str, login: Login | None, identity: Identity, fetch: Fetch
) -> str:
    import asyncio

    if not challenge.realm.startswith(("http://", "https://")):
        raise Denied(f"{address.host} names no address to ask for a token")
    if not same_host(challenge.realm, address.base):
        raise Denied(f"{address.host} wants a token from another host, {shown(challenge.realm)}: refused")
    if is_downgrade(address.base, challenge.realm):
        raise Denied(f"{address.host} wants a token asked for without TLS: refused")
    url = token_url(challenge, challenge.scopes or (scope,))
    if login is not None:
        header = basic(login)
    else:
        key = await asyncio.to_thread(open_key, identity.folder)
        header = key.authorization("GET", url)
    body = await fetch(url, header)
    try:
        reply = msgspec.json.decode(body, type=TokenReply)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise RegistryError(f"{shown(url)} answered with no token") from None
    token = reply.token or reply.access_token
    if not token or not token.isascii() or not token.isprintable():
        raise RegistryError(f"{shown(url)} answered with no token")
    return token
