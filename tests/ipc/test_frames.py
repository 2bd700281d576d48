import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import ipc


def messages() -> st.SearchStrategy[ipc.Event]:
    chunk = st.builds(ipc.Chunk, st.integers(0, 2**31), st.text(max_size=20))
    return st.builds(ipc.Step, st.lists(chunk, max_size=3).map(tuple))


@given(st.lists(messages(), max_size=8), st.data())
def test_frames_survive_any_cut(events: list[ipc.Event], data: st.DataObject) -> None:
    stream = b"".join(map(ipc.encode, events))
    frames = ipc.Frames()
    got = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += [ipc.decode_event(body) for body in frames.feed(stream[:size])]
        stream = stream[size:]
    assert got == events


def test_a_length_beyond_reason_is_an_error() -> None:
    with pytest.raises(ipc.BrokenStream):
        list(ipc.Frames().feed(b"\xff\xff\xff\xff"))


def test_what_is_no_message_is_an_error() -> None:
    with pytest.raises(ipc.BrokenStream):
        ipc.decode_command(b"\x00")
    with pytest.raises(ipc.BrokenStream):
        ipc.decode_event(ipc.encode(ipc.Shutdown())[4:])
