"""Requests that take much memory, and processes that have little."""

import base64
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import psutil
import pytest

from tests.models import kinds, projectors
from tests.models.llama import tiny_llama
from tests.server.bounded import bounded_server
from tests.server.servers import Answer, ServerUnderTest, until
from tests.server.test_images import encoded

MB = 1_000_000
GB = 1 << 30
SMALL = {"num_predict": 2}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF with random weights."""
    return tiny_llama(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def rss(process: int) -> int:
    return int(psutil.Process(process).memory_info().rss)


def large(size: int, **fields: Any) -> bytes:
    """Return a body of about `size` bytes."""
    return json.dumps(
        {"model": "tiny", "prompt": "word " * (size // 5), "stream": False, "options": SMALL, **fields}
    ).encode()


def in_pieces(server: ServerUnderTest, path: str, body: bytes) -> bytes:
    """Send a body in chunks and return the beginning of the answer."""
    with server.connect() as connection:
        connection.settimeout(60)
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(body), 50_000):
                piece = body[start : start + 50_000]
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.sendall(b"0\r\n\r\n")
        return connection.recv(65_536)


@pytest.mark.parametrize("allowed", [False, True], ids=["counted", "not counted"])
def test_a_server_with_little_memory_refuses_what_it_has_none_for(tmp_path: Path, tiny: Path, allowed: bool) -> None:
    # Where the bodies are not counted, Python itself finds no memory for them, wherever that is.
    body = {"memory_share": 1, "least_total": GB, "most_total": GB} if allowed else {}
    if allowed:
        body["max_bytes"] = GB
    limits = {"RLIMIT_AS": 500 * MB}
    with bounded_server(tmp_path, body=body, limits=limits) as server:
        for path in ("generate", "chat", "embed", "show", "create"):
            answer = server.post(f"/api/{path}", large(60 * MB, messages=[{"content": "x" * 1000}], input="x"))
            assert answer.status in (400, 404, 413, 503), (answer.status, answer.body[:200])
            assert answer.error
            assert server.get("/api/tags").status == 200
        assert in_pieces(server, "/api/generate", large(60 * MB)).startswith(
            (b"HTTP/1.1 413", b"HTTP/1.1 503", b"HTTP/1.1 404")
        )
        if not allowed:
            assert server.post("/api/generate", large(60 * MB)).status == 413
        assert server.get("/api/tags").status == 200
        assert "Traceback" not in server.log, server.log[-5000:]
        assert "unexpected error" not in server.log


def test_large_bodies_of_many_clients_are_bounded_and_small_ones_get_through(tmp_path: Path) -> None:
    total = 48 * MB
    with (
        bounded_server(tmp_path, body={"least_total": total, "most_total": total}) as server,
        contextlib.ExitStack() as stack,
    ):
        before = rss(server.process.pid)
        head = b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        piece = b"%x\r\n%s\r\n" % (10 * MB, b" " * (10 * MB))
        waiting: list[socket.socket] = []
        answers: list[bytes] = []
        for _ in range(12):
            connection = stack.enter_context(server.connect())
            connection.sendall(head + piece)
            connection.settimeout(0.3)
            try:
                answers.append(connection.recv(65_536))
            except TimeoutError:
                waiting.append(connection)
        assert 3 <= len(waiting) <= 4
        for answer in answers:
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1\r\n" in answer
            assert b"busy with other large requests" in answer
        assert server.post("/api/show", {"model": "x" * 1000}).status in (400, 404)
        announced = server.post("/api/show", large(20 * MB))
        assert (announced.status, announced.headers["retry-after"]) == (503, "1")
        assert rss(server.process.pid) - before < 3 * total
        for connection in waiting:
            connection.close()
        until(lambda: server.post("/api/show", large(20 * MB)).status == 404)


MANY_VALUES = {
    "messages": b'{"messages":[' + b"{}," * (8 * MB) + b"{}]}",
    "lists": b'{"options":{"x":[' + b"[]," * (8 * MB) + b"1]}}",
    "numbers": b'{"context":[' + b"70000," * (8 * MB) + b"1]}",
}


@pytest.mark.parametrize("body", MANY_VALUES.values(), ids=MANY_VALUES)
def test_values_that_take_much_more_memory_than_their_text_are_refused(tmp_path: Path, body: bytes) -> None:
    total = 256 * MB
    with bounded_server(tmp_path, body={"least_total": total, "most_total": total}) as server:
        before = rss(server.process.pid)
        answer = server.post("/api/chat", body)
        assert answer.status == 413
        assert "too many values" in answer.error
        assert rss(server.process.pid) - before < 100 * MB


def test_a_stopped_runner_holds_neither_others_nor_their_memory(tmp_path: Path, tiny: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        other = kinds.full_attention(tmp_path / "other.gguf")
        for name, file in (("tiny", tiny), ("other", other)):
            server.import_gguf(name, file, template="{{ .Prompt }}", parameters={"temperature": 0})
        assert server.generate("tiny", options=SMALL).status == 200
        (runner,) = server.runners()
        assert server.generate("other", options=SMALL).status == 200
        body = large(2 * MB, options={"num_predict": 2, "num_ctx": 512}, raw=True)
        head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        before = rss(server.process.pid)
        os.kill(runner.pid, signal.SIGSTOP)
        try:
            with contextlib.ExitStack() as stack:
                for _ in range(40):
                    stack.enter_context(server.connect()).sendall(head + body)
                time.sleep(1)
                started = time.monotonic()
                assert server.generate("other", options=SMALL).status == 200
                assert server.generate("other", prompt="word " * 50_000, options=SMALL).status == 200
                assert server.get("/api/ps").status == 200
                assert time.monotonic() - started < 20
            # Their clients have left.
            until(lambda: rss(server.process.pid) - before < 60 * MB)
        finally:
            os.kill(runner.pid, signal.SIGCONT)
        assert server.generate("tiny", options=SMALL).status == 200
        assert "Traceback" not in server.log


def test_those_that_wait_for_a_stopped_runner_leave_room_for_large_requests_to_others(
    tmp_path: Path, tiny: Path
) -> None:
    total = 48 * MB
    with bounded_server(tmp_path, body={"least_total": total, "most_total": total}) as server:
        other = kinds.full_attention(tmp_path / "other.gguf")
        for name, file in (("tiny", tiny), ("other", other)):
            server.import_gguf(name, file, template="{{ .Prompt }}", parameters={"temperature": 0})
        assert server.generate("tiny", options=SMALL).status == 200
        (runner,) = server.runners()
        body = large(6 * MB, raw=True)
        head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
        runner.suspend()
        try:
            with contextlib.ExitStack() as stack:
                for _ in range(10):
                    stack.enter_context(server.connect()).sendall(head + body)
                time.sleep(1)
                assert server.generate("other", "word " * MB, options=SMALL).status == 200
                answer = server.post("/api/generate", body)
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        finally:
            runner.resume()
        until(lambda: server.generate("tiny", options=SMALL).status == 200)


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """A server with the model `vision`, which takes images."""
    folder = tmp_path_factory.mktemp("seeing")
    files = [kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf")]
    with ServerUnderTest(folder) as server:
        server.create(
            "vision",
            files={file.name: server.upload(file) for file in files},
            template="{{ .Prompt }}",
            parameters={"temperature": 0, "num_predict": 2, "num_ctx": 1024},
        )
        yield server


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "RGB"), pytest.param("PNG", "RGBA", marks=pytest.mark.slow)])
def test_a_runner_gives_back_the_memory_of_a_huge_image(seeing: ServerUnderTest, form: str, mode: str) -> None:
    def look(size: tuple[int, int]) -> Answer:
        return seeing.generate("vision", "what is it", images=[encoded(PIL.Image.new("RGB", size))])

    for _ in range(3):
        assert look((64, 48)).status == 200
    (runner,) = seeing.runners()
    before = rss(runner.pid)
    whole = encoded(PIL.Image.new(mode, (8000, 8000)), form)
    assert seeing.generate("vision", "what is it", images=[whole]).status == 200
    cut = base64.b64encode(base64.b64decode(whole)[:-5000]).decode()
    assert seeing.generate("vision", "what is it", images=[cut]).status == 400
    until(lambda: rss(runner.pid) - before < 60 * MB, 20)
    assert look((64, 48)).status == 200
