"""The order in which models are loaded, on a simulated machine: turns, room, and the bound on a wait."""

import math
import random

import pytest
from hypothesis import given, settings

from paddock.fleet import LoadFailure, LoadTimeout
from tests.fleet.simulation import (
    Arrival,
    Scenario,
    SimulatedModel,
    crowded_scenario,
    scenarios,
    simulate,
    steady,
    with_models,
)


@pytest.mark.thorough
@settings(max_examples=300)
@given(scenarios())
def test_whatever_comes_every_request_ends_within_the_bound_and_the_limits_are_kept(scenario: Scenario) -> None:
    simulate(scenario)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(5))
def test_the_same_holds_with_many_clients(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        simulate(crowded_scenario(chance))


def test_two_models_at_one_place_are_both_answered_and_take_turns() -> None:
    clients = [steady(model, 0.5, 60) for model in (0, 1) for _ in range(3)]
    done = simulate(Scenario(with_models(2), tuple(clients), places=1))
    assert (done.answered(0), done.answered(1)) == (183, 183)
    assert len(done.loads) < 20  # a turn is 5 s: the model changes at most once in 6 s


def test_four_models_at_three_places_get_about_the_same() -> None:
    until = 120.0
    clients = [steady(model, 0.1, 10**4, patience=60) for model in range(4)]
    counts = dict.fromkeys(range(4), 0)
    done = simulate(Scenario(with_models(4), tuple(clients), places=3, memory_gib=256, ends_at=until))
    for model in counts:
        counts[model] = done.answered(model)
    assert min(counts.values()) * 2 > max(counts.values()), counts


def test_a_model_that_is_asked_for_once_is_answered_though_others_are_in_steady_use() -> None:
    clients = [steady(model, 1.0, 60) for model in (0, 1) for _ in range(2)]
    done = simulate(Scenario(with_models(3), (*clients, Arrival(20.0, 2, 1.0)), places=2))
    (wait,) = [wait for arrival, wait in done.waits if arrival.model == 2]
    assert 5 <= wait <= 5 + 1 + 0.1 + 1 + 0.2  # a turn, the running reply, the unloading, the loading
    assert len(done.loads) <= 5


def test_without_a_turn_a_model_in_use_makes_room_as_soon_as_its_replies_end() -> None:
    clients = [steady(0, 1.0, 60) for _ in range(2)]
    done = simulate(Scenario(with_models(2), (*clients, Arrival(20.25, 1, 1.0)), places=1, turn=0))
    (wait,) = [wait for arrival, wait in done.waits if arrival.model == 1]
    assert wait <= 1 + 0.1 + 1 + 0.2


def test_loads_run_beside_each_other() -> None:
    done = simulate(Scenario(with_models(3, load_seconds=10), tuple(Arrival(0, m, 1) for m in range(3))))
    assert all(10 <= wait < 10.1 for _, wait in done.waits)


def test_what_is_being_loaded_counts_as_used_memory() -> None:
    models = (SimulatedModel(4, 10.0), SimulatedModel(4, 10.0))
    done = simulate(Scenario(models, (Arrival(0, 0, 1), Arrival(0, 1, 1)), memory_gib=8))
    first, second = sorted(wait for _, wait in done.waits)
    assert (round(first), round(second)) == (10, 22)  # loading, its reply, its lingering, loading


def test_a_load_that_hangs_holds_only_those_that_wait_for_it() -> None:
    models = (SimulatedModel(1, 1.0, hangs=True), *with_models(2))
    arrivals = (Arrival(0, 0, 1), Arrival(0.1, 1, 1), Arrival(0.2, 2, 1), Arrival(1, 0, 1))
    done = simulate(Scenario(models, arrivals))
    assert all(wait < 1.1 for _, wait in done.waits)
    assert [(a.model, type(error)) for a, error in done.errors] == [(0, LoadTimeout), (0, LoadTimeout)]


def test_a_load_that_nobody_waits_for_any_more_is_given_up_for_those_who_need_the_room() -> None:
    models = (SimulatedModel(1, 1.0, hangs=True), *with_models(1))
    done = simulate(Scenario(models, (Arrival(0, 0, 1, patience=2), Arrival(1, 1, 1)), places=1))
    assert [round(wait, 1) for _, wait in done.waits] == [2.0]  # the first client leaves after 2 s


def test_a_load_that_nobody_waits_for_goes_on_for_a_moment() -> None:
    again = Arrival(4, 0, 1)
    done = simulate(Scenario((SimulatedModel(1, 5.0),), (Arrival(0, 0, 1, patience=1), again)))
    assert [round(wait, 1) for _, wait in done.waits] == [1.0]
    assert done.loads == ["m0"]
    done = simulate(Scenario((SimulatedModel(1, 50.0),), (Arrival(0, 0, 1, patience=1), Arrival(7, 0, 1, patience=1))))
    assert done.loads == ["m0", "m0"]


def test_clients_that_alternate_options_do_not_have_the_model_loaded_each_time() -> None:
    clients = (steady(0, 0.5, 100, threads=1), steady(0, 0.5, 100, threads=2))
    done = simulate(Scenario(with_models(1), clients))
    assert len(done.loads) <= 3
    waits = sorted(wait for _, wait in done.waits)
    assert waits[-1] < 7
    assert waits[-10] == 0


def test_one_client_that_alternates_options_does_not_either() -> None:
    arrivals = tuple(Arrival(2.0 * n, 0, 0.5, threads=1 + n % 2) for n in range(30))
    assert simulate(Scenario(with_models(1), arrivals)).loads == ["m0"] * 2


def test_options_that_nobody_asks_for_any_more_give_way() -> None:
    first = [Arrival(2.0 * n, 0, 0.5, threads=1 + n % 2) for n in range(6)]
    done = simulate(Scenario(with_models(1), (*first, Arrival(30, 0, 0.5, threads=1))))
    assert done.loads == ["m0"] * 3


def test_a_request_for_other_options_waits_a_turn_at_most_for_a_model_in_use() -> None:
    done = simulate(Scenario(with_models(1), (Arrival(0, 0, 60, threads=1), Arrival(2, 0, 1, threads=2))))
    assert [round(wait) for _, wait in done.waits] == [1, 5]
    assert done.loads == ["m0"]


def test_as_many_threads_as_there_are_cores_is_what_a_model_has_anyway() -> None:
    done = simulate(Scenario(with_models(1), (Arrival(0, 0, 60), Arrival(2, 0, 1, threads=2))))
    assert [round(wait) for _, wait in done.waits] == [1, 0]


def test_a_longer_context_gets_its_turn_beside_requests_that_the_model_could_serve() -> None:
    clients = [steady(0, 1.0, 30) for _ in range(3)]
    done = simulate(Scenario(with_models(1), (*clients, Arrival(10, 0, 1, context_length=1 << 17)), memory_gib=10))
    (wait,) = [wait for arrival, wait in done.waits if arrival.context_length == 1 << 17]
    assert wait <= 5 + 1 + 0.1 + 1 + 0.2
    assert done.loads == ["m0"] * 2


def test_a_context_that_never_fits_is_refused_and_nothing_makes_room_for_it() -> None:
    arrivals = (Arrival(0, 0, 1), Arrival(3, 1, 1, context_length=1 << 19), Arrival(4, 0, 1))
    done = simulate(Scenario(with_models(2), arrivals, memory_gib=6))
    assert len(done.errors) == 1
    assert done.loads == ["m0"]


def test_a_load_that_fails_fails_only_what_asked_for_it() -> None:
    models = (SimulatedModel(1, 1.0, fails=True), *with_models(1))
    arrivals = (Arrival(0, 0, 1), Arrival(0.5, 0, 1, context_length=128), Arrival(0, 1, 1))
    done = simulate(Scenario(models, arrivals))
    assert [type(error) for _, error in done.errors] == [LoadFailure, LoadFailure]
    assert done.loads.count("m0") == 2  # the shorter context is tried on its own
    assert done.answered(1) == 1


def test_a_client_that_leaves_does_not_keep_a_model_from_taking_requests() -> None:
    clients = [steady(0, 1.0, 30) for _ in range(2)]
    done = simulate(Scenario(with_models(2), (*clients, Arrival(10.5, 1, 1, patience=5.2)), places=1))
    assert done.loads == ["m0"]
    assert max(wait for _, wait in done.waits) < 2


def test_a_runner_that_never_answers_does_not_keep_the_place_of_others() -> None:
    stuck = Arrival(0, 0, 10**4, patience=math.inf)
    clients = [steady(1, 1.0, 30), Arrival(10, 2, 1)]
    done = simulate(Scenario(with_models(3), (stuck, *clients), places=2))
    (wait,) = [wait for arrival, wait in done.waits if arrival.model == 2]
    assert wait <= 5 + 5 + 1 + 0.1 + 1 + 0.2


@pytest.mark.parametrize("places", [1, 2, 3])
def test_the_bound_is_not_far_above_what_happens(places: int) -> None:
    clients = [steady(model, 2.0, 20) for model in range(5)]
    done = simulate(Scenario(with_models(5), tuple(clients), places=places, memory_gib=256))
    longest = max(wait for _, wait in done.waits)
    assert longest > (5 - places) / places * (5 + 1)
