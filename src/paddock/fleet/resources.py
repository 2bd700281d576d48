"""What a machine has for models: cores that this process may use, memory that is free. Container limits count."""

import os
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Resources:
    """What a machine has at one moment."""

    available_memory: int
    """Bytes that a new process could use without pushing others out."""
    cores: int
    """Number of physical cores that a runner may use."""


def local_resources() -> Resources:
    """Return what this machine has now."""
    return Resources(available_memory=available_memory(), cores=usable_cores())


def usable_cores() -> int:
    """Return the number of physical cores that this process may use, at least 1.

    Two hardware threads of one core share its arithmetic: a second one gains nothing.
    """
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    logical = os.cpu_count() or allowed
    physical = psutil.cpu_count(logical=False) or logical
    cores = max(1, allowed * physical // logical)
    quota = _cgroup_cores()
    return max(1, min(cores, quota)) if quota else cores


def available_memory() -> int:
    """Return the bytes that a new process could use without pushing others out."""
    import psutil

    available = int(psutil.virtual_memory().available)
    limit = _cgroup_number("memory.max")
    if limit is None:
        return available
    used = _cgroup_number("memory.current") or 0
    return max(0, min(available, limit - used + _cgroup_cache()))


def _cgroup_number(name: str) -> int | None:
    """Return the number in one of the control group's files; None if there is no such file or no limit."""
    try:
        text = (CGROUP / name).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _cgroup_cache() -> int:
    """Return the bytes of file pages that the kernel would drop for this group."""
    try:
        lines = (CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(value) for key, _, value in (line.partition(" ") for line in lines) if key == "inactive_file")


def _cgroup_cores() -> int:
    """Return the whole cores' worth of processor time that the group gets; 0 if there is no limit."""
    try:
        quota, _, period = (CGROUP / "cpu.max").read_text().strip().partition(" ")
    except OSError:
        return 0
    return max(1, round(int(quota) / int(period))) if quota.isdigit() and period.isdigit() else 0
