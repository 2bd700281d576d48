import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from paddock.service.fair_queue import MAX_IDLE, FairQueue


def taken(queue: FairQueue[str]) -> list[str]:
    return [queue.take() for _ in range(len(queue))]


def test_jobs_of_one_client_are_taken_as_they_came() -> None:
    queue: FairQueue[str] = FairQueue()
    for job in ("a1", "a2", "a3"):
        queue.add("a", job)
    assert queue.order() == ["a1", "a2", "a3"] == taken(queue)


def test_clients_take_turns_however_many_jobs_one_has() -> None:
    queue: FairQueue[str] = FairQueue()
    for client, count in (("a", 4), ("b", 1), ("c", 2)):
        for number in range(count):
            queue.add(client, f"{client}{number}")
    assert taken(queue) == ["a0", "b0", "c0", "a1", "c1", "a2", "a3"]


def test_who_comes_later_is_before_who_has_just_had_a_turn() -> None:
    queue: FairQueue[str] = FairQueue()
    for job in ("a0", "a1", "a2"):
        queue.add("a", job)
    assert queue.take() == "a0"
    queue.add("b", "b0")
    assert queue.order() == ["b0", "a1", "a2"]


def test_who_has_had_a_turn_and_comes_again_at_once_is_behind_who_waits() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add("a", "a0")
    assert queue.take() == "a0"
    queue.add("a", "a1")
    queue.add("b", "b0")
    assert taken(queue) == ["b0", "a1"]


def test_a_job_that_is_removed_lets_the_others_move_up() -> None:
    queue: FairQueue[str] = FairQueue()
    for client, job in (("a", "a0"), ("a", "a1"), ("b", "b0"), ("a", "a2")):
        queue.add(client, job)
    queue.remove("a", "a0")
    queue.remove("a", "unknown")
    queue.remove("nobody", "a1")
    assert queue.order() == ["b0", "a1", "a2"] or queue.order() == ["a1", "b0", "a2"]
    assert (len(queue), queue.count("a"), queue.count("b"), queue.count("c")) == (3, 2, 1, 0)


def test_nothing_is_taken_from_an_empty_queue() -> None:
    with pytest.raises(IndexError):
        FairQueue[str]().take()


def test_clients_that_come_once_are_forgotten() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(10 * MAX_IDLE):
        queue.add(f"client {number}", "job")
        queue.take()
    assert len(queue._clients) <= MAX_IDLE + 1


class Turns(RuleBasedStateMachine):
    """Random arrivals, turns and removals: nothing is lost, the announced order is kept, and no client starves."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: FairQueue[tuple[str, int]] = FairQueue()
        self.waiting: list[tuple[str, int]] = []
        self.passed: dict[tuple[str, int], dict[str, int]] = {}
        """Turns of other clients since a job arrived."""
        self.number = 0

    @rule(client=st.sampled_from("abc"))
    def add(self, client: str) -> None:
        job = (client, self.number)
        self.number += 1
        self.queue.add(client, job)
        self.waiting.append(job)
        self.passed[job] = {}

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.waiting))
        self.queue.remove(job[0], job)
        self.waiting.remove(job)

    @precondition(lambda self: self.waiting)
    @rule()
    def take(self) -> None:
        expected = self.queue.order()[0]
        job = self.queue.take()
        assert job == expected
        assert job == next(one for one in self.waiting if one[0] == job[0]), "a client's jobs are taken in order"
        self.waiting.remove(job)
        own_before = self.passed[job].get(job[0], 0)
        for client, turns in self.passed[job].items():
            assert client == job[0] or turns <= own_before + 2
        for other in self.waiting:
            counts = self.passed[other]
            counts[job[0]] = counts.get(job[0], 0) + 1

    @invariant()
    def nothing_is_lost(self) -> None:
        assert sorted(self.queue.order()) == sorted(self.waiting)
        assert len(self.queue) == len(self.waiting)
        for client in "abc":
            assert self.queue.count(client) == sum(job[0] == client for job in self.waiting)


TestTurns = Turns.TestCase
