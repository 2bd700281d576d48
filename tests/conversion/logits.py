"""What the engine computes with a model and adapters, through its own binding."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel
from tests.conversion.checkpoints import TOKENS, Array


def logits(path: Path, adapters: Sequence[Path] = (), tokens: Sequence[int] = TOKENS) -> Array:
    """Return the logits after each token, of shape (tokens, vocabulary)."""
    model = LlamaModel(str(path), gpu_layers=0)
    try:
        handles = [model.add_adapter(str(adapter)) for adapter in adapters]
        context = Context(model, ContextOptions(cells=64, batch_tokens=64))
        if handles:
            context.use_adapters(handles)
        batch = Batch(len(tokens))
        for position, token in enumerate(tokens):
            batch.add(token, position, 0, True)
        context.decode(batch)
        rows = [context.logits(index).copy() for index in range(len(tokens))]
        batch.close()
        context.close()
        return np.stack(rows)
    finally:
        model.close()
