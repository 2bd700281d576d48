"""A long prompt that comes while others stream is prefilled in a context of its own, and computes the same."""

import logging
from collections.abc import Callable, Iterator

import pytest

from paddock.engine.binding import Context, ContextOptions, LlamaModel, LoadError
from paddock.engine.generation.background_prefill import BACKGROUND_BATCH_TOKENS, BackgroundPrefill
from paddock.engine.kvcache import make_kv_cache
from paddock.engine.scheduler.background import PrefillJob
from paddock.engine.scheduler.budget import BudgetConfig
from paddock.engine.scheduler.sequence import Sequence
from tests.engine.engines import EngineUnderTest, RecordedGeneration, check, words
from tests.models.kinds import KINDS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(KINDS["full attention"](tmp_path_factory.mktemp("background") / "model.gguf")))
    yield loaded
    loaded.close()


def begin(under_test: EngineUnderTest, *streams: list[int], reply: int = 400) -> list[RecordedGeneration]:
    """Let some sequences stream, so that whatever comes next comes beside them."""
    generation = [under_test.ask(tokens, reply) for tokens in streams]
    under_test.run(3 + len(streams))
    return generation


def is_in_the_background(under_test: EngineUnderTest) -> bool:
    return under_test.engine.scheduler.background.job is not None


class FailingContexts:
    """Makes contexts, but fails the first few times for want of memory."""

    def __init__(self, failures: int, error: type[Exception] = LoadError) -> None:
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self, model: LlamaModel, options: ContextOptions, checkpoint: Callable[[], bool]) -> Context:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error("no memory for the context")
        return Context(model, options, checkpoint)


@pytest.mark.parametrize("flash", [False, True])
def test_it_computes_the_same_and_the_streams_go_on(model: LlamaModel, flash: bool) -> None:
    with EngineUnderTest(model, background=True, flash=flash) as under_test:
        streams = begin(under_test, words(model, 1, 30), words(model, 2, 20))
        before = len(streams[0].sequence.tokens)
        late = under_test.ask(words(model, 3, 900), 20)
        under_test.run(2)
        assert is_in_the_background(under_test)
        under_test.run()
        assert len(streams[0].sequence.tokens) > before + 20
        assert not under_test.engine.statistics().background_failures
        check(*streams, late, tolerance=5e-2 if flash else 1e-2)


def test_cached_tokens_are_not_computed_again(model: LlamaModel) -> None:
    prefix = words(model, 4, 300)
    with EngineUnderTest(model, background=True) as under_test:
        under_test.answer(prefix, reply=2)
        streams = begin(under_test, words(model, 1, 30))
        late = under_test.ask(prefix + words(model, 5, 400), 10)
        under_test.run(2)
        assert is_in_the_background(under_test)
        again = under_test.ask(prefix + words(model, 5, 400) + words(model, 6, 5), 10)
        under_test.run()
        assert under_test.reused(late) >= 299
        assert under_test.reused(again) >= 699
        check(*streams, late, again)


def test_two_that_need_the_same_prefix_compute_it_once(model: LlamaModel) -> None:
    prefix = words(model, 7, 600)
    with EngineUnderTest(model, background=True) as under_test:
        streams = begin(under_test, words(model, 1, 30))
        first, second = under_test.ask(prefix + words(model, 8, 9)), under_test.ask(prefix + words(model, 9, 9))
        under_test.run()
        assert under_test.reused(second) == 600
        check(*streams, first, second)


def test_cancelling_it_ends_its_thread_and_leaves_nothing_behind(model: LlamaModel) -> None:
    with EngineUnderTest(model, background=True) as under_test:
        streams = begin(under_test, words(model, 1, 30))
        scheduler = under_test.engine.scheduler
        for seed in range(5):
            late = under_test.ask(words(model, seed, 1500))
            under_test.run(2)
            job = scheduler.background.job
            assert job is not None
            under_test.engine.cancel(late.request.id)
            assert not is_in_the_background(under_test) and job.done and scheduler.num_running == 1
        under_test.run()
        assert not under_test.engine.statistics().background_failures
        check(*streams)
        scheduler.cache.evict_all()
        assert scheduler.cache.tree.num_cells == 0


def test_it_goes_on_when_the_streams_end_and_a_newcomer_joins(model: LlamaModel) -> None:
    with EngineUnderTest(model, background=True) as under_test:
        streams = begin(under_test, words(model, 1, 30), reply=8)
        late = under_test.ask(words(model, 3, 1900), 5)
        newcomer = under_test.ask(words(model, 4, 25), 5)
        under_test.run()
        check(*streams, late, newcomer)


def test_a_preempted_one_is_computed_later(model: LlamaModel) -> None:
    with EngineUnderTest(model, background=True, cells=1024, budget=BudgetConfig(slice_ratio=0.01)) as under_test:
        streams = begin(under_test, words(model, 1, 30), words(model, 2, 30), reply=250)
        late = under_test.ask(words(model, 3, 880), 5)
        under_test.run()
        assert under_test.engine.scheduler.num_preemptions
        check(*streams, late)


