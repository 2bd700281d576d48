"""A fleet on a simulated machine and a virtual clock, under random requests, failures and limits.

`simulate` plays a `Scenario` and checks what the fleet promises: every request ends, none waits longer than the bound
of `docs/fleet.md`, nothing is unloaded that a request holds, and neither places nor memory are exceeded.
"""

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import strategies as st

from paddock.durations import SECOND
from paddock.fleet import (
    Fleet,
    FleetConfig,
    InsufficientMemory,
    LoadFailure,
    LoadOptions,
    LoadTimeout,
    ModelDimensions,
    Resources,
    Runner,
    RunnerFiles,
    RunnerSpec,
)
from paddock.fleet.dimensions import model_bytes
from paddock.fleet.plan import PlanConfig
from paddock.ipc import Loaded, LoadModel
from paddock.settings import Settings
from tests.fleet.virtual_time import run_virtually

GIB = 1 << 30
LOAD_TIMEOUT = 20.0
"""Seconds after which a load that hangs is given up."""
AMPLE_GIB = 256
"""Memory with which every model fits beside two others."""
SLACK = 0.1
"""Seconds by which the simulation's clock may round: some milliseconds at each step."""


@dataclass(frozen=True)
class SimulatedModel:
    """How one model behaves."""

    gib: int
    load_seconds: float
    fails: bool = False
    """Whether it cannot be loaded."""
    hangs: bool = False
    """Whether its runner never answers."""


@dataclass(frozen=True)
class Arrival:
    """A request: what it asks for, and how long."""

    at: float
    model: int
    hold_seconds: float
    context_length: int = 1024
    threads: int = 0
    keep_alive: float = 300.0
    """Seconds."""
    patience: float = math.inf
    """Seconds after which the client goes away."""
    repeats: int = 0
    """Requests that the client sends afterwards, each as soon as the last one was answered."""


@dataclass(frozen=True)
class Scenario:
    """Everything that happens in one run."""

    models: tuple[SimulatedModel, ...]
    arrivals: tuple[Arrival, ...]
    places: int = 3
    memory_gib: int = 64
    turn: float = 5.0
    close_seconds: float = 0.1
    crashes: tuple[float, ...] = ()
    """When the oldest runner dies."""
    unloads: tuple[tuple[float, int], ...] = ()
    """When somebody asks to unload a model."""
    ends_at: float = math.inf
    """When clients send no more requests."""


@dataclass
class Outcome:
    """What happened to the requests, and which models were loaded."""

    waits: list[tuple[Arrival, float]] = field(default_factory=list)
    """Each request that got a lease, with the seconds that it waited."""
    errors: list[tuple[Arrival, BaseException]] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    """The name of each model for which a runner was started, in order."""

    violations: list[str] = field(default_factory=list)

    def answered(self, model: int) -> int:
        """Return the number of requests for a model that got a lease."""
        return sum(arrival.model == model for arrival, _ in self.waits)


class SimulatedRunner:
    """A runner that computes nothing, and notices when it is told to leave while a request holds it."""

    def __init__(self, name: str, load: LoadModel, used: int, close_seconds: float, outcome: "Outcome") -> None:
        self.name = name
        self._outcome = outcome
        self.used = used
        self.held = 0
        """Number of requests that hold it."""
        self.crashed = False
        self.ended = asyncio.Event()
        self.loaded = Loaded(
            context_length=load.context_length,
            pool_tokens=load.pool_tokens,
            max_sequences=4,
            threads=load.threads,
            flash_attention=False,
            description="simulated",
        )
        self._close_seconds = close_seconds

    async def wait_closed(self) -> str:
        await self.ended.wait()
        return "gone"

    async def close(self) -> None:
        if self.held and not self.crashed:
            self._outcome.violations.append(f"{self.name} is unloaded while {self.held} requests hold it")
        await asyncio.sleep(self._close_seconds)
        self.ended.set()


