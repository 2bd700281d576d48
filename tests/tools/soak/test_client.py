import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tools.soak.client import Outcome, Patience, send

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Answer one connection after the request's first bytes have come."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_the_first_byte_is_that_of_the_body() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(HEAD)
        time.sleep(0.2)
        connection.sendall(b'{"done": 1}\n')

    with answering(answer) as port:
        outcome = send(port, "POST", "/api/generate", {"model": "x"})
    assert outcome.status == 200
    assert outcome.first_byte is not None and outcome.first_byte >= 0.2
    assert (outcome.left, outcome.error) == (False, "")


@pytest.mark.parametrize(
    ("patience", "seen"), [(Patience(total=0.3), None), (Patience(reply=0.3), b'{"a"'), (Patience(0.3, 5), b'{"a"')]
)
def test_an_impatient_client_leaves(patience: Patience, seen: bytes | None) -> None:
    reset: list[bool] = []

    def answer(connection: socket.socket) -> None:
        if seen:
            connection.sendall(HEAD + seen)
        connection.settimeout(5)
        try:
            reset.append(connection.recv(1) == b"")
        except ConnectionResetError:
            reset.append(True)

    with answering(answer) as port:
        outcome = send(port, "GET", "/", patience=patience)
    assert outcome.left and 0.3 <= outcome.seconds < 4
    assert (outcome.first_byte is None) == (seen is None)
    assert reset == [True]


def test_a_connection_that_breaks_is_an_error() -> None:
    with answering(lambda connection: connection.sendall(b"HTT")) as port:
        outcome = send(port, "GET", "/")
    assert (outcome.status, outcome.left) == (0, False)
    assert outcome.error


def test_the_error_is_that_of_the_last_line() -> None:
    assert Outcome(200, 0, 1, False, b'{"error": "no"}\n').error == "no"
    assert Outcome(200, 0, 1, False, b'{"status": "x"}\n{"error": "no"}\n').error == "no"
    assert Outcome(404, 0, 1, False, b"x").error == "status 404"
    assert Outcome(200, 0, 1, False, b'{"done": true}').error == ""
