import io
import json
import struct
import tarfile

import pytest

from paddock.registry.transfer.archive_worker import COUNT, ArchiveLimits, Refused, Stream, read_archive, reason

SMALL = ArchiveLimits(members=3, header_bytes=4096, name_characters=300)


class Server:
    """The other side: it answers from an archive, and takes down what was asked."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self._answers = b""
        self.asked: list[dict[str, object]] = []

    def write(self, line: bytes) -> None:
        message = json.loads(line)
        self.asked.append(message)
        size = message.get("read", message.get("skip", message.get("size", 0)))
        data = self._data.read(size)
        self._answers += COUNT.pack(len(data)) + (data if "read" in message else b"")

    def flush(self) -> None:
        pass

    def read(self, size: int) -> bytes:
        data, self._answers = self._answers[:size], self._answers[size:]
        return data


def read(data: bytes, limits: ArchiveLimits = SMALL) -> list[tuple[object, object]]:
    server = Server(data)
    read_archive(Stream(server, server, limits), limits)  # type: ignore[arg-type]
    return [(message["member"], message["size"]) for message in server.asked if "member" in message]


def member(name: str = "a", data: bytes = b"", kind: bytes = tarfile.REGTYPE, size: int | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(data) if size is None else size, kind
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def pax(*records: tuple[str, str], kind: bytes = tarfile.XHDTYPE) -> bytes:
    body = b""
    for key, value in records:
        text = f" {key}={value}\n".encode()
        length = len(text) + len(str(len(text) + 3))
        body += f"{length}".encode() + text
    return member("pax", body, kind)


END = bytes(1024)


def test_files_are_named_with_their_sizes() -> None:
    assert read(member("a", b"xyz") + member("b") + END) == [("a", 3), ("b", 0)]
    assert read(member("a") + END) == [("a", 0)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (member("x", kind=tarfile.XHDTYPE, size=1 << 40), "too large"),
        (member("x", kind=tarfile.GNUTYPE_LONGNAME, size=1 << 33), "too large"),
        (b"".join(member(str(n)) for n in range(4)) + END, "more than 3 files"),
        (member("x" * 301) + END, "too long"),
        (pax(("a", "b")) * 9 + member() + END, "more than 8 headers"),
        (pax(("a", "b"), kind=tarfile.XGLTYPE) * 9 + member() + END, "more than 8 headers"),
        (pax(("GNU.sparse.map", "0,1"), ("GNU.sparse.size", "5")) + member("a", b"x") + END, "sparse"),
        (pax(("size", "-700")) + member("a", b"x") + END, "malformed|backwards|cannot|tar"),
    ],
)
def test_what_exceeds_a_limit_is_refused(data: bytes, message: str) -> None:
    with pytest.raises((Refused, tarfile.TarError, ValueError)) as error:
        read(data)
    import re

    assert re.search(message, reason(error.value)), reason(error.value)


def test_a_stream_goes_forward_only_but_for_one_byte() -> None:
    server = Server(bytes(range(100)))
    stream = Stream(server, server, SMALL)  # type: ignore[arg-type]
    assert stream.read(10) == bytes(range(10))
    stream.use("a", 10)
    stream.seek(19)
    assert (len(stream.read(1)), stream.tell()) == (1, 20)
    assert stream.read(2) == bytes([20, 21])
    stream.seek(50)
    assert (stream.read(1), stream.tell()) == (bytes([50]), 51)
    with pytest.raises(Refused, match="backwards"):
        stream.seek(40)
    stream.seek(1000)
    assert (stream.tell(), stream.read(5)) == (100, b"")


def test_it_ends_when_the_server_does() -> None:
    class Gone(Server):
        def read(self, size: int) -> bytes:
            return b""

    server = Gone(b"")
    with pytest.raises(SystemExit):
        Stream(server, server).read(1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MemoryError(), "too much memory"),
        (RecursionError(), "nested too deeply"),
        (Refused("a name in it is too long"), "a name in it is too long"),
        (tarfile.ReadError("bad\nchecksum"), "no tar file, or damaged: bad checksum"),
        (struct.error(), "a header in it is malformed"),
        (
            ValueError("invalid literal for int() with base 10: b'x'"),
            "it is no tar file, or a header in it is malformed",
        ),
    ],
)
def test_each_reason_is_one_sentence(error: Exception, text: str) -> None:
    assert text in reason(error)
