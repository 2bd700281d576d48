"""A model as one file, for machines without a network: a tar with an OCI image layout inside.

`oci-layout`, `index.json` (which names the model), and `blobs/sha256/<hex>` for the manifest and every layer.
"""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO

from paddock.library.names import InvalidName, ModelName
from paddock.library.store.blobs import BlobNotFound, DigestMismatch, digest_of
from paddock.library.store.files import read_limited
from paddock.library.store.library import Library, ModelNotFound
from paddock.library.store.manifests import MAX_MANIFEST
from paddock.registry.errors import BadArchive, RegistryError
from paddock.registry.transfer.remote_manifest import RemoteManifest, install, parse_remote_manifest

if TYPE_CHECKING:
    import tarfile

LAYOUT = b'{"imageLayoutVersion": "1.0.0"}'
NAME = "org.opencontainers.image.ref.name"
MAX_SMALL = MAX_MANIFEST
"""Bytes of what is read into memory: the index, and what may be a manifest."""
MAX_SMALL_TOTAL = 64 << 20
MAX_HEADERS = 16 << 20
"""Bytes between two contents; the headers of tar may claim any length, and are read into memory."""
_PIECE = 1 << 20
_BLOCK = 512
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})", re.ASCII)


@dataclass
class Archive:
    """A model that is being exported; its files are open, so that they stay."""

    parts: list[tuple[bytes, bytes | BinaryIO, int]]
    """Header, content, bytes of the content."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return sum(len(header) + size + -size % _BLOCK for header, _, size in self.parts) + 2 * _BLOCK

    def pieces(self) -> Iterator[bytes]:
        """Go through the file's bytes.

        Raises:
            RegistryError: if a blob has become shorter.
        """
        for header, content, size in self.parts:
            yield header
            if isinstance(content, bytes):
                yield content
            else:
                left = size
                while left:
                    piece = content.read(min(_PIECE, left))
                    if not piece:
                        raise RegistryError("a blob became shorter while it was exported")
                    left -= len(piece)
                    yield piece
            if size % _BLOCK:
                yield bytes(-size % _BLOCK)
        yield bytes(2 * _BLOCK)

    def close(self) -> None:
        """Let the files go."""
        for _, content, _ in self.parts:
            if not isinstance(content, bytes):
                content.close()


def open_archive(library: Library, name: ModelName) -> Archive:
    """Export a model.

    Raises:
        ModelNotFound: if there is none.
        LibraryError: if it is not whole.
    """
    stored, remote = _stored(library, name)
    digest = digest_of(remote.data)
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "mediaType": remote.manifest.mediaType,
                "digest": digest,
                "size": len(remote.data),
                "annotations": {NAME: stored.full},
            }
        ],
    }
    archive = Archive([])
    try:
        texts = {"oci-layout": LAYOUT, "index.json": json.dumps(index).encode(), _path(digest): remote.data}
        archive.parts += [(_header(path, len(data)), data, len(data)) for path, data in texts.items()]
        for layer in sorted(remote.layers, key=lambda layer: layer.size):
            file = _open_blob(library, layer.digest)
            archive.parts.append((_header(_path(layer.digest), layer.size), file, layer.size))
            file.seek(0, 2)
            if file.tell() != layer.size:
                raise RegistryError(f"the blob {layer.digest} has another size than its manifest says")
            file.seek(0)
    except BaseException:
        archive.close()
        raise
    return archive


@dataclass
class _Contents:
    """What an archive holds: large blobs are among the library's already, small things are kept here."""

    small: dict[str, bytes] = field(default_factory=dict)
    large: dict[str, int] = field(default_factory=dict)
    index: bytes = b""


def import_archive(library: Library, file: BinaryIO, name: ModelName | None = None) -> ModelName:
    """Store the model of an archive, read from the front to the end, under `name` or the one that it has there.

    Every blob's digest is checked, and the manifest is written when all are there.

    Raises:
        BadArchive: if the archive is damaged or holds no model, or several and no `name`.
        DigestMismatch: if a blob is not what its name says.
        RegistryError: if it cannot be stored now.
        OSError: if it cannot be read, or the disk not be written.
    """
    import tarfile

    claimed: list[str] = []
    try:
        try:
            source = _Source(file)
            with tarfile.open(fileobj=source, mode="r|", bufsize=_PIECE) as tar:
                contents = _read(library, tar, source, claimed)
        except (tarfile.TarError, EOFError, ValueError) as error:  # the last where a header makes no sense
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
    """The file, of which tar's own reader gets no more than it needs for a header."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_HEADERS

    def go_on(self) -> None:
        """Let more be read: what has been is used."""
        self._left = MAX_HEADERS

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes.

        Raises:
            BadArchive: if that is too much without `go_on`.
        """
        self._left -= size
        if self._left < 0:
            raise BadArchive("the file is no archive of a model: a header in it is too large")
        return self._file.read(size)


def _contents(content: "IO[bytes]", source: _Source) -> Iterator[bytes]:
    while piece := content.read(_PIECE):
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
        if member.issparse():  # some bytes may stand for terabytes
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
    """The model of the archive, and what it is called there; of several the one of that name."""
    try:
        entries = json.loads(contents.index)["manifests"]
        found = [(str(e["digest"]), str((e.get("annotations") or {}).get(NAME, ""))) for e in entries]
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
    """Store the small layers, and see that every layer has come with its right size."""
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


def _stored(library: Library, name: ModelName) -> tuple[ModelName, RemoteManifest]:
    """The model's name as it is spelled on disk, and its manifest as it lies there."""
    own = library.manifests.resolve(name)
    if library.manifests.stamp(own) is not None:
        return own, parse_remote_manifest(read_limited(library.manifests.path(own), MAX_MANIFEST), "the library")
    model = library.bundle.read(name) if library.bundle is not None else None
    if model is None:
        raise ModelNotFound(name)
    import msgspec

    return model.name, RemoteManifest(model.manifest, msgspec.json.encode(model.manifest) + b"\n")


def _open_blob(library: Library, digest: str) -> BinaryIO:
    for blobs in (library.blobs, library.bundle.blobs if library.bundle is not None else library.blobs):
        with contextlib.suppress(FileNotFoundError):
            return blobs.path(digest).open("rb")
    raise BlobNotFound(digest)


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _header(path: str, size: int) -> bytes:
    import tarfile

    member = tarfile.TarInfo(path)
    member.size = size
    member.mode = 0o644
    return member.tobuf(tarfile.PAX_FORMAT)
