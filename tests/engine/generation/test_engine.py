"""The engine's step on a real small model: what it returns, and what becomes of requests when something fails."""

from collections.abc import Iterator
from typing import Any

import pytest

from paddock.engine.binding import BatchRejected, Context, ContextOptions, LlamaModel
from paddock.engine.constraints import ConstraintFailed, FormatTooComplex
from paddock.engine.generation.engine import Engine
from paddock.engine.generation.request import Generation
from paddock.ipc import Chunk, Failed, Finished, Generate, Sampling, Step
from tests.engine.engines import words
from tests.models.kinds import KINDS

CELLS = 512


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(KINDS["full attention"](tmp_path_factory.mktemp("engine") / "model.gguf")))
    yield loaded
    loaded.close()


class RefusingContext(Context):
    """A context that refuses some batches, as llama.cpp does."""

    codes: list[int]
    """What the next batches are refused with; 0 computes one."""

    def decode(self, batch: Any) -> None:
        code = self.codes.pop(0) if self.codes else 0
        if code:
            raise BatchRejected(code)
        super().decode(batch)


class CountingGeneration(Generation):
    """A generation that counts how often it is told that its prefill starts, and may fail to sample."""

    starts = 0
    fails: ConstraintFailed | None = None

    def mark_prefill_started(self) -> None:
        self.starts += 1
        super().mark_prefill_started()

    def sample(self, context: Context, row: int) -> int:
        if self.fails is not None:
            raise self.fails
        return super().sample(context, row)


class Steps:
    """An engine, and everything that its steps have returned."""

    def __init__(self, model: LlamaModel, max_running: int = 4) -> None:
        self.model = model
        self.context = RefusingContext(model, ContextOptions(CELLS, 64, 8, 1))
        self.context.codes = []
        self.engine = Engine(model, self.context, max_running)
        self.number = 0
        self.chunks: list[Chunk] = []
        self.finished: dict[int, Finished] = {}
        self.failed: dict[int, Failed] = {}

    def add(self, prompt: list[int], num_predict: int = 5, **fields: object) -> CountingGeneration:
        self.number += 1
        request = Generate(
            id=self.number,
            prompt="",
            num_predict=num_predict,
            sampling=Sampling(temperature=0),
            **fields,  # type: ignore[arg-type]
        )
        generation = CountingGeneration(request, prompt, self.model, CELLS, CELLS)
        self.engine.add(generation)
        return generation

    def step(self) -> Step:
        step = self.engine.step()
        self.chunks += step.chunks
        self.finished |= {end.id: end for end in step.finished}
        self.failed |= {end.id: end for end in step.failed}
        return step

    def run(self) -> None:
        while self.engine.generations:
            self.step()

    def text(self, generation: Generation) -> str:
        return "".join(chunk.text for chunk in self.chunks if chunk.id == generation.request.id)


@pytest.fixture
def steps(model: LlamaModel) -> Iterator[Steps]:
    steps = Steps(model)
    yield steps
    steps.engine.close()
    steps.context.close()


def test_each_step_samples_the_next_token_of_each_stream(steps: Steps, model: LlamaModel) -> None:
    generations = [steps.add(words(model, seed, 10 + seed)) for seed in range(3)]
    for replied in range(1, 5):
        steps.step()
        assert [len(g.sequence.tokens) - g.sequence.prompt_length for g in generations] == [replied] * 3
    assert not steps.finished
    steps.run()
    for generation in generations:
        end = steps.finished[generation.request.id]
        assert (end.reason, end.reply_tokens, end.prompt_tokens) == ("length", 5, generation.sequence.prompt_length)
    assert not steps.engine.generations


def test_the_text_is_that_of_the_sampled_tokens(steps: Steps, model: LlamaModel) -> None:
    generation = steps.add(words(model, 1, 10), num_predict=6)
    while len(generation.sequence.tokens) < 15:
        steps.step()
    assert steps.text(generation) == model.text(generation.sequence.tokens[10:])


def test_a_prompt_longer_than_a_batch_takes_several_steps_and_starts_once(steps: Steps, model: LlamaModel) -> None:
    generation = steps.add(words(model, 2, 150))
    assert [bool(steps.step().chunks) for _ in range(3)] == [False, False, True]
    steps.run()
    assert generation.starts == 1


