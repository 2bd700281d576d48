"""Blobs that a worker process of `paddock.conversion` writes, with progress."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from paddock.library.create.worker_process import run_worker
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import drop_temporary, open_temporary
from paddock.progress import Progress, Report


def converted_blob(blobs: BlobStore, module: str, job: dict[str, Any], status: str, size: int, report: Report) -> str:
    """Run a job in `python -m module` and return the digest of the unclaimed blob that it writes to `target`.

    Raises:
        WorkerFailed, OSError, Cancelled: as `converted_blobs`.
    """
    return converted_blobs(blobs, module, job, ("target",), status, size, report)["target"]


def converted_blobs(
    blobs: BlobStore, module: str, job: dict[str, Any], targets: Sequence[str], status: str, size: int, report: Report
) -> dict[str, str]:
    """Run a job in `python -m module` and return the digests of the unclaimed blobs that it writes, by target.

    A target that the worker leaves empty gets no blob.

    Args:
        job: what to do; the worker gets it as JSON, with a path for each of `targets`.
        status: the step in words, as it is reported.
        size: bytes of the step, to which the worker's own count is scaled.

    Raises:
        WorkerFailed: if the worker fails; the message says why.
        OSError: if the disk is too full.
        Cancelled: if `report` raises it; nothing is kept then.
    """
    done = 0

    def receive(progress: Progress | None) -> None:
        nonlocal done
        if progress is not None and progress.status:
            report(progress)
        elif progress is not None:
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
        return {
            target: blobs.adopt(file, temporary, lambda: receive(None)) for target, (file, temporary) in written.items()
        }
