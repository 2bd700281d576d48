"""Another process holds the models folder's lock: readers do not notice, writers are told within seconds."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.models.llama import tiny_llama
from tests.registry.fake import fake_registry
from tests.server.servers import Answer, ServerUnderTest

HOLD = """
import fcntl, os, sys, time
descriptor = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""
BUSY = "another process holds the models folder"
QUICK_SECONDS = 4.0
"""A bound for requests that need some milliseconds on a quiet machine; less than writers wait."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("lock")) as server:
        file = tiny_llama(tmp_path_factory.mktemp("gguf") / "tiny.gguf")
        server.import_gguf("tiny", file, parameters={"num_predict": 4})
        server.generate("tiny")
        yield server


@contextmanager
def held(server: ServerUnderTest) -> Iterator[None]:
    """Hold the lock as a program does that somebody has stopped."""
    command = [sys.executable, "-c", HOLD, str(server.models / "paddock" / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            holder.send_signal(signal.SIGSTOP)
            yield
        finally:
            holder.kill()


def test_readers_do_not_notice_and_writers_are_told(server: ServerUnderTest) -> None:
    def pull() -> Answer:
        return server.post("/api/pull", {"model": f"{fake.host}/team/m", "stream": False, "insecure": True})

    data = os.urandom(1000)
    answers: dict[str, Answer] = {}
    with fake_registry() as fake, held(server):
        fake.add("team/m", "latest", b"model")
        writers: dict[str, Callable[[], Any]] = {
            "create": lambda: server.create("new", **{"from": "tiny", "system": "Be brief."}),
            "quantize": lambda: server.create("small", **{"from": "tiny", "quantize": "q4_0"}),
            "copy": lambda: server.post("/api/copy", {"source": "tiny", "destination": "copy"}),
            "upload": lambda: server.post(f"/api/blobs/sha256:{'0' * 64}", data),
            "head": lambda: server.request("HEAD", f"/api/blobs/sha256:{'1' * 64}"),
            "pull": pull,
        }

        def write(name: str, work: Callable[[], Any]) -> None:
            answers[name] = work()

        threads = [
            threading.Thread(target=write, args=(f"{name} {number}", work))
            for number in range(4)
            for name, work in writers.items()
            if name != "quantize" or not number  # of which only one runs at once
        ]
        for thread in threads:
            thread.start()
        readers: tuple[Callable[[], Any], ...] = (
            lambda: server.generate("tiny").json["done"],
            lambda: server.post("/api/show", {"model": "tiny"}).json["details"],
            lambda: server.tags()["tiny:latest"],
            lambda: server.ps()["tiny:latest"],
            lambda: server.get("/api/version").json["version"],
        )
        for _ in range(3):
            for ask in readers:
                began = time.monotonic()
                assert ask()
                assert time.monotonic() - began < QUICK_SECONDS
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    assert len(answers) == len(threads)
    for name, answer in answers.items():
        assert answer.status == 503, (name, answer.body)
        assert name.startswith("head") or BUSY in answer.error, (name, answer.body)
    assert server.create("new", **{"from": "tiny", "system": "Be brief."}).json == {"status": "success"}


def test_a_delete_removes_the_model_at_once_and_its_blobs_later(server: ServerUnderTest) -> None:
    server.create("gone", **{"from": "tiny", "system": "Only here."})
    with held(server):
        began = time.monotonic()
        assert server.request("DELETE", "/api/delete", {"model": "gone"}).status == 200
        assert time.monotonic() - began < QUICK_SECONDS
        assert "gone:latest" not in server.tags()


def test_a_server_starts_while_the_lock_is_held(server: ServerUnderTest, tmp_path: Path) -> None:
    with held(server), ServerUnderTest(tmp_path, MODELS=str(server.models)) as other:
        assert "tiny:latest" in other.tags()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_another_user_cannot_hold_it(server: ServerUnderTest) -> None:
    lock = server.models / "paddock" / "lock"
    assert lock.stat().st_mode & 0o777 == 0o600
    for folder in (lock.parent, *(path for path in lock.parent.iterdir() if path.is_dir())):
        assert folder == lock.parent or folder.parent == lock.parent
    assert lock.parent.stat().st_mode & 0o777 == 0o700
    become = "import fcntl, os; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    # Even with the folders above open to everybody, which those of a test are not.
    opened = [path for path in lock.parents if path != lock.parent and path.stat().st_mode & 0o001 == 0]
    modes = {path: path.stat().st_mode for path in opened}
    try:
        for path in opened:
            path.chmod(modes[path] | 0o005)
        result = subprocess.run(
            [sys.executable, "-c", become + HOLD, str(lock)], capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert "PermissionError" in result.stderr and "held" not in result.stdout
