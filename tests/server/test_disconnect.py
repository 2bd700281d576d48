"""Clients that go away while the server works for them."""

import asyncio

import pytest
from starlette.types import Message

from paddock.server.disconnect import while_connected
from paddock.server.errors import ClientGone


async def stays() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def leaves() -> Message:
    return {"type": "http.disconnect"}


async def value() -> int:
    return 7


async def fails() -> int:
    raise ValueError("no")


def test_the_result_of_the_work_is_returned() -> None:
    assert asyncio.run(while_connected(stays, value())) == 7


def test_an_error_of_the_work_is_raised() -> None:
    with pytest.raises(ValueError, match="no"):
        asyncio.run(while_connected(stays, fails()))


def test_the_work_is_cancelled_and_cleaned_up_when_the_client_goes_away() -> None:
    steps = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned up")

    with pytest.raises(ClientGone):
        asyncio.run(while_connected(leaves, work()))
    assert steps == ["cleaned up"]


def test_the_work_is_cancelled_with_whoever_waits_for_it() -> None:
    async def run() -> bool:
        event = asyncio.Event()
        cancelled = False

        async def work() -> None:
            nonlocal cancelled
            event.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled = True
                raise

        task = asyncio.create_task(while_connected(stays, work()))
        await event.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return cancelled

    assert asyncio.run(run())
