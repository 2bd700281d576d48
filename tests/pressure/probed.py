"""`python -m tests.pressure.probed MODULE ARGUMENT…`: run a program that tries what it must not do, on its threads.

Each thread that it starts makes every attempt first and writes a line with the outcomes to standard error; the main
thread does so when it has started the first one. `PROBE_TARGETS` names the files that are attempted.
"""

import ctypes
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

MARK = "PROBE "
DONE = "done"


def main() -> None:
    """Run the module with probes around the start of its threads."""
    attempts = make_attempts(json.loads(os.environ["PROBE_TARGETS"]))
    start, run = threading.Thread.start, threading.Thread.run

    started: list[threading.Thread] = []
    reported = threading.Event()

    def report() -> None:
        outcomes = {name: outcome(attempt) for name, attempt in attempts.items()}
        line = MARK + json.dumps([threading.current_thread().name, outcomes]) + "\n"
        os.write(2, line.encode())

    def start_and_probe(thread: threading.Thread) -> None:
        start(thread)
        if not started:  # later ones are started by executors, whose lock a fork would wait for
            started.append(thread)
            reported.wait()  # or this process might end before
            report()

    def probe_and_run(thread: threading.Thread) -> None:
        report()
        reported.set()
        run(thread)

    threading.Thread.start, threading.Thread.run = start_and_probe, probe_and_run  # type: ignore[assignment,method-assign]
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__")


def make_attempts(targets: dict[str, str]) -> dict[str, Callable[[], object]]:
    """Return what is attempted, by name; an attempt that fails raises an error."""
    secret, other, mine = (Path(targets[name]) for name in ("secret", "other", "mine"))
    libc = ctypes.CDLL(None, use_errno=True)

    def checked(result: int) -> None:
        if result < 0:
            raise OSError(ctypes.get_errno(), "failed")

    def fork() -> None:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    def run_by_shell() -> None:
        # Other threads start and await processes as well, which may confuse one attempt.
        if all(os.system("true") for _ in range(5)):
            raise OSError

    return {
        "read a key": secret.read_bytes,
        "list the keys": lambda: list(secret.parent.iterdir()),
        "read another model": other.read_bytes,
        "read a user's file": Path("/etc/passwd").read_bytes,
        "read another process": Path(f"/proc/{os.getppid()}/environ").read_bytes,
        "change its model": lambda: mine.open("r+b").close(),
        "cut another model": lambda: os.truncate(other, other.stat().st_size),
        "write beside its model": lambda: remove(write(mine.with_name("new"))),
        "write a temporary file": lambda: remove(write(Path(targets["temporary"]))),
        "rename": lambda: other.rename(other),
        "change the mode": lambda: other.chmod(0o644),
        "make a link": lambda: remove(link(secret.with_name(f"link-{threading.get_ident()}"), secret)),
        "open a socket": lambda: socket.socket().close(),
        "open a local socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "open two sockets": lambda: [one.detach() for one in socket.socketpair()],
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "spawn a program": lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
        "run by the shell": run_by_shell,
        "fork": fork,
        "signal its parent": lambda: os.kill(os.getppid(), 0),
        "limit its parent": lambda: checked(libc.prlimit(os.getppid(), 7, None, ctypes.create_string_buffer(16))),
    }


def write(path: Path) -> Path:
    """Write a file of a byte and return its path, which no other thread has."""
    path = path.with_name(f"{path.name}-{threading.get_ident()}")
    path.write_bytes(b"1")
    return path


def link(path: Path, target: Path) -> Path:
    """Make a symbolic link and return its path."""
    path.symlink_to(target)
    return path


def remove(path: Path) -> None:
    """Remove what an attempt has made."""
    path.unlink()


def outcome(attempt: Callable[[], object]) -> str:
    """Return `DONE` if the attempt succeeds, else the name of its error."""
    try:
        attempt()
    except BaseException as error:
        return type(error).__name__
    return DONE


if __name__ == "__main__":
    main()
