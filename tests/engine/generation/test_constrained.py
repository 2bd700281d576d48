"""A constrained reply is free between its thinking tags, however they are cut into tokens; constraints are compiled."""

import threading
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest

from paddock.engine.binding import Context, LlamaModel, SamplerChain
from paddock.engine.constraints import BadConstraint, ConstraintFailed, GrammarCache, GrammarMatcher, TokenizerInfo
from paddock.engine.constraints.grammar import ReplyGrammar, grammar_of
from paddock.engine.constraints.tool_calls import ControlTokens
from paddock.engine.generation.constrained import ANSWER_TOKENS, CompilerConfig, ConstrainedSampler, GrammarCompiler
from paddock.ipc import Constraint, Generate, Regex, ThinkingTags

PIECES = ["", "<think>", "<", "th", "ink>", "</think>", "</", "tool>", "a", "1", ">", "b"]
END, THINK, LESS, TH, INK, CLOSE, SLASH, TOOL, A, ONE, GREATER, B = range(len(PIECES))
CONTROL = {THINK, CLOSE}


class Tokens:
    """As much of a model, a context and a sampler as a reply needs: it samples the next scripted token if it may."""

    def __init__(self, pieces: list[str], *scripted: int) -> None:
        self.pieces, self.vocabulary_size = pieces, len(pieces)
        self.scripted = list(scripted)
        self._logits = np.zeros(len(pieces), np.float32)

    def piece(self, token: int, special: bool = False) -> bytes:
        return self.pieces[token].encode() if special or token not in CONTROL else b""

    def ends_reply(self, token: int) -> bool:
        return token == END

    def logits(self, index: int) -> Any:
        return self._logits

    def sample(self, context: Context, index: int) -> int:
        may = [token for token, value in enumerate(self._logits) if value != float("-inf")]
        return self.scripted.pop(0) if self.scripted and self.scripted[0] in may else may[0]

    def reply(self, pattern: str, thinking: tuple[str, ...] | None, *, most: int = 12, num_predict: int = 1000) -> str:
        model = cast(LlamaModel, self)
        grammars = GrammarCache(TokenizerInfo(model))
        matcher = GrammarMatcher(grammars.tokens, grammars.get(Regex(pattern)))
        reply = ConstrainedSampler(model, matcher, ThinkingTags(*thinking) if thinking else None, num_predict)
        tokens: list[int] = []
        while not reply.done and len(tokens) < min(most, num_predict):
            self._logits[:] = 0
            tokens.append(
                reply.sample(cast(SamplerChain, self), cast(Context, self), 0, keep_logits=len(tokens) % 2 == 0)
            )
        return "|".join(self.pieces[token] for token in tokens)


TAGS = ("<think>", "</think>")


def test_a_reply_without_thinking_is_constrained_at_once() -> None:
    assert Tokens(PIECES, THINK).reply("11", None) == "1|1"


def test_text_between_the_tags_is_free() -> None:
    assert Tokens(PIECES, THINK, A, B, A, CLOSE, B).reply("11", TAGS) == "<think>|a|b|a|</think>|1|1"


def test_the_thinking_may_be_open_already() -> None:
    assert Tokens(PIECES, A, THINK, CLOSE, A).reply("11", ("", "</think>")) == "a|<think>|</think>|1|1"


def test_a_reply_that_does_not_open_the_thinking_is_constrained() -> None:
    assert Tokens(PIECES, ONE, THINK).reply("11", TAGS) == "1|1"


def test_a_tag_may_come_in_pieces_but_not_half() -> None:
    assert Tokens(PIECES, LESS, TH, INK, B, CLOSE).reply("11", TAGS) == "<|th|ink>|b|</think>|1|1"
    assert Tokens(PIECES, LESS, ONE, ONE, B, CLOSE).reply("11", TAGS).startswith("<|th|ink>|")


