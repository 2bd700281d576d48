"""What one step costs: four decoding streams and a piece of a prompt, by its size and what lies before it.

It shows why a newcomer's first token takes as long as it does beside running streams: attention to a long prompt costs
most when the pieces are small, and pieces must be small for the streams not to stall.
"""

from pathlib import Path
from time import perf_counter

from bench.models import one_billion
from bench.report import Row
from paddock.engine.binding import Batch, Context, ContextOptions, Model
from paddock.fleet.resources import usable_cores

STREAMS, WHOLE, NEWCOMER = 4, 512, 9
PIECES = (12, 28, 60)
CONTEXTS = (0, 1024, 3072)
CELLS = 8192


def measure(file: Path | None = None) -> list[Row]:
    """The rows of this scenario; none has a bar."""
    model = Model(str(file or one_billion()))
    rows = []
    for flash in (True, False):
        options = ContextOptions(CELLS, WHOLE, 16, usable_cores(), flash_attention=flash)
        context, batch = Context(model, options), Batch(WHOLE)
        for stream in range(STREAMS):
            _compute(context, batch, [(position, stream) for position in range(60)])
        done, whole = 0, 0.0
        for before in CONTEXTS:
            while done < before:
                whole = _compute(context, batch, [(done + i, NEWCOMER) for i in range(WHOLE)])
                done += WHOLE
            alone = _beside(context, batch, done, 0)
            costs = [f"{n}: {(_beside(context, batch, done, n) - alone) / n * 1e3:.1f}" for n in PIECES]
            note = f"a token in pieces of {', of '.join(costs)} ms"
            if whole:
                note += f"; alone, in a batch of {WHOLE}: {whole / WHOLE * 1e3:.1f} ms"
            how = "with" if flash else "without"
            rows.append(
                Row(f"4 streams, {before} tokens before, {how} flash attention", f"{alone * 1e3:.0f} ms", note=note)
            )
        batch.close()
        context.close()
    model.close()
    return rows


def _beside(context: Context, batch: Batch, before: int, count: int) -> float:
    """Seconds of a step with a token of each stream and `count` of the newcomer; the best of three."""
    best = float("inf")
    for _ in range(3):
        work = [(60, stream) for stream in range(STREAMS)] + [(before + i, NEWCOMER) for i in range(count)]
        best = min(best, _compute(context, batch, work, STREAMS))
        for stream in range(STREAMS):
            context.remove(stream, 60)
        if count:
            context.remove(NEWCOMER, before)
    return best


def _compute(context: Context, batch: Batch, work: list[tuple[int, int]], logits: int = 0) -> float:
    batch.clear()
    for i, (position, sequence) in enumerate(work):
        batch.add(5000 + i, position, sequence, i < logits)
    start = perf_counter()
    context.decode(batch)
    return perf_counter() - start
