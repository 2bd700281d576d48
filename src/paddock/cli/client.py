"""HTTP requests to the server.

Scripts expect two forms of error message. For a plain answer it is the server's text alone. For a streaming endpoint it
has the status line before it (`400 Bad Request: …`), except for an error inside a stream.
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
_CHUNK_BYTES = 1 << 20
_NO_TEXT = "something went wrong, please see the paddock server logs for details"


class Client:
    """Requests to the server at `url`, with a new connection for each.

    Every method raises `NotConnected` if no server answers and `ServerError` for a status of 400 or above.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port

    def get(self, path: str) -> Any:
        """Return the JSON document at `path`."""
        return self.request("GET", path)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send `body` as JSON; return the JSON document of the answer, or None if the answer is empty."""
        with self._open(method, path, _encode(body)) as response:
            return _read_document(response)

    def stream(self, path: str, body: Any) -> Generator[dict[str, Any], None, None]:
        """POST `body` as JSON; yield the objects of the stream that comes back.

        Close the generator to cancel the request: the server sees the connection close and stops.
        """
        with self._open("POST", path, _encode(body)) as response:
            status, reason = response.status, response.reason
            if status >= 400:
                text = _error_text(response.read())
                status_line = f"{status} {reason}".strip()
                raise ServerError(f"{status_line}: {text}" if text else status_line, status)
            for line in _lines(response):
                try:
                    message = json.loads(line)
                except ValueError:
                    raise ServerError(line.decode("utf-8", "replace"), status) from None
                if message.get("error"):
                    raise ServerError(str(message["error"]), status)
                yield message

    def drain(self, path: str, body: Any) -> None:
        """Send a request like `stream`, wait for its end and drop the objects."""
        with closing(self.stream(path, body)) as messages:
            for _ in messages:
                pass

    def ping(self) -> None:
        """Raise `NotConnected` unless a server answers."""
        with self._open("HEAD", "/", None) as response:
            response.read()

    def has_blob(self, digest: str) -> bool:
        """Return whether the server has a blob with this digest."""
        with self._open("HEAD", f"/api/blobs/{digest}", None) as response:
            response.read()
            return response.status == 200

    def upload_blob(self, digest: str, file: BinaryIO, size: int, on_sent: Callable[[int], None]) -> None:
        """Upload `size` bytes of `file` as a blob; call `on_sent` with the number of bytes sent so far."""
        self.upload(f"/api/blobs/{digest}", file, size, on_sent)

    @contextmanager
    def download(self, path: str, body: Any) -> Iterator[http.client.HTTPResponse]:
        """POST `body` as JSON; give the response, whose content the caller reads in chunks."""
        with self._open("POST", path, _encode(body)) as response:
            _raise_for_status(response)
            yield response

    def upload(self, path: str, file: BinaryIO, size: int, on_sent: Callable[[int], None]) -> Any:
        """POST `size` bytes of `file` in chunks, with a call of `on_sent` after each; return the JSON of the answer."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with self._open("POST", path, _chunks(file, size, on_sent), headers) as response:
            return _read_document(response)

    @contextmanager
    def _open(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None, headers: dict[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT_TIMEOUT)
        with closing(connection):
            self._connect(connection)
            try:
                # A server that refuses a body may stop reading it. Its answer is in the socket and says why.
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


def _chunks(file: BinaryIO, size: int, on_sent: Callable[[int], None]) -> Iterator[bytes]:
    total = 0
    while total < size and (chunk := file.read(min(_CHUNK_BYTES, size - total))):
        yield chunk
        total += len(chunk)
        on_sent(total)
    if total < size:
        raise CommandError(f"{file.name} became shorter while it was sent")


def _encode(body: Any) -> bytes | None:
    if body is None:
        return None
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _read_document(response: http.client.HTTPResponse) -> Any:
    _raise_for_status(response)
    data = response.read()
    return json.loads(data) if data.strip() else None


def _raise_for_status(response: http.client.HTTPResponse) -> None:
    if response.status >= 400:
        raise ServerError(_error_text(response.read()) or _NO_TEXT, response.status)


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the lines of a stream, each as soon as it has arrived."""
    rest = b""
    while data := response.read1(65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
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
