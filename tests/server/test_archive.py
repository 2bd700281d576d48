"""Archives over HTTP: a body that a thread reads like a file."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.server.archive import QUEUED, BodyFile


async def transfer(pieces: list[bytes], sizes: list[int]) -> list[bytes]:
    """Read a body of `pieces` in a thread, in portions of `sizes`."""
    file = BodyFile()
    reader = asyncio.create_task(asyncio.to_thread(lambda: [file.read(size) for size in sizes]))
    for piece in [*filter(None, pieces), b""]:
        await file.put(piece, reader)
    return await reader


@given(st.lists(st.binary(max_size=20), max_size=2 * QUEUED), st.lists(st.integers(0, 60), max_size=10))
def test_a_body_is_read_in_portions_of_any_size(pieces: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(pieces)
    portions = asyncio.run(transfer(pieces, [*sizes, len(whole) + 1, 1]))
    assert b"".join(portions) == whole
    assert portions[-1] == b""
    for size, portion in zip(sizes, portions, strict=False):
        assert len(portion) == size or not portion or whole.endswith(portion)


def test_a_reader_of_an_aborted_body_fails() -> None:
    async def run() -> None:
        file = BodyFile()
        reader = asyncio.create_task(asyncio.to_thread(file.read, 10))
        await file.put(b"half", reader)
        file.abort()
        with pytest.raises(OSError, match="the client went away"):
            await reader

    asyncio.run(run())


def test_pieces_for_a_reader_that_has_ended_are_dropped() -> None:
    async def run() -> None:
        file = BodyFile()
        reader = asyncio.create_task(asyncio.sleep(0))
        await reader
        for _ in range(2 * QUEUED):
            await file.put(b"x", reader)

    asyncio.run(run())
