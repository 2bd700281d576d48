"""Quantizing a model: which types there are, which files can be, and the work itself, done by llama.cpp in a child."""

from pathlib import Path

from paddock.gguf import GgufHeader, read_header
from paddock.gguf.ollama_files import ENCODER_PREFIXES, RENAMED_ARCHITECTURES
from paddock.gguf.types import FILE_TYPES
from paddock.library.create.worker_process import WorkerMessage, run_worker
from paddock.library.errors import LibraryError
from paddock.library.gguf_cache import cached_header
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import drop_temporary, open_temporary
from paddock.progress import Progress, Report

SOURCE_TYPES = ("F32", "F16", "BF16")
"""Types of tensors from which is quantized; what has lost more than these must not lose twice."""
NEEDS_IMPORTANCE = ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "Q2_K_S")
"""llama.cpp makes these only with an importance matrix, which is measured by running the model on texts."""
NOT_MADE = ("NVFP4",)
"""llama.cpp runs it and does not make it."""
QUANTIZATION_TYPES = tuple(t for t in FILE_TYPES.values() if t not in ("-", *NEEDS_IMPORTANCE, *NOT_MADE))
"""The names of the types to quantize to."""
_SHORT = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M", "MXFP4_MOE": "MXFP4"}
"""Other names, as llama.cpp's own tool knows them."""


class CannotQuantize(LibraryError, ValueError):
    """The model cannot be quantized to what was asked for."""


def quantization_type(name: str) -> str:
    """Return the type's name as the library writes it, given in upper or lower case, or a short form of it.

    Raises:
        CannotQuantize: if there is none of the name, or it cannot be made.
    """
    wanted = _SHORT.get(name.upper(), name.upper())
    if wanted in NEEDS_IMPORTANCE:
        raise CannotQuantize(f"quantization type {wanted} needs an importance matrix, which cannot be given here")
    if wanted not in QUANTIZATION_TYPES:
        shown = name if len(name) <= 40 else f"{name[:40]}…"
        raise CannotQuantize(
            f"unsupported quantization type {shown} - supported types are {', '.join(QUANTIZATION_TYPES)}"
        )
    return wanted


def source_type(gguf: GgufHeader) -> str:
    """Return the type of a model that can be quantized: F32, F16 or BF16, that of most of its values.

    Files that do not say their type, or say it wrong, are judged by their tensors.

    Raises:
        CannotQuantize: if it is quantized already, holds nothing to quantize, or is none of llama.cpp's files.
    """
    inside = gguf.architecture != "clip" and any(tensor.name.startswith(ENCODER_PREFIXES) for tensor in gguf.tensors)
    if inside or gguf.architecture in RENAMED_ARCHITECTURES:
        raise CannotQuantize(
            f"this is a file of Ollama's own form ({gguf.architecture}), which is run but cannot be quantized; "
            "quantize llama.cpp's form of the model"
        )
    values: dict[str, int] = {}
    for tensor in gguf.tensors:
        if len(tensor.shape) > 1:
            values[tensor.type] = values.get(tensor.type, 0) + tensor.elements
    if not values or not values.keys() <= {*SOURCE_TYPES, "I8", "I16", "I32", "I64", "F64"}:
        raise CannotQuantize("quantization is only supported for F16, BF16 and F32 models")
    found = max(values, key=lambda kind: values[kind])
    return found if found in SOURCE_TYPES else "F32"


def quantize_file(source: Path, target: Path, kind: str, report: Report, parts: list[GgufHeader] | None = None) -> None:
    """Write the model file `source` to `target`, quantized to `kind`, one of `QUANTIZATION_TYPES`.

    Args:
        report: receives the bytes of tensors that are done, from time to time, also while nothing changes; what it
            raises ends the work.
        parts: the heads of all files where the model is in several, of which `source` is the first.

    Raises:
        CannotQuantize: if the source is quantized already.
        WorkerFailed, BadGguf: if llama.cpp cannot read it, or failed.
        OSError: if the disk is too full, or a file cannot be read.
    """
    heads = parts or [cached_header(source)]
    for head in heads:
        source_type(head)
    sizes = {tensor.name: tensor.size for head in heads for tensor in head.tensors}
    done, total = 0, sum(sizes.values())

    def receive(message: WorkerMessage | None) -> None:
        nonlocal done
        if message is not None:
            done = min(total, done + sizes.get(message.get("tensor", ""), 0))
        report(Progress(total=total, completed=done))

    receive(None)
    number = next(number for number, name in FILE_TYPES.items() if name == kind)
    run_worker("paddock.engine.quantize", [str(source.absolute()), str(target.absolute()), str(number)], receive)
    read_header(target)


def quantized_blob(blobs: BlobStore, digest: str, kind: str, report: Report) -> str:
    """Return the digest of a model's weights, quantized to `kind`; the same as before if they are of this type.

    Raises:
        CannotQuantize, WorkerFailed, BadGguf, OSError: as `quantize_file`.
        Cancelled: if `report` raises it; nothing is kept then.
    """
    source = blobs.path(digest)
    before = source_type(cached_header(source))
    if before == kind:
        return digest
    size = blobs.size(digest)

    def scale(progress: Progress) -> None:
        completed = progress.completed * size // progress.total
        report(Progress(f"quantizing {before} model to {kind}", total=size, completed=completed))

    file, temporary = open_temporary(blobs.folder)
    try:
        quantize_file(source, temporary, kind, scale)
        return blobs.adopt(file, temporary)
    finally:
        drop_temporary(file, temporary)
