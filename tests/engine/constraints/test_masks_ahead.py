"""What may come next in a reply is computed by other threads, beside the model: it is the same as without them."""

import ctypes
import gc
import json
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.binding import Model
from paddock.engine.constraints import Constraint, ConstraintFailed, Vocabulary, constraint
from tests.ggufs import tiny_llama

SCHEMAS: list[Any] = [
    "json",
    {"type": "object", "properties": {"n": {"type": "number"}, "s": {"type": "string"}}, "required": ["n", "s"]},
    {"type": "array", "items": {"enum": ["red", "green", 7, None]}, "maxItems": 9},
    {"type": "regex", "pattern": "[0-9]{2}(ab)*c?"},
]


class Noted(Executor):
    """Threads that note what they are given; they begin with it when they are told to."""

    def __init__(self) -> None:
        self.given = 0
        self.free = threading.Event()
        self.free.set()
        self.begun = threading.Semaphore(0)
        self._pool = ThreadPoolExecutor(1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def work() -> Any:
            self.begun.release()
            assert self.free.wait(30)
            return fn(*args, **kwargs)

        self.given += 1
        return self._pool.submit(work)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.free.set()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return Vocabulary(Model(str(tiny_llama(tmp_path_factory.mktemp("models") / "tiny.gguf"))))


@pytest.fixture
def threads() -> Iterator[Noted]:
    one = Noted()
    yield one
    one.shutdown()


def begin(vocabulary: Vocabulary, format: Any, pool: Executor | None = None) -> Constraint:
    return constraint(vocabulary, json.dumps(format), pool)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SCHEMAS), st.lists(st.integers(0, 10**6), max_size=40), st.lists(st.booleans(), max_size=40))
def test_the_same_may_come_as_without(
    vocabulary: Vocabulary, schema: Any, choices: list[int], asks: list[bool]
) -> None:
    with ThreadPoolExecutor(2) as pool:
        alone, ahead = begin(vocabulary, schema), begin(vocabulary, schema, pool)
        ahead.begin()
        for step, choice in enumerate(choices):
            if alone.done or ahead.done:
                break
            may = alone.allowed().nonzero()[0]
            if asks[step : step + 1] != [False]:
                assert (ahead.allowed().nonzero()[0] == may).all()
            token = int(may[choice % len(may)])
            alone.accept(token)
            ahead.accept(token)
        assert (ahead.may_end, ahead.done) == (alone.may_end, alone.done)


def test_it_is_computed_before_it_is_asked_for(vocabulary: Vocabulary, threads: Noted) -> None:
    rules = begin(vocabulary, "json", threads)
    assert threads.given == 0
    rules.begin()
    rules.begin()
    assert threads.given == 1
    rules.accept(int(rules.allowed().nonzero()[0][0]))
    assert threads.given == 2
    rules.prepare()
    rules.begin()
    assert threads.given == 2


def test_what_no_thread_has_begun_with_is_not_waited_for(vocabulary: Vocabulary, threads: Noted) -> None:
    first, second = begin(vocabulary, "json", threads), begin(vocabulary, "json", threads)
    threads.free.clear()
    first.begin()
    second.begin()
    assert threads.begun.acquire(timeout=30)
    assert (second.allowed() == begin(vocabulary, "json").allowed()).all()
    assert first.done is False  # which needs no waiting either


def test_a_closed_reply_is_computed_no_more(vocabulary: Vocabulary, threads: Noted) -> None:
    blocking, closed = begin(vocabulary, "json", threads), begin(vocabulary, "json", threads)
    threads.free.clear()
    blocking.begin()
    closed.begin()
    assert threads.begun.acquire(timeout=30)
    closed.close()
    closed.close()
    threads.free.set()
    blocking.prepare()
    threads.shutdown()
    assert not threads.begun.acquire(blocking=False)


def test_what_a_thread_computes_lives_until_it_has(vocabulary: Vocabulary, threads: Noted) -> None:
    rules = begin(vocabulary, "json", threads)
    threads.free.clear()
    rules.begin()
    assert threads.begun.acquire(timeout=30)
    rules.close()
    gone = weakref.ref(rules)
    del rules
    gc.collect()
    assert gone() is not None
    threads.shutdown()
    gc.collect()
    assert gone() is None


class Alphabet:
    """As much of a model as a vocabulary needs: it can write nothing but these."""

    vocabulary_size = 3

    def piece(self, token: int, special: bool = False) -> bytes:
        return (b"", b"a", b"b")[token]

    def ends_reply(self, token: int) -> bool:
        return token == 0


def test_what_goes_wrong_in_a_thread_is_told_to_who_asks(threads: Noted) -> None:
    rules = begin(Vocabulary(cast(Model, Alphabet())), {"type": "regex", "pattern": "ac|b"}, threads)
    rules.accept(1)
    assert threads.given == 1
    logits = (ctypes.c_float * 3)()
    for _ in range(2):
        with pytest.raises(ConstraintFailed, match="cannot go on"):
            rules.mask(ctypes.cast(logits, ctypes.POINTER(ctypes.c_float)))
    rules.close()


def test_the_mask_takes_away_what_may_not_come_and_nothing_else(vocabulary: Vocabulary) -> None:
    rules = begin(vocabulary, "json")
    logits = (ctypes.c_float * vocabulary.size)(*(i / 7 - 3 for i in range(vocabulary.size)))
    before = list(logits)
    rules.mask(ctypes.cast(logits, ctypes.POINTER(ctypes.c_float)))
    allowed = rules.allowed().tolist()
    assert list(logits) == [b if may else float("-inf") for b, may in zip(before, allowed, strict=True)]
