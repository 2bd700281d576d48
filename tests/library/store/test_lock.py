import contextlib
import logging
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.errors import ErrorKind
from paddock.library.store.lock import FolderBusy, FolderLock

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


def stopped_holder(path: Path, how: str) -> "subprocess.Popen[str]":
    """A process that holds the lock for ever."""
    other = another_process(path, how)
    other.send_signal(signal.SIGSTOP)
    return other


def test_who_wants_to_share_it_waits_for_a_stuck_holder_only_for_a_while(path: Path) -> None:
    lock = FolderLock(path, wait_seconds=0.2)
    other = stopped_holder(path, "exclusive")
    try:
        began = time.monotonic()
        with pytest.raises(FolderBusy, match="another process holds the models folder") as error, lock.shared():
            pass
        assert 0.2 <= time.monotonic() - began < 5
        assert error.value.kind is ErrorKind.OVERLOADED
    finally:
        other.kill()
        other.communicate()
    with lock.shared():
        pass


def test_a_stuck_holder_keeps_no_thread_longer_than_its_own_wait(path: Path) -> None:
    lock = FolderLock(path, wait_seconds=1)
    other = stopped_holder(path, "exclusive")
    waiting = [threading.Thread(target=share_quietly, args=[lock]) for _ in range(8)]
    try:
        began = time.monotonic()
        for thread in waiting:
            thread.start()
        assert not alone(lock), "who would remove something gives up at once"
        assert time.monotonic() - began < 0.9
        for thread in waiting:
            thread.join()
        assert time.monotonic() - began < 8, "they wait at the same time, not one after the other"
    finally:
        other.kill()
        other.communicate()


def share_quietly(lock: FolderLock) -> None:
    with contextlib.suppress(FolderBusy), lock.shared():
        pass


def test_a_lock_that_is_removed_by_its_holder_never_has_two_holders(path: Path) -> None:
    holders, most = 0, 0
    guard, end = threading.Lock(), time.monotonic() + 1.0

    def repeat() -> None:
        nonlocal holders, most
        lock = FolderLock(path)
        while time.monotonic() < end:
            with lock.exclusive() as held:
                if held:
                    with guard:
                        holders += 1
                        most = max(most, holders)
                    time.sleep(0.0005)
                    with guard:
                        holders -= 1
                    lock.remove()

    threads = [threading.Thread(target=repeat) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert not path.exists()


def test_who_waits_for_a_lock_that_is_removed_takes_the_new_one(path: Path) -> None:
    one, two, three = FolderLock(path), FolderLock(path), FolderLock(path)
    sharing, end = threading.Event(), threading.Event()

    def share() -> None:
        with two.shared():
            sharing.set()
            end.wait(5)

    with one.exclusive() as held:
        assert held
        thread = threading.Thread(target=share)
        thread.start()
        time.sleep(0.02)
        one.remove()
    assert sharing.wait(5)
    assert not alone(three)
    end.set()
    thread.join()


def test_the_file_and_its_folder_are_private(path: Path) -> None:
    with FolderLock(path).shared():
        assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)  # as an earlier version left them
    path.parent.chmod(0o755)
    with FolderLock(path).shared():
        assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_a_group_that_may_write_to_the_folder_shares_the_lock(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o2770)
    with FolderLock(path).shared():
        assert (mode(path), mode(path.parent)) == (0o660, 0o2770)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


OPEN = """
import fcntl, os, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
os.chdir(sys.argv[2])
try:
    descriptor = os.open(sys.argv[1], os.O_RDONLY)
except PermissionError:
    print("refused")
else:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    print("held")
"""

WRITE = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from paddock.library.store.lock import FolderBusy, FolderLock
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
lock = FolderLock(Path(sys.argv[1]))
with lock.exclusive() as held:
    print(held)
try:
    with lock.shared():
        print("held")
except FolderBusy as error:
    print(error)
"""


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A path of a lock in a folder that every user may enter, which `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "models").mkdir()
        yield Path(folder) / "models" / "paddock" / "lock"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become another user")
def test_no_other_user_can_hold_it(open_path: Path) -> None:
    with FolderLock(open_path).shared():
        pass
    command = [sys.executable, "-c", OPEN, str(open_path), "/"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout == "refused\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become another user")
def test_another_users_server_is_told_why_it_may_not_write(open_path: Path) -> None:
    with FolderLock(open_path).shared():
        pass
    command = [sys.executable, "-c", WRITE, str(open_path), str(Path(__file__).parents[3] / "src")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
    assert said[0] == "False" and "belongs to another user" in said[1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become another user")
def test_in_a_folder_that_only_another_user_may_write_it_keeps_nobody_off(open_path: Path) -> None:
    command = [sys.executable, "-c", WRITE, str(open_path), str(Path(__file__).parents[3] / "src")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert said.stdout.splitlines() == ["True", "held"], "a server that only reads the models of another program"
    assert "let no other server use the folder" in said.stderr
    assert not open_path.parent.exists()
