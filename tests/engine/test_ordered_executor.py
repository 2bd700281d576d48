"""Results are handed out in the order of the requests, and the engine's thread is told of each."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from paddock.engine.ordered_executor import OrderedExecutor, StillNeeded


class Refused(Exception):
    pass


class Harness:
    """An executor whose notices are counted."""

    def __init__(self) -> None:
        self.notices: SimpleQueue[None] = SimpleQueue()
        self.executor = OrderedExecutor[int, str, Refused]("test", Refused, "it failed", lambda: self.notices.put(None))

    def wait(self, count: int = 1) -> None:
        for _ in range(count):
            self.notices.get(timeout=20)


@pytest.fixture
def harness() -> Iterator[Harness]:
    harness = Harness()
    yield harness
    harness.executor.close()


def test_results_come_in_the_order_of_the_requests(harness: Harness) -> None:
    for number in range(3):
        harness.executor.add(number, lambda _, number=number: str(number))  # type: ignore[misc]
    harness.wait(3)
    assert harness.executor.take() == [(0, "0"), (1, "1"), (2, "2")]
    assert harness.executor.take() == []


def test_a_request_is_not_handed_out_before_its_work_has_ended(harness: Harness) -> None:
    gate = threading.Event()
    harness.executor.add(1, lambda _: str(gate.wait(20)))
    assert harness.executor.take() == []
    gate.set()
    harness.wait()
    assert harness.executor.take() == [(1, "True")]


def test_an_error_of_the_request_is_handed_out_as_it_is(harness: Harness) -> None:
    def refuse(_: StillNeeded) -> str:
        raise Refused("too large")

    harness.executor.add(1, refuse)
    harness.wait()
    ((request, error),) = harness.executor.take()
    assert (request, str(error)) == (1, "too large")
    assert isinstance(error, Refused)


def test_any_other_exception_becomes_an_error_with_a_general_message(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: StillNeeded) -> str:
        raise ZeroDivisionError

    harness.executor.add(1, fail)
    harness.wait()
    ((_, error),) = harness.executor.take()
    assert isinstance(error, Refused)
    assert str(error) == "it failed"
    assert "ZeroDivisionError" in caplog.text


def test_work_of_a_cancelled_request_learns_that_it_is_not_needed(harness: Harness) -> None:
    started = threading.Event()
    answers: SimpleQueue[bool] = SimpleQueue()

    def work(still_needed: StillNeeded) -> str:
        answers.put(still_needed())
        started.set()
        while still_needed():
            pass
        answers.put(still_needed())
        return "unused"

    harness.executor.add(1, work)
    harness.executor.add(2, lambda _: "two")
    assert started.wait(20)
    harness.executor.cancel(lambda request: request == 1)
    harness.wait(2)
    assert harness.executor.take() == [(2, "two")]
    assert [answers.get(timeout=20), answers.get(timeout=20)] == [True, False]


def test_submitted_work_is_not_handed_out_with_the_requests(harness: Harness) -> None:
    pending = harness.executor.submit(lambda _: 7)
    harness.wait()
    assert pending.done
    assert pending.result() == 7
    assert harness.executor.take() == []
