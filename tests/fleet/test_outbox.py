"""Commands that wait for a runner which does not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.fleet.errors import RunnerBusy
from paddock.fleet.outbox import Outbox, OutboxConfig
from paddock.ipc import Cancel, Command, Frames, Shutdown, Tokenize, decode_command


class Pipe:
    """Takes frames, and asks for a pause after each if it is `narrow`."""

    def __init__(self, narrow: bool = False, max_bytes: int = 1000) -> None:
        self.narrow = narrow
        self.commands: list[Command] = []
        self.outbox = Outbox(self.send, OutboxConfig(max_bytes))
        self._frames = Frames()

    def send(self, frame: bytes) -> None:
        self.commands += [decode_command(body) for body in self._frames.feed(frame)]
        if self.narrow:
            self.outbox.pause()

    def request(self, number: int, size: int = 1) -> None:
        self.outbox.request(number, Tokenize(number, "x" * size))

    @property
    def ids(self) -> list[int]:
        return [command.id for command in self.commands if isinstance(command, Tokenize)]


def test_requests_are_sent_at_once_while_the_runner_reads() -> None:
    pipe = Pipe()
    pipe.request(1)
    pipe.outbox.cancel(1)
    pipe.outbox.send(Shutdown())
    assert pipe.commands == [Tokenize(1, "x"), Cancel(1), Shutdown()]


def test_requests_wait_in_order_while_it_does_not() -> None:
    pipe = Pipe(narrow=True)
    for number in range(4):
        pipe.request(number)
    assert pipe.ids == [0]
    pipe.outbox.resume()
    assert pipe.ids == [0, 1]
    pipe.narrow = False
    pipe.outbox.resume()
    assert pipe.ids == [0, 1, 2, 3]
    assert pipe.outbox.waiting_bytes == 0


def test_a_request_that_is_given_up_while_it_waits_is_never_sent_and_takes_no_memory() -> None:
    pipe = Pipe(narrow=True)
    pipe.request(1)
    pipe.request(2, 500)
    assert pipe.outbox.waiting_bytes > 500
    pipe.outbox.cancel(2)
    assert pipe.outbox.waiting_bytes == 0
    pipe.outbox.cancel(1)
    pipe.outbox.resume()
    assert pipe.commands == [Tokenize(1, "x"), Cancel(1)]


def test_what_waits_is_bounded_but_one_request_may_always_wait() -> None:
    pipe = Pipe(narrow=True, max_bytes=1000)
    pipe.request(1)
    pipe.request(2, 5000)
    with pytest.raises(RunnerBusy, match="try again later"):
        pipe.request(3)
    pipe.outbox.cancel(2)
    pipe.request(4)
    pipe.outbox.clear()
    assert pipe.outbox.waiting_bytes == 0


@given(st.lists(st.tuples(st.sampled_from(["request", "cancel", "pause", "resume"]), st.integers(0, 20))))
def test_every_request_is_sent_once_or_given_up_and_never_after_its_cancel(steps: list[tuple[str, int]]) -> None:
    pipe = Pipe(max_bytes=1 << 20)
    asked: list[int] = []
    cancelled: set[int] = set()
    for step, number in steps:
        if step == "request":
            asked.append(len(asked))
            pipe.request(asked[-1])
        elif step == "cancel" and number < len(asked) and number not in cancelled:
            cancelled.add(number)
            pipe.outbox.cancel(number)
        elif step == "pause":
            pipe.outbox.pause()
        elif step == "resume":
            pipe.outbox.resume()
    pipe.outbox.resume()
    assert pipe.ids == sorted(set(pipe.ids))
    assert set(asked) - set(pipe.ids) <= cancelled
    told = {command.id for command in pipe.commands if isinstance(command, Cancel)}
    assert told == cancelled & set(pipe.ids)
    for number in told:
        assert pipe.commands.index(Tokenize(number, "x")) < pipe.commands.index(Cancel(number))
