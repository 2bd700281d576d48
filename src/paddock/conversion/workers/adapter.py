"""`python -m paddock.conversion.workers.adapter JOB`: convert a PEFT adapter in a process of its own (see `job`).

JOB is an `AdapterJob` as JSON.
"""

import sys
from pathlib import Path

import msgspec

from paddock.conversion.base_model import BaseModel
from paddock.conversion.workers.job import run_job
from paddock.sandbox.confinement import confine


class AdapterJob(msgspec.Struct):
    """An adapter to convert: its files (name → path), the model that it is for, and the file to write."""

    files: dict[str, str]
    base: BaseModel
    target: str


def main(job: AdapterJob) -> int:
    """Convert; return the exit status of the process."""
    from paddock.conversion.adapters import adapter_checkpoint, convert_adapter

    files = {name: Path(path) for name, path in job.files.items()}
    return run_job(
        Path(job.target), lambda file, progress: convert_adapter(adapter_checkpoint(files), job.base, file, progress)
    )


if __name__ == "__main__":
    job = msgspec.json.decode(sys.argv[1], type=AdapterJob)
    confine(map(Path, job.files.values()), [Path(job.target)])
    sys.exit(main(job))
