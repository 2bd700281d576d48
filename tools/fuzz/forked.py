"""Runners and converting workers that are forked from a process with their code: a case takes milliseconds."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO

from paddock import ipc

CASE_SECONDS = 30.0
"""How long a case may take."""


class TooSlow(Exception):
    """A forked process did not end, or did not answer, in time."""


@dataclass
class Forked:
    """A process for one case."""

    pid: int
    input: IO[bytes]
    output: IO[bytes]
    log_file: IO[bytes]
    status: int = 0
    """Exit status, negative for a signal, once it has ended."""
    frames: ipc.Frames = field(default_factory=ipc.Frames)
    events: deque[ipc.Event] = field(default_factory=deque)
    deadline: float = field(default_factory=lambda: time.monotonic() + CASE_SECONDS)

    @property
    def log(self) -> str:
        """What it wrote to its standard error."""
        self.log_file.seek(0)
        return self.log_file.read().decode("utf-8", "replace")

    def send(self, command: ipc.Command) -> None:
        """Send a command; a runner that has gone does not get it."""
        with contextlib.suppress(BrokenPipeError):
            self.input.write(ipc.encode(command))
            self.input.flush()

    def receive(self) -> ipc.Event:
        """Return the next event.

        Raises:
            EOFError: if the runner has gone.
            TooSlow: if there is none in time.
        """
        while not self.events:
            data = self.read()
            if not data:
                raise EOFError
            self.events += [ipc.decode_event(body) for body in self.frames.feed(data)]
        return self.events.popleft()

    def read(self) -> bytes:
        """Return what it has written next; nothing if it has gone.

        Raises:
            TooSlow: if nothing came in time.
        """
        ready, _, _ = select.select([self.output], [], [], max(0.0, self.deadline - time.monotonic()))
        if not ready:
            raise TooSlow
        return os.read(self.output.fileno(), 1 << 16)


class Zygote:
    """A process that forks others. One case at a time; use one for each thread."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        environment = {**os.environ, "GGML_NO_BACKTRACE": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.fuzz.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
        )
        theirs.close()
        self._connection = ours
        self._answers = ours.makefile("rb")

    def close(self) -> None:
        """End it."""
        self._answers.close()
        self._connection.close()
        self._process.wait(10)

    @contextmanager
    def fork(self, module: str, *arguments: str) -> Iterator[Forked]:
        """Start a case's process; at the end it is killed if it still runs, and its `status` is known."""
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        with tempfile.TemporaryFile() as log, os.fdopen(ours_in, "wb") as into, os.fdopen(ours_out, "rb") as out:
            order = json.dumps({"module": module, "arguments": arguments}).encode()
            socket.send_fds(self._connection, [order], [theirs_in, theirs_out, log.fileno()])
            os.close(theirs_in)
            os.close(theirs_out)
            pid = json.loads(self._answers.readline())["pid"]
            forked = Forked(pid, into, out, log)
            killer = threading.Timer(CASE_SECONDS + 5, self._kill, (pid,))
            killer.start()
            try:
                yield forked
            except TooSlow:
                self._kill(pid)
                raise
            finally:
                with contextlib.suppress(BrokenPipeError):
                    into.close()  # it ends with its input
                forked.status = json.loads(self._answers.readline())["status"]
                killer.cancel()

    def _kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Zygotes:
    """One for each thread that asks."""

    def __init__(self) -> None:
        self._all: list[Zygote] = []
        self._local = threading.local()

    def __enter__(self) -> "Zygotes":
        """Return itself."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End them."""
        self.close()

    @property
    def mine(self) -> Zygote:
        """The one of this thread."""
        if not hasattr(self._local, "zygote"):
            self._local.zygote = Zygote()
            self._all.append(self._local.zygote)
        zygote: Zygote = self._local.zygote
        return zygote

    def close(self) -> None:
        """End them."""
        for zygote in self._all:
            zygote.close()
