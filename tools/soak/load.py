"""The load itself: a server, its clients, and a look at what is left when they have gone."""

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from tests.server.servers import ServerUnderTest, until

from tools.soak.client import Outcome, send
from tools.soak.mix import Mix, Request, bad_registry
from tools.soak.models import EMBEDS, MODELS, make_models
from tools.soak.report import Bounds, Report, Sample
from tools.soak.watch import Watch, is_runner, use_of

NEVER_LOGGED = ("Traceback", "unexpected error")


@dataclass(frozen=True)
class LoadConfig:
    """How hard it is. Times are seconds."""

    seconds: float = 120
    clients: int = 10
    places: int = 2
    """The setting MAX_LOADED_MODELS."""
    turn: int = 2
    """The setting MODEL_TURN."""
    seed: int = 0
    usual_load: float = 1.0
    """How long a model takes to be loaded on the machine that the bounds are for."""
    settle: float = 30.0
    """How long what was begun may take to end when all clients have gone."""
    descriptors_left: int = 12
    """Descriptors that the server may have more than at the start: sockets of the pools that it keeps."""


def run_load(folder: Path, config: LoadConfig, bounds: Bounds) -> Report:
    """Put a server of its own in `folder` under load, and return what was seen.

    The bounds are stretched where loading a model takes longer than usual, which is measured first.
    """
    places, turn = str(config.places), str(config.turn)
    with (
        bad_registry(config.seed) as network,
        ServerUnderTest(folder, MAX_LOADED_MODELS=places, MODEL_TURN=turn) as server,
    ):
        make_models(server, folder / "files")
        slowest = max(_seconds_to_load(server, model) for model in MODELS)
        bounds = replace(bounds, slowdown=max(1.0, slowest / config.usual_load))
        server.unload_all()
        before = use_of(psutil.Process(server.process.pid), server.models, time.monotonic())
        mixes = [Mix(server.port, network.host, number, config.seed) for number in range(config.clients)]
        samples: list[Sample] = []
        with Watch(server.process.pid, server.port, server.models) as watch:
            _run_clients(mixes, watch, samples, config.seconds)
        samples += [Sample(at, "ps, polled", "", outcome, False) for at, outcome in watch.asked]
        report = Report(config.seconds, slowest, sorted(samples, key=lambda s: s.at), watch.uses, bounds)
        report.at_end = _problems_at_end(server, mixes, before.descriptors + config.descriptors_left, config)
    return report


def _run_clients(mixes: list[Mix], watch: Watch, samples: list[Sample], seconds: float) -> None:
    def work(mix: Mix) -> None:
        while time.monotonic() < watch.began + seconds:
            request, patience = mix.draw()
            start = time.monotonic()
            outcome = send(mix.port, request.method, request.path, request.body, patience)
            answered = start + (outcome.seconds if outcome.first_byte is None else outcome.first_byte)
            seen.append((start, answered, request, outcome))
            time.sleep(mix.pause())

    seen: list[tuple[float, float, Request, Outcome]] = []
    threads = [threading.Thread(target=work, args=(mix,)) for mix in mixes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for start, answered, request, outcome in seen:
        loaded = bool(request.model) and watch.was_loaded(request.model, start, answered)
        samples.append(Sample(start - watch.began, request.kind, request.model, outcome, loaded, request.may_fail))


def _seconds_to_load(server: ServerUnderTest, model: str) -> float:
    started = time.monotonic()
    outcome = _ask(server, model)
    assert outcome.status == 200, (model, outcome)
    return time.monotonic() - started


def _ask(server: ServerUnderTest, model: str) -> Outcome:
    """Send a small request for a model."""
    if model == EMBEDS:
        return send(server.port, "POST", "/api/embed", {"model": model, "input": "the day"})
    body = {"model": model, "prompt": "Once upon a time", "stream": False, "options": {"num_predict": 2}}
    return send(server.port, "POST", "/api/generate", body)


def _problems_at_end(server: ServerUnderTest, mixes: list[Mix], descriptors: int, config: LoadConfig) -> list[str]:
    """Return what is not as it should be after the clients have gone."""
    found = []
    for mix in mixes:
        found += [f"deleting: {o.status} {o.error}" for o in mix.tidy() if o.status not in (200, 404)]
    for model in MODELS:
        outcome = _ask(server, model)
        if outcome.status != 200 or outcome.error:
            found.append(f"the last request for {model}: {outcome.status} {outcome.error}")
    if server.process.poll() is not None:
        return [*found, f"the server ended with {server.process.returncode}"]
    listed = set(server.ps())
    runners = [p for p in server.runners() if is_runner(p)]
    if not 1 <= len(listed) <= config.places or f"{MODELS[-1]}:latest" not in listed:
        found.append(f"/api/ps lists {sorted(listed)} after a request for {MODELS[-1]}")
    if len(runners) != len(listed):
        found.append(f"{len(runners)} runners are there for {len(listed)} loaded models")
    for name in listed:
        server.post("/api/generate", {"model": name, "keep_alive": 0})
    process = psutil.Process(server.process.pid)
    for what, is_so in (
        ("models stay loaded", lambda: not server.ps()),
        ("runners stay", lambda: not any(is_runner(p) for p in server.runners())),
        ("temporary files stay", lambda: not list(server.models.rglob("*.tmp"))),
        (f"descriptors stay over {descriptors}", lambda: process.num_fds() <= descriptors),
    ):
        try:
            until(is_so, config.settle)
        except AssertionError:
            found.append(f"{what} after all clients have gone")
    log = server.log
    found += [
        f"the log has {log.count(word)} times {word!r}" for word in ("Traceback", "unexpected error") if word in log
    ]
    return found
