import asyncio

import pytest

from paddock.registry.transfer.concurrency import gather_or_cancel


def test_results_come_in_order() -> None:
    async def later(value: int) -> int:
        await asyncio.sleep(0.001 * (3 - value))
        return value

    assert asyncio.run(gather_or_cancel(later(value) for value in (1, 2, 3))) == [1, 2, 3]


def test_the_first_error_cancels_the_others_and_is_raised_itself() -> None:
    cancelled: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append("other")
            raise

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        asyncio.run(gather_or_cancel([wait(), fail()]))
    assert cancelled == ["other"]
