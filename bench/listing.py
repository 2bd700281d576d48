"""Time to list a thousand models with `/api/tags`: after a start, again, and after a model was created."""

import time
from pathlib import Path
from statistics import median

from bench.models import vocabulary_only
from bench.report import Row, at_most
from bench.server import Server, models_folder, running
from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.library import Library

MODELS = 1_000
FILES = 100
"""Weight files; ten models share each."""
VOCABULARY = 32_000
"""Tokens in the vocabulary of each file."""
STARTS = 3
RUNS = 15


def measure() -> list[Row]:
    """Measure and return the rows of this scenario."""
    with models_folder() as models:
        _fill(models, MODELS, FILES)
        first, again, changed = [], [], []
        for _ in range(STARTS):
            with running(models) as server:
                first.append(_milliseconds(server))
                again.append(median(_milliseconds(server) for _ in range(RUNS)))
                server.post("/api/create", {"model": "changed", "from": "model-1", "system": "x", "stream": False})
                changed.append(_milliseconds(server))
    note = f"{FILES} files of {VOCABULARY:,} tokens"
    return [
        at_most(f"/api/tags, {MODELS} models, first after a start", median(first), 1000, "ms", note),
        at_most(f"/api/tags, {MODELS} models, again", median(again), 50, "ms", note),
        at_most(f"/api/tags, {MODELS} models, after one was created", median(changed), 50, "ms", note),
    ]


def _milliseconds(server: Server) -> float:
    start = time.perf_counter()
    server.request("GET", "/api/tags")
    return 1000 * (time.perf_counter() - start)


def _fill(folder: Path, models: int, files: int) -> None:
    """Create models, each with its own system message, template and parameters."""
    library = Library(folder)
    weights = vocabulary_only(VOCABULARY).read_bytes()
    digests: list[str] = []
    for number in range(models):
        if number < files:  # bytes after the last tensor make each file different
            digests.append(library.blobs.put(weights + number.to_bytes(8, "little"))[0])
        spec = ModelSpec(
            files={"model.gguf": digests[number % files]},
            template=f"{{{{ .System }}}} {{{{ .Prompt }}}} {number}",
            system=f"You are number {number}.",
            parameters={"seed": number},
        )
        create(library, ModelName.parse(f"model-{number}"), spec, lambda _: None)
