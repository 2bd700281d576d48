"""HTTP to the server, as any client would speak it.

Two kinds of answers differ in how their errors read, as scripts expect it: a plain answer's error is the server's text
alone, a streaming endpoint's has the status line before it (`400 Bad Request: …`), unless its stream had begun.
"""

import http.client
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from paddock import __version__
from paddock.cli.errors import CommandError, NotConnected, ServerError

_USER_AGENT = f"paddock/{__version__}"
_JSON = {"Content-Type": "application/json"}
_CONNECT_TIMEOUT = 10.0  # seconds; once connected, a reply may take as long as a model takes to load
_UPLOAD_PIECE = 1 << 20
_NO_TEXT = "something went wrong, please see the paddock server logs for details"


class Client:
    """Requests to the server at `url`, one connection each.

    Every method raises `NotConnected` where no server answers and `ServerError` for an answer from status 400 up.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port

    def get(self, path: str) -> Any:
        """GET a JSON document."""
        return self.request("GET", path)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send `body` as JSON; return the JSON document that comes back, None where the answer is empty."""
        with self._ask(method, path, _encode(body)) as response:
            data = response.read()
            if response.status >= 400:
                raise ServerError(_error_text(data) or _NO_TEXT, response.status)
        return json.loads(data) if data.strip() else None

    def stream(self, path: str, body: Any) -> Generator[dict[str, Any], None, None]:
        """POST `body` as JSON; yield the objects of the stream that comes back.

        Close the generator to end the request early: that tells the server to stop.
        """
        with self._ask("POST", path, _encode(body)) as response:
            status, reason = response.status, response.reason
            if status >= 400:
                text = _error_text(response.read())
                line = f"{status} {reason}".strip()
                raise ServerError(f"{line}: {text}" if text else line, status)
            for line_ in _lines(response):
                try:
                    message = json.loads(line_)
                except ValueError:
                    raise ServerError(line_.decode("utf-8", "replace"), status) from None
                if message.get("error"):
                    raise ServerError(str(message["error"]), status)
                yield message

    def finish(self, path: str, body: Any) -> None:
        """Like `stream`, for when only the end and errors matter."""
        with closing(self.stream(path, body)) as messages:
            for _ in messages:
                pass

    def check(self) -> None:
        """Raise `NotConnected` unless a server answers."""
        with self._ask("HEAD", "/", None) as response:
            response.read()

    def has_blob(self, digest: str) -> bool:
        """Whether the server has a file with this digest."""
        with self._ask("HEAD", f"/api/blobs/{digest}", None) as response:
            response.read()
            return response.status == 200

    def upload_blob(self, digest: str, file: BinaryIO, size: int, sent: Callable[[int], None]) -> None:
        """Send `size` bytes of `file` in pieces, calling `sent` with the bytes sent so far after each."""
        self.upload(f"/api/blobs/{digest}", file, size, sent)

    @contextmanager
    def download(self, path: str, body: Any) -> Iterator[http.client.HTTPResponse]:
        """POST `body` as JSON and give the answer, whose body is to be read in pieces."""
        with self._ask("POST", path, _encode(body)) as response:
            if response.status >= 400:
                raise ServerError(_error_text(response.read()) or _NO_TEXT, response.status)
            yield response

    def upload(self, path: str, file: BinaryIO, size: int, sent: Callable[[int], None]) -> Any:
        """POST `size` bytes of `file` in pieces, calling `sent` after each; return the JSON that comes back."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with self._ask("POST", path, _pieces(file, size, sent), headers) as response:
            data = response.read()
            if response.status >= 400:
                raise ServerError(_error_text(data) or _NO_TEXT, response.status)
        return json.loads(data) if data.strip() else None

    @contextmanager
    def _ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None, headers: dict[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT_TIMEOUT)
        with closing(connection):
            self._connect(connection)
            try:
                # A server that refuses a body may stop reading it; its answer, which waits in the socket, says why.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, path, body, {"User-Agent": _USER_AGENT} | (headers or _JSON))
                yield connection.getresponse()
            except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
                raise CommandError(f"the connection to the server at {self.url} broke off: {_cause(error)}") from error

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except ConnectionRefusedError:
            raise NotConnected("could not connect to paddock server, run 'paddock serve' to start it") from None
        except (OSError, UnicodeError) as error:
            raise NotConnected(f"could not connect to paddock server at {self.url}: {_cause(error)}") from None
        connection.sock.settimeout(None)


def _pieces(file: BinaryIO, size: int, sent: Callable[[int], None]) -> Iterator[bytes]:
    total = 0
    while total < size and (piece := file.read(min(_UPLOAD_PIECE, size - total))):
        yield piece
        total += len(piece)
        sent(total)
    if total < size:
        raise CommandError(f"{file.name} became shorter while it was sent")


def _encode(body: Any) -> bytes | None:
    if body is None:
        return None
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The lines of a stream, each as soon as it is there."""
    rest = b""
    while data := response.read1(65536):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
    if rest.strip():
        yield rest


def _error_text(data: bytes) -> str:
    try:
        document = json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace").strip()
    error = document.get("error", "") if isinstance(document, dict) else ""
    return error if isinstance(error, str) else json.dumps(error)


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
