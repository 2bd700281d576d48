"""Replies held to schemas, inside the runner: what that costs for each token, and before the first one."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bench.crowd import Client, Crowd, words
from bench.models import file_ref, one_billion, vocabulary_only
from bench.report import Row, at_least, at_most
from bench.runner import RunnerUnderTest, runner
from paddock.fleet.resources import usable_cores
from paddock.ipc import LoadModel

CLIENTS = 8
REPLY = 64
ROUNDS = 5
CELLS = 8192
SCHEMA_BYTES = 5000
TO_FIRST_TOKEN = 50.0
"""Milliseconds that a new schema may add."""


def measure(file: Path | None = None, rounds: int = ROUNDS) -> list[Row]:
    """The rows of this scenario, with the 1 B model or another one."""
    with runner() as one:
        crowd, seeds = _prepared(one, file or one_billion()), count()
        ratios, rates = [], []
        for free, held in _decodes(crowd, seeds, rounds):
            ratios.append(free / held)
            rates.append(CLIENTS * REPLY / held)
        note = f"{median(rates):.1f} tokens/s, {min(ratios):.3f}–{max(ratios):.3f} in {rounds} rounds"
        what = f"{CLIENTS} replies, each with its own schema: share of the speed without"
        return [at_least(what, median(ratios), 0.95, note), _first_token(crowd, seeds, rounds)]


def measure_small(rounds: int = ROUNDS) -> list[Row]:
    """The same with a model that computes next to nothing: what is left is what the formats cost."""
    with runner() as one:
        crowd, seeds = _prepared(one, vocabulary_only()), count()
        costs = [(held - free) / (CLIENTS * REPLY) for free, held in _decodes(crowd, seeds, rounds)]
        what = f"{CLIENTS} replies, each with its own schema: what it costs a token"
        return [Row(what, f"{median(costs) * 1e6:.0f} µs"), _first_token(crowd, seeds, rounds)]


def _prepared(one: RunnerUnderTest, file: Path) -> Crowd:
    one.load(LoadModel(model=file_ref(file), context_length=CELLS, pool_tokens=CELLS, threads=usable_cores()))
    crowd = Crowd(one)
    crowd.run([words(0, 12)], 4, format=json.dumps("json"))  # the vocabulary is prepared once
    return crowd


def schema(number: int, size: int = 0) -> dict[str, Any]:
    """A schema of its own whose replies go on and on, of at least `size` bytes as JSON."""
    kinds: list[dict[str, Any]] = [
        {"type": "string"},
        {"type": "integer", "minimum": number},
        {"enum": [f"{word}-{number}" for word in words(number, 6).split()]},
        {"type": "array", "items": {"type": "number"}},
        {"anyOf": [{"type": "string", "pattern": "^[a-z]+$"}, {"type": "null"}]},
        {"type": "object", "properties": {f"of{number}": {"type": "boolean"}}, "required": [f"of{number}"]},
    ]
    properties: dict[str, Any] = {"text": {"type": "string", "minLength": 4000}}
    while len(properties) < 4 or len(json.dumps(properties)) < size:
        properties[f"field_{number}_{len(properties)}"] = kinds[len(properties) % len(kinds)]
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _decodes(crowd: Crowd, seeds: "count[int]", rounds: int) -> Iterator[tuple[float, float]]:
    """Yield the seconds that as many replies take without formats and with them."""
    for _ in range(rounds):
        prompts = [words(next(seeds), 12) for _ in range(CLIENTS)]
        free = _seconds(crowd, prompts, [""] * CLIENTS)
        yield free, _seconds(crowd, prompts, [json.dumps(schema(next(seeds))) for _ in range(CLIENTS)])


def _seconds(crowd: Crowd, prompts: list[str], formats: list[str]) -> float:
    """Run requests at once; return the seconds from when all have begun to the end."""
    clients = [crowd.send(p, REPLY, format=f, cache_prompt=False) for p, f in zip(prompts, formats, strict=True)]
    _finish(crowd, clients)
    if any(client.finished and client.finished.reply_tokens != REPLY for client in clients):
        raise RuntimeError("a reply ended by itself")
    return max(client.times[-1] for client in clients) - max(client.times[0] for client in clients)


def _first_token(crowd: Crowd, seeds: "count[int]", rounds: int) -> Row:
    free: list[float] = []
    held: list[float] = []
    for _ in range(2 * rounds):
        for seconds, format in ((free, ""), (held, json.dumps(schema(next(seeds), SCHEMA_BYTES)))):
            start = perf_counter()
            client = crowd.send(words(next(seeds), 64), 2, format=format, cache_prompt=False)
            _finish(crowd, [client])
            seconds.append(client.times[0] - start)
    more = (median(held) - median(free)) * 1e3
    note = f"{median(free) * 1e3:.0f} ms without; at worst {max(held) * 1e3:.0f} ms with one"
    return at_most(
        f"a new schema of {SCHEMA_BYTES // 1000} kB: time to the first token", more, TO_FIRST_TOKEN, "ms", note
    )


def _finish(crowd: Crowd, clients: list[Client]) -> None:
    while any(client.finished is None for client in clients):
        crowd.read()
