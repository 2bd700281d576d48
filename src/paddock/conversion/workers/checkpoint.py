"""`python -m paddock.conversion.workers.checkpoint JOB`: import a checkpoint in a process of its own (see `job`).

JOB is a `CheckpointJob` as JSON.
"""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from paddock.conversion.workers.job import run_job, send
from paddock.progress import Progress
from paddock.sandbox.confinement import confine

if TYPE_CHECKING:
    from paddock.conversion.output.writer import ReportBytes


class CheckpointJob(msgspec.Struct):
    """A checkpoint to import: its files (name → path), the type of the weights (`f16`), and the files to write.

    The projector's file stays empty if the model has no vision tower; without one, no projector is made.
    """

    files: dict[str, str]
    kind: str
    target: str
    projector: str = ""


def main(job: CheckpointJob) -> int:
    """Import; return the exit status of the process."""
    from paddock.conversion.checkpoint.checkpoint import Checkpoint
    from paddock.conversion.importing import import_checkpoint, vision_remark

    checkpoint = Checkpoint({name: Path(path) for name, path in job.files.items()})

    def convert(file: BinaryIO, progress: "ReportBytes") -> None:
        open_projector = partial(Path(job.projector).open, "wb") if job.projector else None
        import_checkpoint(checkpoint, file, open_projector, job.kind, progress)
        if open_projector is not None and (text := vision_remark(checkpoint)):
            send(Progress(text))

    return run_job(Path(job.target), convert)


if __name__ == "__main__":
    job = msgspec.json.decode(sys.argv[1], type=CheckpointJob)
    confine(map(Path, job.files.values()), [Path(target) for target in (job.target, job.projector) if target])
    sys.exit(main(job))
