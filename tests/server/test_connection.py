"""Long heads and bodies in small pieces, as bytes on a connection."""

import pytest

from tests.server.servers import ServerUnderTest


@pytest.mark.parametrize(
    "head",
    [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 8_000_000, b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 1_500_000,
     b"POST /api/show HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 8_000_000],
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
