"""LoRA adapters: converted from PEFT's files, and checked against the model before a runner would refuse them.

For some of the model's matrices W, an adapter has two small ones, `lora_a` (A) and `lora_b` (B); the runner computes
with W + alpha / rank * B A.
"""

from collections.abc import Mapping
from pathlib import Path

from paddock.gguf import GgufHeader, GgufTensor
from paddock.gguf.errors import quoted
from paddock.library.create.converted_blobs import converted_blob
from paddock.library.errors import LibraryError
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import require_space
from paddock.library.store.gguf_cache import cached_header
from paddock.progress import Report

EMBEDDINGS = "token_embd.weight"
"""The embedding matrix, whose rows are looked up; its `lora_a` is stored transposed."""
_ENDINGS = (".lora_a", ".lora_b")


class WrongAdapter(LibraryError, ValueError):
    """The adapter cannot be applied to the model."""


def is_adapter(gguf: GgufHeader) -> bool:
    """Return whether the file says that it is an adapter."""
    return gguf.text("general.type") == "adapter" or bool(gguf.text("adapter.type"))


def check_adapter(name: str, adapter: GgufHeader, base: GgufHeader) -> None:
    """Check that llama.cpp will apply the adapter to the model.

    Args:
        name: name of the adapter's file in messages.

    Raises:
        WrongAdapter: if it will not; the message names the first reason.
    """
    if not is_adapter(adapter):
        raise WrongAdapter(f"{name} is no adapter")
    if adapter.text("adapter.type") != "lora" or adapter.text("general.type") != "adapter":
        raise WrongAdapter(f"{name} is an adapter of another kind than LoRA")
    if adapter.architecture != base.architecture:
        raise WrongAdapter(
            f"{name} is an adapter for {quoted(adapter.architecture)} models, and this is {quoted(base.architecture)}"
        )
    pairs: dict[str, dict[str, GgufTensor]] = {}
    for tensor in adapter.tensors:
        ending = next((ending for ending in _ENDINGS if tensor.name.endswith(ending)), None)
        if ending is None:
            raise WrongAdapter(f"{name} has the tensor {quoted(tensor.name)}, which is no part of a LoRA adapter")
        pairs.setdefault(tensor.name.removesuffix(ending), {})[ending] = tensor
    if not pairs:
        raise WrongAdapter(f"{name} is empty")
    matrices = {tensor.name: tensor for tensor in base.tensors}
    for target, pair in pairs.items():
        if len(pair) < len(_ENDINGS):
            raise WrongAdapter(f"{name} has half of what it changes {quoted(target)} by")
        if target not in matrices:
            raise WrongAdapter(f"{name} changes {quoted(target)}, which the model does not have")
        if target == EMBEDDINGS and "output.weight" not in matrices:
            raise WrongAdapter(f"{name} changes the embeddings of tokens, which this model's output shares")
        if not _fits(matrices[target], *(pair[ending].shape for ending in _ENDINGS)):
            raise WrongAdapter(f"{name} is for a model of another size: {quoted(target)} has another shape there")


def _fits(matrix: GgufTensor, a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Return whether shapes fit, innermost dimension first: W (in, out), A (in, rank), B (rank, out), then experts."""
    shape = matrix.shape
    if len(shape) < 2 or not len(shape) == len(a) == len(b) or not a[2:] == b[2:] == shape[2:]:
        return False
    if matrix.name == EMBEDDINGS:
        return a[0] == b[0] and (shape[0], shape[1]) == (b[1], a[1])
    return a[1] == b[0] and (shape[0], shape[1]) == (a[0], b[1])


def convert_adapters(blobs: BlobStore, files: Mapping[str, str], weights: str, report: Report) -> dict[str, str]:
    """Convert adapters that PEFT saved as safetensors to unclaimed GGUF blobs; return all adapters (name → digest).

    The files of one folder make up one adapter.

    Args:
        files: digest of each uploaded file by its relative path.
        weights: digest of the model that the adapters are for.

    Raises:
        WrongAdapter: if there is no adapter among the files.
        WorkerFailed: if an adapter cannot be converted.
        BlobNotFound, NotGguf, BadGguf, OSError: if a file cannot be read, or the disk is too full.
        Cancelled: if `report` raises it; nothing is kept then.
    """
    result: dict[str, str] = {}
    folders: dict[str, dict[str, Path]] = {}
    for name, digest in files.items():
        blobs.size(digest)
        if name.lower().endswith((".safetensors", ".json", ".model")):
            folders.setdefault(name.replace("\\", "/").rpartition("/")[0], {})[name] = blobs.path(digest)
        else:
            result[name] = digest
    for folder, found in folders.items():
        if not any(name.lower().endswith(".safetensors") for name in found):
            continue  # other files of the same upload, such as a configuration
        result[f"{folder}/adapter" if folder else "adapter"] = _converted(blobs, found, weights, report)
    if files and not result:
        raise WrongAdapter("there is no adapter among the files")
    return result


def _converted(blobs: BlobStore, files: Mapping[str, Path], weights: str, report: Report) -> str:
    base = cached_header(blobs.path(weights))
    heads = base.number("attention.head_count")
    total = sum(path.stat().st_size for path in files.values())
    require_space(blobs.folder, 2 * total)
    job = {
        "files": {name: str(path.absolute()) for name, path in files.items()},
        "base": {
            "architecture": base.architecture,
            "layers": base.number("block_count"),
            "heads": heads,
            "kv_heads": base.number("attention.head_count_kv") or heads,
        },
    }
    return converted_blob(blobs, "paddock.conversion.workers.adapter", job, "converting adapter", total, report)
