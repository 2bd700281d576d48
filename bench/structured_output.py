"""Replies that must match a JSON schema, inside the runner: the cost per token, and before the first one."""

import json
from collections.abc import Iterator, Sequence
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
from paddock.ipc import JsonObject, JsonSchema, LoadModel

CLIENTS = 8
REPLY = 64
ROUNDS = 5
CELLS = 8192
SCHEMA_BYTES = 5000
TO_FIRST_TOKEN = 50.0
"""Milliseconds that a new schema may add to the time to the first token."""


def measure(file: Path | None = None, rounds: int = ROUNDS) -> list[Row]:
    """Return the rows of this scenario, with the 1 B model or another one."""
    with runner() as one:
        crowd, seeds = _prepared(one, file or one_billion()), count()
        ratios, rates = [], []
        for free, constrained in _decodes(crowd, seeds, rounds):
            ratios.append(free / constrained)
            rates.append(CLIENTS * REPLY / constrained)
        note = f"{median(rates):.1f} tokens/s, {min(ratios):.3f}–{max(ratios):.3f} in {rounds} rounds"
        what = f"{CLIENTS} replies, each with its own schema: share of the speed of free replies"
        return [at_least(what, median(ratios), 0.95, note), _first_token(crowd, seeds, rounds)]


def measure_small(rounds: int = ROUNDS) -> list[Row]:
    """Return the same rows with a model that computes next to nothing: what is left is the cost of constraints."""
    with runner() as one:
        crowd, seeds = _prepared(one, vocabulary_only()), count()
        costs = [(constrained - free) / (CLIENTS * REPLY) for free, constrained in _decodes(crowd, seeds, rounds)]
        what = f"{CLIENTS} replies, each with its own schema: cost per token"
        return [Row(what, f"{median(costs) * 1e6:.0f} µs"), _first_token(crowd, seeds, rounds)]


def _prepared(one: RunnerUnderTest, file: Path) -> Crowd:
    one.load(LoadModel(model=file_ref(file), context_length=CELLS, pool_tokens=CELLS, threads=usable_cores()))
    crowd = Crowd(one)
    crowd.run([words(0, 12)], 4, constraint=JsonObject())  # the vocabulary is prepared once
    return crowd


def schema(number: int, size: int = 0) -> dict[str, Any]:
    """Return the schema of this number, of at least `size` bytes as JSON; its replies never end by themselves."""
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


def _constraint(number: int, size: int = 0) -> JsonSchema:
    return JsonSchema(json.dumps(schema(number, size)))


def _decodes(crowd: Crowd, seeds: "count[int]", rounds: int) -> Iterator[tuple[float, float]]:
    """Yield, for each round, the seconds that the replies take without constraints and with them."""
    for _ in range(rounds):
        prompts = [words(next(seeds), 12) for _ in range(CLIENTS)]
        free = _seconds(crowd, prompts, [None] * CLIENTS)
        yield free, _seconds(crowd, prompts, [_constraint(next(seeds)) for _ in range(CLIENTS)])


def _seconds(crowd: Crowd, prompts: list[str], constraints: Sequence[JsonSchema | None]) -> float:
    """Run requests at once; return the seconds from the last first token to the last end."""
    clients = [
        crowd.send(p, REPLY, constraint=c, cache_prompt=False) for p, c in zip(prompts, constraints, strict=True)
    ]
    _finish(crowd, clients)
    if any(client.finished and client.finished.reply_tokens != REPLY for client in clients):
        raise RuntimeError("a reply ended by itself")
    return max(client.times[-1] for client in clients) - max(client.times[0] for client in clients)


def _first_token(crowd: Crowd, seeds: "count[int]", rounds: int) -> Row:
    free: list[float] = []
    constrained: list[float] = []
    for _ in range(2 * rounds):
        for seconds, constraint in ((free, None), (constrained, _constraint(next(seeds), SCHEMA_BYTES))):
            start = perf_counter()
            client = crowd.send(words(next(seeds), 64), 2, constraint=constraint, cache_prompt=False)
            _finish(crowd, [client])
            seconds.append(client.times[0] - start)
    more = (median(constrained) - median(free)) * 1e3
    note = f"{median(free) * 1e3:.0f} ms without; at worst {max(constrained) * 1e3:.0f} ms with one"
    return at_most(
        f"a new schema of {SCHEMA_BYTES // 1000} kB: time to the first token", more, TO_FIRST_TOKEN, "ms", note
    )


def _finish(crowd: Crowd, clients: list[Client]) -> None:
    while any(client.finished is None for client in clients):
        crowd.read()
