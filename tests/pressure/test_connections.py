"""Crowds of connections, and clients that take their time."""

import contextlib
import hashlib
import json
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.models.llama import tiny_llama
from tests.server.bounded import bounded_server
from tests.server.servers import ServerUnderTest, until

VERSION = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF with random weights."""
    return tiny_llama(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def read_answer(connection: socket.socket, seconds: float = 20) -> bytes:
    """Return one answer with a length."""
    connection.settimeout(seconds)
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(65_536)
        assert piece, f"no answer: {answer!r}"
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        piece = connection.recv(65_536)
        assert piece, f"half an answer: {answer!r}"
        body += piece
    return head + b"\r\n\r\n" + body


def refused(answer: bytes) -> bool:
    """Return whether a whole answer says that there are too many connections."""
    if answer.startswith(b"HTTP/1.1 200 "):
        return False
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 "), answer
    assert b"connection: close" in head and b"retry-after: 1" in head
    assert json.loads(body) == {"error": "the server has too many connections, please try again later"}
    return True


def test_the_limit_of_descriptors_is_raised_to_the_hard_one(tmp_path: Path) -> None:
    script = (
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 600))\n"
        "sys.argv = ['paddock', 'serve']\n"
        "runpy.run_module('paddock', run_name='__main__')\n"
    )
    with ServerUnderTest(tmp_path, command=("-c", script)) as server, contextlib.ExitStack() as stack:
        assert psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE) == (600, 600)
        for _ in range(150):
            connection = stack.enter_context(server.connect())
            connection.sendall(VERSION)
            assert not refused(read_answer(connection))


@pytest.mark.parametrize("speaks", ["at once", "later"])
def test_too_many_connections_get_a_sentence_and_not_a_reset(tmp_path: Path, speaks: str) -> None:
    with bounded_server(tmp_path, limits={"RLIMIT_NOFILE": 64}) as server:
        with contextlib.ExitStack() as stack:
            connections = []
            for _ in range(150):
                connection = stack.enter_context(server.connect())
                connections.append(connection)
                if speaks == "at once":
                    connection.sendall(VERSION)
            if speaks == "later":
                for connection in connections:
                    with contextlib.suppress(ConnectionError):  # the refusal is there to be read all the same
                        connection.sendall(VERSION)
            answers = [refused(read_answer(connection)) for connection in connections]
        assert 8 <= answers.count(False) <= 40
        until(lambda: server.get("/").status == 200)
        assert "Traceback" not in server.log


def test_an_idle_connection_gives_way_to_a_new_client(tmp_path: Path) -> None:
    config = {"max_connections": 20, "spared_seconds": 0.2}
    with bounded_server(tmp_path, connection=config) as server, contextlib.ExitStack() as stack:
        idle = [stack.enter_context(server.connect()) for _ in range(20)]
        idle[0].sendall(VERSION)
        assert not refused(read_answer(idle[0]))
        idle[1].sendall(b"GET / HTT")
        time.sleep(0.5)
        fresh = [stack.enter_context(server.connect()) for _ in range(20)]
        for connection in fresh:
            connection.sendall(VERSION)
            assert not refused(read_answer(connection))
        assert idle[0].recv(1000) == b""  # as a connection ends that is kept too long
        for connection in idle[1:]:
            assert refused(read_answer(connection))


def test_requests_that_never_end_do_not_keep_others_out(tmp_path: Path) -> None:
    config = {"max_connections": 50, "spared_seconds": 0.2, "head_seconds": 2, "body_seconds": 2, "sweep_seconds": 0.1}
    half_head = b"GET / HTTP/1.1\r\nHost: loc"
    half_body = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"
    with bounded_server(tmp_path, connection=config) as server:
        stopped = threading.Event()

        def attack(data: bytes) -> None:
            """Keep many connections open that send a byte now and then."""
            open_ones: list[socket.socket] = []
            while not stopped.is_set():
                while len(open_ones) < 60:
                    connection = server.connect()
                    with contextlib.suppress(ConnectionError):
                        connection.sendall(data)
                        open_ones.append(connection)
                for connection in list(open_ones):
                    try:
                        connection.sendall(b"x")
                    except ConnectionError:
                        open_ones.remove(connection)
                        connection.close()
                time.sleep(0.1)
            for connection in open_ones:
                connection.close()

        def served() -> bool:
            with server.connect() as connection, contextlib.suppress(ConnectionError):
                connection.sendall(VERSION)
                return not refused(read_answer(connection))
            return False

        for data in (half_head, half_body):
            stopped.clear()
            attacker = threading.Thread(target=attack, args=(data,))
            attacker.start()
            try:
                time.sleep(1)
                until(served, 20)
            finally:
                stopped.set()
                attacker.join()
        until(served)
        assert "Traceback" not in server.log


def test_thousands_of_idle_connections_disturb_nobody(tmp_path: Path) -> None:
    with ServerUnderTest(tmp_path) as server, contextlib.ExitStack() as stack:
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        for _ in range(2000):
            stack.enter_context(server.connect())
        for _ in range(20):
            started = time.monotonic()
            assert server.get("/api/tags").status == 200
            assert time.monotonic() - started < 2
        assert process.memory_info().rss - before < 60 << 20
    assert "Traceback" not in server.log


def test_a_server_with_hardly_any_descriptors_answers_in_sentences(tmp_path: Path, tiny: Path) -> None:
    data = tiny.read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with bounded_server(tmp_path, limits={"RLIMIT_NOFILE": 20}) as server:
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                stack.enter_context(server.connect())
            for path, body in (
                ("/api/tags", None),
                ("/api/show", {"model": "x"}),
                (f"/api/blobs/sha256:{'0' * 64}", b"x"),
                ("/api/generate", {"model": "x", "prompt": "x"}),
                ("/api/pull", {"model": "127.0.0.1:9/a/b"}),
            ):
                method = "GET" if body is None else "POST"
                answer = server.request(method, path, body)
                assert answer.status in (200, 400, 404, 500, 503), answer.body
                assert answer.status == 200 or answer.error
        # The server may not have noticed yet that those are closed.
        until(lambda: server.post(f"/api/blobs/{digest}", data).status in (200, 201))
        server.import_gguf("tiny", tiny)
        answer = server.generate("tiny", options={"num_predict": 2})
        assert answer.status in (200, 500, 503)
        assert answer.status == 200 or "open files" in answer.error
        until(lambda: server.get("/api/tags").status == 200)
        assert "Traceback" not in server.log


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_the_bounds_on_time_are_those_that_are_promised(tmp_path: Path) -> None:
    silent = b""
    half_head = b"GET / HTTP/1.1\r\nHost: loc"
    half_body = b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    promised = {
        "silent": (silent, 75, b""),
        "kept": (VERSION, 75, b"HTTP/1.1 200"),
        "half a head": (half_head, 30, b"HTTP/1.1 408"),
        "half a body": (half_body, 60, b"HTTP/1.1 408"),
    }
    found: dict[str, tuple[float, bytes]] = {}
    with ServerUnderTest(tmp_path) as server:

        def wait(name: str, data: bytes) -> None:
            with server.connect() as connection:
                connection.settimeout(150)
                started = time.monotonic()
                connection.sendall(data)
                answer = b""
                while piece := connection.recv(65_536):
                    answer += piece
                found[name] = time.monotonic() - started, answer

        threads = [threading.Thread(target=wait, args=(name, data)) for name, (data, _, _) in promised.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for name, (_, seconds, beginning) in promised.items():
        took, answer = found[name]
        assert seconds - 1 < took < seconds + 10, name
        assert answer.startswith(beginning), name
