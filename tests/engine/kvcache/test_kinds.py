"""Every kind of KV cache computes the same, with the cache and without, alone and in a crowd.

Each token that is sampled has its logits noted; then the whole of prompt and reply is computed anew, alone in a fresh
context, and the logits at the same places are compared. So a difference cannot hide behind luck in sampling.
"""

import random
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from paddock.engine.binding import Batch, Context, ContextOptions, Model
from paddock.engine.generation.background_prefill import BackgroundPrefill
from paddock.engine.generation.engine import Engine
from paddock.engine.generation.request import Generation
from paddock.engine.kvcache.prefix_cache import PrefixCacheConfig
from paddock.engine.scheduler.budget import BudgetConfig
from paddock.engine.scheduler.config import SchedulerConfig
from paddock.ipc import Finished, Generate, Sampling
from tests.models.kinds import KINDS

Logits = npt.NDArray[np.float32]

TOLERANCE = 1e-2
"""Ten times what batches of another shape make; a wrong state differs by 0.1 and more."""


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    loaded = Model(str(KINDS[kind](tmp_path_factory.mktemp("kinds") / "model.gguf")))
    yield loaded
    loaded.close()


class Noted(Generation):
    """A generation that notes the logits by which each token is chosen."""

    rows: dict[int, Logits]
    vocabulary: int

    def sample(self, context: Context, index: int) -> int:
        logits = np.ctypeslib.as_array(context.logits(index), shape=(self.vocabulary,))
        self.rows[len(self.sequence.tokens) - 1] = logits.copy()
        return super().sample(context, index)


class Bench:
    """An engine in this process, with all its parts but the pipes."""

    def __init__(
        self,
        model: Model,
        *,
        cells: int = 4096,
        running: int = 4,
        ids: int = 16,
        offload: bool = False,
        flash: bool = False,
        background: bool = False,
        budget: BudgetConfig | None = None,
        make_context: Callable[[Model, ContextOptions, Callable[[], bool]], Context] = Context,
    ) -> None:
        self.model = model
        config = SchedulerConfig(cache=PrefixCacheConfig(offload=offload), budget=budget or BudgetConfig())
        options = ContextOptions(cells, 64, ids, 1, flash_attention=flash)
        self.context = Context(model, options)
        prefill = BackgroundPrefill(model, options, make_context=make_context) if background else None
        self.engine = Engine(model, self.context, running, config=config, background=prefill)
        self.number = 0
        self.ended: dict[int, Finished] = {}
        self.waiting: list[Noted] = []

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()
        self.context.close()

    def ask(self, tokens: list[int], reply: int = 12, **fields: object) -> Noted:
        self.number += 1
        request = Generate(
            id=self.number,
            prompt="",
            num_predict=reply,
            sampling=Sampling(temperature=0),
            **fields,  # type: ignore[arg-type]
        )
        noted = Noted(request, tokens, self.model, self.context.cells, self.context.cells)
        noted.rows, noted.vocabulary = {}, self.model.vocabulary_size
        self.engine.add(noted)
        return noted

    def run(self, steps: int = 10**6) -> None:
        while self.engine.busy and steps:
            step = self.engine.step()
            assert not step.failed
            self.ended |= {f.id: f for f in step.finished}
            steps -= 1

    def answer(self, *prompts: list[int], reply: int = 12, **fields: object) -> list[Noted]:
        noted = [self.ask(p, reply, **fields) for p in prompts]
        self.run()
        return noted

    def answer_beside(self, prompt: list[int]) -> Noted:
        """Answer a prompt with one token, however long the others still stream."""
        noted = self.ask(prompt, 1)
        while noted.request.id not in self.ended:
            assert self.engine.busy
            self.run(1)
        return noted

    def reused(self, noted: Noted) -> int:
        return self.ended[noted.request.id].cached_tokens


def compute_alone(model: Model, tokens: list[int]) -> list[Logits]:
    """The logits after each token, computed in one go."""
    context, batch = Context(model, ContextOptions(4096, 512, 1, 1)), Batch(512)
    rows: list[Logits] = []
    for at in range(0, len(tokens), 256):
        batch.clear()
        piece = tokens[at : at + 256]
        for i, token in enumerate(piece):
            batch.add(token, at + i, 0, True)
        context.decode(batch)
        for i in range(len(piece)):
            rows.append(np.ctypeslib.as_array(context.logits(i), shape=(model.vocabulary_size,)).copy())
    batch.close()
    context.close()
    return rows


def check(*all_noted: Noted, tolerance: float = TOLERANCE) -> None:
    for noted in all_noted:
        assert noted.rows
        fresh = compute_alone(noted._model, noted.sequence.tokens)
        for position, logits in noted.rows.items():
            difference = float(np.abs(fresh[position] - logits).max())
            assert difference < tolerance, f"position {position}: {difference}"


def words(model: Model, seed: int, count: int) -> list[int]:
    ordinary = [t for t in range(model.vocabulary_size) if not model.ends_reply(t) and len(model.piece(t)) > 1]
    return random.Random(seed).choices(ordinary, k=count)


