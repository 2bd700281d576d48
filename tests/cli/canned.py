"""A server with prepared answers, for cases that a real one shows only when something breaks."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Canned:
    """Answers by "METHOD path": a status and a body, which is bytes or a list of chunks.

    A float in the list is a pause in seconds; None breaks the stream off.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.requests: list[tuple[str, Any]] = []
        self.hung_up = threading.Event()
        self.url = ""

    def json(self, key: str, document: Any, status: int = 200) -> None:
        self.answers[key] = (status, json.dumps(document).encode())

    def stream(self, key: str, *messages: Any, status: int = 200, broken: bool = False) -> None:
        lines = [m if isinstance(m, float) else json.dumps(m).encode() + b"\n" for m in messages]
        self.answers[key] = (status, [*lines, None] if broken else lines)

    def bodies(self, key: str) -> list[Any]:
        return [body for requested, body in self.requests if requested == key]


@contextmanager
def canned_server() -> Iterator[Canned]:
    canned = Canned()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            key = f"{self.command} {self.path}"
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            canned.requests.append((key, json.loads(data) if data[:1] == b"{" else data))
            status, body = canned.answers.get(key, (404, b""))
            self.send_response(status)
            self.send_header("Connection", "close")
            if isinstance(body, bytes):
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)
            else:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.send_chunks(body)

        def send_chunks(self, chunks: list[bytes | float | None]) -> None:
            try:
                for chunk in chunks:
                    if chunk is None:
                        return
                    if isinstance(chunk, float):
                        time.sleep(chunk)
                    else:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.write(b"0\r\n\r\n")
            except ConnectionError:
                canned.hung_up.set()

        do_GET = do_POST = do_HEAD = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    canned.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield canned
    finally:
        server.shutdown()
        server.server_close()
