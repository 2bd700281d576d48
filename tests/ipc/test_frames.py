"""Every message survives its way through frames, wherever the stream is cut, and nothing else is taken for one."""

import contextlib
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import ipc
from tests.ipc.strategies import COMMANDS, EVENTS


@given(COMMANDS)
def test_every_command_survives(command: ipc.Command) -> None:
    assert ipc.decode_command(ipc.encode(command)[4:]) == command


@given(EVENTS)
def test_every_event_survives(event: ipc.Event) -> None:
    assert ipc.decode_event(memoryview(ipc.encode(event))[4:]) == event


@given(st.lists(st.one_of(COMMANDS, EVENTS), max_size=5), st.data())
def test_frames_survive_any_cut(messages: list[ipc.Command | ipc.Event], data: st.DataObject) -> None:
    stream = b"".join(map(ipc.encode, messages))
    frames = ipc.Frames()
    got: list[bytes] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += frames.feed(stream[:size])
        stream = stream[size:]
    assert got == [ipc.encode(message)[4:] for message in messages]


@given(st.binary(max_size=40))
def test_random_bytes_are_a_message_or_a_broken_stream(body: bytes) -> None:
    for decode in (ipc.decode_command, ipc.decode_event):
        with contextlib.suppress(ipc.BrokenStream):
            decode(body)


@given(st.one_of(COMMANDS, EVENTS), st.data())
def test_a_damaged_message_is_another_message_or_a_broken_stream(
    message: ipc.Command | ipc.Event, data: st.DataObject
) -> None:
    body = bytearray(ipc.encode(message)[4:])
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    for decode in (ipc.decode_command, ipc.decode_event):
        with contextlib.suppress(ipc.BrokenStream):
            decode(bytes(body))


@given(st.one_of(COMMANDS, EVENTS), st.data())
def test_a_message_that_is_cut_off_is_a_broken_stream(message: ipc.Command | ipc.Event, data: st.DataObject) -> None:
    body = ipc.encode(message)[4:]
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    for decode in (ipc.decode_command, ipc.decode_event):
        with pytest.raises(ipc.BrokenStream):
            decode(cut)


def test_a_length_beyond_the_limit_is_a_broken_stream() -> None:
    with pytest.raises(ipc.BrokenStream, match="a frame of 1073741825 bytes"):
        list(ipc.Frames().feed(struct.pack("<I", ipc.MAX_FRAME + 1)))
    assert list(ipc.Frames().feed(struct.pack("<I", ipc.MAX_FRAME))) == []


def test_frames_before_a_broken_one_are_still_read() -> None:
    frames = iter(ipc.Frames().feed(ipc.encode(ipc.Shutdown()) + b"\xff\xff\xff\xff"))
    assert ipc.decode_command(next(frames)) == ipc.Shutdown()
    with pytest.raises(ipc.BrokenStream):
        next(frames)


def test_commands_and_events_are_not_taken_for_one_another() -> None:
    with pytest.raises(ipc.BrokenStream, match="not an event"):
        ipc.decode_event(ipc.encode(ipc.Shutdown())[4:])
    with pytest.raises(ipc.BrokenStream, match="not a command"):
        ipc.decode_command(ipc.encode(ipc.Step())[4:])


@pytest.mark.parametrize("body", [b"", b"\x00", b"\xc1", b"\x81" * 100_000, b"\xdf\xff\xff\xff\xff", b"\x91" * 100_000])
def test_hostile_bytes_are_a_broken_stream(body: bytes) -> None:
    for decode in (ipc.decode_command, ipc.decode_event):
        with pytest.raises(ipc.BrokenStream):
            decode(body)


def nested_constraint(depth: int) -> bytes:
    """Return a command whose constraint has `depth` choices within each other. The encoder would not go that deep."""
    calls = {"type": "tool_calls", "calls": [{"tool": "f", "parts": [0]}]}
    request = msgspec.msgpack.encode({"type": "generate", "id": 1, "prompt": "", "constraint": calls})
    choice = msgspec.msgpack.encode({"type": "any", "options": [[0]]})
    literal = msgspec.msgpack.encode({"type": "literal", "text": "x"})
    assert request.endswith(b"\0") and choice.endswith(b"\0")
    return request[:-1] + choice[:-1] * depth + literal


def test_a_constraint_nested_without_end_is_a_broken_stream() -> None:
    assert isinstance(ipc.decode_command(nested_constraint(5)), ipc.Generate)
    with pytest.raises(ipc.BrokenStream, match="recursion"):
        ipc.decode_command(nested_constraint(5000))


@pytest.mark.parametrize("field", [{"kind": "odd"}, {"id": "1"}, {"message": None}])
def test_a_value_of_another_type_is_a_broken_stream(field: dict[str, object]) -> None:
    failed = {"id": 1, "message": "x", "kind": "engine", **field}
    with pytest.raises(ipc.BrokenStream):
        ipc.decode_event(msgspec.msgpack.encode({"type": "step", "failed": [failed]}))
