"""A confined process reads what it was given, and Python's own; nothing else is left to it."""

import os
from pathlib import Path

import pytest

from tests.sandbox.processes import needs_landlock, needs_seccomp, run, run_process

PROBE = """
import socket, subprocess, threading
from paddock.sandbox.confinement import confine
given, other, result = map(Path, sys.argv[1:])
confinement = confine([given], [result])

def probe():
    return {
        "given": attempt(given.read_bytes),
        "other": attempt(other.read_bytes),
        "folder": attempt(lambda: list(other.parent.iterdir())),
        "written": attempt(lambda: other.write_bytes(b"1")),
        "made": attempt(lambda: other.with_name("new").touch()),
        "result": attempt(lambda: (result / "part").write_bytes(b"1")),
        "moved": attempt(lambda: (result / "part").rename(result / "whole")),
        "moved away": attempt(lambda: (result / "whole").rename(other.with_name("new"))),
        "removed": attempt(lambda: (result / "whole").unlink()),
        "linked": attempt(lambda: (result / "link").symlink_to(other)),
        "mode": attempt(lambda: os.chown(other, 0, 0)),
        "socket": attempt(socket.socket),
        "pair": attempt(socket.socketpair),
        "program": attempt(lambda: subprocess.run(["/bin/true"])),
        "spawned": attempt(lambda: os.posix_spawn("/bin/true", ["true"], {})),
        "replaced": attempt(lambda: os.execv("/bin/true", ["true"])),
        "forked": attempt(os.fork),
        "signal": attempt(lambda: os.kill(os.getppid(), 0)),
        "group": attempt(lambda: os.kill(0, 0)),
        "parent": attempt(Path(f"/proc/{os.getppid()}/environ").read_bytes),
        "later import": attempt(lambda: __import__("wave")),
        "random": attempt(lambda: os.urandom(1)),
        "nothing": attempt(lambda: Path(os.devnull).write_bytes(b"1")),
        "itself": attempt(lambda: os.kill(os.getpid(), 0)),
        "in memory": attempt(lambda: os.write(os.memfd_create("x"), b"1")),
    }

found = [probe()]
thread = threading.Thread(target=lambda: found.append(probe()))
thread.start()
thread.join()
answer([confinement.files, confinement.calls, *found])
"""

STILL_ALLOWED = {
    *("given", "result", "moved", "removed", "later import", "random", "nothing", "itself", "in memory"),
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A file that is given, one that is not, and a folder for results."""
    for name in ("given", "other", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "given" / "a").write_bytes(b"a")
    (tmp_path / "other" / "b").write_bytes(b"b")
    return tmp_path / "given" / "a", tmp_path / "other" / "b", tmp_path / "results"


@needs_landlock
def test_a_hidden_folder_among_the_modules_is_not_read_but_a_file_of_it_that_was_given_is(tmp_path: Path) -> None:
    hidden = tmp_path / "modules" / "package" / "blobs"
    hidden.mkdir(parents=True)
    for name in ("mine", "other"):
        (hidden / name).write_bytes(b"a")
    (tmp_path / "modules" / "package" / "later.py").write_text("")
    program = """
from paddock.sandbox.confinement import confine
hidden = Path(sys.argv[1])
confine([hidden / "mine"], hidden=[hidden])
answer([attempt((hidden / "mine").read_bytes), attempt((hidden / "other").read_bytes),
        attempt(lambda: __import__("package.later"))])
"""
    assert run(program, hidden, PYTHONPATH=str(tmp_path / "modules")) == ["done", "PermissionError", "done"]


@needs_landlock
@needs_seccomp
def test_only_what_was_given_is_left_on_every_thread(files: tuple[Path, Path, Path]) -> None:
    holds_for_files, holds_for_calls, *found = run(PROBE, *files)
    assert (holds_for_files, holds_for_calls, len(found)) == (True, True, 2)
    for answers in found:
        assert {name for name, how in answers.items() if how == "done"} == STILL_ALLOWED
        denied = {how for name, how in answers.items() if name not in STILL_ALLOWED}
        assert denied <= {"PermissionError", "OSError"}  # OSError: to move a file between folders is EXDEV
    assert files[1].read_bytes() == b"b"


def test_nothing_is_given_up_where_the_switch_is_off(files: tuple[Path, Path, Path]) -> None:
    program = """
import socket, subprocess
from paddock.sandbox.confinement import confine
confinement = confine()
answer([confinement.files, confinement.calls, attempt(Path(sys.argv[2]).read_bytes), attempt(socket.socket),
        attempt(lambda: subprocess.run(["/bin/true"]))])
"""
    assert run(program, *files, PADDOCK_SANDBOX="0") == [False, False, "done", "done", "done"]


def test_a_kernel_without_landlock_and_seccomp_is_one_line_of_the_log() -> None:
    program = """
from paddock.sandbox import confinement
confinement.landlock_version = lambda: 0
confinement.machine = lambda: None
done = confinement.confine()
answer([done.files, done.calls])
"""
    done = run_process(program)
    (line,) = done.stderr.splitlines()
    assert "no Landlock" in line
    assert "system calls are not restricted" in line
    assert done.stdout == "[false, false]\n"


@needs_seccomp
def test_without_landlock_nothing_is_written_either() -> None:
    program = """
from paddock.sandbox import confinement
confinement.landlock_version = lambda: 0
confinement.confine()
answer([attempt(Path("made").touch), attempt(Path(os.devnull).read_bytes), attempt(lambda: __import__("wave"))])
"""
    assert run(program) == ["PermissionError", "done", "done"]


@needs_landlock
def test_threads_that_run_already_are_counted_as_not_confined() -> None:
    program = """
import threading
from paddock.sandbox import confinement
version = min(confinement.landlock_version(), 7)
confinement.landlock_version = lambda: version
threading.Thread(target=threading.Event().wait, daemon=True).start()
answer(confinement.confine().files)
"""
    done = run_process(program)
    assert done.stdout == "false\n"
    assert "threads that run already" in done.stderr


@needs_landlock
def test_the_folder_in_which_the_process_was_started_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"a")
    program = "from paddock.sandbox.confinement import confine; confine(); answer(attempt(Path('secret').read_bytes))"
    assert run(program, cwd=tmp_path, HOME=str(tmp_path)) == "PermissionError"
    assert run(program, cwd=tmp_path, HOME=str(tmp_path), PYTHONPATH=str(tmp_path)) == "PermissionError"


@needs_landlock
@needs_seccomp
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
def test_a_user_without_privileges_is_confined_as_root_is() -> None:
    program = """
import resource  # now, since that user may not be allowed to read Python's modules
from paddock.sandbox.confinement import confine
os.setgroups([])
os.setuid(65534)
confinement = confine()
answer([confinement.files, confinement.calls, attempt(Path("/etc/passwd").read_bytes)])
"""
    assert run(program) == [True, True, "PermissionError"]


@needs_landlock
def test_a_crash_leaves_no_core_and_no_capabilities_are_kept_but_those_to_read() -> None:
    program = """
import resource
from paddock.sandbox.confinement import confine
confine()
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
answer([resource.getrlimit(resource.RLIMIT_CORE), int(status["CapEff"], 16), int(status["NoNewPrivs"])])
"""
    core, capabilities, no_new_privileges = run(program)
    assert core == [0, 0]
    assert capabilities & ~0b0100_0000_0000_0110 == 0
    assert no_new_privileges == 1


def test_an_abort_still_ends_the_process() -> None:
    program = "import ctypes; from paddock.sandbox.confinement import confine; confine(); ctypes.CDLL(None).abort()"
    assert run_process(program).returncode == -6
