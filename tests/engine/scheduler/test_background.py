"""Which prompts are prefilled in the background, what comes of their results, and what follows from failures."""

import pytest

from paddock.engine.kvcache.prefix_cache import PrefixCache
from paddock.engine.placeholders import PlaceholderRange, Placeholders, placeholder_tokens
from paddock.engine.scheduler.background import BackgroundQueue, PrefillJob
from paddock.engine.scheduler.sequence import Sequence
from paddock.engine.time_slice import TimeSlicedTask
from tests.engine.scheduler.book_kv_cache import BookKVCache, saved


class Queue:
    """A queue on a KV cache that keeps books, with room for four sequences."""

    def __init__(self, partial: bool = True, max_skips: int = 63) -> None:
        self.kv_cache = BookKVCache(10_000, 4, partial)
        self.cache = PrefixCache(self.kv_cache)
        self.queue = BackgroundQueue(self.cache, 100, max_skips)

    def admit(self, number: int, length: int = 200, placeholders: Placeholders | None = None) -> Sequence:
        """A sequence that holds cells, and has computed nothing yet."""
        tokens = [number] * length
        if placeholders is not None:
            (placeholder,) = placeholders
            tokens[placeholder.start : placeholder.end] = placeholder_tokens(b"a", 0, placeholder.num_tokens)
        sequence = Sequence(number, tokens, 1000, placeholders=placeholders)
        seq_id = self.cache.take_seq_id()
        assert seq_id is not None
        sequence.seq_id = seq_id
        self.cache.tree.insert(seq_id, sequence.tokens)
        return sequence

    def started(self, *sequences: Sequence) -> PrefillJob:
        self.queue.start_next(sequences)
        assert self.queue.job is not None
        return self.queue.job


def test_the_first_long_prompt_gets_the_job_and_other_long_ones_wait() -> None:
    q = Queue()
    short, long, other = q.admit(0, 99), q.admit(1), q.admit(2)
    assert q.queue.foreground([short, long, other]) == [short, long, other]
    job = q.started(short, long, other)
    assert (job.sequence, job.start, job.end) == (long, 0, 199)
    assert q.queue.foreground([short, long, other]) == [short]
    q.queue.start_next([other])
    assert q.queue.job is job


def test_prompts_with_images_stay_in_the_foreground() -> None:
    q = Queue()
    image = Placeholders([PlaceholderRange(5, 3, 3, b"a", 0, False)])
    q.queue.start_next([q.admit(0, 200, image)])
    assert q.queue.job is None


def test_without_partial_reuse_nothing_runs_in_the_background() -> None:
    q = Queue(partial=False)
    q.queue.start_next([q.admit(0)])
    assert q.queue.job is None


def test_without_a_free_sequence_id_the_prompt_stays_in_the_foreground_but_may_come_later() -> None:
    q = Queue()
    running = [q.admit(number) for number in range(4)]
    q.queue.start_next(running)
    assert q.queue.job is None and running[0].allow_background
    q.cache.release(running.pop().seq_id)
    assert q.started(*running).sequence is running[0]


def test_results_are_appended_and_the_last_token_is_left_to_the_main_context() -> None:
    q = Queue()
    long = q.admit(1)
    job = q.started(long)
    assert q.queue.on_computed(job, 128, saved([1] * 128))
    assert long.num_computed_tokens == 128 and q.queue.job is job
    q.queue.on_computed(job, 71, saved([1] * 71))
    assert long.num_computed_tokens == 199 and q.queue.job is None
    assert q.kv_cache.tokens[long.seq_id] == [1] * 199
    assert q.cache.take_seq_id() is not None, "the scratch id is free again"


def test_results_and_failures_of_an_earlier_job_are_ignored() -> None:
    q = Queue()
    first, second = q.admit(1), q.admit(2)
    old = q.started(first)
    q.queue.remove(first)
    new = q.started(second)
    assert not q.queue.on_computed(old, 10, saved([1] * 10))
    q.queue.on_failed(old)
    assert q.queue.job is new and not q.queue.num_failures
    assert first.num_computed_tokens == second.num_computed_tokens == 0


def test_a_failed_job_is_counted_and_its_prompt_goes_to_the_foreground_for_good() -> None:
    q = Queue()
    long = q.admit(1)
    q.queue.on_failed(q.started(long))
    assert q.queue.job is None and q.queue.num_failures == 1
    assert q.queue.foreground([long]) == [long]
    for _ in range(3):
        q.queue.start_next([long])
        assert q.queue.job is None


def test_results_that_find_no_room_fail_the_job() -> None:
    q = Queue()
    job = q.started(q.admit(1))
    assert not q.queue.on_computed(job, 128, saved([]))  # the books take this for "no room"
    assert q.queue.job is None and q.queue.num_failures == 1


def tries(q: Queue, prompts: int) -> list[int]:
    """Which of the next prompts are tried in the background, if each try fails."""
    tried = []
    for number in range(prompts):
        sequence = q.admit(number)
        q.queue.start_next([sequence])
        if q.queue.job is not None:
            tried.append(number)
            q.queue.on_failed(q.queue.job)
        q.cache.release(sequence.seq_id)
    return tried


def test_after_each_failure_in_a_row_twice_as_many_prompts_are_not_tried() -> None:
    assert tries(Queue(), 40) == [0, 2, 6, 14, 30]
    assert tries(Queue(max_skips=3), 20) == [0, 2, 6, 10, 14, 18]


def test_a_success_ends_the_row_of_failures() -> None:
    q = Queue()
    assert tries(q, 3) == [0, 2]
    for _ in range(3):
        q.queue.start_next([q.admit(7)])
    assert q.queue.job is None
    q = Queue()
    assert tries(q, 2) == [0]
    job = q.started(q.admit(7))
    q.queue.on_computed(job, 199, saved([7] * 199))
    assert tries(q, 3) == [0, 2]


def test_removing_the_sequence_stops_the_computation() -> None:
    q = Queue()
    long, other = q.admit(1), q.admit(2)
    job = q.started(long)
    paused: list[bool] = []

    def work() -> None:
        assert job.task is not None
        while job.task.checkpoint():
            paused.append(True)

    job.task = TimeSlicedTask(work)
    job.task.run(0)
    q.queue.remove(other)
    assert q.queue.job is job
    q.queue.remove(long)
    assert job.done and q.queue.job is None


def test_closing_stops_the_job() -> None:
    q = Queue()
    q.started(q.admit(1))
    q.queue.close()
    assert q.queue.job is None
    q.queue.close()


def test_turns_alternate_and_begin_with_the_job() -> None:
    q = Queue()
    assert [q.queue.take_turn() for _ in range(4)] == [True, False, True, False]


def test_a_job_hands_each_result_over_once() -> None:
    job = PrefillJob(Sequence(0, [1] * 10, 100), 1)
    job.put(3, bytearray(b"abc"))
    assert job.take() == [(3, bytearray(b"abc"))]
    assert job.take() == []


@pytest.mark.parametrize("computed", [0, 50])
def test_a_job_takes_the_pending_tokens_but_the_last(computed: int) -> None:
    sequence = Sequence(0, [1] * 100, 1000)
    sequence.num_computed_tokens = computed
    job = PrefillJob(sequence, 1)
    assert (job.start, job.end, job.done) == (computed, 99, False)