class SimulatedMachine:
    """A placement whose runners take memory and time as the scenario says."""

    def __init__(self, scenario: Scenario, outcome: Outcome) -> None:
        self.running: list[SimulatedRunner] = []
        """Those that have a process, the oldest first."""
        self.loading: list[str] = []
        self._scenario = scenario
        self._outcome = outcome
        self._reserved = 0
        """Bytes that models which are being loaded will take at last; `resources` does not know of them."""

    @property
    def _total(self) -> int:
        return self._scenario.memory_gib * GIB

    async def resources(self) -> Resources:
        await asyncio.sleep(0.001)
        alive = [runner for runner in self.running if not runner.ended.is_set()]
        return Resources(available_memory=self._total - sum(r.used for r in alive), cores=2)

    async def start(self, name: str, load: LoadModel, seconds: float) -> Runner:
        number = int(name.removeprefix("m"))
        model = self._scenario.models[number]
        used = model_bytes(dimensions(model), load.pool_tokens, load.batch_tokens, "f16") + PlanConfig().process
        self.loading.append(name)
        self._reserved += used
        self._outcome.loads.append(name)
        self._check()
        try:
            await asyncio.wait_for(asyncio.sleep(math.inf if model.hangs else model.load_seconds), seconds)
        except TimeoutError:
            raise LoadTimeout(f"timed out waiting for {name}") from None
        finally:
            self.loading.remove(name)
            self._reserved -= used
        if model.fails:
            raise LoadFailure(f"{name} is broken")
        runner = SimulatedRunner(name, load, used, self._scenario.close_seconds, self._outcome)
        self.running.append(runner)
        self._check()
        return cast(Runner, runner)

    def crash(self) -> None:
        """Let the oldest runner die."""
        for runner in self.running:
            if not runner.ended.is_set():
                runner.crashed = True
                runner.ended.set()
                return

    def _check(self) -> None:
        alive = [runner for runner in self.running if not runner.ended.is_set()]
        if len(alive) + len(self.loading) > self._scenario.places:
            self._outcome.violations.append("more models than places")
        if sum(r.used for r in alive) + self._reserved > self._total:
            self._outcome.violations.append("more memory than there is")


def dimensions(model: SimulatedModel) -> ModelDimensions:
    return ModelDimensions(weights=model.gib * GIB, layers=8, kv_length=2048, train_context=1 << 20)


def spec_of(scenario: Scenario, arrival: Arrival) -> RunnerSpec:
    return RunnerSpec(
        f"m{arrival.model}",
        f"{arrival.model}" * 64,
        RunnerFiles(f"sha256:{arrival.model}"),
        dimensions(scenario.models[arrival.model]),
        context_length=arrival.context_length,
        options=LoadOptions(threads=arrival.threads),
    )


def bound(scenario: Scenario, same: int, others: int) -> float:
    """Return the most seconds that a request may wait, as `docs/fleet.md` has it.

    Args:
        scenario: the limits, and how long everything takes.
        same: the number of loads of the same model ahead of the request.
        others: the number of loads of other models ahead of it.
    """
    turn, hold, close = scenario.turn, max(a.hold_seconds for a in scenario.arrivals), scenario.close_seconds
    load = max(LOAD_TIMEOUT if model.hangs else model.load_seconds for model in scenario.models)
    # Where memory decides, it may be that only one model fits at a time.
    beside = scenario.places if scenario.memory_gib >= AMPLE_GIB else 1
    rounds = 1 + same + math.ceil(others / beside)
    return rounds * (turn + hold + close + load + SLACK)


