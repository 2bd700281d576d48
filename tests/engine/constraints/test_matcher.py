"""A matcher allows what its grammar allows, and the same when threads compute that beside the model."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.constraints import ConstraintFailed, FormatTooComplex, GrammarCache, GrammarMatcher
from paddock.ipc import Constraint, JsonObject, Lark, Regex
from tests.engine.constraints.writer import BYTES, END, Tokens, Writer, allowed, json_schema
from tests.examples import scaled

CONSTRAINTS: list[Constraint] = [
    JsonObject(),
    json_schema(
        {"type": "object", "properties": {"n": {"type": "number"}, "s": {"type": "string"}}, "required": ["n", "s"]}
    ),
    json_schema({"type": "array", "items": {"enum": ["red", "green", 7, None]}, "maxItems": 9}),
    Regex("[0-9]{2}(ab)*c?"),
]


def masked(matcher: GrammarMatcher, logits: list[float]) -> list[float]:
    """Return `logits` as the matcher leaves them."""
    values = np.array(logits, np.float32)
    matcher.mask_logits(values)
    return [float(value) for value in values]


def test_the_end_is_allowed_exactly_when_the_reply_is_complete(writer: Writer) -> None:
    matcher = writer.matcher(json_schema({"type": "object"}))
    for byte in b'{"a": [1, "}"], "b": {}}':
        assert not matcher.may_end
        assert not matcher.allowed_tokens()[END]
        matcher.accept(BYTES + byte)
    assert matcher.may_end
    assert matcher.done
    assert allowed(matcher) == {END}


def test_a_complete_reply_that_could_go_on_may_end(writer: Writer) -> None:
    matcher = writer.matcher(json_schema({"type": "integer"}))
    assert not matcher.may_end
    for _ in range(3):
        matcher.accept(BYTES + ord("7"))
        assert matcher.may_end
        assert not matcher.done
        assert {END, BYTES + ord("7")} <= allowed(matcher)
    matcher.accept(END)
    assert matcher.done


def test_control_tokens_are_never_allowed(writer: Writer) -> None:
    matcher = writer.matcher(Regex(r"(?s:.*)"))
    for byte in b"</s> \0 <unk>":
        assert not matcher.allowed_tokens()[:END].any()
        matcher.accept(BYTES + byte)


def test_a_token_that_may_not_come_is_not_accepted(writer: Writer) -> None:
    with pytest.raises(ConstraintFailed, match="may not come here"):
        writer.matcher(JsonObject()).accept(BYTES + ord("["))
    with pytest.raises(ConstraintFailed, match="before it was complete"):
        writer.matcher(JsonObject()).accept(END)


def test_a_format_that_allows_too_much_at_one_place_fails_with_that_reason(writer: Writer) -> None:
    matcher = writer.matcher(Lark("start: " + " | ".join(f'"w{number}"' for number in range(5000))))
    with pytest.raises(FormatTooComplex, match="too many things at one place"):
        for byte in b"w12":
            matcher.allowed_tokens()
            matcher.accept(BYTES + byte)


def test_the_mask_takes_away_what_may_not_come_and_nothing_else(writer: Writer) -> None:
    matcher = writer.matcher(JsonObject())
    logits = [float(i) for i in range(matcher.tokens.size)]
    may = matcher.allowed_tokens().tolist()
    assert masked(matcher, logits) == [b if ok else float("-inf") for b, ok in zip(logits, may, strict=True)]
    assert {writer.model.piece(token) for token in allowed(matcher)} == {b"{"}


def test_a_fork_is_at_the_beginning_wherever_the_other_is(writer: Writer) -> None:
    matcher = writer.matcher(JsonObject())
    begin = allowed(matcher)
    matcher.accept(BYTES + ord("{"))
    assert allowed(matcher.fork()) == begin != allowed(matcher)


def test_characters_may_be_split_among_tokens_but_not_left_unfinished() -> None:
    tokens = Tokens([b"", b'"', b"\xf0\x9f", b"\x98", b'\x80"', b"\x80", b"\xff", b"a\xf0", b"\x9f"], {0})
    matcher = tokens.matcher(json_schema({"type": "string"}))
    assert allowed(matcher) == {1}
    for token, after in ((1, {1, 2, 7}), (7, {3, 8}), (8, {3, 5, 8}), (3, {3, 4, 5, 8}), (4, {0})):
        assert allowed(matcher, token) == after
    assert matcher.done


def test_any_of_several_end_tokens_may_end_a_reply() -> None:
    matcher = Tokens([b"a", b"<end>", b"b", b""], {1, 3}).matcher(Regex("a"))
    assert allowed(matcher, 0) == {1, 3}
    matcher.accept(3)
    assert matcher.done


def test_without_end_tokens_a_reply_is_done_when_nothing_can_come() -> None:
    matcher = Tokens([b"a", b"b"], set()).matcher(Regex("ab"))
    assert allowed(matcher, 0) == {1}
    matcher.accept(1)
    assert matcher.done
    assert allowed(matcher) == set()


class Noted(Executor):
    """Threads that count what they are given, and begin with it when they are told to."""

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


@pytest.fixture
def threads() -> Iterator[Noted]:
    one = Noted()
    yield one
    one.shutdown()


def with_pool(writer: Writer, pool: Executor) -> GrammarMatcher:
    return GrammarMatcher(writer.grammars.tokens, writer.grammars.get(JsonObject()), pool)


@settings(max_examples=scaled(60), deadline=None)
@given(st.sampled_from(CONSTRAINTS), st.lists(st.integers(0, 10**6), max_size=40), st.lists(st.booleans(), max_size=40))
def test_threads_compute_the_same(writer: Writer, constraint: Constraint, choices: list[int], asks: list[bool]) -> None:
    with ThreadPoolExecutor(2) as pool:
        alone = writer.matcher(constraint)
        ahead = GrammarMatcher(writer.grammars.tokens, writer.grammars.get(constraint), pool)
        ahead.precompute()
        for step, choice in enumerate(choices):
            if alone.done or ahead.done:
                break
            may = alone.allowed_tokens().nonzero()[0]
            if asks[step : step + 1] != [False]:
                assert (ahead.allowed_tokens().nonzero()[0] == may).all()
            token = int(may[choice % len(may)])
            alone.accept(token)
            ahead.accept(token)
        assert (ahead.may_end, ahead.done) == (alone.may_end, alone.done)


def test_a_mask_is_computed_before_it_is_asked_for(writer: Writer, threads: Noted) -> None:
    matcher = with_pool(writer, threads)
    assert threads.given == 0
    matcher.precompute()
    matcher.precompute()
    assert threads.given == 1
    matcher.accept(int(matcher.allowed_tokens().nonzero()[0][0]))
    assert threads.given == 2
    matcher.allowed_tokens()
    matcher.precompute()
    assert threads.given == 2


def test_a_thread_that_has_not_begun_is_not_waited_for(writer: Writer, threads: Noted) -> None:
    first, second = with_pool(writer, threads), with_pool(writer, threads)
    threads.free.clear()
    first.precompute()
    second.precompute()
    assert threads.begun.acquire(timeout=30)
    assert allowed(second) == allowed(writer.matcher(JsonObject()))
    assert first.done is False  # which needs no waiting either


def test_a_closed_matcher_computes_no_more(writer: Writer, threads: Noted) -> None:
    blocking, closed = with_pool(writer, threads), with_pool(writer, threads)
    threads.free.clear()
    blocking.precompute()
    closed.precompute()
    assert threads.begun.acquire(timeout=30)
    closed.close()
    closed.close()
    threads.free.set()
    blocking.allowed_tokens()
    threads.shutdown()
    assert not threads.begun.acquire(blocking=False)


def test_a_matcher_lives_until_its_thread_has_ended(writer: Writer, threads: Noted) -> None:
    matcher = with_pool(writer, threads)
    threads.free.clear()
    matcher.precompute()
    assert threads.begun.acquire(timeout=30)
    matcher.close()
    gone = weakref.ref(matcher)
    del matcher
    gc.collect()
    assert gone() is not None
    threads.shutdown()
    gc.collect()
    assert gone() is None


def test_an_error_in_a_thread_is_raised_where_the_mask_is_asked_for(threads: Noted) -> None:
    grammars = GrammarCache(Tokens([b"", b"a", b"b"], {0}).info())
    matcher = GrammarMatcher(grammars.tokens, grammars.get(Regex("ac|b")), threads)
    matcher.accept(1)
    assert threads.given == 1
    for _ in range(2):
        with pytest.raises(ConstraintFailed, match="cannot go on"):
            masked(matcher, [0.0] * 3)
    matcher.close()
