"""Shards: a model in several GGUF files, `name-00001-of-00003.gguf`, checked and merged into one file.

llama.cpp's `gguf-split` writes them: the first shard has the metadata, each has some of the tensors, and the keys
`split.no`, `split.count` and `split.tensors.count` tell its place in the model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddock.gguf import BadGguf, GgufError, GgufHeader, read_encoded, read_header
from paddock.gguf.types import TENSOR_TYPE_NUMBERS
from paddock.gguf.writer import TensorEntry, encode_header
from paddock.library.errors import LibraryError
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import require_space
from paddock.library.store.gguf_cache import cached_header
from paddock.progress import Progress, Report

SHARD_NAME = re.compile(
    r"(?P<prefix>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.gguf)", re.IGNORECASE | re.DOTALL
)
MAX_SHARDS = 10_000
_CHUNK_BYTES = 4 << 20


class IncompleteShards(LibraryError, ValueError):
    """Shards are missing or do not belong together."""


@dataclass(frozen=True)
class Shard:
    """One file of a model that is in several.

    Args:
        name: name of the file in messages.
    """

    name: str
    path: Path
    gguf: GgufHeader


def shard_names(name: str) -> list[str]:
    """Return the names of all shards of the model that `name` is a shard of; none if it is not a shard's name."""
    match = SHARD_NAME.fullmatch(name)
    if match is None or not 1 < int(match["count"]) <= MAX_SHARDS:
        return []
    count = match["count"]
    return [f"{match['prefix']}-{number:05}-of-{count}{match['ending']}" for number in range(1, int(count) + 1)]


def shard_count(gguf: GgufHeader) -> int:
    """Return the number of shards of the model that this file belongs to; 1 for a whole model."""
    count = gguf.metadata.get("split.count", 1)
    return count if isinstance(count, int) and count > 1 else 1


def local_shards(path: Path) -> list[Shard]:
    """Return the shards of the model in a file of this machine, in order; the file alone if it is a whole model.

    Raises:
        IncompleteShards: if another shard does not lie beside it.
        GgufError, OSError: if a file cannot be read, or is not a GGUF file.
    """
    gguf = read_header(path)
    if shard_count(gguf) == 1:
        return [Shard(path.name, path, gguf)]
    paths = [path.with_name(name) for name in shard_names(path.name)] or [path]
    return ordered_shards([Shard(found.name, found, read_header(found)) for found in paths if found.is_file()])


def merge_shards(blobs: BlobStore, files: Mapping[str, str], report: Report) -> dict[str, str]:
    """Merge the shards of each model into one unclaimed blob; return the files (name → digest), now without shards.

    Raises:
        IncompleteShards: if a shard is missing or belongs to another model; the message names it.
        BlobNotFound, BadGguf, OSError: if a shard cannot be read, or the disk is too full.
        Cancelled: if `report` raises it; nothing is kept then.
    """
    whole: dict[str, str] = {}
    models: dict[str, list[Shard]] = {}
    for name, digest in files.items():
        blobs.size(digest)
        try:
            gguf = cached_header(blobs.path(digest))
        except GgufError as error:
            if shard_names(name):
                raise BadGguf(f"{name}: {error}") from None
            # Not a shard: whoever uses the file will raise its error.
            whole[name] = digest
            continue
        if shard_count(gguf) == 1:
            whole[name] = digest
        else:
            match = SHARD_NAME.fullmatch(name)
            models.setdefault(match["prefix"] if match else "", []).append(Shard(name, blobs.path(digest), gguf))
    for prefix, shards in models.items():
        shards = ordered_shards(shards)
        whole[f"{prefix or 'model'}.gguf"] = _joined(blobs, shards, report)
    return whole


def ordered_shards(shards: Sequence[Shard]) -> list[Shard]:
    """Return the shards of one model in their order.

    Raises:
        IncompleteShards: if one is missing, occurs twice, or belongs to another model.
    """
    count = shard_count(shards[0].gguf)
    names = next((names for shard in shards if (names := shard_names(shard.name)) and len(names) == count), None)
    found: dict[int, Shard] = {}
    for shard in shards:
        number = shard.gguf.metadata.get("split.no")
        if shard_count(shard.gguf) != count or not isinstance(number, int) or not 0 <= number < count:
            raise IncompleteShards(f"{shard.name} is no part of the same model as {shards[0].name}")
        if number in found:
            raise IncompleteShards(f"{shard.name} and {found[number].name} are the same part of a model")
        found[number] = shard
    missing = next((number for number in range(count) if number not in found), None)
    if missing is not None:
        name = f": {names[missing]}" if names else ""
        raise IncompleteShards(f"part {missing + 1} of {count} is missing{name}")
    result = [found[number] for number in range(count)]
    seen: dict[str, Shard] = {}
    for shard in result:
        for tensor in shard.gguf.tensors:
            if tensor.name in seen:
                raise IncompleteShards(f'the tensor "{tensor.name}" is in {seen[tensor.name].name} and {shard.name}')
            seen[tensor.name] = shard
    expected = result[0].gguf.metadata.get("split.tensors.count", len(seen))
    if expected != len(seen):
        raise IncompleteShards(f"the parts have {len(seen)} tensors together, and {expected} are expected")
    return result


def _joined(blobs: BlobStore, shards: Sequence[Shard], report: Report) -> str:
    with shards[0].path.open("rb") as file:
        first = read_encoded(file)
    if first.tensors != shards[0].gguf.tensors:
        raise BadGguf("it changed while it was read")
    metadata = {key: value for key, value in first.metadata.items() if not key.startswith("split.")}
    tensors = [tensor for shard in shards for tensor in shard.gguf.tensors]
    entries = [TensorEntry(t.name, TENSOR_TYPE_NUMBERS[t.type], t.shape, t.size) for t in tensors]
    header, offsets = encode_header(metadata, entries, version=first.version, alignment=first.alignment)
    total, done = sum(tensor.size for tensor in tensors), 0
    require_space(blobs.folder, (offsets[-1] + tensors[-1].size if tensors else len(header)) + first.alignment)
    with blobs.writer(claim=False) as writer:
        writer.write(header)
        for shard in shards:
            with shard.path.open("rb") as file:
                for tensor in shard.gguf.tensors:
                    file.seek(shard.gguf.data_offset + tensor.offset)
                    left = tensor.size
                    while left:
                        report(Progress(f"joining {len(shards)} files", total=total, completed=done))
                        chunk = file.read(min(left, _CHUNK_BYTES))
                        if not chunk:
                            raise BadGguf(f"{shard.name} became shorter while it was read")
                        writer.write(chunk)
                        left -= len(chunk)
                        done += len(chunk)
                    writer.write(bytes(-tensor.size % first.alignment))
        report(Progress(f"joining {len(shards)} files", total=total, completed=total))
        return writer.commit()
