"""`python -m paddock.conversion.workers.adapter JOB`: a PEFT adapter converted, in a process of its own; see `worker`.

JOB is a `Job` as JSON.
"""

import sys
from pathlib import Path

import msgspec

from paddock.conversion.adapters import Base, checkpoint_of, convert_adapter
from paddock.conversion.workers.job import run_job


class Job(msgspec.Struct):
    """What is to be converted: the adapter's files (name → path), the model that it is for, where the result goes."""

    files: dict[str, str]
    base: Base
    target: str


def main(job: Job) -> int:
    """Convert; return the exit status of the process."""
    files = {name: Path(path) for name, path in job.files.items()}
    return run_job(
        Path(job.target), lambda file, progress: convert_adapter(checkpoint_of(files), job.base, file, progress)
    )


if __name__ == "__main__":
    sys.exit(main(msgspec.json.decode(sys.argv[1], type=Job)))
