import asyncio
import logging
from array import array
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.errors import ErrorKind
from paddock.fleet import LoadFailure, LoadTimeout, Reply, RequestFailed, Runner, RunnerCrashed
from paddock.fleet.client import RunnerClient
from paddock.fleet.errors import CrashedLoading
from paddock.ipc import (
    Cancel,
    Chunk,
    Command,
    Embed,
    Embedded,
    Failed,
    Finished,
    Generate,
    LoadFailed,
    LoadModel,
    Measure,
    Measured,
    Statistics,
    Step,
    Tokenize,
    Tokens,
    Vector,
    encode,
)
from tests.examples import scaled
from tests.fleet.memory_transport import LOAD, LOADED, MemoryTransport, connected

Body = Callable[[], Coroutine[Any, Any, None]]


def run(body: Body) -> None:
    asyncio.run(asyncio.wait_for(body(), 10))


def ask(client: Runner, prompt: str = "x") -> Reply:
    return client.generate(Generate(id=0, prompt=prompt))


def end(number: int) -> Finished:
    return Finished(
        id=number,
        reason="stop",
        prompt_tokens=1,
        cached_tokens=0,
        prompt_duration=1,
        reply_tokens=1,
        reply_duration=1,
    )


async def text_of(reply: Reply) -> str:
    """Read a reply to its end."""
    text = ""
    while True:
        for event in await reply.read():
            if isinstance(event, Finished):
                return text
            text += event.text


