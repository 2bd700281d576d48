"""Runners that crash: what a client is told of it, and files that crash runners again and again.

What native code prints while it dies (assertions, addresses, paths of its build) is for the log only.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from paddock.fleet.errors import CrashedLoading, DamagedFile, LoadFailure, RunnerCrashed
from paddock.fleet.spec import RunnerFiles

KILLED = 9
"""SIGKILL: somebody else ended the process, most often the system for lack of memory."""
STOPPING_SIGNALS = frozenset({1, 2, 3, 15})
"""SIGHUP, SIGINT, SIGQUIT, SIGTERM: somebody asked the process to end."""

_SIGNAL = re.compile(r"signal (\d+)")


@dataclass(frozen=True)
class CrashConfig:
    """When a file is not loaded any more, and for how long."""

    most_crashes: int = 2
    """Crashes while loading after which a file is refused."""
    refused_seconds: float = 600.0
    """How long it is refused. After that it gets one more try, and is refused again if that crashes, too."""
    most_files: int = 1024
    """Files that are remembered; the ones that crashed last stay."""


@dataclass
class _Crashes:
    count: int
    last: float
    """When the last one was, in seconds of the clock."""


class CrashRecord:
    """The files that crashed a runner while it loaded them. For one event loop."""

    def __init__(self, config: CrashConfig = CrashConfig(), clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._crashes: OrderedDict[RunnerFiles, _Crashes] = OrderedDict()

    def check(self, files: RunnerFiles) -> None:
        """Refuse files that crashed too often of late.

        Raises:
            DamagedFile: if they did.
        """
        found = self._crashes.get(files)
        if found is None or found.count < self._config.most_crashes:
            return
        left = found.last + self._config.refused_seconds - self._clock()
        if left > 0:
            raise DamagedFile(
                f"the model's file is damaged: it crashed the model runner {_times(found.count)}, and is not loaded "
                f"again for {_duration(left)}"
            )

    def add(self, files: RunnerFiles) -> None:
        """Note that a runner crashed while it loaded these files."""
        count = self._crashes[files].count if files in self._crashes else 0
        self._crashes[files] = _Crashes(count + 1, self._clock())
        self._crashes.move_to_end(files)
        if len(self._crashes) > self._config.most_files:
            self._crashes.popitem(last=False)

    def forget(self, files: RunnerFiles) -> None:
        """Note that these files were loaded."""
        self._crashes.pop(files, None)


def ended_while_loading(reason: str) -> LoadFailure:
    """Return the error of a runner that ended before it had loaded its model.

    Args:
        reason: how its process ended, as its transport says it: "signal 6", "exit status 1".
    """
    number = _signal(reason)
    if number is None or number in STOPPING_SIGNALS:
        return LoadFailure(f"the model runner ended while it loaded the model ({reason}); the server's log has more")
    if number == KILLED:
        return LoadFailure(
            f"the model runner was killed while it loaded the model ({reason}): there may be too little memory"
        )
    return CrashedLoading(
        f"the model's file is damaged: the model runner crashed while it loaded it ({reason}); the server's log has "
        "more"
    )


def ended_while_serving(reason: str) -> RunnerCrashed:
    """Return the error of the requests of a runner that ended by itself; `reason` as for `ended_while_loading`."""
    return RunnerCrashed(f"model runner has unexpectedly stopped ({reason})")


def _signal(reason: str) -> int | None:
    found = _SIGNAL.fullmatch(reason)
    return int(found[1]) if found else None


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{seconds:.0f} s"
