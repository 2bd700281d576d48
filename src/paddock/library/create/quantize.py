"""Quantizing a model: the types, the files that can be quantized, and the work, which a worker process does."""

from collections.abc import Sequence
from pathlib import Path

from paddock.gguf import GgufHeader, read_header
from paddock.gguf.ollama_files import ENCODER_PREFIXES, RENAMED_ARCHITECTURES
from paddock.gguf.types import FILE_TYPES
from paddock.library.create.shards import Shard, local_shards
from paddock.library.create.worker_process import run_worker
from paddock.library.errors import LibraryError
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import drop_temporary, open_temporary, put_in_place, remove_leftovers
from paddock.library.store.gguf_cache import cached_header
from paddock.progress import Progress, Report

SOURCE_TYPES = ("F32", "F16", "BF16")
"""Tensor types that can be quantized: smaller ones have lost precision already and must not lose it twice."""
NEEDS_IMPORTANCE = ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "Q2_K_S")
"""llama.cpp quantizes to these only with an importance matrix, which is measured by running the model on texts."""
NOT_SUPPORTED = ("NVFP4",)
"""llama.cpp runs these types but cannot quantize to them."""
QUANTIZATION_TYPES = tuple(t for t in FILE_TYPES.values() if t not in ("-", *NEEDS_IMPORTANCE, *NOT_SUPPORTED))
"""The types that a model can be quantized to."""
_SHORT = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M", "MXFP4_MOE": "MXFP4"}
"""Short forms and other names, as llama.cpp's own tool accepts them."""


class CannotQuantize(LibraryError, ValueError):
    """The model cannot be quantized to the type."""


def quantization_type(name: str) -> str:
    """Return the canonical name of a quantization type, given in any case or in a short form.

    Raises:
        CannotQuantize: if no type has the name, or it is not supported.
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
    """Return the type that most values of the model's matrices have: F32, F16 or BF16.

    The tensors count, not the file type that the header names, which may be wrong or absent.

    Raises:
        CannotQuantize: if the model is quantized already, has no matrices, or is in Ollama's own form.
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


def quantize_file(source: Path, target: Path, kind: str, report: Report, shards: Sequence[Shard] = ()) -> None:
    """Write the model file `source` to `target`, quantized to `kind`, one of `QUANTIZATION_TYPES`.

    Args:
        report: receives the bytes of tensors that are done, from time to time, also while nothing changes; what it
            raises ends the work.
        shards: all shards in order, if `source` is the first shard of a model.

    Raises:
        CannotQuantize: if the source is quantized already.
        WorkerFailed, BadGguf: if llama.cpp cannot read the source, or fails.
        OSError: if the disk is too full, or a file cannot be read.
    """
    headers = [shard.gguf for shard in shards] or [cached_header(source)]
    for header in headers:
        source_type(header)
    sizes = {tensor.name: tensor.size for header in headers for tensor in header.tensors}
    done, total = 0, sum(sizes.values())

    def receive(written: Progress | None) -> None:
        nonlocal done
        if written is not None:
            done = min(total, done + sizes.get(written.status, 0))
        report(Progress(total=total, completed=done))

    receive(None)
    number = next(number for number, name in FILE_TYPES.items() if name == kind)
    files = [str(path.absolute()) for path in (source, target, *(shard.path for shard in shards[1:]))]
    run_worker("paddock.engine.quantize", [*files[:2], str(number), *files[2:]], receive)
    read_header(target)


def quantize_local_file(source: Path, target: Path, kind: str, report: Report) -> None:
    """Write the model file `source` to `target`, quantized to `kind`; an older file is replaced at the end.

    Args:
        source: any shard, if the model is in several files; the others must lie beside it.
        kind: name of a type, in any case or in a short form.

    Raises:
        CannotQuantize, IncompleteShards: if the model cannot be quantized, or is not complete.
        WorkerFailed, GgufError: if it cannot be read, or llama.cpp fails.
        OSError: if the disk is too full, or a file cannot be read or written.
    """
    kind = quantization_type(kind)
    shards = local_shards(source)
    if any(target.exists() and target.samefile(shard.path) for shard in shards):
        raise CannotQuantize(f"{target} is the file to read: name another to write")
    report(Progress(f"quantizing {source_type(shards[0].gguf)} model to {kind}"))
    remove_leftovers(target.absolute().parent)
    file, temporary = open_temporary(target.absolute().parent)
    try:
        quantize_file(shards[0].path, temporary, kind, report, shards)
        put_in_place(file, temporary, target.absolute())
    finally:
        drop_temporary(file, temporary)


def quantized_blob(blobs: BlobStore, digest: str, kind: str, report: Report) -> str:
    """Quantize a model's weights to an unclaimed blob and return its digest; `digest` itself if they have the type.

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
        return blobs.adopt(file, temporary, lambda: scale(Progress(total=1, completed=1)))
    finally:
        drop_temporary(file, temporary)
