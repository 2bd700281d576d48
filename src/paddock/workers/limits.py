"""What a worker may use, and how many there are."""

from dataclasses import dataclass, field

from paddock.processors import processors

MB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class WorkerLimits:
    """Limits of a pool's workers. Each job has its own time, however long its worker has lived."""

    processor_seconds: float = 5.0
    """Processor time of one job. What the limits inside a process let pass takes up to 2 s on a slow core."""
    wall_seconds: float = 30.0
    """Time from when a worker gets a job to when it is killed for it; much, since a busy machine is not to blame."""
    start_seconds: float = 60.0
    """How long a worker may take to start."""
    memory: int = 512 * MB
    """Bytes of address space of a worker, beside the copies of the job that it makes. It has about 35 MB at rest."""
    memory_per_byte: int = 8
    """Bytes of address space more for each byte of a job: decoded texts, the prompt's parts, the prompt, its frame."""
    most_memory: int = 2048 * MB
    """Bytes of address space that no job exceeds. The largest body of a request has 100 MB."""
    kept_memory: int = 128 * MB
    """Bytes in memory above which a worker is not used again."""
    slow_seconds: float = 0.05
    """Time after which those who wait for a worker get another one."""
    hog_seconds: float = 0.5
    """Processor time of a job (wall clock while it is not done) from which the next ones of its key have to leave a
    worker for others. Not less: on a busy machine a moment's work takes long."""
    idle_seconds: float = 30.0
    """How long a worker stays that has nothing to do, unless it is the last one."""
    max_workers: int = field(default_factory=lambda: processors() + 1)
    """Workers at once: at least 2, so that one is left for quick jobs."""
    max_waiting: int = 1024
    """Jobs that may wait for a worker."""
