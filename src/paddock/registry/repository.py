"""Requests to one repository of a registry, with authorization, redirects and clear errors."""

import asyncio
import contextlib
import json
import os
import ssl
import time
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from paddock.library.names import ModelName
from paddock.registry.auth.authorization import Identity, authorize, parse_challenges
from paddock.registry.endpoints import RegistryEndpoint, is_downgrade, same_origin, shown
from paddock.registry.errors import Denied, NotInRegistry, RegistryError, TemporaryError, Unreachable
from paddock.registry.http_clients import HTTPClients

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 10
TEMPORARY_STATUSES = (408, 425, 429, 500, 502, 503, 504)
MAX_ERROR_BYTES = 64 << 10
"""Most bytes of an error's body, or of a token's, that are read."""
MAX_CHALLENGE = 8 << 10
"""Most characters of the headers that ask for an authorization."""
_GZIP = 16
"""What zlib wants added to the size of its window for data in gzip's format."""

Body = bytes | Callable[[], AsyncIterable[bytes]]


class RepositoryClient:
    """A client of one repository, for one transfer.

    Args:
        actions: what a token is requested for if the registry does not say, such as `pull`.
    """

    def __init__(
        self,
        clients: HTTPClients,
        address: RegistryEndpoint,
        name: ModelName,
        identity: Identity,
        actions: str = "pull",
    ) -> None:
        self.address = address
        self.name = name
        self.url = address.repository_url(name)
        self._clients = clients
        self._identity = identity
        self._scope = f"repository:{name.namespace}/{name.model}:{actions}"
        self._authorization = ""
        self._reached = False
        self._refreshing = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
        follow: bool = True,
        seconds: float = 0,
    ) -> "AsyncIterator[httpx.Response]":
        """Send a request and give its response, whose body has not been read yet.

        Authorization is sent only to the registry itself.

        Args:
            follow: follow redirects.
            seconds: time that the registry may take in addition to the usual timeout.

        Raises:
            Unreachable: if no connection can be made and this client has not had one before.
            TemporaryError: if a later attempt may succeed.
            NotInRegistry: after 404.
            Denied: after 401 and 403.
            RegistryError: after any other error.
        """
        first, authorized = url, False
        for _ in range(MAX_REDIRECTS):
            used = self._authorization
            own = same_origin(url, self.address.base)
            response = await self._send(method, url, dict(headers or {}), body, used if own else "", seconds)
            try:
                if response.status_code == 401 and own and not authorized:
                    authorized = True
                    await self._authorize(response.headers.get_list("www-authenticate"), used)
                    continue
                target = response.headers.get("location")
                if follow and response.status_code in (301, 302, 303, 307, 308) and target:
                    url = self.redirected(url, target)
                    continue
                if response.status_code >= 400:
                    raise await _error(response, method, url)
                yield response
                return
            finally:
                await response.aclose()
        raise RegistryError(f"{method} {shown(first)}: redirected too often")

    async def read(self, method: str, url: str, limit: int, headers: Mapping[str, str] | None = None) -> bytes:
        """Send a request and return the body of its response.

        Raises:
            RegistryError: as `open`, or if the body has more than `limit` bytes.
        """
        async with self.open(method, url, headers) as response:
            return await read_body(response, limit)

    def redirected(self, url: str, target: str) -> str:
        """Return the address that the `Location` header `target` of a response from `url` means.

        Raises:
            RegistryError: if it is invalid, leaves TLS, or is an address that the registry may not send this machine
                to.
        """
        try:
            target = urljoin(url, target)
            before, after = urlsplit(url), urlsplit(target)
            _ = after.port
        except ValueError:
            raise RegistryError(f"{shown(url)} redirects to no address") from None
        if not target.startswith(("http://", "https://")) or not after.hostname:
            raise RegistryError(f"{shown(url)} redirects to no address")
        self._clients.guard(self.address).check_host(after.hostname)
        if is_downgrade(url, target):
            if before.netloc == after.netloc:  # the registry does not know of the TLS proxy in front of it
                return after._replace(scheme="https").geturl()
            raise RegistryError(f"{shown(url)} redirects to an address without TLS: refused")
        return target

    async def _send(
        self, method: str, url: str, headers: dict[str, str], body: Body, authorization: str, seconds: float = 0
    ) -> "httpx.Response":
        import httpx

        client = self._clients.get(self.address)
        if authorization:
            headers["Authorization"] = authorization
        try:
            request = client.build_request(
                method,
                url,
                headers=headers,
                content=body if isinstance(body, bytes) else body(),
                timeout=self._clients.timeout(seconds),
            )
            # `auth` keeps httpx from using a password in the address or in ~/.netrc.
            response = await client.send(request, stream=True, auth=lambda r: r)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = failure(error, method, url)
            raise TemporaryError(str(problem)) if self._reached else problem from None
        self._reached = True
        return response

    async def _authorize(self, headers: list[str], used: str) -> None:
        """Get a new authorization, unless another request got one after `used` was refused."""
        async with self._refreshing:
            if self._authorization == used:
                header = ", ".join(headers)
                if len(header) > MAX_CHALLENGE:
                    raise Denied(f"{self.address.host} asks for an authorization in more than {MAX_CHALLENGE} bytes")
                challenges = parse_challenges(header)
                self._authorization = await authorize(
                    challenges, self.address, self._scope, self._identity, self._fetch_token
                )

    async def _fetch_token(self, url: str, authorization: str) -> bytes:
        response = await self._send("GET", url, {}, b"", authorization)
        try:
            if response.status_code >= 300:
                raise await _error(response, "GET", url)
            return await read_body(response, MAX_ERROR_BYTES)
        finally:
            await response.aclose()


