"""The order in which models are loaded: real runners on a real server, and a thousand simulated runs."""

import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings

from tests.fleet.simulation import Scenario, crowded_scenario, scenarios, simulate
from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest, until

ENOUGH_SECONDS = 120
"""How long a test goes on at most: on a busy machine a load takes seconds."""


@contextmanager
def serving(folder: Path, models: int, **settings: str) -> Iterator[ServerUnderTest]:
    """Run a server with the models `m0`, `m1`, …"""
    with ServerUnderTest(folder, port=None, wait=True, MODEL_TURN="1", **settings) as server:
        for seed in range(models):
            file = tiny_llama(folder / f"{seed}.gguf", seed=seed, context_length=4096)
            server.import_gguf(f"m{seed}", file, template="{{ .Prompt }}", parameters={"num_ctx": 128})
        yield server


class Clients:
    """Clients that send one request after the other, each to its model with its options, until told to stop."""

    def __init__(self, server: ServerUnderTest) -> None:
        self.answers: Counter[str] = Counter()
        """Answers of each client."""
        self.odd: list[str] = []
        """Answers that were none."""
        self.longest = 0.0
        """The longest wait for an answer, in seconds."""
        self._server = server
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, model: str, **options: Any) -> None:
        """Start a client of this name."""
        thread = threading.Thread(target=self._run, args=(name, model, options))
        self._threads.append(thread)
        thread.start()

    def _run(self, name: str, model: str, options: dict[str, Any]) -> None:
        while not self._stopped.is_set():
            began = time.monotonic()
            answer = self._server.generate(model, options={"num_predict": 20, "seed": 1, **options})
            self.longest = max(self.longest, time.monotonic() - began)
            if answer.status == 200 and answer.json["done"]:
                self.answers[name] += 1
            else:
                self.odd.append(answer.text)

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)
        assert not self.odd


def loads(server: ServerUnderTest) -> list[str]:
    """Return the name of each model that was loaded, in order."""
    return re.findall(r"(\w+:latest): loaded in", server.log)


def runner_processes(server: ServerUnderTest) -> list[psutil.Process]:
    return [child for child in server.runners() if "paddock.engine" in " ".join(child.cmdline())]


def stop_the_next_runner(server: ServerUnderTest) -> psutil.Process:
    """Stop the next runner that is started, before it has loaded its model."""
    known = {process.pid for process in runner_processes(server)}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for process in runner_processes(server):
            if process.pid not in known:
                process.send_signal(signal.SIGSTOP)
                return process
        time.sleep(0.001)
    raise AssertionError("no runner was started")


def test_several_clients_of_two_models_at_one_place_are_all_answered(tmp_path: Path) -> None:
    with serving(tmp_path, 2, MAX_LOADED_MODELS="1") as server:
        began = time.monotonic()
        with Clients(server) as clients:
            for number in range(6):
                clients.start(f"{number}", f"m{number % 2}")
            until(lambda: all(clients.answers[str(n)] >= 20 for n in range(6)), ENOUGH_SECONDS)
            seconds = time.monotonic() - began
        # A model has its turn of a second before the other one is loaded.
        assert len(loads(server)) <= seconds + 3


@pytest.mark.thorough
def test_four_clients_with_a_model_each_share_three_places(tmp_path: Path) -> None:
    with serving(tmp_path, 4, MAX_LOADED_MODELS="3") as server, Clients(server) as clients:
        for number in range(4):
            clients.start(f"{number}", f"m{number}")
        until(lambda: all(clients.answers[str(n)] >= 100 for n in range(4)), ENOUGH_SECONDS)
        counts = [clients.answers[str(n)] for n in range(4)]
        assert max(counts) < 30 * min(counts), counts
        assert len(runner_processes(server)) <= 3


def test_a_model_that_is_asked_for_once_is_answered_beside_two_in_steady_use(tmp_path: Path) -> None:
    with serving(tmp_path, 3, MAX_LOADED_MODELS="2") as server, Clients(server) as clients:
        for number in range(4):
            clients.start(f"{number}", f"m{number % 2}", num_predict=60)
        until(lambda: all(clients.answers[str(n)] >= 5 for n in range(4)), ENOUGH_SECONDS)
        began = time.monotonic()
        assert server.generate("m2").status == 200
        assert time.monotonic() - began < 15  # a turn of a second, a reply, a load
        before = clients.answers.copy()
        until(lambda: all(clients.answers[str(n)] > before[str(n)] for n in range(4)), ENOUGH_SECONDS)


@pytest.mark.parametrize("places", ["2", "3"])
def test_a_runner_that_hangs_while_it_loads_holds_only_those_that_wait_for_it(tmp_path: Path, places: str) -> None:
    with serving(tmp_path, 4, MAX_LOADED_MODELS=places) as server:
        held: list[int] = []
        waiting = threading.Thread(target=lambda: held.append(server.generate("m0").status))
        waiting.start()
        process = stop_the_next_runner(server)
        for number in (1, 2, 3, 1):
            assert server.generate(f"m{number}").status == 200
        assert held == []
        process.send_signal(signal.SIGCONT)
        waiting.join(60)
        assert held == [200]


