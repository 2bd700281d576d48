"""What a server uses while it is under load: memory, descriptors, processes, and which models are loaded."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psutil

from tools.soak.client import Outcome, Patience, send

USE_INTERVAL = 1.0
"""Seconds between two looks at the processes."""
LOADED_INTERVAL = 0.2
"""Seconds between two looks at `/api/ps`; loading a model takes longer, so none is missed that was loaded again."""
RUNNER = "paddock.engine"


@dataclass(frozen=True)
class Use:
    """What the server and its children used at one moment. Memory is proportional set size in bytes."""

    at: float
    """Seconds since the load began."""
    server: int
    descriptors: int
    threads: int
    runners: tuple[int, ...]
    """Memory of each runner."""
    others: int
    """Memory of all other children."""
    disk: int = 0
    """Bytes in the models folder."""

    @property
    def total(self) -> int:
        """Memory of the server and all its children."""
        return self.server + sum(self.runners) + self.others


def pss(pid: int) -> int:
    """Return the proportional set size of a process in bytes; 0 if it has gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith("Pss:")), 0)


def is_runner(process: psutil.Process) -> bool:
    """Return whether a process is a runner, and not one that converts or quantizes or works for the server."""
    return RUNNER in process.cmdline()


def use_of(process: psutil.Process, models: Path, began: float) -> Use:
    """Look at a server and its children now."""
    runners, others = [], 0
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if child.status() == psutil.STATUS_ZOMBIE:
                continue
            if is_runner(child):
                runners.append(pss(child.pid))
            else:
                others += pss(child.pid)
    return Use(
        time.monotonic() - began,
        pss(process.pid),
        process.num_fds(),
        process.num_threads(),
        tuple(runners),
        others,
        _bytes_in(models),
    )


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size
    return total


@dataclass
class Watch:
    """Looks at a server in two threads until it is told to stop. Use it with `with`."""

    pid: int
    port: int
    models: Path
    uses: list[Use] = field(default_factory=list)
    asked: list[tuple[float, Outcome]] = field(default_factory=list)
    """When `/api/ps` was asked, in seconds since the load began, and how it was answered."""
    began: float = field(default_factory=time.monotonic)
    _loaded: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Watch":
        """Start to look."""
        self._threads = [
            threading.Thread(target=self._every, args=(USE_INTERVAL, self._look_at_use)),
            threading.Thread(target=self._every, args=(LOADED_INTERVAL, self._look_at_loaded)),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Stop looking."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def was_loaded(self, model: str, start: float, end: float) -> bool:
        """Return whether a model was loaded all the time between two moments (of `time.monotonic`), as far as seen."""
        before = [names for at, names in self._loaded if at <= start][-1:]
        within = [names for at, names in self._loaded if start < at <= end]
        after = [names for at, names in self._loaded if at > end][:1]
        return bool(before) and all(model in names for names in (*before, *within, *after))

    def _every(self, seconds: float, look: Callable[[], None]) -> None:
        while not self._stop.wait(seconds):
            look()

    def _look_at_use(self) -> None:
        with contextlib.suppress(psutil.Error):
            self.uses.append(use_of(psutil.Process(self.pid), self.models, self.began))

    def _look_at_loaded(self) -> None:
        outcome = send(self.port, "GET", "/api/ps", patience=Patience())
        now = time.monotonic()
        self.asked.append((now - self.began, outcome))
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found = json.loads(outcome.tail)["models"]
            self._loaded.append((now, frozenset(one["name"].removesuffix(":latest") for one in found)))
