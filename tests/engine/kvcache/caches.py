"""Real KV caches of tiny models, and the logits that they give."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel
from paddock.engine.kvcache import KVCache, make_kv_cache
from tests.models.kinds import KINDS

TOKENS = [3 + (7 * i) % 40 for i in range(440)]


class RealCache:
    """A context with its KV cache. Tokens are computed one after another."""

    def __init__(self, model: LlamaModel, cells: int = 512) -> None:
        self.model = model
        self.context = Context(model, ContextOptions(cells, 128, 4, 1))
        self.kv_cache: KVCache = make_kv_cache(model, self.context)
        self.batch = Batch(128)

    def compute(self, seq_id: int, tokens: list[int], position: int = 0) -> npt.NDArray[np.float32]:
        """Compute tokens of a sequence from `position` on. Return a copy of the last one's logits."""
        for start in range(0, len(tokens), 64):
            self.batch.clear()
            for i in range(start, min(start + 64, len(tokens))):
                row = self.batch.add(tokens[i], position + i, seq_id, i == len(tokens) - 1)
            self.context.decode(self.batch)
        return self.context.logits(row).copy()

    def close(self) -> None:
        self.batch.close()
        self.context.close()


@contextmanager
def loaded(kind: str, folder: Path) -> Iterator[LlamaModel]:
    """Load the tiny model of a kind."""
    model = LlamaModel(str(KINDS[kind](folder / "model.gguf")))
    yield model
    model.close()


def differs(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> bool:
    """Whether logits differ by more than rounding."""
    return float(np.abs(one - other).max()) > 1e-2
