"""What the fleet decides: what it loads, shares and unloads. Its runners are scripts, so nothing is computed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from paddock.durations import FOREVER, parse_duration
from paddock.fleet import (
    Fleet,
    FleetConfig,
    InsufficientMemory,
    LoadFailure,
    LoadOptions,
    ModelDimensions,
    Resources,
    Runner,
    RunnerCrashed,
    RunnerFiles,
    RunnerSpec,
    ServerBusy,
    ServerStopping,
)
from paddock.fleet.client import RunnerClient
from paddock.fleet.errors import CrashedLoading, DamagedFile
from paddock.ipc import Command, Generate, Loaded, LoadFailed, LoadModel
from paddock.settings import Settings
from tests.fleet.memory_transport import MemoryTransport

GIB = 1 << 30
DIMENSIONS = ModelDimensions(weights=1 << 20, layers=2, kv_length=64, train_context=4096)
MODELS = [
    RunnerSpec(f"m{i}:latest", f"{i}" * 64, RunnerFiles(f"sha256:{i}"), DIMENSIONS, context_length=128)
    for i in range(4)
]
CRASHING = replace(MODELS[2], files=RunnerFiles("sha256:crashing"))
BROKEN = replace(MODELS[3], files=RunnerFiles("sha256:broken"))


def load_as_told(runner: MemoryTransport, command: Command) -> None:
    """Answer `LoadModel` as a runner does."""
    if isinstance(command, LoadModel):
        loaded = Loaded(
            context_length=command.context_length,
            pool_tokens=command.pool_tokens,
            max_sequences=command.max_sequences or 4,
            threads=command.threads,
            flash_attention=False,
            description="scripted",
        )
        if command.model.digest == CRASHING.files.model:
            runner.lose("signal 6")
            return
        broken = command.model.digest == BROKEN.files.model
        runner.send_event(LoadFailed("it is broken") if broken else loaded)


class ScriptedRunners:
    """A placement whose runners are scripts, on a machine with as much memory as a test says."""

    def __init__(self, available: Callable[[], int] = lambda: 8 * GIB) -> None:
        self.started: list[str] = []
        """The name of each model that was loaded, in order."""
        self.transports: list[MemoryTransport] = []
        self.delay = 0.0
        """Seconds that loading takes."""
        self._available = available

    async def resources(self) -> Resources:
        return Resources(available_memory=self._available(), cores=3)

    async def start(self, name: str, load: LoadModel, seconds: float) -> Runner:
        await asyncio.sleep(self.delay)
        self.started.append(name)
        transport = MemoryTransport(load_as_told)
        self.transports.append(transport)
        runner = RunnerClient(name, transport)
        await runner.load(load, seconds)
        return runner


@asynccontextmanager
async def a_fleet(placement: ScriptedRunners | None = None, **settings: Any) -> AsyncIterator[Fleet]:
    placement = placement or ScriptedRunners()
    fleet = Fleet(Settings(**settings), placement, FleetConfig(min_keep_alive=parse_duration("200ms")))
    try:
        yield fleet
    finally:
        await fleet.close()
        assert all(transport.gone for transport in placement.transports)
        assert not fleet.loaded()


Body = Callable[[], Awaitable[None]]


def run(body: Body) -> None:
    asyncio.run(asyncio.wait_for(body(), 20))


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.002)


def names(fleet: Fleet) -> set[str]:
    return {model.spec.name for model in fleet.loaded()}


def test_a_model_is_loaded_once_for_simultaneous_requests() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement) as fleet:
            leases = await asyncio.gather(*(fleet.acquire(MODELS[0]) for _ in range(8)))
            assert len({id(lease.runner) for lease in leases}) == 1
            assert placement.started == ["m0:latest"]

    run(body)


def test_a_lease_says_whether_its_request_waited_for_the_model() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            both = await asyncio.gather(fleet.acquire(MODELS[0]), fleet.acquire(MODELS[0]))
            assert [lease.waited for lease in both] == [True, True]
            with await fleet.acquire(MODELS[0]) as lease:
                assert not lease.waited
            for lease in both:
                lease.release()
            with await fleet.acquire(replace(MODELS[0], options=LoadOptions(use_mmap=False))) as lease:
                assert lease.waited

    run(body)


def test_names_that_share_their_files_share_a_runner_and_the_last_used_is_listed() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement) as fleet:
            (await fleet.acquire(MODELS[0])).release()
            (await fleet.acquire(replace(MODELS[0], name="other:latest"))).release()
            assert placement.started == ["m0:latest"]
            assert names(fleet) == {"other:latest"}

    run(body)


def test_a_model_expires_its_keep_alive_after_the_last_use() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(MODELS[0], parse_duration("30ms")):
                await asyncio.sleep(0.05)
                assert names(fleet) == {"m0:latest"}
            (listed,) = fleet.loaded()
            assert listed.expires_at is not None
            assert abs(listed.expires_at - time.time_ns()) < 10**9
            await until(lambda: not fleet.loaded())

    run(body)


def test_a_model_that_is_kept_for_ever_has_no_expiry_and_is_listed_first() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            for model, keep in zip(MODELS, (parse_duration("1m"), FOREVER, parse_duration("1h")), strict=False):
                (await fleet.acquire(model, keep)).release()
            assert [model.spec.name for model in fleet.loaded()] == ["m1:latest", "m2:latest", "m0:latest"]
            assert fleet.loaded()[0].expires_at is None

    run(body)


def test_keep_alive_0_unloads_after_the_request() -> None:
    async def body() -> None:
        async with a_fleet(keep_alive=0) as fleet:
            for _ in range(2):
                with await fleet.acquire(MODELS[0]):
                    assert names(fleet) == {"m0:latest"}
                await until(lambda: not fleet.loaded())

    run(body)


def test_a_model_in_use_is_unloaded_only_afterwards() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(MODELS[0]) as lease:
                assert await fleet.unload(MODELS[0].files)
                assert names(fleet) == {"m0:latest"}
                assert lease.runner.generate(Generate(id=0, prompt="x"))
            await until(lambda: not fleet.loaded())
            assert not await fleet.unload(MODELS[0].files)

    run(body)


def test_unloading_an_idle_model_returns_when_its_memory_is_free() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement) as fleet:
            (await fleet.acquire(MODELS[0])).release()
            assert await fleet.unload(MODELS[0].files)
            assert placement.transports[0].gone
            assert not fleet.loaded()

    run(body)


def test_releasing_a_lease_twice_is_harmless() -> None:
    async def body() -> None:
        async with a_fleet(keep_alive=0) as fleet:
            first, second = await fleet.acquire(MODELS[0]), await fleet.acquire(MODELS[0])
            first.release()
            first.release()
            assert names(fleet) == {"m0:latest"}
            second.release()
            await until(lambda: not fleet.loaded())

    run(body)


def test_other_loading_options_load_the_model_again_once_nobody_uses_it() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(MODELS[0]) as lease:
                waiting = asyncio.create_task(fleet.acquire(replace(MODELS[0], options=LoadOptions(use_mmap=False))))
                await asyncio.sleep(0.02)
                assert not waiting.done()
                first = lease.runner
            with await waiting as lease:
                assert lease.runner is not first

    run(body)


def test_a_longer_context_loads_the_model_again_only_if_the_kv_cache_is_too_small() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement, num_parallel=2) as fleet:
            for context, loads in ((128, 1), (256, 1), (1024, 2), (128, 2)):
                (await fleet.acquire(replace(MODELS[0], context_length=context))).release()
                assert len(placement.started) == loads
            (listed,) = fleet.loaded()
            assert listed.context_length == 1024

    run(body)


def test_the_model_that_has_been_idle_longest_makes_room() -> None:
    async def body() -> None:
        async with a_fleet(max_loaded_models=2) as fleet:
            for i in (0, 1, 0, 2):
                (await fleet.acquire(MODELS[i])).release()
            assert names(fleet) == {"m0:latest", "m2:latest"}

    run(body)


def test_as_many_models_stay_as_the_configuration_says_where_the_user_does_not() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            for model in MODELS:
                (await fleet.acquire(model)).release()
            assert len(names(fleet)) == FleetConfig().max_loaded_models == 3

    run(body)


def test_memory_decides_how_many_models_stay() -> None:
    async def body() -> None:
        placement = ScriptedRunners(lambda: 3 * GIB - sum(GIB for t in placement.transports if not t.gone))
        big = [replace(model, dimensions=replace(DIMENSIONS, weights=GIB)) for model in MODELS]
        async with a_fleet(placement, max_loaded_models=9) as fleet:
            for model in big[:3]:
                (await fleet.acquire(model)).release()
            assert names(fleet) == {"m1:latest", "m2:latest"}

    run(body)


def test_a_model_waits_until_one_in_use_is_released() -> None:
    async def body() -> None:
        async with a_fleet(max_loaded_models=1) as fleet:
            lease = await fleet.acquire(MODELS[0])
            waiting = asyncio.create_task(fleet.acquire(MODELS[1]))
            await asyncio.sleep(0.02)
            assert not waiting.done()
            lease.release()
            (await waiting).release()
            assert names(fleet) == {"m1:latest"}

    run(body)


def test_a_model_that_does_not_fit_even_alone_is_refused_with_both_sizes() -> None:
    async def body() -> None:
        async with a_fleet(ScriptedRunners(lambda: 2 * GIB)) as fleet:
            with pytest.raises(
                InsufficientMemory, match=r"more system memory \([\d.]+ GiB\) than is available \([\d.]+ GiB\)$"
            ):
                await fleet.acquire(replace(MODELS[0], context_length=10**8))
            assert not fleet.loaded()
            (await fleet.acquire(MODELS[0])).release()

    run(body)


def test_a_model_that_cannot_be_loaded_fails_every_request_that_waits_for_it_and_no_other() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            with await fleet.acquire(MODELS[0]):
                results = await asyncio.gather(*(fleet.acquire(BROKEN) for _ in range(3)), return_exceptions=True)
                assert [str(result) for result in results] == ["it is broken"] * 3
                assert all(isinstance(result, LoadFailure) for result in results)
            assert names(fleet) == {"m0:latest"}

    run(body)


def test_files_that_crash_their_runners_are_refused_and_make_nobody_leave() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement, max_loaded_models=1) as fleet:
            for _ in range(2):
                with pytest.raises(CrashedLoading):
                    await fleet.acquire(CRASHING)
            (await fleet.acquire(MODELS[0])).release()
            started = len(placement.started)
            with pytest.raises(DamagedFile, match="it crashed the model runner twice"):
                await fleet.acquire(CRASHING)
            assert names(fleet) == {"m0:latest"}
            assert len(placement.started) == started

    run(body)


def test_a_cancelled_request_does_not_stop_the_loading() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        placement.delay = 0.02
        async with a_fleet(placement) as fleet:
            waiting = asyncio.create_task(fleet.acquire(MODELS[0]))
            await asyncio.sleep(0.005)
            waiting.cancel()
            await until(lambda: names(fleet) == {"m0:latest"})

    run(body)


def test_a_newly_loaded_model_that_nobody_takes_expires_after_the_least_keep_alive() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        placement.delay = 0.01
        async with a_fleet(placement, keep_alive=0) as fleet:
            waiting = asyncio.create_task(fleet.acquire(MODELS[0]))
            await asyncio.sleep(0.005)
            waiting.cancel()
            await until(lambda: names(fleet) == {"m0:latest"})
            await asyncio.sleep(0.05)
            assert names(fleet) == {"m0:latest"}
            await until(lambda: not fleet.loaded())

    run(body)


def test_more_waiting_requests_than_allowed_are_refused() -> None:
    async def body() -> None:
        async with a_fleet(max_queue=2, num_parallel=1) as fleet:
            leases = [await fleet.acquire(MODELS[0]) for _ in range(3)]
            with pytest.raises(ServerBusy, match="maximum pending requests exceeded"):
                await fleet.acquire(MODELS[0])
            leases[0].release()
            (await fleet.acquire(MODELS[0])).release()

    run(body)


def test_a_runner_that_goes_is_not_listed_and_the_next_request_loads_again() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement) as fleet:
            with await fleet.acquire(MODELS[0]) as lease:
                placement.transports[0].lose("signal 11")
                with pytest.raises(RunnerCrashed):
                    lease.runner.generate(Generate(id=0, prompt="x"))
                await until(lambda: not fleet.loaded())
            with await fleet.acquire(MODELS[0]) as lease:
                lease.runner.generate(Generate(id=0, prompt="x"))
            assert placement.started == ["m0:latest"] * 2

    run(body)


def test_a_runner_that_goes_while_the_placement_reports_its_resources_makes_room() -> None:
    class SlowPlacement(ScriptedRunners):
        async def resources(self) -> Resources:
            found = await super().resources()
            if self.transports and not self.transports[0].gone:
                self.transports[0].lose("signal 9")
                await asyncio.sleep(0.02)
            return found

    async def body() -> None:
        placement = SlowPlacement(lambda: 2 * GIB - sum(GIB for t in placement.transports if not t.gone))
        first, second = (replace(model, dimensions=replace(DIMENSIONS, weights=GIB)) for model in MODELS[:2])
        async with a_fleet(placement) as fleet:
            with await fleet.acquire(first):
                async with asyncio.timeout(5):
                    (await fleet.acquire(second)).release()

    run(body)


def test_requests_that_waited_for_a_load_hold_leases_from_the_moment_it_is_done() -> None:
    async def body() -> None:
        async with a_fleet(max_loaded_models=1, model_turn=0) as fleet:

            async def ask(number: int) -> None:
                for _ in range(5):
                    with await fleet.acquire(MODELS[number % 3]) as lease:
                        await asyncio.sleep(0.001)
                        lease.runner.generate(Generate(id=0, prompt="x"))

            await asyncio.gather(*map(ask, range(12)))

    run(body)


def test_a_client_that_leaves_in_the_moment_in_which_the_model_is_ready_holds_nothing() -> None:
    waiting: list[asyncio.Task[Any]] = []

    class LeavingClient(ScriptedRunners):
        async def start(self, name: str, load: LoadModel, seconds: float) -> Runner:
            runner = await super().start(name, load, seconds)
            asyncio.get_running_loop().call_soon(waiting[0].cancel)
            return runner

    async def body() -> None:
        async with a_fleet(LeavingClient()) as fleet:
            waiting.append(asyncio.create_task(fleet.acquire(MODELS[0], 0)))
            with pytest.raises(asyncio.CancelledError):
                await waiting[0]
            await until(lambda: not fleet.loaded())

    run(body)


def test_a_load_that_nobody_waits_for_is_given_up_when_its_model_is_unloaded() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        placement.delay = 60
        async with a_fleet(placement) as fleet:
            waiting = asyncio.create_task(fleet.acquire(MODELS[0]))
            await asyncio.sleep(0.01)
            assert not await fleet.unload(MODELS[0].files)
            waiting.cancel()
            await asyncio.sleep(0.01)
            assert await fleet.unload(MODELS[0].files)
            placement.delay = 0
            (await fleet.acquire(MODELS[0])).release()

    run(body)


def test_a_request_that_need_not_wait_is_served_however_many_wait() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement, max_queue=1) as fleet:
            (await fleet.acquire(MODELS[0])).release()
            placement.delay = 60
            waiting = asyncio.create_task(fleet.acquire(MODELS[1]))
            await asyncio.sleep(0.01)
            with pytest.raises(ServerBusy, match=r"exceeded: waiting for m1:latest to load, as 1 request does$"):
                await fleet.acquire(MODELS[1])
            with pytest.raises(ServerBusy, match=r"exceeded: waiting for m2:latest to load$"):
                await fleet.acquire(MODELS[2])
            (await fleet.acquire(MODELS[0])).release()
            waiting.cancel()

    run(body)


def test_a_refusal_names_the_model_whose_requests_are_waited_for() -> None:
    async def body() -> None:
        async with a_fleet(max_queue=1, num_parallel=1, max_loaded_models=1) as fleet:
            leases = [await fleet.acquire(MODELS[0]) for _ in range(2)]
            with pytest.raises(ServerBusy, match=r"waiting for m0:latest to finish one of 2 requests$"):
                await fleet.acquire(MODELS[0])
            await fleet.unload(MODELS[0].files)
            with pytest.raises(ServerBusy, match=r"waiting for m0:latest to finish 2 requests and to load again$"):
                await fleet.acquire(MODELS[0])
            for lease in leases:
                lease.release()

    run(body)


def test_a_placement_that_cannot_tell_its_resources_fails_the_requests_that_need_them() -> None:
    class Unknown(ScriptedRunners):
        async def resources(self) -> Resources:
            if self.delay:
                raise OSError("no answer")
            return await super().resources()

    async def body() -> None:
        placement = Unknown()
        async with a_fleet(placement) as fleet:
            placement.delay = 0.001
            results = await asyncio.gather(*(fleet.acquire(m) for m in MODELS[:3]), return_exceptions=True)
            assert [str(result) for result in results] == ["no answer"] * 3
            placement.delay = 0
            (await fleet.acquire(MODELS[0])).release()

    run(body)


def test_a_fleet_that_was_closed_loads_nothing() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement) as fleet:
            (await fleet.acquire(MODELS[0])).release()
        with pytest.raises(ServerStopping):
            await fleet.acquire(MODELS[0])
        assert placement.started == ["m0:latest"]

    run(body)


def test_a_lease_on_a_loaded_model_takes_microseconds() -> None:
    async def body() -> None:
        async with a_fleet() as fleet:
            held = await fleet.acquire(MODELS[0])
            rounds = []
            for _ in range(5):
                started = time.perf_counter()
                for _ in range(1000):
                    (await fleet.acquire(MODELS[0])).release()
                rounds.append(time.perf_counter() - started)
            held.release()
            assert min(rounds) / 1000 < 200e-6

    run(body)


def test_closing_the_fleet_ends_what_loads_and_what_is_in_use() -> None:
    async def body() -> None:
        placement = ScriptedRunners()
        async with a_fleet(placement) as fleet:
            await fleet.acquire(MODELS[0])
            placement.delay = 60
            loading = asyncio.create_task(fleet.acquire(MODELS[1]))
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await loading

    run(body)
