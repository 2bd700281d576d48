"""What is written while a transport is corked is written at once, in order."""

import asyncio
from typing import cast

import pytest

from paddock.server.cork import CorkableTransport


class Recorder:
    """Stands for a transport, and keeps what was done to it."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.writes.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


def corkable(recorder: Recorder) -> CorkableTransport:
    return CorkableTransport(cast(asyncio.Transport, recorder))


def test_writes_pass_at_once_and_while_corked_they_are_joined() -> None:
    recorder = Recorder()
    transport = corkable(recorder)
    transport.write(b"a")
    with transport.corked():
        transport.write(b"b")
        transport.write(b"c")
        assert recorder.writes == [b"a"]
    transport.write(b"d")
    assert recorder.writes == [b"a", b"bc", b"d"]
    with transport.corked():
        pass
    assert recorder.writes == [b"a", b"bc", b"d"]


def test_what_is_held_is_written_when_an_error_ends_the_block_and_before_closing() -> None:
    recorder = Recorder()
    transport = corkable(recorder)
    with pytest.raises(ValueError, match="stop"), transport.corked():
        transport.write(b"a")
        raise ValueError("stop")
    with transport.corked():
        transport.write(b"b")
        transport.close()
    assert recorder.writes == [b"a", b"b"]
    assert transport.is_closing()


def test_everything_else_is_the_transports() -> None:
    assert corkable(Recorder()).get_extra_info("peername") == "the peername"
