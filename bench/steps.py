"""The cost of one step with four streams and a chunk of a prompt, by the chunk's size and the tokens before it.

It explains how long the first token of a new request takes beside running streams. Attention to a long prompt costs
most when chunks are small, and chunks must be small so that the streams do not stall.
"""

from pathlib import Path
from time import perf_counter

from bench.models import one_billion
from bench.report import Row
from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel
from paddock.fleet.resources import usable_cores

STREAMS, BATCH_TOKENS, PROMPT_SEQ_ID = 4, 512, 9
CHUNKS = (12, 28, 60)
CONTEXTS = (0, 1024, 3072)
CELLS = 8192


def measure(file: Path | None = None) -> list[Row]:
    """Return the rows of this scenario; none has a limit to meet."""
    model = LlamaModel(str(file or one_billion()))
    rows = []
    for flash in (True, False):
        options = ContextOptions(CELLS, BATCH_TOKENS, 16, usable_cores(), flash_attention=flash)
        context, batch = Context(model, options), Batch(BATCH_TOKENS)
        for stream in range(STREAMS):
            _compute(context, batch, [(position, stream) for position in range(60)])
        done, whole = 0, 0.0
        for before in CONTEXTS:
            while done < before:
                whole = _compute(context, batch, [(done + i, PROMPT_SEQ_ID) for i in range(BATCH_TOKENS)])
                done += BATCH_TOKENS
            alone = _beside(context, batch, done, 0)
            costs = [f"{n}: {(_beside(context, batch, done, n) - alone) / n * 1e3:.1f}" for n in CHUNKS]
            note = f"a token in chunks of {', of '.join(costs)} ms"
            if whole:
                note += f"; alone, in a batch of {BATCH_TOKENS}: {whole / BATCH_TOKENS * 1e3:.1f} ms"
            how = "with" if flash else "without"
            rows.append(
                Row(f"4 streams, {before} tokens before, {how} flash attention", f"{alone * 1e3:.0f} ms", note=note)
            )
        batch.close()
        context.close()
    model.close()
    return rows


def _beside(context: Context, batch: Batch, before: int, count: int) -> float:
    """Return the seconds of a step with a token of each stream and `count` of the prompt; the best of three."""
    best = float("inf")
    for _ in range(3):
        work = [(60, stream) for stream in range(STREAMS)] + [(before + i, PROMPT_SEQ_ID) for i in range(count)]
        best = min(best, _compute(context, batch, work, STREAMS))
        for stream in range(STREAMS):
            context.remove(stream, 60)
        if count:
            context.remove(PROMPT_SEQ_ID, before)
    return best


def _compute(context: Context, batch: Batch, work: list[tuple[int, int]], logits: int = 0) -> float:
    """Compute tokens, given as position and sequence id, the first `logits` with logits. Return the seconds."""
    batch.clear()
    for i, (position, sequence) in enumerate(work):
        batch.add(5000 + i, position, sequence, i < logits)
    start = perf_counter()
    context.decode(batch)
    return perf_counter() - start
