"""Models in several GGUF files, `name-00001-of-00003.gguf`: the parts found, checked, and made into one file.

llama.cpp's tools cut models so: the first part has the metadata, each some of the tensors, and each says with
`split.no`, `split.count` and `split.tensors.count` what it is a part of.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddock.gguf import BadGguf, GgufError, GgufHeader, read_encoded
from paddock.gguf.types import TENSOR_TYPE_NUMBERS
from paddock.gguf.writer import TensorEntry, encode_header
from paddock.library.errors import LibraryError
from paddock.library.gguf_cache import cached_header
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import require_space
from paddock.progress import Progress, Report

SHARD_NAME = re.compile(
    r"(?P<prefix>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.gguf)", re.IGNORECASE | re.DOTALL
)
MAX_SHARDS = 10_000
_PIECE = 4 << 20


class IncompleteShards(LibraryError, ValueError):
    """Parts are missing or do not belong together."""


@dataclass(frozen=True)
class Shard:
    """One file of several: what it is called in messages, and where it lies."""

    name: str
    path: Path
    gguf: GgufHeader


def shard_names(name: str) -> list[str]:
    """Return the names of all parts of which `name` is one by its form; none if it is no such name."""
    match = SHARD_NAME.fullmatch(name)
    if match is None or not 1 < int(match["count"]) <= MAX_SHARDS:
        return []
    count = match["count"]
    return [f"{match['prefix']}-{number:05}-of-{count}{match['ending']}" for number in range(1, int(count) + 1)]


def shard_count(gguf: GgufHeader) -> int:
    """Return in how many files the model is of which this is one; 1 if it is whole."""
    count = gguf.metadata.get("split.count", 1)
    return count if isinstance(count, int) and count > 1 else 1


def merge_shards(blobs: BlobStore, files: Mapping[str, str], report: Report) -> dict[str, str]:
    """Return the spec's files (name → digest) with a single new blob, unclaimed, for each model that is in parts.

    Raises:
        IncompleteShards: naming what is missing or does not belong together.
        BlobNotFound, BadGguf, OSError: if a part cannot be read, or the disk is too full.
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
            # What else is wrong with it is for others to tell.
            whole[name] = digest
            continue
        if shard_count(gguf) == 1:
            whole[name] = digest
        else:
            match = SHARD_NAME.fullmatch(name)
            models.setdefault(match["prefix"] if match else "", []).append(Shard(name, blobs.path(digest), gguf))
    for prefix, parts in models.items():
        parts = ordered_shards(parts)
        whole[f"{prefix or 'model'}.gguf"] = _joined(blobs, parts, report)
    return whole


def ordered_shards(parts: Sequence[Shard]) -> list[Shard]:
    """Return the parts of one model in their order.

    Raises:
        IncompleteShards: if one is missing, there twice, or of another model.
    """
    count = shard_count(parts[0].gguf)
    names = next((names for part in parts if (names := shard_names(part.name)) and len(names) == count), None)
    found: dict[int, Shard] = {}
    for part in parts:
        number = part.gguf.metadata.get("split.no")
        if shard_count(part.gguf) != count or not isinstance(number, int) or not 0 <= number < count:
            raise IncompleteShards(f"{part.name} is no part of the same model as {parts[0].name}")
        if number in found:
            raise IncompleteShards(f"{part.name} and {found[number].name} are the same part of a model")
        found[number] = part
    missing = next((number for number in range(count) if number not in found), None)
    if missing is not None:
        name = f": {names[missing]}" if names else ""
        raise IncompleteShards(f"part {missing + 1} of {count} is missing{name}")
    result = [found[number] for number in range(count)]
    seen: dict[str, Shard] = {}
    for part in result:
        for tensor in part.gguf.tensors:
            if tensor.name in seen:
                raise IncompleteShards(f'the tensor "{tensor.name}" is in {seen[tensor.name].name} and {part.name}')
            seen[tensor.name] = part
    expected = result[0].gguf.metadata.get("split.tensors.count", len(seen))
    if expected != len(seen):
        raise IncompleteShards(f"the parts have {len(seen)} tensors together, and {expected} are expected")
    return result


def _joined(blobs: BlobStore, parts: Sequence[Shard], report: Report) -> str:
    with parts[0].path.open("rb") as file:
        first = read_encoded(file)
    if first.tensors != parts[0].gguf.tensors:
        raise BadGguf("it changed while it was read")
    metadata = {key: value for key, value in first.metadata.items() if not key.startswith("split.")}
    tensors = [tensor for part in parts for tensor in part.gguf.tensors]
    entries = [TensorEntry(t.name, TENSOR_TYPE_NUMBERS[t.type], t.shape, t.size) for t in tensors]
    header, offsets = encode_header(metadata, entries, version=first.version, alignment=first.alignment)
    total, done = sum(tensor.size for tensor in tensors), 0
    require_space(blobs.folder, (offsets[-1] + tensors[-1].size if tensors else len(header)) + first.alignment)
    with blobs.writer(claim=False) as writer:
        writer.write(header)
        for part in parts:
            with part.path.open("rb") as file:
                for tensor in part.gguf.tensors:
                    file.seek(part.gguf.data_offset + tensor.offset)
                    left = tensor.size
                    while left:
                        report(Progress(f"joining {len(parts)} files", total=total, completed=done))
                        piece = file.read(min(left, _PIECE))
                        if not piece:
                            raise BadGguf(f"{part.name} became shorter while it was read")
                        writer.write(piece)
                        left -= len(piece)
                        done += len(piece)
                    writer.write(bytes(-tensor.size % first.alignment))
        report(Progress(f"joining {len(parts)} files", total=total, completed=total))
        return writer.commit()
