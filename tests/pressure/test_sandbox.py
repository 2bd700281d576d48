"""Processes that read strangers' files have no rights to anything else, tried from inside and on each of their threads.

Every attempt is made with the sandbox turned off, too, where it must succeed: else it would show nothing.
"""

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PIL import Image

from paddock import ipc
from tests.blobs import BLOBS
from tests.conversion.checkpoints import recorded, write_checkpoint
from tests.engine.runners import GREEDY, RunnerUnderTest, load
from tests.models import kinds
from tests.pressure.probed import DONE, MARK
from tests.sandbox.processes import needs_landlock, needs_seccomp
from tests.server.servers import ServerUnderTest

pytestmark = [needs_landlock, needs_seccomp]

Outcomes = dict[str, str]
Probed = Callable[["Targets", Path, str], list[tuple[str, Outcomes]]]


class Targets:
    """A home with a key, and files that a process must not touch."""

    def __init__(self, folder: Path) -> None:
        (folder / "home" / ".ssh").mkdir(parents=True)
        self.secret = folder / "home" / ".ssh" / "id_ed25519"
        self.secret.write_text("a key")
        self.temporary = folder / "temporary"
        self.home = folder / "home"

    def environment(self, *, other: Path, mine: Path, sandbox: str) -> dict[str, str]:
        targets = {"secret": self.secret, "other": other, "mine": mine, "temporary": self.temporary}
        return {
            "HOME": str(self.home),
            "PADDOCK_SANDBOX": sandbox,
            "PROBE_TARGETS": json.dumps({name: str(path) for name, path in targets.items()}),
        }


@pytest.fixture
def targets(tmp_path: Path) -> Targets:
    return Targets(tmp_path)


def outcomes(log: str) -> list[tuple[str, Outcomes]]:
    """Return the name of each thread that made attempts, and how these ended."""
    return [(name, found) for line in log.splitlines() if line.startswith(MARK) for name, found in [parse(line)]]


def parse(line: str) -> tuple[str, Outcomes]:
    name, found = json.loads(line.removeprefix(MARK))
    return name, found


def done(found: Outcomes) -> set[str]:
    return {name for name, how in found.items() if how == DONE}


def probed_runner(targets: Targets, tmp_path: Path, sandbox: str) -> list[tuple[str, Outcomes]]:
    """Let a runner load a model, compile a grammar and reply; return what its threads could do."""
    mine, other = kinds.full_attention(tmp_path / "mine.gguf"), kinds.full_attention(tmp_path / "other.gguf")
    loading, another = load(mine), load(other)
    blob = BLOBS / another.model.digest.replace(":", "-")
    environment = targets.environment(other=blob, mine=mine, sandbox=sandbox)
    modules = ("tests.pressure.probed", "paddock.engine")
    with RunnerUnderTest(loading, modules=modules, environment=environment) as runner:
        runner.expect(ipc.Loaded)
        runner.complete(
            ipc.Generate(id=1, prompt="1", sampling=GREEDY, num_predict=4, constraint=ipc.Regex("[0-9]{1,3}"))
        )
        runner.send(ipc.Shutdown())
        _, log = runner.process.communicate(timeout=30)
    return outcomes(log.decode())


def probed_worker(module: str, *arguments: str, environment: dict[str, str]) -> list[tuple[str, Outcomes]]:
    """Run a worker to its end; return what its threads could do."""
    command = [sys.executable, "-m", "tests.pressure.probed", module, *arguments]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None and process.stderr is not None
    with process:
        log = process.stderr.read().decode()
        assert process.wait(60) == 0, log
    return outcomes(log)


def quantized(targets: Targets, tmp_path: Path, sandbox: str) -> list[tuple[str, Outcomes]]:
    (tmp_path / "in").mkdir()
    source = kinds.full_attention(tmp_path / "in" / "model.gguf")
    other = tmp_path / "in" / "other"
    other.write_bytes(b"1")
    environment = targets.environment(other=other, mine=source, sandbox=sandbox)
    (tmp_path / "out").mkdir()
    found = probed_worker(
        "paddock.engine.quantize", str(source), str(tmp_path / "out" / "small"), "7", environment=environment
    )
    assert (tmp_path / "out" / "small").read_bytes()[:4] == b"GGUF"
    return found


def converted(targets: Targets, tmp_path: Path, sandbox: str) -> list[tuple[str, Outcomes]]:
    _, config, shapes = recorded("llama")
    folder = write_checkpoint(tmp_path / "in", config, shapes)
    (tmp_path / "out").write_bytes(b"")
    files = {path.name: str(path) for path in folder.iterdir() if path.suffix}
    job = json.dumps({"files": files, "kind": "f16", "target": str(tmp_path / "out")})
    other = tmp_path / "other"
    other.write_bytes(b"1")
    environment = targets.environment(other=other, mine=folder / "config.json", sandbox=sandbox)
    found = probed_worker("paddock.conversion.workers.checkpoint", job, environment=environment)
    assert (tmp_path / "out").read_bytes()[:4] == b"GGUF"
    return found


@pytest.mark.parametrize("probed", [probed_runner, quantized, converted])
def test_no_thread_can_do_more_than_compute(probed: Probed, targets: Targets, tmp_path: Path) -> None:
    found = probed(targets, tmp_path, "1")
    assert len(found) >= 2
    for name, attempts in found:
        assert done(attempts) == set(), name
    assert targets.secret.read_text() == "a key"


@pytest.mark.parametrize("probed", [probed_runner, quantized, converted])
def test_the_same_attempts_succeed_without_the_sandbox(probed: Probed, targets: Targets, tmp_path: Path) -> None:
    found = probed(targets, tmp_path, "0")
    assert len(found) >= 2
    for name, attempts in found:
        assert done(attempts) == set(attempts), name


def figure() -> str:
    """Return a picture, as requests have it."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def states(process: psutil.Process) -> set[tuple[int, int]]:
    """Return of each thread whether it has no new privileges, and how its system calls are restricted."""
    found = set()
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        found.add((int(status["NoNewPrivs"]), int(status["Seccomp"])))
    return found


CONFINED, FREE = {(1, 2)}, {(0, 0)}
"""`states` of a process with the sandbox and one without."""


@pytest.mark.parametrize(("setting", "expected"), [("1", CONFINED), ("0", FREE)])
def test_every_thread_of_a_servers_runners_is_confined(
    tmp_path: Path, setting: str, expected: set[tuple[int, int]]
) -> None:
    with ServerUnderTest(tmp_path, TINY="1", SANDBOX=setting) as server:
        answer = server.generate(
            "tiny-vision", "What is this?", images=[figure()], format="json", options={"num_predict": 8}
        )
        assert answer.status == 200, answer.text
        (runner,) = server.runners()
        assert runner.num_threads() > 3
        assert states(runner) == expected
        assert states(psutil.Process(server.process.pid)) == FREE


def test_the_setting_of_the_configuration_file_reaches_runners(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("sandbox = 0\n")
    with ServerUnderTest(tmp_path, TINY="1", CONFIG=str(tmp_path / "config.toml")) as server:
        assert server.generate("tiny", "1").status == 200
        (runner,) = server.runners()
        assert states(runner) == FREE
