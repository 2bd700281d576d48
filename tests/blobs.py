"""A folder of blobs for tests that load model files from anywhere."""

import atexit
import hashlib
import shutil
import tempfile
from pathlib import Path

from paddock.ipc import FileRef

BLOBS = Path(tempfile.mkdtemp(prefix="paddock-test-blobs-"))
atexit.register(shutil.rmtree, BLOBS, ignore_errors=True)


def file_ref(path: Path) -> FileRef:
    """Let `BLOBS` have the file, and return what names it there: a digest of its path, which saves reading it."""
    digest = hashlib.sha256(str(path.absolute()).encode()).hexdigest()
    link = BLOBS / f"sha256-{digest}"
    if not link.is_symlink():
        link.symlink_to(path.absolute())
    return FileRef(f"sha256:{digest}")