async def started(awaitable: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """Start a call and let it send its command."""
    task = asyncio.create_task(awaitable)
    await asyncio.sleep(0)
    return task


def test_loading_tells_how_the_model_was_loaded() -> None:
    async def body() -> None:
        client, transport = await connected()
        assert client.loaded == LOADED
        await client.close()
        assert transport.was_told_to_leave

    run(body)


def test_a_model_that_cannot_be_loaded_fails_with_the_runners_message() -> None:
    def refuse(runner: MemoryTransport, command: Command) -> None:
        if isinstance(command, LoadModel):
            runner.send_event(LoadFailed("no such tensor"))

    async def body() -> None:
        client = RunnerClient("m", MemoryTransport(refuse))
        with pytest.raises(LoadFailure, match=r"^no such tensor$"):
            await client.load(LOAD, 5)
        assert await client.wait_closed() == "exit status 0"

    run(body)


def test_a_runner_that_dies_while_it_loads_fails_with_the_reason_and_logs_its_last_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def die(runner: MemoryTransport, command: Command) -> None:
        runner.receiver.log_received("/tmp/build/ggml.c:12: GGML_ASSERT(a) failed")
        runner.receiver.log_received("INFO good bye")
        runner.lose("signal 6")

    async def body() -> None:
        with pytest.raises(CrashedLoading, match=r"^the model's file is damaged: .* \(signal 6\)") as error:
            await RunnerClient("m", MemoryTransport(die)).load(LOAD, 5)
        assert "GGML" not in str(error.value)

    run(body)
    assert "ended by itself (signal 6: /tmp/build/ggml.c:12: GGML_ASSERT(a) failed)" in caplog.text


def test_loading_that_takes_too_long_ends_the_runner() -> None:
    async def body() -> None:
        transport = MemoryTransport(lambda runner, command: None)
        client = RunnerClient("m", transport)
        with pytest.raises(LoadTimeout, match="timed out waiting for the model to load"):
            await client.load(LOAD, 0.01)
        assert transport.was_told_to_leave
        assert transport.aborted  # it may hang
        await client.wait_closed()

    run(body)


def test_cancelled_loading_ends_the_runner() -> None:
    async def body() -> None:
        transport = MemoryTransport(lambda runner, command: None)
        client = RunnerClient("m", transport)
        loading = await started(client.load(LOAD, 5))
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        await client.wait_closed()

    run(body)


def test_a_transport_that_cannot_be_opened_fails_the_loading() -> None:
    class Unreachable(MemoryTransport):
        async def open(self, receiver: object) -> None:
            raise ConnectionRefusedError("nobody listens")

    async def body() -> None:
        with pytest.raises(OSError, match="nobody listens"):
            await RunnerClient("m", Unreachable()).load(LOAD, 5)

    run(body)


def test_interleaved_replies_reach_their_readers_in_order() -> None:
    async def body() -> None:
        client, transport = await connected()
        first, second = ask(client, "a"), ask(client, "b")
        sent = [(c.id, c.prompt) for c in transport.commands if isinstance(c, Generate)]
        assert sent == [(first.request, "a"), (second.request, "b")]
        texts = asyncio.gather(text_of(first), text_of(second))
        for letter in "xyz":
            transport.send_event(Step(chunks=(Chunk(second.request, letter), Chunk(first.request, letter.upper()))))
            await asyncio.sleep(0)
        transport.send_event(Step(chunks=(Chunk(first.request, "!"),), finished=(end(first.request),)))
        transport.send_event(Step(finished=(end(second.request),)))
        assert list(await texts) == ["XYZ!", "xyz"]
        assert await first.read() == []

    run(body)


@settings(max_examples=scaled(30))
@given(st.integers(1, 4), st.lists(st.text(max_size=5), max_size=6), st.data())
def test_frames_may_be_cut_anywhere(count: int, pieces: list[str], data: st.DataObject) -> None:
    async def body() -> None:
        client, transport = await connected()
        replies = [ask(client) for _ in range(count)]
        steps = [Step(chunks=tuple(Chunk(reply.request, piece) for reply in replies)) for piece in pieces]
        steps.append(Step(finished=tuple(end(reply.request) for reply in replies)))
        stream = b"".join(map(encode, steps))
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            transport.receiver.data_received(stream[:size])
            stream = stream[size:]
        for reply in replies:
            assert await text_of(reply) == "".join(pieces)

    run(body)


def test_a_reader_is_woken_once_for_all_events_of_a_frame() -> None:
    async def body() -> None:
        client, transport = await connected()
        reply = ask(client)
        reading = await started(reply.read())
        transport.send_event(Step(chunks=(Chunk(reply.request, "a"),), finished=(end(reply.request),)))
        assert await reading == [Chunk(reply.request, "a"), end(reply.request)]

    run(body)


def test_a_failed_request_fails_alone_and_after_what_it_has_sent() -> None:
    async def body() -> None:
        client, transport = await connected()
        bad, good = ask(client), ask(client)
        transport.send_event(Step(chunks=(Chunk(bad.request, "a"), Chunk(good.request, "b"))))
        transport.send_event(Step(failed=(Failed(bad.request, "too much", "too_long"),), finished=(end(good.request),)))
        assert await bad.read() == [Chunk(bad.request, "a")]
        with pytest.raises(RequestFailed, match="too much") as error:
            await bad.read()
        assert error.value.kind is ErrorKind.TOO_LONG
        assert await text_of(good) == "b"

    run(body)


def test_closing_a_reply_cancels_its_request_once_and_drops_what_still_comes() -> None:
    async def body() -> None:
        client, transport = await connected()
        reply = ask(client)
        reading = await started(reply.read())
        reply.close()
        reply.close()
        assert await reading == []
        assert transport.commands[1:] == [Cancel(reply.request)]
        transport.send_event(Step(chunks=(Chunk(reply.request, "late"),), finished=(end(reply.request),)))
        assert await reply.read() == []

    run(body)


def test_closing_a_reply_that_has_ended_cancels_nothing() -> None:
    async def body() -> None:
        client, transport = await connected()
        reply = ask(client)
        transport.send_event(Step(finished=(end(reply.request),)))
        reply.close()
        assert not any(isinstance(command, Cancel) for command in transport.commands)

    run(body)


def test_tokens_and_sizes_are_answered_out_of_order() -> None:
    async def body() -> None:
        client, transport = await connected()
        tokens = await started(client.tokenize("hello", context=(1, 2), add_special=False))
        sizes = await started(client.measure((b"image", b"audio")))
        assert transport.commands == [Tokenize(1, "hello", (1, 2), False), Measure(2, (b"image", b"audio"))]
        transport.send_event(Measured(2, (7, 8)))
        transport.send_event(Tokens.of(1, [3, 4, 5]))
        assert (list(await tokens), await sizes) == ([3, 4, 5], (7, 8))

    run(body)


def test_a_cancelled_question_is_cancelled_at_the_runner_and_its_answer_is_ignored() -> None:
    async def body() -> None:
        client, transport = await connected()
        asking = await started(client.measure((b"image",)))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert transport.commands[1:] == [Cancel(1)]
        transport.send_event(Measured(1, (7,)))
        transport.send_event(Step(failed=(Failed(1, "no image"),)))

    run(body)


def test_a_failed_question_raises() -> None:
    async def body() -> None:
        client, transport = await connected()
        asking = await started(client.measure((b"nonsense",)))
        transport.send_event(Step(failed=(Failed(1, "neither image nor audio", "invalid"),)))
        with pytest.raises(RequestFailed, match="neither image nor audio"):
            await asking
        assert not any(isinstance(command, Cancel) for command in transport.commands)

    run(body)


def floats(*values: float) -> bytes:
    return array("f", values).tobytes()


def test_vectors_come_in_any_order_and_are_returned_in_that_of_the_texts() -> None:
    async def body() -> None:
        client, transport = await connected()
        embedding = await started(client.embed(Embed(id=0, texts=("a", "b", "c"))))
        transport.send_event(Embedded((Vector(1, 2, 5, floats(3)), Vector(9, 0, 1, floats(9)))))
        transport.send_event(Embedded((Vector(1, 0, 1, floats(1)), Vector(1, 1, 1, floats(2)))))
        vectors = await embedding
        assert [list(v) for v in vectors.numbers] == [[1], [2], [3]]
        assert vectors.tokens == 7
        assert not any(isinstance(command, Cancel) for command in transport.commands)

    run(body)


def test_embedding_nothing_returns_at_once() -> None:
    async def body() -> None:
        client, _ = await connected()
        assert (await client.embed(Embed(id=0, texts=()))).numbers == []

    run(body)


def test_a_cancelled_embedding_is_cancelled_at_the_runner() -> None:
    async def body() -> None:
        client, transport = await connected()
        embedding = await started(client.embed(Embed(id=0, texts=("a",))))
        embedding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await embedding
        assert transport.commands[1:] == [Cancel(1)]

    run(body)


def test_a_runner_that_goes_fails_every_request_with_the_reason() -> None:
    async def body() -> None:
        client, transport = await connected()
        reply = ask(client)
        others = [
            await started(client.tokenize("x")),
            await started(client.measure((b"x",))),
            await started(client.embed(Embed(id=0, texts=("a",)))),
        ]
        transport.send_event(Step(chunks=(Chunk(reply.request, "half"),)))
        transport.lose("signal 9")
        assert await reply.read() == [Chunk(reply.request, "half")]
        with pytest.raises(RunnerCrashed, match=r"^model runner has unexpectedly stopped \(signal 9\)$"):
            await reply.read()
        for other in others:
            with pytest.raises(RunnerCrashed, match="signal 9"):
                await other
        assert await client.wait_closed() == "signal 9"
        await client.close()

    run(body)


def test_a_runner_that_is_gone_takes_no_requests() -> None:
    async def body() -> None:
        client, transport = await connected()
        transport.lose("exit status 1")
        with pytest.raises(RunnerCrashed, match="has gone"):
            ask(client)
        for call in (client.tokenize("x"), client.measure((b"x",)), client.embed(Embed(id=0, texts=("a",)))):
            with pytest.raises(RunnerCrashed, match="has gone"):
                await call

    run(body)


def test_a_client_that_closes_takes_no_requests_and_fails_those_that_run() -> None:
    async def body() -> None:
        client, _ = await connected()
        reply = ask(client)
        closing = await started(client.close())
        with pytest.raises(RunnerCrashed, match="has gone"):
            ask(client)
        with pytest.raises(RunnerCrashed, match="exit status 0"):
            await reply.read()
        await closing

    run(body)


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff\xff", b"\x01\x00\x00\x00\x00", encode(Cancel(1))], ids=["length", "body", "command"]
)
def test_a_broken_stream_ends_the_runner_and_fails_its_requests(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        client, transport = await connected()
        reply = ask(client)
        transport.receiver.data_received(data)
        assert transport.aborted
        with pytest.raises(RunnerCrashed):
            await reply.read()
        assert "m: runner in memory broke its stream" in caplog.text

    run(body)


def test_statistics_are_those_of_the_last_report() -> None:
    async def body() -> None:
        client, transport = await connected()
        assert client.statistics == Statistics()
        for running in (2, 1):
            transport.send_event(Statistics(running=running))
        assert client.statistics == Statistics(running=1)

    run(body)


def test_log_lines_keep_their_level_and_what_native_code_prints_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        _, transport = await connected()
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "paddock.runner"):
            for line in ("DEBUG fine", "ERROR wrong", "GGML_ASSERT failed", "", "INFO"):
                transport.receiver.log_received(line)
        assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
            ("DEBUG", "m: fine"),
            ("ERROR", "m: wrong"),
            ("WARNING", "m: GGML_ASSERT failed"),
        ]

    run(body)


def test_a_runner_that_ends_by_itself_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        client, transport = await connected()
        transport.receiver.log_received("GGML_ASSERT failed")
        transport.lose("signal 6")
        assert await client.wait_closed() == "signal 6: GGML_ASSERT failed"
        assert "m: runner in memory ended by itself (signal 6: GGML_ASSERT failed)" in caplog.text

    run(body)
