"""Blobs made by a child of `paddock.conversion`, with progress."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from paddock.library.create.worker_process import WorkerMessage, run_worker
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import drop_temporary, open_temporary
from paddock.progress import Progress, Report


def converted_blob(blobs: BlobStore, module: str, job: dict[str, Any], status: str, size: int, report: Report) -> str:
    """Have `python -m module` do a job and return the digest of what it writes to `target`, unclaimed.

    Raises:
        WorkerFailed, OSError, Cancelled: as `converted_blobs`.
    """
    return converted_blobs(blobs, module, job, ("target",), status, size, report)["target"]


def converted_blobs(
    blobs: BlobStore, module: str, job: dict[str, Any], targets: Sequence[str], status: str, size: int, report: Report
) -> dict[str, str]:
    """Have `python -m module` do a job and return the digests of what it writes to each of `targets`, unclaimed.

    A target that it leaves empty is not among them.

    Args:
        job: what it is told, as JSON, beside the `targets` that it writes to.
        status: what is reported, with how much of `size` bytes is done.

    Raises:
        WorkerFailed: if it fails; the message says why.
        OSError: if the disk is too full.
        Cancelled: if `report` raises it; nothing is kept then.
    """
    done = 0

    def receive(message: WorkerMessage | None) -> None:
        nonlocal done
        if message is not None:
            progress = Progress(**message)
            if progress.status:
                report(progress)
            else:
                done = size * progress.completed // max(progress.total, 1)
        report(Progress(status, total=size, completed=done))

    receive(None)
    with ExitStack() as stack:
        opened = {}
        for target in targets:
            opened[target] = file, temporary = open_temporary(blobs.folder)
            stack.callback(drop_temporary, file, temporary)
        paths = {target: str(temporary.absolute()) for target, (_, temporary) in opened.items()}
        run_worker(module, [json.dumps({**job, **paths})], receive)
        written = {target: both for target, both in opened.items() if both[1].stat().st_size}
        return {target: blobs.adopt(file, temporary) for target, (file, temporary) in written.items()}
