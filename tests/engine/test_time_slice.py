"""A task works only while it is given time, hands its exceptions over, and can be stopped at any moment."""

import time

import pytest

from paddock.engine.time_slice import TimeSlicedTask


class Counting:
    """Work that counts its checkpoints, up to a limit."""

    def __init__(self, limit: int = 1 << 30, error: Exception | None = None) -> None:
        self.count = 0
        self.limit = limit
        self.error = error
        self.was_stopped = False
        self.task = TimeSlicedTask(self.work)

    def work(self) -> None:
        while self.count < self.limit:
            self.count += 1
            if not self.task.checkpoint():
                self.was_stopped = True
                return
        if self.error is not None:
            raise self.error


def test_it_begins_with_the_first_slice_and_pauses_when_a_slice_is_over() -> None:
    work = Counting()
    assert work.count == 0 and not work.task.done
    work.task.run(0)
    assert work.count == 1
    work.task.run(0)
    assert work.count == 2
    work.task.stop()


def test_a_slice_takes_about_its_time() -> None:
    work = Counting()
    started = time.perf_counter()
    work.task.run(0.02)
    assert time.perf_counter() - started >= 0.02
    assert work.count > 1
    work.task.stop()


def test_the_end_of_the_work_ends_the_slice_and_further_slices_do_nothing() -> None:
    work = Counting(3)
    work.task.run(60)
    assert work.task.done and work.count == 3
    work.task.run(60)
    work.task.stop()


def test_an_exception_is_raised_in_the_slice_in_which_it_happens() -> None:
    work = Counting(2, ValueError("wrong"))
    work.task.run(0)
    with pytest.raises(ValueError, match="wrong"):
        work.task.run(60)
    assert work.task.done


def test_stopping_tells_the_work_at_its_checkpoint_and_waits_for_its_end() -> None:
    work = Counting()
    work.task.run(0)
    work.task.stop()
    assert work.task.done and work.was_stopped


def test_a_task_that_never_ran_can_be_stopped_and_does_nothing() -> None:
    work = Counting()
    work.task.stop()
    assert work.task.done and work.count == 0
