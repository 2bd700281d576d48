import asyncio
from array import array

import pytest

from paddock.fleet import FleetError, Reply, Vectors
from paddock.fleet.errors import UnreadReply
from paddock.fleet.reply import MAX_UNREAD, MAX_UNREAD_WITH_LOGPROBS
from paddock.ipc import Chunk, Finished, Vector

FINISHED = Finished(
    id=1, reason="stop", prompt_tokens=1, cached_tokens=0, prompt_duration=1, reply_tokens=1, reply_duration=1
)


def test_reading_returns_all_events_that_have_come_and_nothing_after_the_end() -> None:
    async def body() -> None:
        reply = Reply(1, lambda number: None)
        reply.put(Chunk(1, "a"))
        reply.put(Chunk(1, "b"))
        assert await reply.read() == [Chunk(1, "a"), Chunk(1, "b")]
        reply.finish(FINISHED)
        assert reply.ended
        assert await reply.read() == [FINISHED]
        assert await reply.read() == []

    asyncio.run(body())


def test_an_error_comes_after_the_events_before_it() -> None:
    async def body() -> None:
        reply = Reply(1, lambda number: None)
        reply.put(Chunk(1, "a"))
        reply.fail(FleetError("gone"))
        assert await reply.read() == [Chunk(1, "a")]
        with pytest.raises(FleetError, match="gone"):
            await reply.read()

    asyncio.run(body())


def test_closing_cancels_a_request_that_has_not_ended_and_wakes_its_reader() -> None:
    async def body() -> None:
        cancelled: list[int] = []
        reply = Reply(7, cancelled.append)
        reading = asyncio.create_task(reply.read())
        await asyncio.sleep(0)
        reply.close()
        reply.close()
        assert await reading == []
        assert cancelled == [7]

    asyncio.run(body())


def test_a_reader_that_was_cancelled_does_not_disturb_the_next_one() -> None:
    async def body() -> None:
        reply = Reply(1, lambda number: None)
        reading = asyncio.create_task(reply.read())
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.sleep(0)
        reply.put(Chunk(1, "a"))
        assert await reply.read() == [Chunk(1, "a")]

    asyncio.run(body())


@pytest.mark.parametrize("has_logprobs", [False, True])
def test_a_reply_that_nobody_reads_is_cancelled_and_its_reader_gets_what_there_was(has_logprobs: bool) -> None:
    async def run() -> None:
        cancelled: list[int] = []
        reply = Reply(7, cancelled.append, has_logprobs=has_logprobs)
        most = MAX_UNREAD_WITH_LOGPROBS if has_logprobs else MAX_UNREAD
        for _ in range(most):
            reply.put(Chunk(7, "x"))
        assert not cancelled
        reply.put(Chunk(7, "x"))
        assert cancelled == [7]
        assert len(await reply.read()) == most + 1
        with pytest.raises(UnreadReply, match="had not been read"):
            await reply.read()
        reply.close()
        assert cancelled == [7]

    asyncio.run(run())


def test_vectors_are_complete_when_each_text_has_its_own() -> None:
    async def body() -> None:
        vectors = Vectors(2)
        vectors.put(Vector(1, 1, 3, array("f", [2]).tobytes()))
        assert not vectors.ended
        vectors.put(Vector(1, 0, 2, array("f", [1]).tobytes()))
        await vectors.wait()
        assert vectors.ended
        assert ([list(v) for v in vectors.numbers], vectors.tokens) == ([[1], [2]], 5)

    asyncio.run(body())


def test_vectors_that_failed_raise_and_those_of_no_texts_are_complete() -> None:
    async def body() -> None:
        assert Vectors(0).ended
        vectors = Vectors(1)
        vectors.fail(FleetError("gone"))
        vectors.fail(FleetError("again"))
        with pytest.raises(FleetError, match="gone"):
            await vectors.wait()

    asyncio.run(body())
