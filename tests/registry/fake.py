"""A registry of the tests: with storage on a port of its own, tokens for signatures, and faults."""

import base64
import hashlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
EMPTY = base64.b64encode(hashlib.sha256(b"").hexdigest().encode()).decode()


@dataclass
class Received:
    """A request as it came."""

    server: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Fault:
    """What goes wrong with one answer that holds a blob's bytes."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Bytes after which the connection is closed."""
    stall: int | None = None
    """Bytes after which nothing more comes."""
    spoil: bool = False
    shift: int = 0
    """By how much the range is another than the one that was requested."""


def once(fault: Fault, times: int = 1) -> "Iterator[Fault | None]":
    for _ in range(times):
        yield fault
    while True:
        yield None


class FakeRegistry:
    """Blobs and manifests by repository. Change the attributes to change how it behaves.

    With `tls` it speaks HTTPS, with a certificate that it signed itself.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.blobs: dict[str, dict[str, bytes]] = {}
        self.manifests: dict[str, bytes] = {}
        self.uploads: dict[str, bytearray] = {}
        self.received: list[Received] = []
        self.storage = True
        self.ranges = True
        self.tokens = False
        self.password = ""
        """`user:password` that every request needs."""
        self.token_password = ""
        """`user:password` that a token needs; "": a signature."""
        self.mounts = True
        self.keeps_uploads = True
        self.fault: Callable[[Received], Fault | None] = lambda request: None
        self.upload_fault: Callable[[Received], int | None] = lambda request: None
        """Bytes of a PATCH after which the connection is closed."""
        self.spoils_uploads = 0
        """How many uploads more do not hold in the end what was sent."""
        self.finish_seconds = 0.0
        """For how long it looks at an upload before it says that all is well."""
        self.pause = 0.0
        """Seconds between two pieces of 64 kB."""
        self.realm = ""
        self.location = ""
        """Where a blob is said to lie, instead of storage."""
        self.token_location = ""
        """Where a request for a token is redirected to."""
        self.upload_location = ""
        """Where an upload is said to go on."""
        self.message = "busy"
        """What an error for a manifest says."""
        self.error_body: bytes | None = None
        """The whole body of such an error, instead of `message`."""
        self.manifest_headers: dict[str, str] = {}
        """More headers of an answer that is a manifest."""
        self._lock = threading.Lock()
        self._servers = [self._serve("registry"), self._serve("storage")]
        self.port = self._servers[0].server_port
        self.storage_port = self._servers[1].server_port
        self.host = f"127.0.0.1:{self.port}"
        self.storage_url = f"http://localhost:{self._servers[1].server_port}"

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add(self, repository: str, tag: str, *layers: bytes, config: bytes = b"{}", **changes: Any) -> bytes:
        """Have a model; `changes` are made to its manifest."""

        def entry(data: bytes, kind: str) -> dict[str, Any]:
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            self.blobs.setdefault(repository, {})[digest] = data
            return {"mediaType": kind, "digest": digest, "size": len(data)}

        kinds = ["model", "template", "system", "params", "license"]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": entry(config, "application/vnd.docker.container.image.v1+json"),
            "layers": [
                entry(data, f"application/vnd.ollama.image.{kind}") for data, kind in zip(layers, kinds, strict=False)
            ],
        }
        data = json.dumps(manifest | changes).encode()
        self.manifests[f"{repository}:{tag}"] = data
        return data

    def of(self, method: str, part: str = "", server: str = "") -> list[Received]:
        """The requests with this method, part of a path, and server."""
        return [a for a in self.received if a.method == method and part in a.path and server in a.server]

    def _serve(self, name: str) -> ThreadingHTTPServer:
        fake = self

        class Handler(_Handler):
            registry = fake
            role = name

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if self._tls is not None:  # each connection's own thread does the handshake
            server.socket = self._tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server


@contextmanager
def fake_registry(tls: ssl.SSLContext | None = None) -> Iterator[FakeRegistry]:
    registry = FakeRegistry(tls)
    try:
        yield registry
    finally:
        registry.close()


class _Handler(BaseHTTPRequestHandler):
    registry: FakeRegistry
    role = ""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    def _any(self) -> None:
        parts = urlsplit(self.path)
        request = Received(self.role, self.command, self.path, dict(self.headers))
        with self.registry._lock:
            self.registry.received.append(request)
        if self.role == "storage":
            self._storage(request, parts.path)
        elif parts.path == "/token":
            self._token(request, parts.query)
        elif not self._allowed(request):
            pass
        else:
            self._registry(request, parts.path, parts.query)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _any

    def _allowed(self, request: Received) -> bool:
        registry, given = self.registry, request.headers.get("Authorization", "")
        if registry.tokens and given != "Bearer t0ken":
            repository = request.path.split("/blobs/")[0].split("/manifests/")[0].removeprefix("/v2/")
            realm = registry.realm or f"http://{registry.host}/token"
            challenge = f'Bearer realm="{realm}",service="fake",scope="repository:{repository}:pull,push"'
            self._answer(401, b'{"errors":[{"message":"who are you?"}]}', {"WWW-Authenticate": challenge})
            return False
        if registry.password and given != "Basic " + base64.b64encode(registry.password.encode()).decode():
            self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="fake"'})
            return False
        return True

    def _token(self, request: Received, query: str) -> None:
        if self.registry.token_location:
            self._answer(302, b"", {"Location": self.registry.token_location})
            return
        values = parse_qs(query)
        names = [name for name, _ in parse_qsl(query)]
        url = f"{'https' if self.registry._tls else 'http'}://{self.headers['Host']}{self.path}"
        good = names == sorted(names) and {"nonce", "scope", "service", "ts"} <= values.keys()
        if good and not self.registry.token_password:
            good = signed(request.headers.get("Authorization", ""), url)
        elif good:
            expected = "Basic " + base64.b64encode(self.registry.token_password.encode()).decode()
            good = request.headers.get("Authorization") == expected
        self._answer(200 if good else 403, b'{"token":"t0ken"}' if good else b'{"errors":[{"message":"no"}]}')

    def _registry(self, request: Received, path: str, query: str) -> None:
        registry = self.registry
        if path == "/v2/":
            self._answer(200, b"{}")
        elif "/manifests/" in path:
            self._manifest(request, path)
        elif "/blobs/uploads/" in path:
            self._upload(request, path, query)
        else:
            repository, _, digest = path.removeprefix("/v2/").partition("/blobs/")
            data = registry.blobs.get(repository, {}).get(digest)
            if data is None:
                self._answer(404, b'{"errors":[{"message":"blob unknown"}]}')
            elif self.command == "HEAD":
                self._answer(200, b"", {"Content-Length": str(len(data))})
            elif registry.storage:
                target = registry.location or f"{registry.storage_url}/{repository}/{digest}?signature=secret"
                self._answer(307, b"", {"Location": target})
            else:
                self._blob(request, data)

    def _storage(self, request: Received, path: str) -> None:
        if self.command == "PUT":
            request.body = self.rfile.read(int(self.headers["Content-Length"]))
            self.registry.uploads[path.rpartition("/")[2]] += request.body
            self._answer(200, b"")
            return
        repository, _, digest = path[1:].rpartition("/")
        self._blob(request, self.registry.blobs[repository][digest])

    def _manifest(self, request: Received, path: str) -> None:
        repository, _, tag = path.removeprefix("/v2/").partition("/manifests/")
        if self.command == "PUT":
            request.body = self.rfile.read(int(self.headers["Content-Length"]))
            self.registry.manifests[f"{repository}:{tag}"] = request.body
            self._answer(201, b"")
            return
        fault = self.registry.fault(request)
        data = self.registry.manifests.get(f"{repository}:{tag}")
        if fault is not None and fault.status:
            said = self.registry.message.encode() if self.registry.error_body is None else self.registry.error_body
            self._answer(fault.status, said, fault.headers)
        elif data is None:
            self._answer(404, b'{"errors":[{"message":"manifest unknown"}]}')
        else:
            self._answer(200, data, {"Content-Type": MANIFEST} | self.registry.manifest_headers)

    def _blob(self, request: Received, data: bytes) -> None:
        fault = self.registry.fault(request) or Fault()
        if fault.status:
            self._answer(fault.status, b"busy", fault.headers)
            return
        start, end, status, headers = 0, len(data), 200, {}
        if self.registry.ranges and "Range" in self.headers:
            first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
            start, end = int(first) + fault.shift, min(int(last) + 1 + fault.shift, len(data))
            status, headers = 206, {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"}
        body = data[start:end]
        if fault.spoil and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))} | fault.headers).items():
            self.send_header(name, value)
        self.end_headers()
        sent = 0
        for stop, stalls in ((fault.cut, False), (fault.stall, True)):
            if stop is not None and stop < len(body):
                self._pieces(body[:stop])
                if stalls:
                    self.connection.settimeout(5)
                    self.connection.recv(1)  # until the other side has enough of it
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
        self._pieces(body[sent:])

    def _pieces(self, data: bytes) -> None:
        for start in range(0, len(data), 1 << 16):
            self.wfile.write(data[start : start + (1 << 16)])
            if self.registry.pause:
                time.sleep(self.registry.pause)

    def _upload(self, request: Received, path: str, query: str) -> None:
        registry = self.registry
        repository, _, name = path.removeprefix("/v2/").partition("/blobs/uploads/")
        values = parse_qs(query)
        if self.command == "POST":
            if (digest := values.get("mount", [""])[0]) and registry.mounts:
                data = registry.blobs.get(values["from"][0], {}).get(digest)
                if data is not None:
                    registry.blobs.setdefault(repository, {})[digest] = data
                    self._answer(201, b"", {"Location": f"/v2/{repository}/blobs/{digest}"})
                    return
            name = f"u{len(registry.uploads)}"
            registry.uploads[name] = bytearray()
            place = registry.upload_location or f"/v2/{repository}/blobs/uploads/{name}?state=0"
            self._answer(202, b"", {"Location": place})
        elif name not in registry.uploads:
            self._drain()
            self._answer(404, b'{"errors":[{"message":"upload unknown"}]}')
        elif self.command == "GET":
            self._answer(204, b"", self._place(repository, name))
        elif self.command == "PATCH":
            self._patch(request, repository, name)
        else:
            data, digest = bytes(registry.uploads.pop(name)), unquote(values["digest"][0])
            if registry.spoils_uploads and data:
                registry.spoils_uploads -= 1
                data = bytes([data[0] ^ 1]) + data[1:]
            time.sleep(registry.finish_seconds)
            if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
                self._answer(400, b'{"errors":[{"message":"digest invalid"}]}')
                return
            registry.blobs.setdefault(repository, {})[digest] = data
            self._answer(201, b"", {"Location": f"/v2/{repository}/blobs/{digest}"})

    def _patch(self, request: Received, repository: str, name: str) -> None:
        registry, held = self.registry, self.registry.uploads[name]
        length = int(self.headers["Content-Length"])
        if int(self.headers["Content-Range"].partition("-")[0]) != len(held):
            self._drain()
            self._answer(416, b"")
            return
        if registry.storage and "X-Redirect-Uploads" in self.headers:
            self._drain()
            place = self._place(repository, name)
            target = f"{registry.storage_url}/uploads/{name}"
            self._answer(307, b"", {"Location": target, "Docker-Upload-Location": place["Location"]})
            return
        stop = registry.upload_fault(request)
        got = self._slowly(length if stop is None else min(stop, length))
        if stop is None or registry.keeps_uploads:
            held += got
        if stop is not None:
            if not registry.keeps_uploads:
                del registry.uploads[name]
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._answer(202, b"", self._place(repository, name))

    def _slowly(self, length: int) -> bytes:
        """Read what is sent, or as much of it as comes."""
        if not self.registry.pause:
            return self.rfile.read(length)
        got = b""
        while len(got) < length and (piece := self.rfile.read(min(1 << 16, length - len(got)))):
            got += piece
            time.sleep(self.registry.pause)
        return got

    def _place(self, repository: str, name: str) -> dict[str, str]:
        size = len(self.registry.uploads[name])
        return {
            "Location": f"/v2/{repository}/blobs/uploads/{name}?state={size}",
            "Range": f"0-{max(size - 1, 0)}",
        }

    def _drain(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def signed(header: str, url: str) -> bool:
    """Whether a header is the signature of a request for `url`, by the key that it names."""
    public, _, signature = header.partition(":")
    try:
        key = load_ssh_public_key(f"ssh-ed25519 {public}".encode())
        assert isinstance(key, Ed25519PublicKey)
        key.verify(base64.b64decode(signature), f"GET,{url},{EMPTY}".encode())
    except (InvalidSignature, ValueError, AssertionError):
        return False
    return True