def test_a_beginning_that_tag_and_answer_share_is_undecided() -> None:
    assert Tokens(PIECES, LESS, TH, INK, CLOSE).reply("<1>", TAGS) == "<|th|ink>|</think>|<|1|>"
    assert Tokens(PIECES, LESS, ONE, GREATER).reply("<1>", TAGS) == "<|1|>"


def test_a_tag_of_pieces_closes_too() -> None:
    assert Tokens(PIECES, THINK, A, SLASH, TH, INK).reply("11", TAGS) == "<think>|a|</|th|ink>|1|1"


def test_an_end_within_the_thinking_ends_only_the_thinking() -> None:
    assert Tokens(PIECES, THINK, A, END).reply("11", TAGS) == "<think>|a|</think>|1|1"
    assert Tokens([*PIECES[:CLOSE], "x", *PIECES[CLOSE + 1 :]], THINK, END).reply("11", TAGS) == (
        "<think>|</|th|ink>|1|1"
    )


def test_thinking_without_an_end_leaves_a_quarter_of_the_tokens_to_the_answer() -> None:
    assert Tokens(PIECES, THINK, *[A] * 20).reply("11", TAGS, num_predict=8) == "<think>|a|a|a|a|</think>|1|1"
    assert Tokens(PIECES, *[B] * 20).reply("1", ("", "</think>"), num_predict=4) == "b|b|</think>|1"
    # What has begun with the tag is begun again.
    assert Tokens(PIECES, THINK, A, SLASH, TH, INK).reply("1", TAGS, num_predict=5) == "<think>|a|</|</think>|1"
    assert [Tokens(PIECES, THINK, A).reply("1", TAGS, num_predict=n) for n in (1, 2, 3)] == [
        "<think>",
        "<think>|</think>",
        "<think>|a|</think>",
    ]


def test_a_tag_of_many_tokens_takes_none_of_those_for_the_answer() -> None:
    pieces = [*PIECES[:CLOSE], "x", *PIECES[CLOSE + 1 :]]
    assert Tokens(pieces, THINK, *[A] * 20).reply("11", TAGS, num_predict=8) == "<think>|a|a|</|th|ink>|1|1"


def test_more_than_the_tag_is_written_where_that_ends_a_message() -> None:
    tags = (*TAGS, "b</think>")
    assert Tokens(PIECES, THINK, A, CLOSE).reply("11", tags) == "<think>|a|</think>|1|1"
    assert Tokens(PIECES, THINK, A, END).reply("11", tags) == "<think>|a|b|</think>|1|1"


def test_an_answer_needs_no_more_than_so_many_tokens() -> None:
    thought = Tokens(PIECES, THINK, *[A] * 3000).reply("11", TAGS, num_predict=2400, most=2400).split("|")
    assert thought.index("</think>") == 2400 - ANSWER_TOKENS - 1


def test_a_tag_that_no_token_can_write_fails() -> None:
    with pytest.raises(ConstraintFailed, match="opens the thinking"):
        Tokens(PIECES, LESS).reply("11", ("<x>", "</x>"))
    with pytest.raises(ConstraintFailed, match="closes the thinking"):
        Tokens(PIECES, END).reply("11", ("", "xyz"))


class Compiling:
    """A compiler and what it hands out."""

    def __init__(self, config: CompilerConfig | None = None) -> None:
        self._ready = threading.Event()
        self.compiler = GrammarCompiler(cast(LlamaModel, Tokens(PIECES)), self._ready.set, config or CompilerConfig())

    def add(self, number: int, pattern: str) -> None:
        self.compiler.add(Generate(id=number, prompt=""), Regex(pattern))

    def take(self, count: int) -> dict[int, GrammarMatcher | BadConstraint]:
        """Wait for `count` requests."""
        found: dict[int, GrammarMatcher | BadConstraint] = {}
        while len(found) < count:
            assert self._ready.wait(20)
            self._ready.clear()
            found |= {request.id: outcome for request, outcome in self.compiler.take()}
        return found