async def read_body(response: "httpx.Response", limit: int) -> bytes:
    """Return the body of a response, decompressed if it comes in gzip, although it was asked for as it is.

    Raises:
        RegistryError: if it ends early, has more than `limit` bytes, compressed or not, or comes in another encoding.
    """
    import httpx

    origin = shown(str(response.url))
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise RegistryError(f"{origin} answered in an encoding that was not asked for")
    decoder = zlib.decompressobj(zlib.MAX_WBITS | _GZIP) if "gzip" in encoding else None
    data, received = bytearray(), 0
    try:
        async for piece in response.aiter_raw():
            received += len(piece)
            data += piece if decoder is None else decoder.decompress(piece, limit + 1 - len(data))
            if max(received, len(data)) > limit:
                raise RegistryError(f"{origin} answered with more than {limit} bytes")
    except httpx.HTTPError as error:
        raise failure(error, response.request.method, str(response.url)) from None
    except zlib.error:
        raise RegistryError(f"{origin} answered with damaged gzip data") from None
    if decoder is not None and received and not decoder.eof:
        raise TemporaryError(f"{origin} ended its answer early")
    return bytes(data)


def failure(error: Exception, method: str, url: str) -> TemporaryError:
    """Return our error for an error of httpx."""
    import httpx

    text = _reason(error)
    if isinstance(error, httpx.TimeoutException):
        text = "no answer in time"
    message = f'{method.capitalize()} "{shown(url)}": {text}'
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError | httpx.UnsupportedProtocol):
        return Unreachable(message)
    return TemporaryError(message)


def _reason(error: BaseException) -> str:
    """Return the message of the innermost cause, such as the system's `Connection refused`."""
    text, cause = str(error) or type(error).__name__, error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, BaseExceptionGroup):  # one error for each address of the host
            cause = cause.exceptions[0]
        if isinstance(cause, ssl.SSLCertVerificationError):
            text = f"its certificate is not valid: {cause.verify_message}"
        elif isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
            # Errors of name look-ups have numbers of their own, below zero.
            text = os.strerror(cause.errno) if cause.errno > 0 else cause.strerror or text
        cause = cause.__cause__ or cause.__context__
    return text


async def _error(response: "httpx.Response", method: str, url: str) -> RegistryError:
    status = response.status_code
    if status == 404:
        return NotInRegistry("file does not exist")
    with contextlib.suppress(RegistryError):
        text = _text(await read_body(response, MAX_ERROR_BYTES)) if method != "HEAD" else ""
        message = f'{method.capitalize()} "{shown(url)}": {status} {response.reason_phrase}'.rstrip()
        message = f"{message}: {text}" if text else message
        error = Denied(message) if status in (401, 403) else RegistryError(message)
        if status in TEMPORARY_STATUSES:
            error = TemporaryError(message, _retry_after(response.headers.get("retry-after", "")))
        error.status = status
        return error
    return TemporaryError(f'{method.capitalize()} "{shown(url)}": {status}')


def _text(data: bytes) -> str:
    """Return the message of a registry's error, in one short line."""
    try:
        document = json.loads(data)
        errors = document.get("errors") or [document]
        text = "; ".join(str(e.get("message") or e.get("error") or e.get("details") or e.get("code")) for e in errors)
    except (ValueError, AttributeError, TypeError, RecursionError):
        text = ""
    return " ".join(text.split())[:300]


def header_number(text: str) -> int | None:
    """Return the whole number that the text of a header is; None if it is none, or has more than 18 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _retry_after(text: str) -> float:
    if (seconds := header_number(text)) is not None:
        return float(seconds)
    from email.utils import parsedate_to_datetime

    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return 0.0
