import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psutil
import pytest

from paddock.templates import Message
from paddock.templates.errors import TemplateFailed
from paddock.workers.errors import LimitExceeded, TemplateWorkerFailed, TooManyJobs, TooSlow
from paddock.workers.limits import WorkerLimits
from paddock.workers.messages import (
    JobFailed,
    ReadTemplate,
    RenderChat,
    RenderCompletion,
    Rendered,
    TemplateFacts,
    TemplateSource,
)
from paddock.workers.pool import WorkerPool

ENDLESS = "{{ 5|round(-1000000000) }}"
"""Takes a minute or more, inside one call of C code."""
BUSY = "{% for i in range(90000) %}{{ i }}{% endfor %}"
"""Takes about a tenth of a second."""


def chat(jinja: str) -> RenderChat:
    return RenderChat(TemplateSource(None, jinja), [Message("user", "Hi")])


QUICK = RenderCompletion(TemplateSource("{{ .Prompt }}!"), "Hi")


@contextlib.asynccontextmanager
async def pool(**limits: Any) -> AsyncIterator[WorkerPool]:
    running = WorkerPool(WorkerLimits(**{"max_workers": 3, **limits}))
    try:
        yield running
    finally:
        processes = running.processes
        await running.close()
        assert not any(map(psutil.pid_exists, processes))


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), 60))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (processes come and go without an event)
            await asyncio.sleep(0.01)


def test_one_worker_is_started_when_it_is_needed_and_stays() -> None:
    async def body() -> None:
        async with pool() as workers:
            assert workers.processes == []
            for _ in range(20):
                assert await workers.run(QUICK, "x") == Rendered("Hi!")
            first = workers.processes
            assert len(first) == 1
            facts = await workers.run(ReadTemplate(TemplateSource("{{ .Prompt }}{{ .Suffix }}")), "y")
            assert isinstance(facts, TemplateFacts)
            assert facts.has_suffix
            assert workers.processes == first

    run(body)


def test_jobs_of_another_thread_are_done_too() -> None:
    async def body() -> None:
        async with pool() as workers:
            assert await asyncio.to_thread(lambda: workers.submit(QUICK, "x").result(30)) == Rendered("Hi!")

    run(body)


def test_a_job_that_takes_too_much_processor_time_fails_alone() -> None:
    async def body() -> None:
        async with pool(processor_seconds=0.5) as workers:
            with pytest.raises(LimitExceeded, match=r"the template takes more than 0\.5 s of processor time"):
                await workers.run(chat(ENDLESS), "x")
            assert await workers.run(QUICK, "y") == Rendered("Hi!")

    run(body)


def test_the_limit_is_of_a_job_not_of_a_worker() -> None:
    async def body() -> None:
        async with pool(processor_seconds=2) as workers:
            await workers.run(chat(BUSY), "x")
            first = workers.processes
            process = psutil.Process(first[0])
            while sum(process.cpu_times()[:2]) < 3:
                assert isinstance(await workers.run(chat(BUSY), "x"), Rendered)
            assert workers.processes == first

    run(body)


def test_a_job_that_is_not_done_in_time_fails_though_it_uses_no_processor() -> None:
    async def body() -> None:
        async with pool(wall_seconds=0.5) as workers:
            await workers.run(QUICK, "x")
            os.kill(workers.processes[0], signal.SIGSTOP)
            with pytest.raises(TooSlow, match=r"the template was not done within 0\.5 s"):
                await workers.run(QUICK, "x")
            assert await workers.run(QUICK, "x") == Rendered("Hi!")

    run(body)


def test_a_worker_that_grows_beyond_its_memory_fails_alone() -> None:
    async def body() -> None:
        async with pool() as workers:
            for jinja in ("{{ (1).to_bytes(3000000000, 'big') }}", "{{ 'x' * 99999999 }}" * 20):
                failed = await workers.run(chat(jinja), "x")
                assert isinstance(failed, JobFailed)
                assert failed.message in ("chat template: it needs too much memory", "chat template: it does too much")
            assert await workers.run(QUICK, "y") == Rendered("Hi!")

    run(body)


def test_a_worker_that_has_grown_is_replaced() -> None:
    async def body() -> None:
        async with pool(kept_memory=1 << 20) as workers:
            assert await workers.run(QUICK, "x") == Rendered("Hi!")
            first = workers.processes
            assert await workers.run(QUICK, "x") == Rendered("Hi!")
            assert workers.processes != first

    run(body)


