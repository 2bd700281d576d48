import asyncio
import contextlib
import threading
import time

import pytest

from paddock.registry import RegistryError
from paddock.registry.transfer.loop_thread import LoopThread
from tests.registry.conftest import until


def test_work_is_done_in_another_thread_and_its_result_or_error_comes_back() -> None:
    async def where() -> int:
        return threading.get_ident()

    async def fail() -> None:
        raise KeyError("x")

    async def main() -> None:
        background = LoopThread()
        first, second = await asyncio.gather(background.run(where), background.run(where))
        assert first == second != threading.get_ident()
        with pytest.raises(KeyError):
            await background.run(fail)
        await background.close()
        assert "paddock-transfer" not in {thread.name for thread in threading.enumerate()}

    asyncio.run(main())


def test_who_is_cancelled_waits_until_the_work_has_ended() -> None:
    steps: list[str] = []

    async def slow() -> None:
        steps.append("begun")
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0.2)
            steps.append("ended")

    async def main() -> None:
        background = LoopThread()
        task = asyncio.create_task(background.run(slow))
        await until(lambda: bool(steps))
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.02)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled() and steps == ["begun", "ended"]
        await background.close()

    asyncio.run(main())


def test_cancelled_before_it_has_begun_it_ends_too() -> None:
    async def main() -> None:
        background = LoopThread()
        task = asyncio.create_task(background.run(lambda: asyncio.sleep(10)))
        await asyncio.sleep(0)
        task.cancel()
        began = time.monotonic()
        await asyncio.wait((task,))
        assert task.cancelled() and time.monotonic() - began < 8
        await background.close()

    asyncio.run(main())


def test_closed_while_it_works_it_says_so() -> None:
    ended: list[bool] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(True)

    async def main() -> None:
        background = LoopThread()
        task = asyncio.create_task(background.run(slow))
        await asyncio.sleep(0.1)
        await background.close()
        with pytest.raises(RegistryError, match="the server is stopping"):
            await task
        assert ended
        with pytest.raises(RegistryError, match="the server is stopping"):
            await background.run(slow)

    asyncio.run(main())
