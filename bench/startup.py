"""What a person waits for before a model runs: commands, the server's start, descriptions of models; and its memory."""

import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import psutil

from bench.models import vocabulary_only
from bench.peers import ollama
from bench.report import Row, at_most
from bench.server import Server, environment, models_folder, paddock_command, running

RUNS = 7
GO_TEMPLATE = "{{ range .Messages }}{{ .Content }}{{ end }}"
"""A template for which a worker needs everything that it may import for Go templates."""
AFTER_START = 1.0
"""Seconds after its start until a server is idle."""


def measure() -> list[Row]:
    """Measure and return the rows of this scenario."""
    with models_folder() as models:
        rows = [
            at_most("paddock --help", _command("--help", models, 1), 200, "ms"),
            *_starts(models),
            *_listing(models),
        ]
        with running(models) as server:
            rows.insert(1, at_most("paddock list", _command("list", models, server.port), 250, "ms"))
    return rows + _peer()


def _command(name: str, models: Path, port: int) -> float:
    """Return the median of the milliseconds that a command takes."""
    arguments = [*paddock_command(), name]

    def run() -> None:
        subprocess.run(arguments, env=environment(models, port), check=True, stdout=subprocess.DEVNULL)

    run()
    return _milliseconds(run)


def _milliseconds(action: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)


def _starts(models: Path) -> list[Row]:
    answers, alone, both = [], [], []
    for _ in range(RUNS):
        with running(models) as server:
            answers.append(1000 * server.seconds_to_answer)
            time.sleep(AFTER_START)
            alone.append(_proportional(server))
            server.create("vocabulary", vocabulary_only(), GO_TEMPLATE)
            time.sleep(AFTER_START)
            both.append(_proportional(server))
            server.request("DELETE", "/api/delete", b'{"model": "vocabulary"}')
    return [
        at_most("start to first answer", median(answers), 300, "ms", f"{min(answers):.0f}–{max(answers):.0f}"),
        at_most("idle memory (PSS), the server alone", median(alone), 50, "MB"),
        at_most("idle memory (PSS), after a template was read", median(both), 65, "MB", "with the worker that read it"),
    ]


def _resident(server: Server) -> float:
    """Return the resident megabytes of the server and its children."""
    process = psutil.Process(server.process.pid)
    return float(sum(p.memory_info().rss for p in (process, *process.children(recursive=True))) / 1e6)


def _proportional(server: Server) -> float:
    """Return the megabytes of the server and its children, in which shared memory counts in proportion."""
    process = psutil.Process(server.process.pid)
    return sum(map(_pss, (process.pid, *(child.pid for child in process.children(recursive=True)))))


def _pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def _listing(models: Path) -> list[Row]:
    """Measure `/api/show` and `/api/tags` with 128 k tokens: the first request after a start, and later ones."""
    with running(models) as server:
        server.create("vocabulary", vocabulary_only())
    rows = []
    for path, request in (("/api/show", _show), ("/api/tags", _tags)):
        first, again = [], []
        for _ in range(3):
            with running(models) as server:
                first.append(_milliseconds(partial(request, server), 1))
                again.append(_milliseconds(partial(request, server), 20))
        rows.append(at_most(f"{path}, 128 k tokens, first", median(first), 100, "ms"))
        rows.append(at_most(f"{path}, 128 k tokens, again", median(again), 15, "ms"))
    return rows


def _show(server: Server) -> object:
    return server.post("/api/show", {"model": "vocabulary"})


def _tags(server: Server) -> object:
    return server.request("GET", "/api/tags")


def _peer() -> list[Row]:
    command = ollama()
    if command is None:
        return []
    with models_folder() as models, running(models, command) as server:
        time.sleep(AFTER_START)
        memory, seconds = _resident(server), server.seconds_to_answer
        server.create("vocabulary", vocabulary_only())
        show = _milliseconds(partial(_show, server), 20)
    return [Row("Ollama: start, memory, show", f"{1000 * seconds:.0f} ms, {memory:.0f} MB, {show:.1f} ms")]
