"""Results of short steps are sent together, in order, and none is lost."""

from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.step_buffer import StepBuffer
from paddock.ipc import Chunk, Failed, Finished, Step

INTERVAL = 0.002


class Recorded:
    """A buffer, its clock, and what it sent when."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[tuple[float, Step]] = []
        self.buffer = StepBuffer(lambda step: self.sent.append((self.now, step)), INTERVAL, lambda: self.now)

    @property
    def texts(self) -> list[str]:
        return ["".join(chunk.text for chunk in step.chunks) for _, step in self.sent]

    def add(self, text: str, *, may_wait: bool = True, ends: bool = False, after: float = 0.0) -> None:
        self.now += after
        self.buffer.add(Step((Chunk(1, text),), (end(1),) if ends else ()), may_wait=may_wait)


def end(id: int) -> Finished:
    return Finished(
        id=id,
        reason="stop",
        prompt_tokens=1,
        cached_tokens=0,
        prompt_duration=1,
        reply_tokens=1,
        reply_duration=1,
    )


def test_the_first_result_is_sent_at_once_and_those_within_the_interval_together() -> None:
    recorded = Recorded()
    for text in "abcd":
        recorded.add(text, after=0.0008)
    assert recorded.texts == ["a", "bcd"]


def test_slow_steps_are_never_held() -> None:
    recorded = Recorded()
    for text in "abcd":
        recorded.add(text, after=INTERVAL * 1.01)
    assert recorded.texts == ["a", "b", "c", "d"]


def test_an_end_and_a_failure_are_sent_at_once_with_what_was_held() -> None:
    recorded = Recorded()
    recorded.add("a")
    recorded.add("b")
    recorded.add("c", ends=True)
    assert recorded.texts == ["a", "bc"]
    assert recorded.sent[-1][1].finished
    recorded.add("d")
    recorded.buffer.add(Step(failed=(Failed(2, "no"),)), may_wait=True)
    assert recorded.texts == ["a", "bc", "d"]


def test_what_may_not_wait_and_what_is_flushed_is_sent_at_once() -> None:
    recorded = Recorded()
    recorded.add("a")
    recorded.add("b")
    recorded.add("c", may_wait=False)
    recorded.add("d")
    recorded.buffer.flush()
    recorded.buffer.flush()
    assert recorded.texts == ["a", "bc", "d"]


@given(
    st.lists(st.tuples(st.floats(0, 0.01), st.integers(0, 3), st.booleans(), st.booleans(), st.booleans()), max_size=30)
)
def test_every_chunk_arrives_once_in_order_and_soon(steps: list[tuple[float, int, bool, bool, bool]]) -> None:
    recorded = Recorded()
    expected: list[str] = []
    for number, (seconds, id, may_wait, ends, flushes) in enumerate(steps):
        recorded.now += seconds
        recorded.buffer.add(Step((Chunk(id, str(number)),), (end(id),) if ends else ()), may_wait=may_wait)
        expected.append(str(number))
        if flushes:
            recorded.buffer.flush()
        arrived = [chunk.text for _, step in recorded.sent for chunk in step.chunks]
        assert arrived == expected[: len(arrived)]
        if ends or flushes or not may_wait:
            assert arrived == expected
        elif arrived != expected:
            assert recorded.now - recorded.sent[-1][0] < INTERVAL
