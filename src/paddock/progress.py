"""Progress of a long task: one value, passed from the worker process that does it to the client that waits for it."""

from collections.abc import Callable
from dataclasses import dataclass

REPORT_SECONDS = 0.125
"""Shortest time between two reports of one measured step, except its first and its last: at most ten in any second."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a long task and, where `total` is not 0, how many of its bytes are done."""

    status: str = ""
    """The step in words, such as `pulling manifest`; a worker process leaves it empty where it reports only bytes."""
    digest: str = ""
    """Digest of the blob that is transferred, `sha256:<hex>`; empty for any other step."""
    total: int = 0
    """Size of the step in bytes; 0 if it is not measured."""
    completed: int = 0
    """Bytes that are done."""


Report = Callable[[Progress], None]
"""Receives each progress of a task. It may raise `Cancelled` for a measured step, which ends the task."""