@pytest.fixture
def compiling() -> Iterator[Compiling]:
    one = Compiling()
    yield one
    one.compiler.close()


def test_a_constraint_is_compiled_into_a_matcher_of_its_own(compiling: Compiling) -> None:
    compiling.add(1, "1|ab")
    compiling.add(2, "1|ab")
    found = compiling.take(2)
    assert list(found) == [1, 2]
    first, second = found[1], found[2]
    assert isinstance(first, GrammarMatcher)
    assert isinstance(second, GrammarMatcher)
    first.accept(A)
    assert first.allowed_tokens().nonzero()[0].tolist() == [B]
    assert second.allowed_tokens().nonzero()[0].tolist() == [A, ONE]
    first.close()


def test_a_constraint_that_cannot_be_enforced_fails_its_request_alone(compiling: Compiling) -> None:
    compiling.add(1, "a(")
    compiling.add(2, "a")
    found = compiling.take(2)
    assert "unclosed group" in str(found[1])
    assert isinstance(found[1], BadConstraint)
    assert isinstance(found[2], GrammarMatcher)


def test_a_cancelled_request_is_not_handed_out(compiling: Compiling) -> None:
    compiling.add(1, "a")
    compiling.add(2, "b")
    compiling.compiler.cancel(1)
    assert list(compiling.take(1)) == [2]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold up formats that contain an `x` until the event is set."""
    event = threading.Event()

    def slowly(constraint: Constraint, controls: ControlTokens) -> ReplyGrammar:
        if isinstance(constraint, Regex) and "x" in constraint.pattern:
            assert event.wait(20)
        return grammar_of(constraint, controls)

    monkeypatch.setattr("paddock.engine.constraints.grammar_cache.grammar_of", slowly)
    yield event
    event.set()


def test_a_slow_format_holds_up_no_other(compiling: Compiling, held: threading.Event) -> None:
    compiling.add(1, "1|x")
    compiling.add(2, "a")
    assert list(compiling.take(1)) == [2]
    held.set()
    assert isinstance(compiling.take(1)[1], GrammarMatcher)


def test_a_format_that_takes_too_long_is_given_up_and_others_go_on(held: threading.Event) -> None:
    compiling = Compiling(CompilerConfig(threads=1, seconds=0.2, most_abandoned=2))
    compiling.add(1, "1|x")
    compiling.add(2, "a")
    compiling.add(3, "1|x")
    found = compiling.take(3)
    assert "takes more than 0 s to be compiled" in str(found[1])
    assert "takes more than 0 s to be compiled" in str(found[3])
    assert isinstance(found[2], GrammarMatcher)
    compiling.compiler.close()


def test_nothing_is_compiled_while_too_many_do_not_end(held: threading.Event) -> None:
    compiling = Compiling(CompilerConfig(threads=2, seconds=0.1, most_abandoned=2))
    compiling.add(1, "1|x")
    compiling.add(2, "1|xx")
    compiling.take(2)
    compiling.add(3, "a")
    assert "no format can be compiled now" in str(compiling.take(1)[3])
    held.set()
    for number in range(4, 1000):
        compiling.add(number, "a")
        if isinstance(compiling.take(1)[number], GrammarMatcher):
            break
        threading.Event().wait(0.01)
    else:
        pytest.fail("it never compiles again")
    compiling.compiler.close()


def test_a_format_that_several_wait_for_is_compiled_once(compiling: Compiling, held: threading.Event) -> None:
    for number in range(1, 8):
        compiling.add(number, "1|x")
    compiling.add(8, "b")
    assert list(compiling.take(1)) == [8]
    compiling.compiler.cancel(3)
    held.set()
    found = compiling.take(6)
    assert list(found) == [1, 2, 4, 5, 6, 7]
    matchers = [matcher for matcher in found.values() if isinstance(matcher, GrammarMatcher)]
    assert len({id(matcher) for matcher in matchers}) == 6
