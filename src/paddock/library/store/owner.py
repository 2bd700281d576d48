"""The process that a temporary file belongs to, as its name says it: `<boot>-<namespace>-<pid>-<start>`.

The start time tells a process from a later one with the same number. The first two parts tell where its number counts:
numbers of another machine, of another container or of the time before a restart say nothing here.
"""

import contextlib
import functools
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "0"
"""Boot and namespace of a process whose system does not tell where its number counts."""


_OWNER = re.compile(r"([0-9a-f]+)-([0-9a-f]+)-([0-9]{1,20})-([0-9]{1,20})", re.ASCII)


@dataclass(frozen=True)
class Owner:
    """A process, wherever it runs or ran."""

    boot: str
    """8 hex digits for one run of a machine's system, from its start to its end."""
    namespace: str
    """8 hex digits for the namespace of process numbers: a container has its own."""
    pid: int
    started: int
    """When it was started, in clock ticks since the boot; 0: unknown."""

    def __str__(self) -> str:
        return f"{self.boot}-{self.namespace}-{self.pid}-{self.started}"

    def is_gone(self) -> bool | None:
        """Return whether the process has ended; None if that cannot be seen from this process."""
        me = current_owner()
        if self.boot == UNKNOWN or (self.boot, self.namespace) != (me.boot, me.namespace):
            return None
        if not 0 < self.pid < 1 << 30:  # no number that a process can have
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:  # a process of another user
            pass
        status = _process_status(str(self.pid))
        if status is None:  # it ends just now, or the system shows only one's own processes
            return False
        state, started = status
        return started != self.started or state in "ZX"


def parse_owner(text: str) -> Owner | None:
    """Return the owner that `str` made `text` of; None if it is nothing of the kind."""
    match = _OWNER.fullmatch(text)
    return Owner(match[1], match[2], int(match[3]), int(match[4])) if match else None


def current_owner() -> Owner:
    """Return this process."""
    return _owner(os.getpid())  # a parameter, because a process may fork


@functools.lru_cache(maxsize=1)
def _owner(pid: int) -> Owner:
    status = _process_status("self")
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes()
        namespace = str(Path("/proc/self/ns/pid").readlink())
        # With the `/proc` of another container, numbers would be taken for those of other processes.
        if status is not None and str(Path("/proc/self").readlink()) == str(pid):
            return Owner(_short(boot), _short(namespace.encode()), pid, status[1])
    return Owner(UNKNOWN, UNKNOWN, pid, 0)


def _short(name: bytes) -> str:
    return hashlib.sha256(name).hexdigest()[:8]


def _process_status(pid: str) -> tuple[str, int] | None:
    """Return the state of a process, one letter as `ps` shows it, and its start time; None if it cannot be read."""
    try:
        fields = Path("/proc", pid, "stat").read_bytes().rpartition(b")")[2].split()
        return fields[0].decode("ascii"), int(fields[19])
    except (OSError, IndexError, ValueError):
        return None
