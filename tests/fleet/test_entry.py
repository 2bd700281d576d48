import asyncio
from dataclasses import replace
from typing import cast

import pytest

from paddock.fleet import LoadOptions, ModelDimensions, Resources, Runner, RunnerFiles, RunnerSpec
from paddock.fleet.entry import Lease, LoadedEntry, State, Waiter
from paddock.fleet.plan import make_plan
from paddock.ipc import Loaded
from paddock.settings import Settings

SPEC = RunnerSpec("m", "0" * 64, RunnerFiles("sha256:0"), ModelDimensions(1 << 20), context_length=128)
TURN = 5.0


class Ready:
    """A runner that says how it was loaded."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded


def loading(spec: RunnerSpec = SPEC, *, cores: int = 4, settled: bool = False) -> LoadedEntry:
    return LoadedEntry(spec, make_plan(spec, Settings(), Resources(8 << 30, cores)), settled=settled)


def ready(
    spec: RunnerSpec = SPEC,
    *,
    settled: bool = False,
    linger: float = 0.5,
    gpu: bool = False,
    threads: int | None = None,
) -> LoadedEntry:
    """Return a model that was loaded at 100 s."""
    entry = loading(spec, settled=settled)
    load = entry.plan.load
    loaded = Loaded(
        context_length=load.context_length,
        pool_tokens=load.pool_tokens,
        max_sequences=2,
        threads=load.threads if threads is None else threads,
        flash_attention=False,
        gpu=gpu,
        description="",
    )
    entry.become_ready(cast(Runner, Ready(loaded)), 100.0, linger)
    return entry


def wants(entry: LoadedEntry, **options: object) -> bool:
    return entry.has_options(LoadOptions(**options))  # type: ignore[arg-type]


def test_a_model_serves_requests_once_it_is_ready_and_while_it_makes_room_for_nobody() -> None:
    entry = loading()
    assert not entry.serves(SPEC, 100, TURN)
    entry = ready()
    assert entry.serves(SPEC, 100, TURN)
    entry.draining_since = 101
    assert not entry.serves(SPEC, 101, TURN)
    entry.draining_since, entry.state = None, State.LEAVING
    assert not entry.serves(SPEC, 101, TURN)


def test_a_request_fits_whose_context_the_cache_can_hold() -> None:
    for entry in (loading(), ready()):
        assert entry.fits(replace(SPEC, context_length=512))
        assert not entry.fits(replace(SPEC, context_length=513))


def test_a_runner_that_has_fewer_cells_than_it_was_asked_for_fits_what_it_was_loaded_for() -> None:
    entry = ready()
    assert entry.runner is not None
    entry.runner.loaded = replace_cells(entry.runner.loaded, 64)
    assert entry.fits(SPEC)
    assert not entry.fits(replace(SPEC, context_length=129))


def replace_cells(loaded: Loaded, cells: int) -> Loaded:
    return Loaded(
        context_length=cells, pool_tokens=cells, max_sequences=2, threads=1, flash_attention=False, description=""
    )


def test_options_are_the_same_if_they_have_the_same_effect_on_this_machine() -> None:
    entry = ready()
    assert wants(entry)
    assert wants(entry, threads=4)  # as many as there are cores, which is the default
    assert not wants(entry, threads=2)
    assert not wants(entry, use_mmap=False)
    assert not wants(entry, use_mlock=True)
    assert wants(entry, gpu_layers=0, main_gpu=3)  # there is none
    assert not wants(ready(gpu=True), gpu_layers=0)
    assert not wants(ready(gpu=True), main_gpu=1)


def test_threads_do_not_matter_to_a_model_that_is_too_small_for_several() -> None:
    entry = ready(threads=1)
    assert wants(entry, threads=2)
    assert wants(entry, threads=3)


def test_a_settled_model_keeps_its_options_while_they_are_asked_for() -> None:
    other = replace(SPEC, options=LoadOptions(use_mmap=False))
    assert not ready().keeps_options_for(other, 101, TURN)
    entry = ready(settled=True)
    assert entry.keeps_options_for(other, 104.9, TURN)
    assert not entry.keeps_options_for(other, 105.1, TURN)
    entry.take(other, 104)
    assert not entry.keeps_options_for(other, 105.1, TURN)
    entry.take(SPEC, 104)
    assert entry.keeps_options_for(other, 108.9, TURN)


def test_a_model_that_served_other_options_as_it_was_loaded_does_so_from_then_on() -> None:
    entry = ready()
    other = replace(SPEC, options=LoadOptions(use_mmap=False))
    entry.take(other, 101)
    assert entry.keeps_options_for(other, 104, TURN)
    assert not entry.keeps_options_for(other, 106, TURN)


@pytest.mark.parametrize(
    ("arrived", "busy", "at"),
    [
        (90, True, 105),  # a turn from its load
        (103, True, 108),  # a turn from the arrival
        (103, False, 102.5),  # a moment after its last use
    ],
)
def test_a_model_has_its_turn_before_it_makes_room(arrived: float, busy: bool, at: float) -> None:
    entry = ready()
    entry.take(SPEC, 102)
    assert entry.leaves_at(arrived, TURN, busy=busy) == at


def test_an_unused_model_lingers_no_longer_than_its_turn() -> None:
    entry = ready(linger=1)
    entry.take(SPEC, 104.5)
    assert entry.leaves_at(90, TURN, busy=False) == 105


def test_a_load_is_abandoned_when_nobody_waits_for_it() -> None:
    async def body() -> None:
        entry = loading()
        assert entry.abandoned
        entry.waiters.append(Waiter(1, SPEC, 0, 0.0))
        assert not entry.abandoned

    asyncio.run(body())
    assert not ready().abandoned


def test_a_model_is_full_when_a_further_request_would_wait_inside_the_runner() -> None:
    entry = ready()
    for full in (False, True):
        entry.take(SPEC, 100)
        assert entry.is_full is full


def test_a_lease_is_released_once() -> None:
    released: list[int] = []
    entry = ready()
    with Lease(entry, 7, lambda _, keep: released.append(keep), waited=False) as lease:
        assert lease.runner is entry.runner
    lease.release()
    assert released == [7]


def test_the_listing_names_the_last_request() -> None:
    entry = ready()
    entry.take(replace(SPEC, name="other"), 101)
    listed = entry.listing()
    assert (listed.spec.name, listed.parallel, listed.pool_tokens) == ("other", 2, 512)
