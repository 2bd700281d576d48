"""Every kind of KV cache computes the same, with reuse and without, alone and in a crowd."""

from collections.abc import Iterator

import pytest

from paddock.engine.binding import LlamaModel
from tests.engine.engines import EngineUnderTest, check, words
from tests.models.kinds import KINDS


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(KINDS[kind](tmp_path_factory.mktemp("kinds") / "model.gguf")))
    yield loaded
    loaded.close()


def test_one_sequence_alone_computes_the_same(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        check(*under_test.answer(words(model, 1, 150), reply=40))


def test_different_prompts_at_once_compute_the_same(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        check(*under_test.answer(*(words(model, i, 20 + 13 * i) for i in range(7)), reply=25))


def test_a_chats_turns_reuse_what_earlier_ones_computed(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        chat, before = words(model, 1, 120), 0
        for turn in range(4):
            (generation,) = under_test.answer(chat)
            check(generation)
            if turn:
                assert under_test.reused(generation) >= before - 1
            before = len(generation.sequence.tokens)
            chat = [*generation.sequence.tokens, *words(model, 50 + turn, 20)]


def test_the_same_prompt_again_computes_its_end_only(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        prompt = words(model, 3, 200)
        first, *_ = under_test.answer(prompt)
        (second,) = under_test.answer(prompt)
        check(first, second)
        assert under_test.reused(second) == 199


def test_a_common_prefix_of_requests_that_come_together_is_computed_once(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        prefix = words(model, 4, 300)
        several = under_test.answer(*([*prefix, *words(model, 60 + i, 30)] for i in range(4)))
        check(*several)
        assert sorted(map(under_test.reused, several)) == [0, 300, 300, 300]


def test_a_branch_in_the_middle_is_reused_from_the_third_request_on(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        prefix = words(model, 5, 150)
        several = [under_test.answer([*prefix, *words(model, 70 + i, 60)])[0] for i in range(4)]
        check(*several)
        assert under_test.reused(several[2]) == under_test.reused(several[3]) == 150


def test_long_prompts_in_small_chunks_beside_streams_compute_the_same(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        running = [under_test.ask(words(model, 80 + i, 30), 80) for i in range(2)]
        under_test.run(steps=10)
        late = [under_test.ask(words(model, 90 + i, 400), 20) for i in range(2)]
        under_test.run()
        check(*running, *late)


def test_a_cancelled_request_leaves_a_prefix_that_is_right(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        prompt = words(model, 6, 250)
        generation = under_test.ask(prompt, 100)
        under_test.run(steps=2)
        under_test.engine.cancel(generation.request.id)
        later = under_test.answer(prompt, [*prompt[:120], *words(model, 7, 30)])
        check(*later)


def test_a_full_cache_preempts_and_computes_again(kind: str, model: LlamaModel) -> None:
    if kind == "recurrent":
        pytest.skip("its cache does not fill")
    with EngineUnderTest(model, cells=256) as under_test:
        several = under_test.answer(*(words(model, 20 + i, 40) for i in range(4)), reply=60)
        check(*several)
        assert under_test.engine.scheduler.num_preemptions


def test_more_prompts_than_the_cache_holds_compute_the_same(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model, cells=640, ids=8) as under_test:
        prompts = [words(model, i % 2, 60) + words(model, 200 + i, 30) for i in range(20)]
        several = under_test.answer(*prompts, reply=20)
        check(*several)
        assert max(map(under_test.reused, several)) >= 60


def test_a_full_context_shifts_and_others_stay_right(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        prefix = words(model, 8, 60)
        under_test.answer(prefix)
        (shifting,) = [under_test.ask(prefix, 150, num_ctx=100, num_keep=10)]
        others = [under_test.ask([*prefix, *words(model, 30 + i, 10)], 60) for i in range(2)]
        under_test.run()
        assert under_test.ended[shifting.request.id].reply_tokens == 150
        (again,) = under_test.answer([*prefix, *words(model, 40, 30)])
        check(*others, again)


def test_a_request_that_declines_the_cache_gets_the_same_logits_every_time(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model) as under_test:
        prompt = words(model, 9, 180)
        under_test.answer(prompt)
        (one,) = under_test.answer(prompt, reply=30, cache_prompt=False)
        (two,) = under_test.answer(prompt, reply=30, cache_prompt=False)
        assert one.sequence.tokens == two.sequence.tokens
        assert all((one.rows[p] == two.rows[p]).all() for p in one.rows)


def test_many_forks_of_a_long_prefix_compute_the_same(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model, cells=4096, running=6, ids=14) as under_test:
        prefix = words(model, 10, 700)
        under_test.answer(prefix)
        several = under_test.answer(*([*prefix, *words(model, 300 + i, 5)] for i in range(6)), reply=60)
        check(*several)


def test_reloaded_states_compute_the_same(kind: str, model: LlamaModel) -> None:
    if kind != "full attention":
        pytest.skip("only full attention is offloaded")
    with EngineUnderTest(model, offload=True) as under_test:
        chat = words(model, 1, 120)
        for turn in range(3):
            generation, other = under_test.answer(chat, words(model, 400 + turn, 50))
            check(generation, other)
            if turn:
                assert under_test.reused(generation) >= 120
            chat = [*generation.sequence.tokens, *words(model, 50 + turn, 20)]
        (branch,) = under_test.answer([*chat[:70], *words(model, 60, 20)])
        assert under_test.reused(branch) == 70
        check(branch)


def test_flash_attention_differs_by_rounding_only(kind: str, model: LlamaModel) -> None:
    with EngineUnderTest(model, flash=True) as under_test:
        prefix = words(model, 11, 150)
        several = under_test.answer(*([*prefix, *words(model, 500 + i, 20)] for i in range(4)), reply=20)
        check(*several, tolerance=5e-2)
