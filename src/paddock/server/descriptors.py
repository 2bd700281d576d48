"""Descriptors: how many files, pipes and sockets this process may have open, and how many of them are for clients."""

import sys
from pathlib import Path

MANY = 1 << 16
"""What counts as the limit where the system has none."""

RESERVED = 16
"""Descriptors that are left out of account: a runner's pipes, and those of a pull."""


def raise_limit() -> int:
    """Raise this process's limit of descriptors as far as the system allows, and return it.

    Shells start programs with a soft limit of 1,024, for those that still use `select`.
    """
    if sys.platform == "win32":
        return MANY
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):  # macOS allows less than it says
            pass
    return MANY if soft == resource.RLIM_INFINITY else soft


def open_descriptors() -> int:
    """Return how many descriptors this process has open; a guess where the system does not say."""
    for folder in (Path("/proc/self/fd"), Path("/dev/fd")):
        try:
            return sum(1 for _ in folder.iterdir()) - 1  # without the one that reads the folder
        except OSError:
            continue
    return 16


def max_connections(limit: int, in_use: int, most: int) -> int:
    """Return how many connections there may be at once: at most `most`, and two fifths of the descriptors left.

    As many are for a file that each request may open. The rest is for connections that are refused, pipes of runners
    and connections to registries.
    """
    left = limit - in_use
    return max(1, min(most, (left - min(RESERVED, left // 4)) * 2 // 5))
