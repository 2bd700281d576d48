"""Slow, crowded and ended connections, as bytes on a socket."""

import contextlib
import json
import re
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.bounded import bounded_server
from tests.server.servers import ServerUnderTest, until
from tests.server.test_hangups import at_rest, reset

VERSION = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
SHOW_HEAD = b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
SHORT = {
    "idle_seconds": 1.5,
    "head_seconds": 0.6,
    "body_seconds": 0.6,
    "body_bytes": 20,
    "stalled_seconds": 0.6,
    "linger_seconds": 0.6,
    "sweep_seconds": 0.05,
}
PATIENCE = 10.0
"""Seconds after which a test gives up on what should happen within about one."""


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Iterator[ServerUnderTest]:
    """A server that waits for clients for less than a second."""
    with bounded_server(tmp_path_factory.mktemp("short"), connection=SHORT) as server:
        server.import_gguf("tiny", tiny, template="{{ .Prompt }}", parameters={"temperature": 0})
        yield server


def received(connection: socket.socket, seconds: float = PATIENCE) -> bytes:
    """Return everything until the server closes the connection."""
    connection.settimeout(seconds)
    pieces = []
    while piece := connection.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


def request(path: str, **fields: object) -> bytes:
    body = json.dumps(fields).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextlib.contextmanager
def stopped_runner(server: ServerUnderTest) -> Iterator[None]:
    """Stop the runner of the only model that is loaded, until `go_on` or the end."""
    (runner,) = server.runners()
    runner.suspend()
    try:
        yield
    finally:
        runner.resume()


def go_on(server: ServerUnderTest) -> None:
    (runner,) = server.runners()
    runner.resume()


