"""`python -m paddock.conversion.checkpoint_worker JOB`: a checkpoint imported, in a process of its own; see `worker`.

JOB is a `Job` as JSON.
"""

import sys
from pathlib import Path

import msgspec

from paddock.conversion.checkpoint import Checkpoint
from paddock.conversion.importing import import_checkpoint
from paddock.conversion.worker import run_job


class Job(msgspec.Struct):
    """What is to be imported: files (name → path), the form of the weights (`f16`), where the result goes."""

    files: dict[str, str]
    kind: str
    target: str


def main(job: Job) -> int:
    """Import; return the exit status of the process."""
    checkpoint = Checkpoint({name: Path(path) for name, path in job.files.items()})
    return run_job(Path(job.target), lambda file, progress: import_checkpoint(checkpoint, file, job.kind, progress))


if __name__ == "__main__":
    sys.exit(main(msgspec.json.decode(sys.argv[1], type=Job)))