def test_a_runner_that_hangs_while_it_loads_is_killed_when_nobody_waits_any_more(tmp_path: Path) -> None:
    with serving(tmp_path, 2, MAX_LOADED_MODELS="1") as server:
        with server.connect() as client:
            body = b'{"model":"m0","prompt":"x"}'
            head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
            client.sendall(head + body)
            process = stop_the_next_runner(server)
            waiting = threading.Thread(target=server.generate, args=("m1",))
            waiting.start()
            time.sleep(0.2)
            assert process.is_running()
        waiting.join(60)  # it has the room as soon as the first client has left
        assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        assert "m1:latest" in server.ps()


def test_a_load_that_takes_too_long_says_what_was_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path, 2, LOAD_TIMEOUT="1") as server:
        refused: list[str] = []
        waiting = threading.Thread(target=lambda: refused.append(server.generate("m0").error))
        waiting.start()
        process = stop_the_next_runner(server)
        waiting.join(60)
        assert "timed out waiting for the model to load, after 1 s: m0:latest" in refused[0]
        until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_clients_that_alternate_options_do_not_have_the_model_loaded_each_time(tmp_path: Path) -> None:
    with serving(tmp_path, 1) as server:
        with Clients(server) as clients:
            clients.start("mapped", "m0", use_mmap=True)
            clients.start("read", "m0", use_mmap=False)
            clients.start("threads", "m0", num_thread=1)
            clients.start("gpu", "m0", num_gpu=0, main_gpu=1)
            until(lambda: all(clients.answers[n] >= 30 for n in ("mapped", "read", "threads", "gpu")), ENOUGH_SECONDS)
        for number in range(10):
            answer = server.generate("m0", options={"num_predict": 1, "use_mmap": number % 2 == 0, "num_gpu": number})
            assert answer.status == 200
        assert len(loads(server)) <= 4


def test_clients_with_different_contexts_are_served_by_the_longer_one(tmp_path: Path) -> None:
    with serving(tmp_path, 1, NUM_PARALLEL="2") as server, Clients(server) as clients:
        clients.start("short", "m0", num_ctx=128)
        until(lambda: clients.answers["short"] >= 3, ENOUGH_SECONDS)
        clients.start("long", "m0", num_ctx=4096)
        until(lambda: clients.answers["long"] >= 20, ENOUGH_SECONDS)
        more = clients.answers["short"]
        until(lambda: clients.answers["short"] >= more + 20, ENOUGH_SECONDS)
        assert len(loads(server)) == 2


def test_a_503_names_what_the_request_would_have_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path, 3, MAX_QUEUE="1", MAX_LOADED_MODELS="2") as server:
        assert server.generate("m1").status == 200
        waiting = threading.Thread(target=server.generate, args=("m0",))
        waiting.start()
        process = stop_the_next_runner(server)
        busy = "server busy, please try again.  maximum pending requests exceeded: waiting for "
        same, other = server.generate("m0"), server.generate("m2")
        assert (same.status, same.error) == (503, f"{busy}m0:latest to load, as 1 request does")
        assert (other.status, other.error) == (503, f"{busy}m2:latest to load")
        assert server.generate("m1").status == 200  # it need not wait
        process.send_signal(signal.SIGCONT)
        waiting.join(60)
        assert server.generate("m0").status == 200


@pytest.mark.slow
def test_runners_that_are_stopped_and_killed_at_random_leave_nothing_behind(tmp_path: Path) -> None:
    seconds = 30
    with serving(tmp_path, 5, MAX_LOADED_MODELS="2", LOAD_TIMEOUT="8") as server:
        end = time.monotonic() + seconds
        statuses: Counter[int] = Counter()

        def client(seed: int) -> None:
            chance = random.Random(seed)
            while time.monotonic() < end:
                options = {
                    "num_predict": chance.choice([1, 50, 400]),
                    "num_ctx": chance.choice([128, 128, 4096]),
                    "use_mmap": chance.random() < 0.5,
                }
                keep = chance.choice([0, 1, 300])
                answer = server.generate(f"m{chance.randrange(5)}", keep_alive=keep, options=options)
                statuses[answer.status] += 1
                assert answer.status == 200 or answer.error

        def trouble() -> None:
            chance = random.Random(0)
            while time.monotonic() < end:
                time.sleep(chance.random() * 2)
                with suppress(psutil.NoSuchProcess, IndexError):
                    process = chance.choice(runner_processes(server))
                    if chance.random() < 0.3:
                        process.kill()
                    else:
                        process.send_signal(signal.SIGSTOP)
                        time.sleep(chance.random() * 3)
                        process.send_signal(signal.SIGCONT)

        threads = [threading.Thread(target=client, args=(seed,)) for seed in range(8)]
        threads.append(threading.Thread(target=trouble))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()
        assert statuses[200] > 20
        for number in range(5):
            assert server.generate(f"m{number}").status == 200
        server.unload_all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_crowded_runs_keep_the_bound_and_the_limits(seed: int) -> None:
    chance = random.Random(1000 + seed)
    for _ in range(100):
        simulate(crowded_scenario(chance))


@pytest.mark.slow
@settings(max_examples=1000, derandomize=False, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_a_thousand_random_runs_keep_the_bound_and_the_limits(scenario: Scenario) -> None:
    simulate(scenario)
