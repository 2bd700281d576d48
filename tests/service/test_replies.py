import asyncio
import re

import pytest

from paddock.ipc import Chunk, Finished, Generate, Step, TokenLogprob, Tokens
from paddock.parsing.reply import Parsed, ParseError, ToolCall
from paddock.service.prepared import PreparedRequest
from paddock.service.replies import GeneratedReply, ReplyReader, new_call_id
from paddock.service.requests import Delta, RepliedCall, Summary
from tests.fleet.memory_transport import MemoryTransport, connected
from tests.parsing.parsers import parser_named


class OneLease:
    """A hold on a runner that counts how often it was released."""

    def __init__(self, runner: object) -> None:
        self.runner = runner
        self.released = 0

    def release(self) -> None:
        self.released += 1


class Scripted:
    """A parser that returns what it was made with."""

    def __init__(self, *parsed: Parsed) -> None:
        self._parsed = list(parsed)

    def feed(self, text: str) -> Parsed:
        return self._parsed.pop(0)

    def finish(self) -> Parsed:
        return self._parsed.pop(0)


async def started(prepared: PreparedRequest) -> tuple[GeneratedReply, MemoryTransport, OneLease]:
    runner, transport = await connected()
    lease = OneLease(runner)
    reply = GeneratedReply(prepared, lease, started=0, load_duration=9)  # type: ignore[arg-type]
    return reply, transport, lease


def plain(*, returns_context: bool = False) -> PreparedRequest:
    return PreparedRequest(prompt="a b", command=Generate(id=0, prompt="a b"), returns_context=returns_context)


def test_pieces_that_have_piled_up_come_together() -> None:
    async def body() -> None:
        reply, transport, _ = await started(plain())
        number = transport.commands[0].id  # type: ignore[union-attr]
        transport.send_event(Step(chunks=(Chunk(number, "one"),)))
        transport.send_event(Step(chunks=(Chunk(number, "two"),)))
        await reply.start()
        assert await anext(reply) == [Delta("one"), Delta("two")]
        transport.send_event(Step(chunks=(Chunk(number, "three"),), finished=(_end(number),)))
        delta, summary = await anext(reply)
        assert delta == Delta("three")
        assert isinstance(summary, Summary)
        assert (summary.reason, summary.cached_tokens, summary.load_duration) == ("length", 4, 9)
        with pytest.raises(StopAsyncIteration):
            await anext(reply)

    asyncio.run(body())


def test_the_text_is_not_held_back_while_the_context_is_tokenized() -> None:
    async def body() -> None:
        reply, transport, _ = await started(plain(returns_context=True))
        number = transport.commands[0].id  # type: ignore[union-attr]
        transport.send_event(Step(chunks=(Chunk(number, " c"),), finished=(_end(number),)))
        assert await anext(reply) == [Delta(" c")]
        end = asyncio.create_task(reply.__anext__())
        await asyncio.sleep(0)
        tokenize = transport.commands[-1]
        assert tokenize.text == "a b c"  # type: ignore[union-attr]
        transport.send_event(Tokens.of(tokenize.id, [1, 2, 3]))  # type: ignore[union-attr]
        (summary,) = await end
        assert isinstance(summary, Summary)
        assert list(summary.context or ()) == [1, 2, 3]

    asyncio.run(body())


def test_closing_cancels_the_request_and_releases_the_runner() -> None:
    async def body() -> None:
        reply, transport, lease = await started(plain())
        await reply.close()
        assert [type(command).__name__ for command in transport.commands] == ["Generate", "Cancel"]
        assert lease.released == 1

    asyncio.run(body())


def test_calls_are_numbered_through_the_reply() -> None:
    reader = ReplyReader(
        Scripted(Parsed(calls=(ToolCall("a", {}),)), Parsed(), Parsed(calls=(ToolCall("b", {"x": 1}),)))
    )
    first, nothing, last = reader.feed(Chunk(1, "")), reader.feed(Chunk(1, "")), reader.finish()
    assert nothing is None
    assert first is not None and last is not None
    calls = [*first.calls, *last.calls]
    assert [(call.index, call.name, call.arguments) for call in calls] == [(0, "a", {}), (1, "b", {"x": 1})]
    assert all(isinstance(call, RepliedCall) for call in calls)


def test_log_probabilities_wait_for_the_text_that_they_belong_to() -> None:
    one, two = (TokenLogprob(text, -1.0, text.encode()) for text in ("x", "y"))
    reader = ReplyReader(Scripted(Parsed(), Parsed(content="xy"), Parsed()))
    assert reader.feed(Chunk(1, "x", (one,))) is None
    assert reader.feed(Chunk(1, "y", (two,))) == Delta("xy", logprobs=(one, two))
    assert reader.finish() is None


def test_log_probabilities_without_text_come_at_the_end() -> None:
    one = TokenLogprob("x", -1.0, b"x")
    reader = ReplyReader(Scripted(Parsed(), Parsed()))
    assert reader.feed(Chunk(1, "x", (one,))) is None
    assert reader.finish() == Delta(logprobs=(one,))


def test_what_the_parser_cannot_read_is_an_error() -> None:
    with pytest.raises(ParseError, match="no call"):
        ReplyReader(Scripted(Parsed(error="no call"))).feed(Chunk(1, "x"))


def test_thinking_is_told_from_content() -> None:
    parser = parser_named("qwen3-thinking", tools=None, think=True, last_message=None)
    reader = ReplyReader(parser)
    found = [reader.feed(Chunk(1, text)) for text in ("so", "</think>", "yes")] + [reader.finish()]
    assert "".join(delta.thinking for delta in found if delta) == "so"
    assert "".join(delta.text for delta in found if delta) == "yes"


def test_ids_of_calls_look_as_ollamas_and_differ() -> None:
    ids = {new_call_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"call_[a-z0-9]{8}", id) for id in ids)


def _end(number: int) -> Finished:
    return Finished(
        id=number,
        reason="length",
        prompt_tokens=5,
        cached_tokens=4,
        prompt_duration=3,
        reply_tokens=2,
        reply_duration=1,
    )
