"""The fleet with real runners: processes that load real, small models."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from paddock.durations import parse_duration
from paddock.fleet import (
    Fleet,
    Lease,
    LoadFailure,
    LoadTimeout,
    LocalProcesses,
    ModelDimensions,
    RequestFailed,
    Resources,
    RunnerCrashed,
    RunnerFiles,
    RunnerSpec,
)
from paddock.ipc import Chunk, Finished, Generate, Sampling
from paddock.settings import Settings
from tests.blobs import BLOBS, file_ref
from tests.models.llama import tiny_llama

pytestmark = pytest.mark.model


GIB = 1 << 30
DIMENSIONS = ModelDimensions(weights=1 << 20, layers=2, kv_length=64, train_context=4096)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[RunnerSpec]:
    """Four models that differ."""
    folder = tmp_path_factory.mktemp("models")
    specs = []
    for seed in range(4):
        path = folder / f"{seed}.gguf"
        tiny_llama(path, seed=seed, context_length=4096)
        specs.append(
            RunnerSpec(
                name=f"m{seed}:latest",
                digest=f"{seed}" * 64,
                files=RunnerFiles(file_ref(path).digest),
                dimensions=DIMENSIONS,
                context_length=128,
            )
        )
    return specs


class MeasuredMachine(LocalProcesses):
    """Processes of this machine, with as much free memory as a test says."""

    def __init__(self, available: Callable[[], int]) -> None:
        super().__init__([BLOBS])
        self._available = available

    async def resources(self) -> Resources:
        return Resources(available_memory=self._available(), cores=1)


@asynccontextmanager
async def a_fleet(available: Callable[[], int] = lambda: 8 * GIB, **settings: Any) -> AsyncIterator[Fleet]:
    fleet = Fleet(Settings(**settings), MeasuredMachine(available))
    try:
        yield fleet
    finally:
        processes = runner_processes()
        await fleet.close()
        assert not any(map(is_alive, processes))


def runner_processes() -> list[psutil.Process]:
    """The runners that this process has started."""
    return [child for child in psutil.Process().children() if "paddock.engine" in child.cmdline()]


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def tell(lease: Lease, tokens: int = 5, **fields: Any) -> str:
    reply = lease.runner.generate(
        Generate(id=0, prompt="hello", num_predict=tokens, sampling=Sampling(temperature=0), **fields)
    )
    text, done = "", False
    while not done:
        for event in await reply.read():
            if isinstance(event, Chunk):
                text += event.text
            else:
                assert isinstance(event, Finished)
                done = True
    return text


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def names(fleet: Fleet) -> set[str]:
    return {m.spec.name for m in fleet.loaded()}


Body = Callable[[], Awaitable[None]]


def run(body: Body) -> None:
    asyncio.run(asyncio.wait_for(body(), 60))


def test_a_model_is_loaded_once_and_shared_by_simultaneous_requests(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            leases = await asyncio.gather(*(fleet.acquire(models[0]) for _ in range(8)))
            assert len({id(lease.runner) for lease in leases}) == len(runner_processes()) == 1
            replies = await asyncio.gather(*(tell(lease) for lease in leases))
            assert len(set(replies)) == 1
            for lease in leases:
                lease.release()
            assert names(fleet) == {"m0:latest"}

    run(body)


def test_a_model_is_unloaded_after_its_keep_alive(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(models[0], parse_duration("300ms")) as lease:
                (process,) = runner_processes()
                await asyncio.sleep(0.5)
                assert names(fleet) == {"m0:latest"}
                await tell(lease)
            (listed,) = fleet.loaded()
            assert listed.expires_at is not None
            assert abs(listed.expires_at - time.time_ns()) < 10**9
            await until(lambda: not fleet.loaded())
            await until(lambda: not is_alive(process))

    run(body)


def test_a_longer_context_loads_the_model_again_only_if_the_kv_cache_is_too_small(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet(num_parallel=2) as fleet:
            with await fleet.acquire(models[0]) as lease:
                first = lease.runner
            with await fleet.acquire(replace(models[0], context_length=256)) as lease:
                assert lease.runner is first
            with await fleet.acquire(replace(models[0], context_length=1024)) as lease:
                assert lease.runner is not first
            with await fleet.acquire(models[0]) as lease:
                (listed,) = fleet.loaded()
                assert listed.context_length == 1024

    run(body)


def test_a_crash_fails_the_runners_requests_and_the_next_request_loads_again(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(replace(models[0], context_length=4096)) as lease:
                first = lease.runner
                replies = [asyncio.create_task(tell(lease, 10**6)) for _ in range(3)]
                await asyncio.sleep(0.1)
                (process,) = runner_processes()
                process.kill()
                for reply in replies:
                    with pytest.raises(RunnerCrashed, match="unexpectedly stopped"):
                        await reply
                with pytest.raises(RunnerCrashed):
                    lease.runner.generate(Generate(id=0, prompt="x"))
            await until(lambda: not fleet.loaded())
            with await fleet.acquire(models[0]) as lease:
                assert lease.runner is not first
                await tell(lease)

    run(body)


def test_a_model_that_cannot_be_loaded_does_not_disturb_others(models: list[RunnerSpec], tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    tiny_llama(broken)
    data = broken.read_bytes()
    broken.write_bytes(data[: len(data) // 2])

    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(models[0]) as lease:
                for _ in range(2):
                    with pytest.raises(LoadFailure):
                        await fleet.acquire(replace(models[1], files=RunnerFiles(file_ref(broken).digest)))
                await tell(lease)
            assert names(fleet) == {"m0:latest"}

    run(body)


def test_loading_that_takes_too_long_is_given_up(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet(load_timeout=parse_duration("1ms")) as fleet:
            with pytest.raises(LoadTimeout):
                await fleet.acquire(models[0])
            assert not fleet.loaded()

    run(body)


def test_a_cancelled_request_does_not_stop_the_loading(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            waiting = asyncio.create_task(fleet.acquire(models[0]))
            await asyncio.sleep(0.02)
            waiting.cancel()
            await until(lambda: names(fleet) == {"m0:latest"})

    run(body)


def test_closing_a_reply_frees_its_sequence(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(models[0]) as lease:
                replies = [lease.runner.generate(Generate(id=0, prompt="hello", num_predict=10**6)) for _ in range(10)]
                await replies[0].read()
                for reply in replies:
                    reply.close()
                assert await tell(lease)
                await until(lambda: lease.runner.statistics.running == 0)

    run(body)


def test_a_request_that_the_runner_refuses_fails_with_its_kind(models: list[RunnerSpec]) -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(models[0]) as lease:
                with pytest.raises(RequestFailed) as error:
                    await tell(lease, num_ctx=4, truncate=False)
                assert error.value.kind == "too_long"

    run(body)
