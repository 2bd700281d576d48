import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import ErrorKind
from paddock.library.errors import Cancelled
from paddock.service.job_queue import MAX_JOBS, JobQueue, JobQueueConfig, QueueFull, Turn, client_key, jobs_at_once


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), 20))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_job_that_is_alone_begins_at_once_and_says_nothing() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig())
        turn = queue.join("a")
        assert turn.before == 0
        assert [line async for line in turn.progress()] == []

    run(body)


def test_each_that_waits_hears_how_many_are_before_it_until_it_begins() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig(slots=1))
        turns = [queue.join("a") for _ in range(4)]
        heard: list[str] = []

        async def listen() -> None:
            heard.extend([line.status async for line in turns[3].progress()])

        listening = asyncio.create_task(listen())
        for turn in turns[:3]:
            await settle()
            turn.leave()
        await listening
        assert heard == [f"waiting: {before} before you" for before in (3, 2, 1)]
        assert turns[3].before == 0

    run(body)


def test_a_listener_that_was_slow_hears_the_latest_number() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig(slots=1))
        turns = [queue.join("a") for _ in range(4)]
        waiting = turns[3].wait()
        assert await anext(waiting) == 3
        turns[0].leave()
        turns[1].leave()
        assert await anext(waiting) == 1

    run(body)


def test_clients_take_turns() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig(slots=1))
        mine = [queue.join("10.0.0.1") for _ in range(20)]
        other = queue.join("10.0.0.2")
        assert other.before == 1, "only the one that runs"
        mine[0].leave()
        assert other.before == 0

    run(body)


def test_several_slots_run_several_jobs() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig(slots=2))
        turns = [queue.join("a") for _ in range(4)]
        assert [turn.before for turn in turns] == [0, 0, 2, 3]
        turns[1].leave()
        assert [turns[0].before, turns[2].before, turns[3].before] == [0, 0, 2]

    run(body)


def test_who_waits_no_more_leaves_its_place_to_the_next() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig(slots=1))
        first, gone, last = (queue.join("a") for _ in range(3))
        waiting = asyncio.create_task(gone.begin())
        await settle()
        assert last.before == 2
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert last.before == 1
        first.leave()
        first.leave()
        assert last.before == 0

    run(body)


def test_a_full_queue_refuses_with_a_sentence_and_no_client_fills_it_alone() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig(slots=1, max_waiting=5, max_waiting_per_client=3))
        turns = [queue.join("a") for _ in range(4)]
        with pytest.raises(QueueFull, match="3 jobs of yours wait already") as own:
            queue.join("a")
        turns += [queue.join("b") for _ in range(2)]
        with pytest.raises(QueueFull, match=r"long work is full \(5 jobs wait\): try again later") as full:
            queue.join("c")
        assert own.value.kind is full.value.kind is ErrorKind.OVERLOADED
        turns[3].leave()
        assert queue.join("c").before

    run(body)


def test_a_server_that_stops_lets_nobody_wait() -> None:
    async def body() -> None:
        queue = JobQueue(JobQueueConfig(slots=1))
        running, waiting = queue.join("a"), queue.join("a")
        task = asyncio.create_task(waiting.begin())
        await settle()
        queue.close()
        with pytest.raises(Cancelled, match="the server is stopping"):
            await task
        with pytest.raises(Cancelled):
            queue.join("a")
        running.leave()

    run(body)


@given(st.integers(1, 3), st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_the_slots_are_always_used_and_never_exceeded(slots: int, steps: list[tuple[str, bool]]) -> None:
    async def body() -> None:
        queue, turns = JobQueue(JobQueueConfig(slots=slots)), list[Turn]()
        for client, leave in steps:
            if leave and turns:
                turns.pop(ord(client) % len(turns)).leave()
            else:
                turns.append(queue.join(client))
            places = sorted(turn.before for turn in turns)
            running = min(slots, len(turns))
            assert places == [0] * running + list(range(running, len(turns)))

    run(body)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_client_is_its_address(address: str, key: str) -> None:
    assert client_key(address) == key


def test_more_cores_run_more_jobs_up_to_a_bound() -> None:
    assert [jobs_at_once(cores) for cores in (1, 2, 4, 8, 12, 256)] == [1, 1, 1, 2, 3, MAX_JOBS]
    assert 1 <= jobs_at_once() <= MAX_JOBS
