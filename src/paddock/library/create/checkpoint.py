"""Checkpoints in safetensors: converted to GGUF by a worker process."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from paddock.gguf import GgufHeader
from paddock.library.create.converted_blobs import converted_blobs
from paddock.library.create.quantize import SOURCE_TYPES
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import require_space
from paddock.library.store.gguf_cache import cached_header
from paddock.progress import Progress, Report

WEIGHTS = ".safetensors"
CHECKPOINT_ENDINGS = (WEIGHTS, ".json", ".model", ".txt", ".jinja")
"""Endings of the files that make up a checkpoint."""
DEFAULT_WEIGHT_TYPE = "F16"
_NAMES = {"target": "converted:model.gguf", "projector": "converted:mmproj.gguf"}
"""Name in messages of each file that the worker writes. No uploaded file can have a colon in its name."""


def is_checkpoint(files: Mapping[str, str]) -> bool:
    """Return whether there are weights in safetensors among the files (name → digest)."""
    return any(name.lower().endswith(WEIGHTS) for name in files)


def convert_checkpoint(blobs: BlobStore, files: Mapping[str, str], quantize: str, report: Report) -> dict[str, str]:
    """Convert a checkpoint among the files to unclaimed GGUF blobs; return the model's files (name → digest).

    One blob has the weights. Another one has the projector of a model with vision, unless a projector is among the
    files: that one is used then, which is reported.

    Args:
        files: digest of each uploaded file by its relative path.
        quantize: type that the model will be quantized to; the weights get this type if it is one of `SOURCE_TYPES`.

    Raises:
        WorkerFailed: if the checkpoint cannot be converted; the message says why.
        NotGguf, BadGguf: if another file is not a usable GGUF file.
        BlobNotFound, OSError: if a file cannot be read, or the disk is too full.
        Cancelled: if `report` raises it; nothing is kept then.
    """
    if not is_checkpoint(files):
        return dict(files)
    parts = {name: digest for name, digest in files.items() if name.lower().endswith(CHECKPOINT_ENDINGS)}
    result = {name: digest for name, digest in files.items() if name not in parts}
    targets = list(_NAMES)
    for name, digest in result.items():
        blobs.size(digest)  # raises if the blob does not exist
        if "projector" in targets and is_projector(cached_header(blobs.path(digest))):
            report(Progress(f"taking the projector {name} in place of what the checkpoint sees with"))
            targets.remove("projector")
    made = _imported(blobs, parts, targets, quantize if quantize in SOURCE_TYPES else DEFAULT_WEIGHT_TYPE, report)
    return result | {_NAMES[target]: digest for target, digest in made.items()}


def is_projector(gguf: GgufHeader) -> bool:
    """Return whether the file is a projector: the part of a model that encodes images or audio."""
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
    """Return a file's name with `/` between folders, as the files of a checkpoint refer to each other."""
    return name.replace("\\", "/").removeprefix("./")