@pytest.mark.parametrize("error", [LoadError, MemoryError, ValueError])
def test_a_failed_one_is_computed_in_the_foreground_logged_and_counted(
    model: LlamaModel, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    failing = FailingContexts(1, error)
    with EngineUnderTest(model, background=True, make_context=failing) as under_test:
        streams = begin(under_test, words(model, 1, 30))
        late = under_test.ask(words(model, 3, 600), 5)
        with caplog.at_level(logging.WARNING, "paddock.engine"):
            under_test.run()
        assert failing.calls == 1, "the same prompt is not tried again"
        assert under_test.engine.statistics().background_failures == 1
        (record,) = caplog.records
        assert f"request {late.request.id}" in record.getMessage() and "no memory" in record.getMessage()
        assert bool(record.exc_info) == (error is ValueError), "only what is not expected is logged with a traceback"
        check(*streams, late)


def test_cached_tokens_that_cannot_be_saved_fail_it(model: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_seq_id: int) -> bytearray:
        raise MemoryError

    prefix = words(model, 4, 300)
    with EngineUnderTest(model, background=True) as under_test:
        under_test.answer(prefix, reply=2)
        streams = begin(under_test, words(model, 1, 30))
        with monkeypatch.context() as patch:
            patch.setattr(under_test.engine._kv_cache, "save", fail)
            late = under_test.ask(prefix + words(model, 5, 400), 10)
            under_test.run(2)
            assert not is_in_the_background(under_test)
        under_test.run()
        assert under_test.engine.statistics().background_failures == 1
        check(*streams, late)


def test_computed_cells_that_find_no_room_fail_it_and_its_tokens_count_once(
    model: LlamaModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with EngineUnderTest(model, background=True) as under_test:
        streams = begin(under_test, words(model, 1, 30))
        monkeypatch.setattr(under_test.engine._kv_cache, "append_state", lambda *_: False)
        late = under_test.ask(words(model, 3, 600), 5)
        with caplog.at_level(logging.WARNING, "paddock.engine"):
            under_test.run()
        (record,) = caplog.records
        assert f"request {late.request.id}" in record.getMessage() and "no room" in record.getMessage()
        statistics = under_test.engine.statistics()
        assert (statistics.background_failures, statistics.prompt_tokens) == (1, 30 + 600)
        check(*streams, late)


def test_cached_tokens_that_do_not_fit_its_context_fail_it(model: LlamaModel) -> None:
    class Forgetful(Context):
        def restore(self, seq_id: int, state: bytearray, flags: int = 0) -> bool:
            return False

    prefix = words(model, 4, 300)
    with EngineUnderTest(model, background=True, make_context=Forgetful) as under_test:
        under_test.answer(prefix, reply=2)
        streams = begin(under_test, words(model, 1, 30))
        late = under_test.ask(prefix + words(model, 5, 300), 5)
        under_test.run()
        assert under_test.engine.statistics().background_failures == 1
        assert under_test.reused(late) >= 299
        check(*streams, late)


def test_after_a_failure_the_next_prompts_go_to_the_background_again(model: LlamaModel) -> None:
    failing = FailingContexts(1)
    with EngineUnderTest(model, background=True, make_context=failing) as under_test:
        streams = begin(under_test, words(model, 1, 30), reply=600)
        # The first fails and the second is not tried. The third finds memory again.
        late = [under_test.answer_beside(words(model, 10 + i, 300)) for i in range(3)]
        assert failing.calls == 2
        assert under_test.engine.statistics().background_failures == 1
        check(*late)
        assert streams[0].request.id not in under_test.ended


def test_with_failures_every_time_the_tries_become_rare(model: LlamaModel) -> None:
    failing = FailingContexts(1000)
    with EngineUnderTest(model, background=True, make_context=failing) as under_test:
        begin(under_test, words(model, 1, 30), reply=3000)
        for i in range(12):
            under_test.answer_beside(words(model, 10 + i, 200))
        # Tried: the 1st, then after 1 other the 3rd, after 3 others the 7th; 7 others would follow.
        assert failing.calls == under_test.engine.statistics().background_failures == 3


def test_it_pauses_between_two_parts_of_a_batch(model: LlamaModel) -> None:
    context = Context(model, ContextOptions(256))
    prefill, kv_cache = BackgroundPrefill(model, ContextOptions(256)), make_kv_cache(model, context)
    job = PrefillJob(Sequence(1, words(model, 1, BACKGROUND_BATCH_TOKENS + 1), 1024), 0)
    slices, counts = 0, []
    while not job.done:
        slices += 1
        prefill.run(job, kv_cache, 0)
        counts += [num_tokens for num_tokens, _ in job.take()]
    assert counts == [BACKGROUND_BATCH_TOKENS] and slices > 3
    context.close()
