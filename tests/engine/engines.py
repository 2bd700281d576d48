"""An engine in this process, whose logits are compared with those of one computation from scratch.

Each token that is sampled has its logits recorded. Then prompt and reply are computed anew, alone in a fresh context,
and the logits at the same places are compared. So a difference cannot hide behind luck in sampling.
"""

import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel
from paddock.engine.generation.background_prefill import BackgroundPrefill
from paddock.engine.generation.engine import Engine
from paddock.engine.generation.request import Generation
from paddock.engine.kvcache.prefix_cache import PrefixCacheConfig
from paddock.engine.scheduler.budget import BudgetConfig
from paddock.engine.scheduler.config import SchedulerConfig
from paddock.ipc import Finished, Generate, Sampling

Logits = npt.NDArray[np.float32]

TOLERANCE = 1e-2
"""Ten times the rounding between batches of different shapes. A wrong state differs by 0.1 and more."""


class RecordedGeneration(Generation):
    """A generation that records the logits by which each token is chosen."""

    rows: dict[int, Logits]
    """Index of the last known token → the logits by which the next one was chosen."""

    def sample(self, context: Context, index: int) -> int:
        self.rows[len(self.sequence.tokens) - 1] = context.logits(index).copy()
        return super().sample(context, index)


class EngineUnderTest:
    """An engine in this process, with all its parts but the pipes."""

    def __init__(
        self,
        model: LlamaModel,
        *,
        cells: int = 4096,
        running: int = 4,
        ids: int = 16,
        offload: bool = False,
        flash: bool = False,
        background: bool = False,
        budget: BudgetConfig | None = None,
        make_context: Callable[[LlamaModel, ContextOptions, Callable[[], bool]], Context] = Context,
    ) -> None:
        self.model = model
        config = SchedulerConfig(cache=PrefixCacheConfig(offload=offload), budget=budget or BudgetConfig())
        options = ContextOptions(cells, 64, ids, 1, flash_attention=flash)
        self.context = Context(model, options)
        prefill = BackgroundPrefill(model, options, make_context=make_context) if background else None
        self.engine = Engine(model, self.context, running, config=config, background=prefill)
        self.number = 0
        self.ended: dict[int, Finished] = {}

    def __enter__(self) -> "EngineUnderTest":
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()
        self.context.close()

    def ask(self, tokens: list[int], reply: int = 12, **fields: object) -> RecordedGeneration:
        self.number += 1
        request = Generate(
            id=self.number,
            prompt="",
            num_predict=reply,
            sampling=Sampling(temperature=0),
            **fields,  # type: ignore[arg-type]
        )
        generation = RecordedGeneration(request, tokens, self.model, self.context.cells, self.context.cells)
        generation.rows = {}
        self.engine.add(generation)
        return generation

    def run(self, steps: int = 10**6) -> None:
        while self.engine.generations and steps:
            step = self.engine.step()
            assert not step.failed
            self.ended |= {f.id: f for f in step.finished}
            steps -= 1

    def answer(self, *prompts: list[int], reply: int = 12, **fields: object) -> list[RecordedGeneration]:
        generation = [self.ask(p, reply, **fields) for p in prompts]
        self.run()
        return generation

    def answer_beside(self, prompt: list[int]) -> RecordedGeneration:
        """Answer a prompt with one token, however long the others still stream."""
        generation = self.ask(prompt, 1)
        while generation.request.id not in self.ended:
            assert self.engine.generations
            self.run(1)
        return generation

    def reused(self, generation: RecordedGeneration) -> int:
        return self.ended[generation.request.id].cached_tokens


def compute_alone(model: LlamaModel, tokens: list[int]) -> list[Logits]:
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
            rows.append(context.logits(i).copy())
    batch.close()
    context.close()
    return rows


def check(*generations: RecordedGeneration, tolerance: float = TOLERANCE) -> None:
    for generation in generations:
        assert generation.rows
        fresh = compute_alone(generation._model, generation.sequence.tokens)
        for position, logits in generation.rows.items():
            difference = float(np.abs(fresh[position] - logits).max())
            assert difference < tolerance, f"position {position}: {difference}"


def words(model: LlamaModel, seed: int, count: int) -> list[int]:
    ordinary = [t for t in range(model.vocabulary_size) if not model.ends_reply(t) and len(model.piece(t)) > 1]
    return random.Random(seed).choices(ordinary, k=count)
