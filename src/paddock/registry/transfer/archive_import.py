"""Importing a model from an archive (see `archive_export`), read from the front to the end."""

import contextlib
import re
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec

from paddock.library.names import InvalidName, ModelName
from paddock.library.store.blobs import DigestMismatch, digest_of
from paddock.library.store.library import Library
from paddock.library.store.manifests import MAX_MANIFEST
from paddock.registry.errors import BadArchive, RegistryError
from paddock.registry.transfer.archive_export import NAME_ANNOTATION
from paddock.registry.transfer.archive_members import ArchiveMember, ArchiveMembers
from paddock.registry.transfer.remote_manifest import RemoteManifest, install, parse_remote_manifest

MAX_SMALL = MAX_MANIFEST
"""Largest content in bytes that is read into memory: the index, and blobs that may be a manifest."""
MAX_SMALL_TOTAL = 16 << 20
"""Most bytes of small blobs that are kept in memory."""
MAX_HEADERS = 1 << 20
"""Most bytes between two contents. Headers of a tar may claim any length, and are read into memory."""
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})", re.ASCII)


class _Entry(msgspec.Struct):
    """A model in the index of an archive."""

    digest: str
    annotations: dict[str, str] | None = None


class _Index(msgspec.Struct):
    """The models of an archive."""

    manifests: list[_Entry]


@dataclass
class _Contents:
    """The contents of an archive. Large blobs (size by digest) are in the library already, small ones are kept here."""

    small: dict[str, bytes] = field(default_factory=dict)
    large: dict[str, int] = field(default_factory=dict)
    index: bytes = b""


def import_archive(library: Library, file: BinaryIO, name: ModelName | None = None) -> ModelName:
    """Store the model of an archive under `name`, by default under its name in the archive; return the name.

    The digest of every blob is checked. The manifest is written when all blobs are complete.

    Raises:
        BadArchive: if the archive is damaged, has no model, or has several models and no `name` is given.
        DigestMismatch: if a blob has another digest than its name says.
        RegistryError: if it cannot be stored now.
        OSError: if it cannot be read, or the disk cannot be written.
    """
    claimed: list[str] = []
    try:
        with ArchiveMembers(file, MAX_HEADERS) as members:
            contents = _read(library, members, claimed)
        remote, own_name = _choose(library, contents, name)
        name = name or own_name
        if name is None:
            raise BadArchive("the archive does not name its model: give it a name")
        _complete(library, contents, remote, claimed)
        if install(library, name, remote) is None:
            raise RegistryError("a layer was removed while the model was imported: try again")
    finally:
        for digest in claimed:
            library.blobs.claims.drop(digest)
    return name


def _read(library: Library, members: ArchiveMembers, claimed: list[str]) -> _Contents:
    contents, total = _Contents(), 0
    for member in members:
        path = member.name.removeprefix("./")
        match = _BLOB.fullmatch(path)
        if match is None and path != "index.json":
            continue
        if match is None:
            contents.index = _small(member)
            continue
        digest = f"sha256:{match[1]}"
        if member.size <= MAX_SMALL and total + member.size <= MAX_SMALL_TOTAL:
            data = _small(member)
            if digest_of(data) != digest:
                raise DigestMismatch(digest, digest_of(data))
            contents.small[digest] = data
            total += len(data)
        else:
            with library.blobs.writer() as writer:
                for piece in member.pieces():
                    writer.write(piece)
                digest = writer.commit(digest)
            claimed.append(digest)
            contents.large[digest] = member.size
    return contents


def _small(member: ArchiveMember) -> bytes:
    """Return the content of a small file."""
    if member.size > MAX_SMALL:
        raise BadArchive(f"{member.name} of the archive is too large")
    return b"".join(member.pieces())


def _choose(library: Library, contents: _Contents, name: ModelName | None) -> tuple[RemoteManifest, ModelName | None]:
    """Return the model of the archive and its name there; of several models, the one called `name`."""
    try:
        entries = msgspec.json.decode(contents.index, type=_Index).manifests
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadArchive("the archive has no index of models") from None
    found = [(entry.digest, (entry.annotations or {}).get(NAME_ANNOTATION, "")) for entry in entries]
    if len(found) > 1 and name is not None:
        found = [entry for entry in found if entry[1].lower() in (name.full.lower(), name.short.lower())]
    if len(found) != 1:
        raise BadArchive(f"the archive holds {len(found)} models{' of that name' if name else ''}")
    digest, text = found[0]
    data = contents.small.get(digest)
    if data is None and contents.large.get(digest, MAX_SMALL + 1) <= MAX_SMALL:
        data = library.blobs.read(digest, MAX_SMALL)
    if data is None:
        raise BadArchive("the archive lacks its manifest")
    own = None
    with contextlib.suppress(InvalidName):
        own = ModelName.parse(text) if text else None
    try:
        return parse_remote_manifest(data, "the archive"), own
    except RegistryError as error:
        raise BadArchive(str(error)) from None


def _complete(library: Library, contents: _Contents, remote: RemoteManifest, claimed: list[str]) -> None:
    """Check that every layer is present in its right size, and store the small layers."""
    for layer in remote.layers:
        data = contents.small.get(layer.digest)
        size = contents.large.get(layer.digest) if data is None else len(data)
        if size is None:
            raise BadArchive(f"the archive lacks the layer {layer.digest}")
        if size != layer.size:
            raise BadArchive(f"the layer {layer.digest} has {size} bytes, of which its manifest says {layer.size}")
    for layer in remote.layers:
        if layer.digest in contents.small:
            with library.blobs.writer() as writer:
                writer.write(contents.small[layer.digest])
                claimed.append(writer.commit(layer.digest))
