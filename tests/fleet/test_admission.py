"""What is decided about the requests that wait, one round at a time."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from paddock.fleet import InsufficientMemory, LoadOptions, ModelDimensions, Resources, Runner, RunnerFiles, RunnerSpec
from paddock.fleet.admission import Decision, decide
from paddock.fleet.entry import LoadedEntry, State, Waiter
from paddock.fleet.plan import make_plan
from paddock.ipc import Loaded
from paddock.settings import Settings

GIB = 1 << 30
SETTINGS = Settings()
NOW, TURN = 1000.0, 5.0


class Ready:
    def __init__(self, entry: LoadedEntry) -> None:
        load = entry.plan.load
        self.loaded = Loaded(
            context_length=load.context_length,
            pool_tokens=load.pool_tokens,
            max_sequences=2,
            threads=load.threads,
            flash_attention=False,
            description="",
        )


def spec(number: int, *, gib: int = 1, context: int = 128, **options: Any) -> RunnerSpec:
    dimensions = ModelDimensions(gib * GIB, layers=1, kv_length=512)
    files = RunnerFiles(f"sha256:{number}")
    return RunnerSpec(f"m{number}", "0" * 64, files, dimensions, context, options=LoadOptions(**options))


def entry(
    wanted: RunnerSpec, state: State = State.READY, *, leases: int = 0, ready_at: float = 0.0, last_used: float = 0.0
) -> LoadedEntry:
    made = LoadedEntry(wanted, make_plan(wanted, SETTINGS, Resources(64 * GIB, 2)))
    if state is not State.LOADING:
        made.become_ready(cast(Runner, Ready(made)), ready_at, 0.5)
        made.state, made.leases, made.last_used = state, leases, last_used
    return made


def waiters(*specs: RunnerSpec, arrived: float = NOW - 100) -> list[Waiter]:
    return [Waiter(number, one, 0, arrived) for number, one in enumerate(specs)]


def round_of(queue: Sequence[Waiter], *entries: LoadedEntry, gib: float = 64, most: int = 3) -> Decision:
    known = {one.spec.files: one for one in entries}
    resources = Resources(int(gib * GIB), 2)
    return decide(queue, known, resources, NOW, most=most, settings=SETTINGS, turn=TURN)


def on_a_loop(test: Callable[[], None]) -> Callable[[], None]:
    """Run a test on an event loop, which waiters need."""

    def run() -> None:
        async def body() -> None:
            test()

        asyncio.run(body())

    run.__name__ = test.__name__
    return run


def loaded(decision: Decision) -> list[str]:
    return [one.spec.name for one in decision.loads]


def leaving(decision: Decision) -> list[str]:
    return [one.spec.name for one in decision.leaving]


def draining(decision: Decision) -> list[str]:
    return [one.spec.name for one, _ in decision.draining]


@on_a_loop
def test_as_many_models_are_loaded_at_once_as_there_are_places() -> None:
    queue = waiters(*map(spec, range(4)))
    decision = round_of(queue)
    assert loaded(decision) == ["m0", "m1", "m2"]
    assert [w.number for w, _ in decision.attached] == [0, 1, 2]


@on_a_loop
def test_all_that_wait_for_a_model_wait_for_one_load() -> None:
    decision = round_of(waiters(spec(0), spec(0), spec(1), spec(0)))
    assert loaded(decision) == ["m0", "m1"]
    assert [e.spec.name for _, e in decision.attached] == ["m0", "m0", "m1", "m0"]


@on_a_loop
def test_a_request_that_needs_a_longer_context_does_not_join_a_load_for_a_shorter_one() -> None:
    decision = round_of(waiters(spec(0), spec(0, context=4096)))
    assert loaded(decision) == ["m0"]
    assert [w.number for w, _ in decision.attached] == [0]


@on_a_loop
def test_what_is_being_loaded_counts_as_used() -> None:
    decision = round_of(waiters(spec(1, gib=3)), entry(spec(0, gib=3), State.LOADING), gib=6)
    assert not decision.loads
    assert not decision.refused


@on_a_loop
def test_a_later_request_does_not_take_the_memory_that_an_earlier_one_waits_for() -> None:
    busy = entry(spec(0, gib=4), leases=1)
    decision = round_of(waiters(spec(1, gib=4), spec(2)), busy, gib=3)
    assert not decision.loads
    assert draining(decision) == ["m0"]


@on_a_loop
def test_the_model_that_has_been_idle_longest_leaves() -> None:
    entries = [entry(spec(n), last_used=NOW - 10 - n) for n in range(3)]
    assert leaving(round_of(waiters(spec(3)), *entries)) == ["m2"]


@on_a_loop
def test_only_as_many_leave_as_are_needed() -> None:
    entries = [entry(spec(n), last_used=NOW - 10 - n) for n in range(3)]
    assert leaving(round_of(waiters(spec(3), spec(3), spec(4)), *entries)) == ["m2", "m1"]
    away = entry(spec(9), State.LEAVING)
    assert leaving(round_of(waiters(spec(3)), *entries[:2], away)) == []


@on_a_loop
def test_as_many_leave_as_the_memory_needs() -> None:
    entries = [entry(spec(n, gib=4), last_used=NOW - 10 - n) for n in range(3)]
    assert leaving(round_of(waiters(spec(3, gib=6)), *entries, gib=1, most=9)) == ["m2", "m1"]


@on_a_loop
def test_a_model_that_was_just_used_lingers_for_a_moment() -> None:
    just = entry(spec(0), ready_at=NOW - 1, last_used=NOW - 0.1)
    decision = round_of(waiters(spec(1)), just, most=1)
    assert (leaving(decision), draining(decision)) == ([], [])
    assert decision.wake_at == pytest.approx(NOW + 0.4)


@on_a_loop
def test_a_model_in_use_drains_when_its_turn_is_over_the_first_loaded_first() -> None:
    entries = [entry(spec(n), leases=1, ready_at=NOW - 50 + n) for n in range(3)]
    decision = round_of(waiters(spec(3)), *entries)
    assert (leaving(decision), draining(decision)) == ([], ["m0"])


@on_a_loop
def test_a_model_in_use_has_its_turn_from_its_load_and_from_the_arrival() -> None:
    new = entry(spec(0), leases=1, ready_at=NOW - 2)
    decision = round_of(waiters(spec(1)), new, most=1)
    assert (draining(decision), decision.wake_at) == ([], NOW + 3)
    old = entry(spec(0), leases=1)
    decision = round_of(waiters(spec(1), arrived=NOW - 1), old, most=1)
    assert (draining(decision), decision.wake_at) == ([], NOW + 4)


@on_a_loop
def test_a_request_for_a_model_that_drains_waits_and_one_ahead_of_that_is_served() -> None:
    first, room, last = queue = waiters(spec(0), spec(1), spec(0))
    decision = round_of(queue, entry(spec(0)), most=1)
    assert [w for w, _ in decision.granted] == [first]
    assert draining(decision) == ["m0"]
    assert decision.draining[0][1] is room
    assert last not in [w for w, _ in (*decision.granted, *decision.attached)]


@on_a_loop
def test_a_model_whose_turn_is_not_over_serves_those_in_the_queue() -> None:
    queue = waiters(spec(1), spec(0))
    decision = round_of(queue, entry(spec(0), leases=1, ready_at=NOW - 1), most=1)
    assert [w for w, _ in decision.granted] == [queue[1]]


@on_a_loop
def test_another_model_drains_as_well_when_one_takes_longer_than_a_turn() -> None:
    slow, other = entry(spec(0), leases=1), entry(spec(1), leases=1, ready_at=1)
    slow.draining_since = NOW - TURN - 1
    assert draining(round_of(waiters(spec(2)), slow, other, most=2)) == ["m0", "m1"]


@on_a_loop
def test_a_load_that_nobody_waits_for_makes_room_first() -> None:
    abandoned, idle = entry(spec(0), State.LOADING), entry(spec(1))
    assert leaving(round_of(waiters(spec(2)), abandoned, idle, most=2)) == ["m0"]


@on_a_loop
def test_a_load_that_somebody_waits_for_is_not_given_up() -> None:
    load = entry(spec(0), State.LOADING)
    load.waiters = waiters(spec(0))
    decision = round_of(waiters(spec(1)), load, most=1)
    assert (leaving(decision), loaded(decision), decision.wake_at) == ([], [], math.inf)
    abandoned = entry(spec(0), State.LOADING)
    assert leaving(round_of(waiters(spec(0), spec(1)), abandoned, most=1)) == []  # the first request takes it up


@on_a_loop
def test_a_model_leaves_for_other_options_when_nobody_uses_it() -> None:
    queue = waiters(spec(0, use_mmap=False), arrived=NOW - 1)
    decision = round_of(queue, entry(spec(0), last_used=NOW))
    assert (leaving(decision), decision.replaced) == (["m0"], queue)
    busy = round_of(queue, entry(spec(0), leases=1))
    assert (leaving(busy), draining(busy), busy.granted, busy.wake_at) == ([], [], [], NOW + 4)


@on_a_loop
def test_a_request_for_other_options_is_served_as_the_model_is_after_a_turn() -> None:
    queue = waiters(spec(0, use_mmap=False))
    assert [w for w, _ in round_of(queue, entry(spec(0), leases=1)).granted] == queue


@on_a_loop
def test_a_model_drains_for_a_longer_context_of_its_own() -> None:
    queue = waiters(spec(0, context=4096))
    assert draining(round_of(queue, entry(spec(0), leases=1))) == ["m0"]
    assert leaving(round_of(queue, entry(spec(0)))) == ["m0"]


@on_a_loop
def test_what_never_fits_is_refused_and_nobody_makes_room_for_it() -> None:
    huge = waiters(spec(0, context=10**8), spec(1, gib=500), spec(2))
    decision = round_of(huge, entry(spec(0)), gib=8)
    assert [w for w, _ in decision.refused] == huge[:2]
    assert all(isinstance(error, InsufficientMemory) for _, error in decision.refused)
    assert leaving(decision) == []
    assert loaded(decision) == ["m2"]
    full = round_of(huge[:2], entry(spec(0)), entry(spec(3)), gib=8, most=2)
    assert [w for w, _ in full.refused] == huge[:2]
    assert leaving(full) == []


@on_a_loop
def test_what_does_not_fit_alone_is_refused() -> None:
    decision = round_of(waiters(spec(0, gib=8), spec(0, gib=8), spec(1)), gib=4)
    assert len(decision.refused) == 2
    assert loaded(decision) == ["m1"]


@on_a_loop
def test_a_request_whose_client_has_gone_is_left_out() -> None:
    queue = waiters(spec(0), spec(1))
    queue[0].lease.cancel()
    assert loaded(round_of(queue)) == ["m1"]


@on_a_loop
def test_a_request_for_a_model_that_leaves_waits_for_that_and_takes_no_other_place() -> None:
    away, idle = entry(spec(0), State.LEAVING, leases=1), entry(spec(1))
    decision = round_of(waiters(spec(0)), away, idle, most=2)
    assert (leaving(decision), loaded(decision), decision.attached) == ([], [], [])


@on_a_loop
def test_a_request_whose_model_leaves_for_it_has_others_make_room_meanwhile() -> None:
    away, busy = entry(spec(0, gib=2), State.LEAVING), entry(spec(1, gib=4), leases=1)
    assert draining(round_of(waiters(spec(0, gib=6)), away, busy, gib=1)) == ["m1"]
    assert draining(round_of(waiters(spec(0, gib=2)), away, busy, gib=1)) == []


def test_decisions_without_a_queue_are_none() -> None:
    assert round_of([], entry(spec(0), leases=3)) == Decision()