def test_a_cancelled_request_ends_without_an_event_and_its_prefix_stays(steps: Steps, model: LlamaModel) -> None:
    prompt = words(model, 3, 50)
    generation = steps.add(prompt, num_predict=100)
    steps.step()
    steps.engine.cancel(generation.request.id)
    steps.engine.cancel(99)
    assert not steps.engine.generations and not steps.finished and not steps.failed
    again = steps.add(prompt)
    steps.run()
    assert steps.finished[again.request.id].cached_tokens == 49


def test_a_full_context_that_may_not_shift_ends_with_length(steps: Steps, model: LlamaModel) -> None:
    generation = steps.add(words(model, 4, 20), num_predict=100, num_ctx=30, shift=False)
    steps.run()
    end = steps.finished[generation.request.id]
    assert (end.reason, end.reply_tokens) == ("length", 10)


def test_a_full_context_that_may_shift_goes_on(steps: Steps, model: LlamaModel) -> None:
    generation = steps.add(words(model, 4, 20), num_predict=100, num_ctx=30)
    steps.run()
    assert steps.finished[generation.request.id].reply_tokens == 100
    assert generation.starts == 1


def test_a_batch_that_finds_no_room_is_computed_again_and_changes_nothing(steps: Steps, model: LlamaModel) -> None:
    prompts = [words(model, seed, 30) for seed in (5, 6)]
    expected = [steps.add(prompt, 10, cache_prompt=False) for prompt in prompts]
    steps.run()
    again = [steps.add(prompt, 10, cache_prompt=False) for prompt in prompts]
    steps.context.codes = [1, 0, 0, 1, 1, 0]
    steps.run()
    assert [steps.text(g) for g in again] == [steps.text(g) for g in expected]
    assert not steps.failed and steps.engine.statistics().preemptions >= 1
    assert [g.starts for g in again] == [1, 1], "a preempted request does not start a second time"


def test_a_request_alone_that_finds_no_room_fails(steps: Steps, model: LlamaModel) -> None:
    generation = steps.add(words(model, 7, 30))
    steps.context.codes = [1]
    steps.run()
    failure = steps.failed[generation.request.id]
    assert (failure.message, failure.kind) == ("the cache has no room for this request", "engine")
    assert steps.engine.scheduler.cache.tree.num_cells == 0


def test_an_error_of_a_batch_fails_its_requests_and_no_others(steps: Steps, model: LlamaModel) -> None:
    steps.engine.close()
    steps.engine = Engine(model, steps.context, 1)
    broken, waiting = steps.add(words(model, 8, 20)), steps.add(words(model, 9, 20))
    steps.context.codes = [-1]
    steps.run()
    assert list(steps.failed) == [broken.request.id] and list(steps.finished) == [waiting.request.id]
    assert steps.failed[broken.request.id].message == "the model could not be computed: llama_decode answered -1"


@pytest.mark.parametrize(
    ("error", "kind"), [(ConstraintFailed("no token fits"), "engine"), (FormatTooComplex(), "invalid")]
)
def test_a_reply_that_cannot_match_its_constraint_fails_alone(
    steps: Steps, model: LlamaModel, error: ConstraintFailed, kind: str
) -> None:
    broken, other = steps.add(words(model, 10, 20)), steps.add(words(model, 11, 20))
    broken.fails = error
    steps.run()
    assert list(steps.failed) == [broken.request.id] and list(steps.finished) == [other.request.id]
    failure = steps.failed[broken.request.id]
    assert failure.message == f"the reply could not be held to its format: {error}"
    assert failure.kind == kind


def test_statistics_count_tokens_steps_and_sequences(steps: Steps, model: LlamaModel) -> None:
    prompt = words(model, 12, 40)
    steps.add(prompt)
    steps.step()
    now = steps.engine.statistics()
    assert (now.running, now.waiting, now.prompt_tokens, now.reply_tokens, now.steps) == (1, 0, 40, 1, 1)
    assert now.free_cells == CELLS - 40
    steps.run()
    steps.add(prompt)
    steps.run()
    now = steps.engine.statistics()
    assert (now.running, now.prompt_tokens, now.reused_tokens, now.reply_tokens) == (0, 41, 39, 10)
    assert now.cached and now.cached_tokens >= 44 and now.busy_seconds >= 0


def test_an_idle_step_brings_nothing(steps: Steps) -> None:
    assert steps.engine.step() == Step()
    assert steps.engine.statistics().steps == 0
