"""Checkpoints in safetensors among the files of a spec: made into GGUF by a child."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from paddock.gguf import GgufHeader
from paddock.library.create.converted_blobs import converted_blobs
from paddock.library.gguf_cache import cached_header
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import require_space
from paddock.progress import Progress, Report

WEIGHTS = ".safetensors"
PARTS = (WEIGHTS, ".json", ".model", ".txt", ".jinja")
"""Endings of the files that make up a checkpoint."""
KINDS = ("F32", "F16", "BF16")
DEFAULT = "F16"
_NAMES = {"target": "converted:model.gguf", "projector": "converted:mmproj.gguf"}
"""What a child writes → what it is called in messages; no file that is sent can have a colon in its name."""


def is_checkpoint(files: Mapping[str, str]) -> bool:
    """Whether there are weights in safetensors among the files (name → digest)."""
    return any(name.lower().endswith(WEIGHTS) for name in files)


def imported_files(blobs: BlobStore, files: Mapping[str, str], quantize: str, report: Report) -> dict[str, str]:
    """Return the files (name → digest) with a checkpoint among them made into GGUF blobs, unclaimed.

    There is one with the weights, and one with a projector if the model sees and none is among the files: that is
    taken then, and reported.

    Args:
        quantize: what the model will be quantized to; the weights get this form if it is one of `KINDS`.

    Raises:
        WorkerFailed: if it cannot be imported; the message says why.
        NotGguf, BadGguf: if another file is no usable GGUF.
        BlobNotFound, OSError: if a file cannot be read, or the disk is too full.
        Cancelled: if `report` raises it; nothing is kept then.
    """
    if not is_checkpoint(files):
        return dict(files)
    parts = {name: digest for name, digest in files.items() if name.lower().endswith(PARTS)}
    result = {name: digest for name, digest in files.items() if name not in parts}
    targets = list(_NAMES)
    for name, digest in result.items():
        blobs.size(digest)  # which says so if it is not there
        if "projector" in targets and is_projector(cached_header(blobs.path(digest))):
            report(Progress(f"taking the projector {name} in place of what the checkpoint sees with"))
            targets.remove("projector")
    made = _imported(blobs, parts, targets, quantize if quantize in KINDS else DEFAULT, report)
    return result | {_NAMES[target]: digest for target, digest in made.items()}


def is_projector(gguf: GgufHeader) -> bool:
    """Whether it is what a model sees or hears with."""
    return gguf.architecture == "clip" or gguf.text("general.type") == "mmproj"


def _imported(
    blobs: BlobStore, parts: Mapping[str, str], targets: Sequence[str], kind: str, report: Report
) -> dict[str, str]:
    total = sum(blobs.size(digest) for name, digest in parts.items() if name.lower().endswith(WEIGHTS))
    require_space(blobs.folder, 2 * total if kind == "F32" else total)
    files = {_relative(name): str(Path(blobs.path(digest)).absolute()) for name, digest in parts.items()}
    job = {"files": files, "kind": kind.lower()}
    module, status = "paddock.conversion.workers.checkpoint", "converting model"
    return converted_blobs(blobs, module, job, targets, status, total, report)


def _relative(name: str) -> str:
    """A file's name with `/` between folders, as the checkpoint's own files name each other."""
    return name.replace("\\", "/").removeprefix("./")