def test_alone(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        check(*bench.answer(words(model, 1, 150), reply=40))


def test_in_a_crowd_of_different_prompts(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        check(*bench.answer(*(words(model, i, 20 + 13 * i) for i in range(7)), reply=25))


def test_a_chats_turns_reuse_what_earlier_ones_computed(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        chat, before = words(model, 1, 120), 0
        for turn in range(4):
            (noted,) = bench.answer(chat)
            check(noted)
            if turn:
                assert bench.reused(noted) >= before - 1
            before = len(noted.sequence.tokens)
            chat = [*noted.sequence.tokens, *words(model, 50 + turn, 20)]


def test_the_same_prompt_again_computes_its_end_only(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        prompt = words(model, 3, 200)
        first, *_ = bench.answer(prompt)
        (second,) = bench.answer(prompt)
        check(first, second)
        assert bench.reused(second) == 199


def test_a_shared_beginning_is_computed_once_for_those_who_come_together(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        prefix = words(model, 4, 300)
        several = bench.answer(*([*prefix, *words(model, 60 + i, 30)] for i in range(4)))
        check(*several)
        assert sorted(map(bench.reused, several)) == [0, 300, 300, 300]


def test_a_branch_in_the_middle(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        prefix = words(model, 5, 150)
        several = [bench.answer([*prefix, *words(model, 70 + i, 60)])[0] for i in range(4)]
        check(*several)
        assert bench.reused(several[2]) == bench.reused(several[3]) == 150


def test_long_prompts_in_small_pieces_beside_running_replies(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        running = [bench.ask(words(model, 80 + i, 30), 80) for i in range(2)]
        bench.run(steps=10)
        late = [bench.ask(words(model, 90 + i, 400), 20) for i in range(2)]
        bench.run()
        check(*running, *late)


def test_cancelling_leaves_a_prefix_that_is_right(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        prompt = words(model, 6, 250)
        noted = bench.ask(prompt, 100)
        bench.run(steps=2)
        bench.engine.cancel(noted.request.id)
        later = bench.answer(prompt, [*prompt[:120], *words(model, 7, 30)])
        check(*later)


def test_a_full_cache_preempts_and_computes_again(kind: str, model: Model) -> None:
    if kind == "recurrent":
        pytest.skip("its cache does not fill")
    with Bench(model, cells=256) as bench:
        several = bench.answer(*(words(model, 20 + i, 40) for i in range(4)), reply=60)
        check(*several)
        assert bench.engine.scheduler.num_preemptions


def test_more_than_the_cache_holds_comes_and_goes(kind: str, model: Model) -> None:
    with Bench(model, cells=640, ids=8) as bench:
        prompts = [words(model, i % 2, 60) + words(model, 200 + i, 30) for i in range(20)]
        several = bench.answer(*prompts, reply=20)
        check(*several)
        assert max(map(bench.reused, several)) >= 60


def test_a_full_context_shifts_and_others_stay_right(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        prefix = words(model, 8, 60)
        bench.answer(prefix)
        (shifting,) = [bench.ask(prefix, 150, num_ctx=100, num_keep=10)]
        others = [bench.ask([*prefix, *words(model, 30 + i, 10)], 60) for i in range(2)]
        bench.run()
        assert bench.ended[shifting.request.id].reply_tokens == 150
        (again,) = bench.answer([*prefix, *words(model, 40, 30)])
        check(*others, again)


def test_who_wants_no_cache_gets_the_same_logits_every_time(kind: str, model: Model) -> None:
    with Bench(model) as bench:
        prompt = words(model, 9, 180)
        bench.answer(prompt)
        (one,) = bench.answer(prompt, reply=30, cache_prompt=False)
        (two,) = bench.answer(prompt, reply=30, cache_prompt=False)
        assert one.sequence.tokens == two.sequence.tokens
        assert all((one.rows[p] == two.rows[p]).all() for p in one.rows)


def test_many_forks_of_a_long_prefix(kind: str, model: Model) -> None:
    with Bench(model, cells=4096, running=6, ids=14) as bench:
        prefix = words(model, 10, 700)
        bench.answer(prefix)
        several = bench.answer(*([*prefix, *words(model, 300 + i, 5)] for i in range(6)), reply=60)
        check(*several)


def test_offloaded_states_are_right_too(kind: str, model: Model) -> None:
    if kind != "full attention":
        pytest.skip("only full attention is offloaded")
    with Bench(model, offload=True) as bench:
        chat = words(model, 1, 120)
        for turn in range(3):
            noted, other = bench.answer(chat, words(model, 400 + turn, 50))
            check(noted, other)
            if turn:
                assert bench.reused(noted) >= 120
            chat = [*noted.sequence.tokens, *words(model, 50 + turn, 20)]
        (branch,) = bench.answer([*chat[:70], *words(model, 60, 20)])
        assert bench.reused(branch) == 70
        check(branch)


def test_flash_attention_differs_by_rounding_only(kind: str, model: Model) -> None:
    with Bench(model, flash=True) as bench:
        prefix = words(model, 11, 150)
        several = bench.answer(*([*prefix, *words(model, 500 + i, 20)] for i in range(4)), reply=20)
        check(*several, tolerance=5e-2)
