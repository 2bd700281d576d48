import asyncio
import contextlib
import threading
import time

from paddock.thread_pool import ThreadPool


def test_however_often_it_is_cancelled_it_waits_for_its_thread() -> None:
    ended = threading.Event()

    def work() -> None:
        time.sleep(0.3)
        ended.set()

    async def cancel() -> None:
        threads = ThreadPool(1)
        task = asyncio.create_task(threads.run(work))
        for _ in range(5):
            await asyncio.sleep(0.02)
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled() and ended.is_set()
        threads.close()

    asyncio.run(cancel())
