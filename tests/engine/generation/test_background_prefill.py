"""A long prompt that comes while others are answered is computed in a context of its own, and nobody can tell."""

from collections.abc import Iterator

import pytest

from paddock.engine.binding import ContextOptions, LoadError, Model
from paddock.engine.generation.background_prefill import ROWS, AsidePrefill
from paddock.engine.scheduler.background import Aside
from paddock.engine.scheduler.sequence import Sequence
from tests.engine.kvcache.test_kinds import Bench, Noted, check, words
from tests.kinds import KINDS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    loaded = Model(str(KINDS["full attention"](tmp_path_factory.mktemp("aside") / "model.gguf")))
    yield loaded
    loaded.close()


def begin(bench: Bench, *streams: list[int], reply: int = 400) -> list[Noted]:
    """Let some sequences be answered, so that whatever comes next comes beside them."""
    noted = [bench.ask(tokens, reply) for tokens in streams]
    bench.run(3 + len(streams))
    return noted


def went_aside(bench: Bench) -> bool:
    return bench.stepper.scheduler.asides.current is not None


@pytest.mark.parametrize("flash", [False, True])
def test_it_computes_the_same_and_the_others_go_on(model: Model, flash: bool) -> None:
    with Bench(model, aside=True, flash=flash) as bench:
        streams = begin(bench, words(model, 1, 30), words(model, 2, 20))
        before = len(streams[0].sequence.tokens)
        late = bench.ask(words(model, 3, 900), 20)
        bench.run(2)
        assert went_aside(bench)
        bench.run()
        assert len(streams[0].sequence.tokens) > before + 20
        check(*streams, late, tolerance=5e-2 if flash else 1e-2)


def test_what_is_cached_is_taken_along(model: Model) -> None:
    prefix = words(model, 4, 300)
    with Bench(model, aside=True) as bench:
        bench.answer(prefix, reply=2)
        streams = begin(bench, words(model, 1, 30))
        late = bench.ask(prefix + words(model, 5, 400), 10)
        bench.run(2)
        assert went_aside(bench)
        again = bench.ask(prefix + words(model, 5, 400) + words(model, 6, 5), 10)
        bench.run()
        assert bench.reused(late) >= 299
        assert bench.reused(again) >= 699
        check(*streams, late, again)


def test_two_that_need_the_same_prefix_compute_it_once(model: Model) -> None:
    prefix = words(model, 7, 600)
    with Bench(model, aside=True) as bench:
        streams = begin(bench, words(model, 1, 30))
        first, second = bench.ask(prefix + words(model, 8, 9)), bench.ask(prefix + words(model, 9, 9))
        bench.run()
        assert bench.reused(second) == 600
        check(*streams, first, second)


def test_cancelled_in_the_middle_it_leaves_nothing(model: Model) -> None:
    with Bench(model, aside=True) as bench:
        streams = begin(bench, words(model, 1, 30))
        scheduler = bench.stepper.scheduler
        for seed in range(5):
            late = bench.ask(words(model, seed, 1500))
            bench.run(2)
            assert went_aside(bench)
            bench.stepper.cancel(late.request.id)
            bench.run(1)
            assert not went_aside(bench) and scheduler.running == 1
        bench.run()
        check(*streams)
        scheduler.cache.evict_all()
        assert scheduler.cache.tree.cells == 0


def test_when_the_others_end_it_goes_on_and_a_newcomer_joins(model: Model) -> None:
    with Bench(model, aside=True) as bench:
        streams = begin(bench, words(model, 1, 30), reply=8)
        late = bench.ask(words(model, 3, 1900), 5)
        newcomer = bench.ask(words(model, 4, 25), 5)
        bench.run()
        check(*streams, late, newcomer)


def test_preempted_it_is_computed_later(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paddock.engine.scheduler.budget.SLICE_RATIO", 0.01)
    with Bench(model, aside=True, cells=1024) as bench:
        streams = begin(bench, words(model, 1, 30), words(model, 2, 30), reply=250)
        late = bench.ask(words(model, 3, 880), 5)
        bench.run()
        assert bench.stepper.scheduler.preemptions
        check(*streams, late)


def test_without_memory_for_it_it_is_computed_in_pieces(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise LoadError("no memory")

    with Bench(model, aside=True) as bench:
        streams = begin(bench, words(model, 1, 30))
        monkeypatch.setattr("paddock.engine.generation.background_prefill.Context", no_memory)
        late = bench.ask(words(model, 3, 600), 5)
        bench.run()
        check(*streams, late)


def test_it_stops_between_two_parts_of_a_batch(model: Model) -> None:
    aside = AsidePrefill(model, ContextOptions(256))
    tokens = words(model, 1, ROWS + 1)
    aside.start(Aside(Sequence(1, tokens, 1024), 0), tokens, None)
    slices, counts = 0, []
    while not aside.done:
        slices += 1
        counts += [count for count, _ in aside.run(0)]
    assert counts == [ROWS] and slices > 3
    aside.stop()
    assert aside.job is None