def simulate(scenario: Scenario) -> Outcome:
    """Play a scenario and check what the fleet promises; return what happened."""
    outcome = Outcome()

    async def body() -> None:
        machine = SimulatedMachine(scenario, outcome)
        settings = Settings(
            max_loaded_models=scenario.places,
            model_turn=int(scenario.turn * SECOND),
            load_timeout=int(LOAD_TIMEOUT * SECOND),
            num_parallel=1,
        )
        fleet = Fleet(settings, machine, FleetConfig())
        waiting: dict[object, RunnerSpec] = {}
        clients = [
            asyncio.create_task(_client(fleet, machine, scenario, arrival, waiting, outcome))
            for arrival in scenario.arrivals
        ]
        events = [asyncio.create_task(_later(at, machine.crash)) for at in scenario.crashes]
        for at, model in scenario.unloads:
            events.append(asyncio.create_task(_unload(fleet, at, RunnerFiles(f"sha256:{model}"))))
        try:
            await asyncio.gather(*clients)
        finally:
            for event in events:
                event.cancel()
        await fleet.close()
        assert all(runner.ended.is_set() for runner in machine.running)
        assert not machine.loading
        assert not fleet.loaded()

    run_virtually(body)
    assert not outcome.violations
    return outcome


async def _later(at: float, action: Callable[[], Any]) -> None:
    await asyncio.sleep(at)
    action()


async def _unload(fleet: Fleet, at: float, files: RunnerFiles) -> None:
    await asyncio.sleep(at)
    await fleet.unload(files)


async def _client(
    fleet: Fleet,
    machine: SimulatedMachine,
    scenario: Scenario,
    arrival: Arrival,
    waiting: dict[object, RunnerSpec],
    outcome: Outcome,
) -> None:
    await asyncio.sleep(arrival.at)
    now = asyncio.get_running_loop().time
    for _ in range(1 + arrival.repeats):
        if now() >= scenario.ends_at:
            break
        await _request(fleet, machine, scenario, arrival, waiting, outcome)


async def _request(
    fleet: Fleet,
    machine: SimulatedMachine,
    scenario: Scenario,
    arrival: Arrival,
    waiting: dict[object, RunnerSpec],
    outcome: Outcome,
) -> None:
    now = asyncio.get_running_loop().time
    spec, me, started = spec_of(scenario, arrival), object(), now()
    ahead = {(s.name, s.context_length, s.options) for s in waiting.values()}
    same = sum(name == spec.name for name, *_ in ahead)
    others = len(ahead) - same + len(set(machine.loading) - {name for name, *_ in ahead})
    waiting[me] = spec
    try:
        async with asyncio.timeout(None if arrival.patience == math.inf else arrival.patience):
            lease = await fleet.acquire(spec, int(arrival.keep_alive * SECOND))
    except (LoadFailure, TimeoutError) as error:
        outcome.errors.append((arrival, error))
        _check_end(scenario, arrival, error)
        return
    finally:
        waited = now() - started
        del waiting[me]
        assert waited <= bound(scenario, same, others), (
            f"{arrival} waited {waited:.1f} s behind {same} + {others} loads"
        )
    outcome.waits.append((arrival, waited))
    runner = cast(SimulatedRunner, lease.runner)
    assert runner.name == spec.name
    assert runner.loaded.pool_tokens >= spec.context_length
    runner.held += 1
    with lease:
        try:
            await asyncio.wait_for(runner.wait_closed(), arrival.hold_seconds)
            assert runner.crashed, f"{runner.name} left while a request held it"
        except TimeoutError:
            pass
        runner.held -= 1


def _check_end(scenario: Scenario, arrival: Arrival, error: BaseException) -> None:
    """Check that a request did not fail without a reason."""
    model = scenario.models[arrival.model]
    if isinstance(error, InsufficientMemory):
        need = model_bytes(dimensions(model), arrival.context_length, 512, "f16")
        assert need + PlanConfig().process + PlanConfig().reserve > scenario.memory_gib * GIB
    elif isinstance(error, LoadTimeout):
        assert model.hangs
    elif isinstance(error, LoadFailure):
        assert model.fails
    else:
        assert arrival.patience < math.inf