def test_a_worker_that_is_killed_fails_its_job_and_is_replaced() -> None:
    async def body() -> None:
        async with pool() as workers:
            await workers.run(QUICK, "x")
            (first,) = workers.processes
            job = asyncio.create_task(workers.run(chat(ENDLESS), "x"))
            await asyncio.sleep(0.1)
            os.kill(first, signal.SIGKILL)
            with pytest.raises(TemplateWorkerFailed, match="the worker that read the template ended with signal 9"):
                await job
            await until(lambda: bool(workers.processes) and first not in workers.processes)
            assert await workers.run(QUICK, "x") == Rendered("Hi!")

    run(body)


def test_quick_jobs_do_not_wait_for_slow_ones() -> None:
    async def body() -> None:
        async with pool(processor_seconds=30) as workers:
            slow = [asyncio.create_task(workers.run(chat(ENDLESS), f"slow {i % 2}")) for i in range(8)]
            await until(lambda: len(workers.processes) == 2)
            await asyncio.sleep(0.3)  # in which a third would start if one of the two had another worker
            assert len(workers.processes) == 2
            for _ in range(10):
                async with asyncio.timeout(30):
                    assert await workers.run(QUICK, "quick") == Rendered("Hi!")
            assert len(workers.processes) == 3
            assert not any(task.done() for task in slow)
            for task in slow:
                task.cancel()
            await asyncio.wait(slow)

    run(body)


def test_other_jobs_get_their_turn_before_the_next_of_the_same_key() -> None:
    async def body() -> None:
        async with pool(max_workers=2, slow_seconds=30) as workers:
            order: list[str] = []

            async def one(key: str) -> None:
                await workers.run(QUICK, key)
                order.append(key)

            await asyncio.gather(*[one("a") for _ in range(5)], *[one("b") for _ in range(2)])
            assert order == ["a", "b", "a", "b", "a", "a", "a"]

    run(body)


def test_workers_with_nothing_to_do_end_but_one() -> None:
    async def body() -> None:
        async with pool(idle_seconds=0.3) as workers:
            jobs = [asyncio.create_task(workers.run(chat(BUSY), key)) for key in "abcdefghijkl"]
            await until(lambda: len(workers.processes) > 1)
            await asyncio.gather(*jobs)
            await until(lambda: len(workers.processes) == 1)
            await asyncio.sleep(0.6)
            assert len(workers.processes) == 1
            assert await workers.run(QUICK, "x") == Rendered("Hi!")

    run(body)


def test_a_job_that_nobody_waits_for_does_not_hold_a_worker() -> None:
    async def body() -> None:
        async with pool(max_workers=2) as workers:
            await workers.run(QUICK, "x")
            (first,) = workers.processes
            running = asyncio.create_task(workers.run(chat(ENDLESS), "x"))
            waiting = asyncio.create_task(workers.run(chat(ENDLESS), "x"))
            await asyncio.sleep(0.01)
            waiting.cancel()
            running.cancel()
            await asyncio.wait([running, waiting])
            await until(lambda: first not in workers.processes)
            assert await workers.run(QUICK, "x") == Rendered("Hi!")

    run(body)


def test_too_many_waiting_jobs_are_refused() -> None:
    async def body() -> None:
        async with pool(max_waiting=3) as workers:
            jobs = [asyncio.create_task(workers.run(QUICK, "x")) for _ in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(TooManyJobs, match="too many requests wait for their templates"):
                await workers.run(QUICK, "y")
            assert await asyncio.gather(*jobs) == [Rendered("Hi!")] * 3

    run(body)


def test_whatever_waits_fails_when_the_pool_is_closed() -> None:
    async def body() -> None:
        async with pool() as workers:
            await workers.run(QUICK, "x")
            jobs = [asyncio.create_task(workers.run(chat(ENDLESS), "x")) for _ in range(5)]
            await asyncio.sleep(0.1)
            await workers.close()
            results = await asyncio.gather(*jobs, return_exceptions=True)
            assert [str(result) for result in results] == ["the server is stopping"] * 5
            with pytest.raises(TemplateWorkerFailed, match="the server is stopping"):
                await workers.run(QUICK, "x")

    run(body)


def test_a_worker_that_cannot_start_fails_what_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        for command, reason in (["/nowhere"], "cannot be started"), (["/bin/false"], "ended before it had started"):
            monkeypatch.setattr("paddock.workers.process.command", lambda _, command=command: command)
            async with pool() as workers:
                with pytest.raises(TemplateWorkerFailed, match=reason):
                    await workers.run(QUICK, "x")

    run(body)


def test_text_that_is_no_unicode_is_refused() -> None:
    async def body() -> None:
        async with pool() as workers:
            with pytest.raises(TemplateFailed, match="not valid Unicode"):
                await workers.run(RenderChat(TemplateSource(), [Message("user", "\ud800")]), "x")

    run(body)
