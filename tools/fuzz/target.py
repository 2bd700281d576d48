"""The server that is attacked, with a client that asks it something small all the time."""

import contextlib
import itertools
import re
import threading
import time
from pathlib import Path
from types import TracebackType

from tests.server.servers import ServerUnderTest

from tools.soak.watch import pss

_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?: .*\n)*? *([\w.]*[A-Z]\w*(?::.*)?)$", re.M)

ASKED_EVERY = 0.1
"""Seconds between two small questions."""


class Target:
    """A server in a folder of its own, and the longest time that it took to answer a small question.

    Args:
        folder: for its home and models.
        slowest: seconds that an answer to `/api/version` may take beside the attacks.
        most_memory: bytes that the server may have at the end.
    """

    def __init__(self, folder: Path, *, slowest: float = 10.0, most_memory: int = 250 << 20) -> None:
        self.server = ServerUnderTest(folder, MAX_LOADED_MODELS="2", MAX_QUEUE="64", TINY="1")
        self.secrets = (str(folder), str(Path(__file__).parents[2]))
        self._slowest, self._most_memory = slowest, most_memory
        self._waits: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._seen = 0
        self._names = itertools.count()

    def __enter__(self) -> "Target":
        """Start to ask."""
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End the server."""
        self._stop.set()
        self._thread.join()
        self.server.__exit__()

    @property
    def is_alive(self) -> bool:
        """Whether the server runs."""
        return self.server.process.poll() is None

    def new_name(self) -> str:
        """Return a name for a model that no other case uses, even one that sends the same."""
        return f"case{next(self._names)}"

    def complaints(self) -> list[str]:
        """Return what was wrong with the server as a whole since the last call."""
        if not self.is_alive:
            return [f"the server ended with {self.server.process.returncode}: {self.server.log[-500:]}"]
        found = []
        waits, self._waits = self._waits, []
        if waits and max(waits) > self._slowest:
            found.append(f"a small question waited {max(waits):.1f} s")
        memory = pss(self.server.process.pid)
        if memory > self._most_memory:
            found.append(f"the server has {memory >> 20} MiB")
        log = self.server.log
        new, self._seen = log[self._seen :], len(log)
        found += [f"the log has a traceback: {trace[:200]}" for trace in dict.fromkeys(tracebacks(new))]
        return found

    def _ask(self) -> None:
        while not self._stop.wait(ASKED_EVERY):
            start = time.monotonic()
            with contextlib.suppress(OSError):
                self.server.get("/api/version")
            self._waits.append(time.monotonic() - start)


def tracebacks(log: str) -> list[str]:
    """Return the last lines of the tracebacks in a log, with what they say was raised."""
    return [found.strip() for found in _TRACEBACK.findall(log)]