TENTHS = st.integers(0, 100).map(lambda n: n / 10)
MODELS = st.builds(
    SimulatedModel,
    gib=st.integers(1, 8),
    load_seconds=st.sampled_from([0.0, 0.1, 0.7, 3.0, 12.0]),
    fails=st.sampled_from([False] * 5 + [True]),
    hangs=st.sampled_from([False] * 8 + [True]),
)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Strategy of scenarios: up to five models, up to fifteen clients."""
    models = tuple(draw(st.lists(MODELS, min_size=1, max_size=5)))
    arrivals = st.builds(
        Arrival,
        at=st.sampled_from([0.0, 0.0, 0.0]) | TENTHS,
        model=st.integers(0, len(models) - 1),
        hold_seconds=st.sampled_from([0.0, 0.01, 0.3, 2.0, 9.0]),
        context_length=st.sampled_from([1024, 1024, 1024, 8192, 65536, 1 << 19]),
        threads=st.sampled_from([0, 0, 1, 2, 3]),
        keep_alive=st.sampled_from([300.0, 300.0, 1.0, 0.0]),
        patience=st.sampled_from([math.inf] * 4 + [0.0, 0.05, 1.0, 6.0]),
        repeats=st.sampled_from([0, 0, 1, 3, 8]),
    )
    return Scenario(
        models=models,
        arrivals=tuple(draw(st.lists(arrivals, min_size=1, max_size=15))),
        places=draw(st.integers(1, 3)),
        memory_gib=draw(st.sampled_from([6, 10, 16, 64, 256])),
        turn=draw(st.sampled_from([0.0, 0.5, 5.0])),
        close_seconds=draw(st.sampled_from([0.0, 0.1, 2.0])),
        crashes=tuple(draw(st.lists(TENTHS, max_size=2))),
        unloads=tuple(draw(st.lists(st.tuples(TENTHS, st.integers(0, len(models) - 1)), max_size=2))),
    )


def crowded_scenario(chance: random.Random) -> Scenario:
    """Return a scenario with many clients, most of whom send several requests."""
    models = tuple(
        SimulatedModel(
            gib=chance.randint(1, 8),
            load_seconds=chance.choice([0.0, 0.1, 0.7, 3.0, 12.0]),
            fails=chance.random() < 0.1,
            hangs=chance.random() < 0.07,
        )
        for _ in range(chance.randint(2, 6))
    )
    arrivals = tuple(
        Arrival(
            at=chance.choice([0.0, 0.0, chance.random() * 20]),
            model=chance.randrange(len(models)),
            hold_seconds=chance.choice([0.0, 0.01, 0.3, 2.0, 9.0]),
            context_length=chance.choice([1024] * 5 + [8192, 65536, 1 << 19]),
            threads=chance.choice([0, 0, 0, 1, 2, 3]),
            keep_alive=chance.choice([300.0, 300.0, 1.0, 0.0]),
            patience=chance.choice([math.inf] * 5 + [0.0, 0.05, 1.0, 6.0]),
            repeats=chance.choice([0, 1, 3, 8, 20]),
        )
        for _ in range(chance.randint(5, 25))
    )
    return Scenario(
        models,
        arrivals,
        places=chance.randint(1, 3),
        memory_gib=chance.choice([10, 16, 40, AMPLE_GIB]),
        turn=chance.choice([0.0, 0.5, 2.0, 5.0]),
        close_seconds=chance.choice([0.0, 0.1, 2.0]),
        crashes=tuple(chance.random() * 30 for _ in range(chance.randint(0, 3))),
        unloads=tuple((chance.random() * 30, chance.randrange(len(models))) for _ in range(chance.randint(0, 3))),
    )


def steady(model: int, hold_seconds: float, repeats: int, **fields: Any) -> Arrival:
    """Return a client that sends one request after the other, from the beginning."""
    return Arrival(0.0, model, hold_seconds, repeats=repeats, **fields)


def with_models(count: int, load_seconds: float = 1.0) -> tuple[SimulatedModel, ...]:
    """Return models of 1 GiB that load without trouble."""
    return (SimulatedModel(1, load_seconds),) * count
