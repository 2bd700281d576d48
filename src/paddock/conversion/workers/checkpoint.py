"""`python -m paddock.conversion.workers.checkpoint JOB`: a checkpoint imported, in a process of its own; see `worker`.

JOB is a `Job` as JSON.
"""

import sys
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.layers import import_layers, remark
from paddock.conversion.workers.job import ReportBytes, run_job, say
from paddock.progress import Progress


class Job(msgspec.Struct):
    """What is to be imported: files (name → path), the form of the weights (`f16`), where the results go.

    The file for the projector stays as it is if the model does not see; without one, none is made.
    """

    files: dict[str, str]
    kind: str
    target: str
    projector: str = ""


def main(job: Job) -> int:
    """Import; return the exit status of the process."""
    checkpoint = Checkpoint({name: Path(path) for name, path in job.files.items()})

    def convert(file: BinaryIO, progress: ReportBytes) -> None:
        projector = partial(Path(job.projector).open, "wb") if job.projector else None
        import_layers(checkpoint, file, projector, job.kind, progress)
        if projector is not None and (text := remark(checkpoint)):
            say(Progress(text))

    return run_job(Path(job.target), convert)


if __name__ == "__main__":
    sys.exit(main(msgspec.json.decode(sys.argv[1], type=Job)))