@contextlib.contextmanager
def unread(server: ServerUnderTest) -> Iterator[socket.socket]:
    """Yield a connection of a client with little room for answers."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.settimeout(PATIENCE)
        yield connection


def is_cut_off(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLHUP)
    return bool(poll.poll(1000 * PATIENCE))


@pytest.mark.parametrize(
    "head",
    [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 16_000_000, b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 3_000_000,
     b"POST /api/show HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 16_000_000],
    ids=["header", "headers", "trailer"],
)  # fmt: skip
def test_a_head_that_does_not_end_is_refused(server: ServerUnderTest, head: bytes) -> None:
    with server.connect() as connection:
        connection.settimeout(10)
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < len(head):
                sent += connection.send(head[sent : sent + 65_536])
            while answer := connection.recv(1000):
                assert answer.startswith((b"HTTP/1.1 431", b"431"))
            raise ConnectionResetError  # the answer has the reason
    assert sent < len(head)
    assert server.get("/").status == 200


def test_a_long_head_and_a_body_of_many_pieces_are_accepted(server: ServerUnderTest) -> None:
    assert server.get("/api/version", {"X": "a" * 500_000}).status == 200
    pieces = b"".join(b"1\r\n \r\n" for _ in range(400_000))
    head = b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with server.connect() as connection:
        connection.settimeout(20)
        connection.sendall(head + pieces + b"2\r\n{}\r\n0\r\n\r\n")
        answer = b""
        while b"model is required" not in answer:
            piece = connection.recv(1000)
            assert piece, answer
            answer += piece


@pytest.mark.parametrize("before", [b"", b"\r\n", VERSION], ids=["silent", "blank lines", "after an answer"])
def test_an_idle_connection_is_closed_without_a_word(short: ServerUnderTest, before: bytes) -> None:
    with short.connect() as connection:
        started = time.monotonic()
        connection.sendall(before)
        answer = received(connection)
        assert 1 < time.monotonic() - started < PATIENCE
        assert answer.count(b"HTTP/1.1 ") == (1 if before == VERSION else 0)


def test_blank_lines_do_not_keep_a_connection(short: ServerUnderTest) -> None:
    with short.connect() as connection, contextlib.suppress(ConnectionError):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            connection.sendall(b"\r\n")
            time.sleep(0.1)
        raise AssertionError("it stays")


@pytest.mark.parametrize("drips", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_half_a_head_is_answered_with_408(short: ServerUnderTest, drips: bool, second: bool) -> None:
    with short.connect() as connection:
        if second:
            connection.sendall(VERSION)
            answer = b""
            while b'"version":' not in answer:
                answer += connection.recv(1000)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: local")
        if drips:
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    connection.sendall(b"h")
                    time.sleep(0.05)
                raise AssertionError("it stays")
            return
        answer = received(connection)
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b"connection: close\r\n" in answer
        assert json.loads(answer.split(b"\r\n\r\n")[1]) == {"error": "the request did not arrive in time"}


@pytest.mark.parametrize("path", ["/api/show", f"/api/blobs/sha256:{'0' * 64}", "/api/import?model=x"])
@pytest.mark.parametrize("framing", [b"Content-Length: 100000", b"Transfer-Encoding: chunked"])
def test_half_a_body_is_answered_with_408(short: ServerUnderTest, path: str, framing: bytes) -> None:
    with short.connect() as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n".encode() + framing + b"\r\n\r\n5\r\n{")
        assert received(connection).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_drips_is_answered_with_408_and_one_that_flows_is_not(short: ServerUnderTest) -> None:
    with short.connect() as connection:
        connection.sendall(SHOW_HEAD % 100_000)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b" ")
                time.sleep(0.05)
            raise AssertionError("it stays")
    with short.connect() as connection:
        connection.sendall(SHOW_HEAD % 500)
        for _ in range(25):
            connection.sendall(b" " * 20)
            time.sleep(0.1)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")  # blanks are not JSON


def test_a_body_is_dropped_for_a_while_once_it_was_refused(short: ServerUnderTest) -> None:
    with short.connect() as connection:
        connection.sendall(SHOW_HEAD % (1 << 30))
        connection.settimeout(PATIENCE)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                connection.sendall(b" " * 1000)
                time.sleep(0.05)
            raise AssertionError("it stays")


def test_a_request_that_takes_long_is_not_cut_off(short: ServerUnderTest) -> None:
    short.generate("tiny", "")
    data = request("/api/generate", model="tiny", prompt="x", stream=False, options={"num_predict": 4})
    with stopped_runner(short), short.connect() as connection:
        # The head of the next request is here, and has time until this one is answered.
        connection.sendall(data + b"GET ")
        connection.settimeout(2)
        with pytest.raises(TimeoutError):
            connection.recv(1000)
        go_on(short)
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"done":true' in answer
    assert answer.count(b"HTTP/1.1 408 ") == 1


FROM_TINY = {"model": "copy", "from": "tiny"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/api/version", None), ("/api/tags", None), ("/api/ps", None), ("/", None), ("/api/show", {"model": "tiny"}),
     ("/api/create", FROM_TINY), ("/api/create", {**FROM_TINY, "stream": False}),
     ("/api/copy", {"source": "tiny", "destination": "copy"}), ("/api/delete", {"model": "copy"}),
     ("/api/pull", {"model": "127.0.0.1:9/x/y", "insecure": True, "stream": False})],
)  # fmt: skip
def test_a_client_that_has_closed_its_side_gets_its_answer(
    short: ServerUnderTest, path: str, fields: dict[str, object] | None
) -> None:
    data = request(path, **fields) if fields is not None else VERSION.replace(b"/api/version", path.encode())
    if "delete" in path:
        short.post("/api/copy", {"source": "tiny", "destination": "copy"})
        data = data.replace(b"POST", b"DELETE")
    answer = short.exchange(data, seconds=PATIENCE)
    assert answer.startswith(b"HTTP/1.1 200 " if "pull" not in path else b"HTTP/1.1 500 "), answer
    if b"chunked" in answer:
        assert answer.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("path", ["generate", "chat", "embed", "rerank"])
def test_a_client_that_has_closed_its_side_has_left_where_a_runner_is_needed(short: ServerUnderTest, path: str) -> None:
    of_path: dict[str, dict[str, object]] = {
        "generate": {"prompt": "x"},
        "chat": {"messages": [{"role": "user", "content": "x"}]},
        "embed": {"input": "x"},
        "rerank": {"query": "x", "documents": ["x"]},
    }
    fields = of_path[path]
    short.generate("tiny", "")
    with stopped_runner(short):
        ended = short.log.count(f"/api/{path}")
        answer = short.exchange(request(f"/api/{path}", model="tiny", stream=False, **fields), seconds=PATIENCE)
        assert not answer.startswith(b"HTTP/1.1 2"), answer
        until(lambda: short.log.count(f"/api/{path}") > ended)


def test_requests_that_were_sent_before_the_end_of_input_are_answered(short: ServerUnderTest) -> None:
    answer = short.exchange(VERSION * 3000, seconds=PATIENCE)
    assert answer.count(b"HTTP/1.1 200 OK") == 3000


def test_thousands_of_requests_sent_ahead_are_answered_in_order(short: ServerUnderTest) -> None:
    paths = [f"/nothing/{number}" if number % 3 else "/api/version" for number in range(5000)]
    with short.connect() as connection:
        data = b"".join(VERSION.replace(b"/api/version", path.encode()) for path in paths)
        connection.sendall(data)
        answer = received(connection)
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", answer)
    assert statuses == [b"404" if path.startswith("/nothing") else b"200" for path in paths]


@pytest.mark.parametrize("after", [b"GARBAGE\0\r\n\r\n", b"GET / HTTP/1.1\r\nHost"])
def test_what_comes_after_a_request_does_not_harm_its_answer(short: ServerUnderTest, after: bytes) -> None:
    data = request("/api/generate", model="tiny", prompt="x", options={"num_predict": 40}, stream=True)
    with short.connect() as connection:
        connection.sendall(data + after)
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"done":true' in answer
    assert b"0\r\n\r\n" in answer


def test_a_client_that_sent_another_request_and_left_is_noticed(short: ServerUnderTest) -> None:
    short.generate("tiny", "")
    with stopped_runner(short):
        with short.connect() as connection:
            connection.sendall(request("/api/generate", model="tiny", prompt="x", stream=False) + VERSION)
            time.sleep(0.3)
            ended = short.log.count("/api/generate")
        until(lambda: short.log.count("/api/generate") > ended)


def test_a_client_that_does_not_read_its_answer_is_cut_off(short: ServerUnderTest) -> None:
    with unread(short) as connection:
        connection.sendall(request("/api/generate", model="tiny", prompt="x" * 30_000_000, _debug_render_only=True))
        assert is_cut_off(connection)


@pytest.mark.slow
def test_a_reply_ends_if_its_client_does_not_read(short: ServerUnderTest) -> None:
    endless = {"type": "regex", "pattern": "[a-z]{1000000}"}
    options = {"num_predict": -1, "num_ctx": 512}
    with unread(short) as connection:
        connection.sendall(request("/api/generate", model="tiny", prompt="x", options=options, format=endless))
        until(lambda: not at_rest(short))
        until(lambda: at_rest(short), 200)
        assert short.unload("tiny") < 20  # no request holds it


def test_a_client_that_reads_none_of_many_answers_is_cut_off(short: ServerUnderTest) -> None:
    with unread(short) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(VERSION.replace(b"/api/version", b"/openapi.json") * 5000)
        assert is_cut_off(connection)


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(short: ServerUnderTest) -> None:
    head = b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with short.connect() as connection:
        for _ in range(2):
            connection.sendall(head % 16)
            assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b'{"model":"tiny"}')
            answer = b""
            while b"capabilities" not in answer:
                answer += connection.recv(100_000)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"connection: close" not in answer
    with short.connect() as connection:
        connection.sendall(head % (1 << 30))
        answer = received(connection)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close\r\n" in answer


def test_one_request_alone_ends_the_connection_if_the_client_says_so(short: ServerUnderTest) -> None:
    with short.connect() as connection:
        connection.sendall(VERSION.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + VERSION)
        assert received(connection).count(b"HTTP/1.1 200") == 1
    with short.connect() as connection:
        connection.sendall(VERSION.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert received(connection).count(b"HTTP/1.1 200") == 1


def test_a_reset_leaves_nothing_behind(short: ServerUnderTest) -> None:
    for data in (b"", b"GET", VERSION, SHOW_HEAD % 100, VERSION * 1000):
        connection = short.connect()
        connection.sendall(data)
        reset(connection)
    assert short.get("/").status == 200
    assert "Traceback" not in short.log
