"""Importing a model from an archive (see `archive_export`), read from the front to the end."""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO

from paddock.library.names import InvalidName, ModelName
from paddock.library.store.blobs import DigestMismatch, digest_of
from paddock.library.store.library import Library
from paddock.library.store.manifests import MAX_MANIFEST
from paddock.registry.errors import BadArchive, RegistryError
from paddock.registry.transfer.remote_manifest import RemoteManifest, install, parse_remote_manifest

if TYPE_CHECKING:
    import tarfile

from paddock.registry.transfer.archive_export import NAME_ANNOTATION

MAX_SMALL = MAX_MANIFEST
"""Largest content in bytes that is read into memory: the index, and blobs that may be a manifest."""
MAX_SMALL_TOTAL = 64 << 20
"""Most bytes of small blobs that are kept in memory."""
MAX_HEADERS = 16 << 20
"""Most bytes between two contents. Headers of a tar may claim any length, and are read into memory."""
_CHUNK_BYTES = 1 << 20
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})", re.ASCII)


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
    import tarfile

    claimed: list[str] = []
    try:
        try:
            source = _Source(file)
            with tarfile.open(fileobj=source, mode="r|", bufsize=_CHUNK_BYTES) as tar:
                contents = _read(library, tar, source, claimed)
        except (tarfile.TarError, EOFError, ValueError) as error:  # ValueError: of a malformed header
            raise BadArchive(f"the file is no archive of a model, or damaged: {error}") from None
        remote, own_name = _choose(contents, name)
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


class _Source(io.RawIOBase):
    """The file, from which the tar reader may read a bounded number of bytes between two contents."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_HEADERS

    def go_on(self) -> None:
        """Allow the full number of bytes again, because the bytes read so far have been used."""
        self._left = MAX_HEADERS

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes.

        Raises:
            BadArchive: if more than `MAX_HEADERS` bytes are read without `go_on`.
        """
        self._left -= size
        if self._left < 0:
            raise BadArchive("the file is no archive of a model: a header in it is too large")
        return self._file.read(size)


def _contents(content: "IO[bytes]", source: _Source) -> Iterator[bytes]:
    while piece := content.read(_CHUNK_BYTES):
        source.go_on()
        yield piece


def _read(library: Library, tar: "tarfile.TarFile", source: _Source, claimed: list[str]) -> _Contents:
    contents, total = _Contents(), 0
    for member in tar:
        path = member.name.removeprefix("./")
        match = _BLOB.fullmatch(path)
        content = tar.extractfile(member) if member.isreg() else None
        if content is None:
            continue
        if member.issparse():  # a few bytes may stand for terabytes
            raise BadArchive(f"{path} of the archive is a sparse file")
        if match is None and path != "index.json":
            for _ in _contents(content, source):
                pass
        elif match is None or (member.size <= MAX_SMALL and total + member.size <= MAX_SMALL_TOTAL):
            data = content.read(MAX_SMALL + 1)
            source.go_on()
            if len(data) != member.size:
                raise BadArchive(f"{path} of the archive is too large, or cut off")
            if match is None:
                contents.index = data
            else:
                digest = f"sha256:{match[1]}"
                if digest_of(data) != digest:
                    raise DigestMismatch(digest, digest_of(data))
                contents.small[digest] = data
                total += len(data)
        else:
            with library.blobs.writer() as writer:
                for piece in _contents(content, source):
                    writer.write(piece)
                digest = writer.commit(f"sha256:{match[1]}")
            claimed.append(digest)
            contents.large[digest] = member.size
    return contents


def _choose(contents: _Contents, name: ModelName | None) -> tuple[RemoteManifest, ModelName | None]:
    """Return the model of the archive and its name there; of several models, the one called `name`."""
    try:
        entries = json.loads(contents.index)["manifests"]
        found = [(str(e["digest"]), str((e.get("annotations") or {}).get(NAME_ANNOTATION, ""))) for e in entries]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadArchive("the archive has no index of models") from None
    if len(found) > 1 and name is not None:
        found = [entry for entry in found if entry[1].lower() in (name.full.lower(), name.short.lower())]
    if len(found) != 1:
        raise BadArchive(f"the archive holds {len(found)} models{' of that name' if name else ''}")
    digest, text = found[0]
    if digest not in contents.small:
        raise BadArchive("the archive lacks its manifest")
    own = None
    with contextlib.suppress(InvalidName):
        own = ModelName.parse(text) if text else None
    try:
        return parse_remote_manifest(contents.small[digest], "the archive"), own
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
