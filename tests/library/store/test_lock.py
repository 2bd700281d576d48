import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from paddock.library.store.lock import FolderLock

HOLD = """
import sys, time
from pathlib import Path
from paddock.library.store.lock import FolderLock

with getattr(FolderLock(Path(sys.argv[1])), sys.argv[2])():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models" / "lock"


def alone(lock: FolderLock) -> bool:
    with lock.exclusive() as held:
        return held


def another_process(path: Path, how: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), how], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_who_shares_it_keeps_removers_off(path: Path) -> None:
    one, two = FolderLock(path), FolderLock(path)
    with one.shared(), two.shared(), one.shared():
        assert not alone(one)
        assert not alone(two)
    with one.shared():
        assert not alone(two)
    assert alone(one)
    assert alone(two)


def test_one_remover_keeps_off_the_others(path: Path) -> None:
    one, two = FolderLock(path), FolderLock(path)
    with one.exclusive() as held:
        assert held
        assert not alone(two)
    assert alone(two)


@pytest.mark.parametrize("other_lock", [True, False])
def test_who_wants_to_share_it_waits_for_a_remover(path: Path, other_lock: bool) -> None:
    lock = FolderLock(path)
    sharing = threading.Event()

    def share() -> None:
        with (FolderLock(path) if other_lock else lock).shared():
            sharing.set()

    thread = threading.Thread(target=share)
    with lock.exclusive() as held:
        assert held
        thread.start()
        assert not sharing.wait(0.05)
    assert sharing.wait(5)
    thread.join()


def test_a_patient_remover_waits_a_moment(path: Path) -> None:
    lock = FolderLock(path)
    started = threading.Event()

    def share() -> None:
        with lock.shared():
            started.set()
            time.sleep(0.05)

    thread = threading.Thread(target=share)
    thread.start()
    started.wait()
    with lock.exclusive(timeout=5) as held:
        assert held
    thread.join()


def test_it_holds_between_processes_and_is_gone_with_one_that_is_killed(path: Path) -> None:
    lock = FolderLock(path)
    for how in ("shared", "exclusive"):
        other = another_process(path, how)
        try:
            assert not alone(lock)
        finally:
            other.kill()
            other.communicate()
        assert alone(lock)
        with lock.shared():
            pass


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
def test_without_the_systems_locks_it_holds_between_threads_and_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    lock = FolderLock(path)
    with caplog.at_level(logging.WARNING), lock.shared():
        assert not alone(lock)
    assert alone(lock)
    assert caplog.text.count("cannot be locked") == 1
