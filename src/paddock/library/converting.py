"""A blob made by a child of `paddock.conversion`, with progress."""

import json
from typing import Any

from paddock.library.blobs import BlobStore
from paddock.library.child import Message, run_child
from paddock.library.files import drop_temporary, open_temporary
from paddock.library.status import Measured, Report


def converted_blob(blobs: BlobStore, module: str, job: dict[str, Any], status: str, size: int, report: Report) -> str:
    """Have `python -m module` do a job and return the digest of what it writes, unclaimed.

    Args:
        job: what it is told, as JSON, beside the `target` that it writes to.
        status: what is reported, with how much of `size` bytes is done.

    Raises:
        ChildFailed: if it fails; the message says why.
        OSError: if the disk is too full.
        Stopped: if `report` raises it; nothing is kept then.
    """
    done = 0

    def receive(message: Message | None) -> None:
        nonlocal done
        if message is not None:
            done = size * message["done"] // max(message["total"], 1)
        report(Measured(status, done, size))

    receive(None)
    file, temporary = open_temporary(blobs.folder)
    try:
        run_child(module, [json.dumps({**job, "target": str(temporary.absolute())})], receive)
        return blobs.adopt(file, temporary)
    finally:
        drop_temporary(file, temporary)
