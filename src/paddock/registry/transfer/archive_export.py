"""Exporting a model as one file, for machines without a network: a tar with an OCI image layout.

The tar has `oci-layout`, `index.json`, which names the model, and `blobs/sha256/<hex>` for the manifest and each layer.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobNotFound, digest_of
from paddock.library.store.files import read_limited
from paddock.library.store.library import Library, ModelNotFound
from paddock.library.store.manifests import MAX_MANIFEST
from paddock.registry.errors import RegistryError
from paddock.registry.transfer.remote_manifest import RemoteManifest, parse_remote_manifest

LAYOUT = b'{"imageLayoutVersion": "1.0.0"}'
NAME_ANNOTATION = "org.opencontainers.image.ref.name"
_CHUNK_BYTES = 1 << 20
_BLOCK = 512
"""Bytes to whose multiple a tar fills up each content."""


@dataclass
class Archive:
    """A model that is being exported. Its files are open, so that they stay while they are sent."""

    parts: list[tuple[bytes, bytes | BinaryIO, int]]
    """Header, content and size in bytes of each file of the tar."""

    @property
    def size(self) -> int:
        """Size of the whole tar in bytes."""
        return sum(len(header) + size + -size % _BLOCK for header, _, size in self.parts) + 2 * _BLOCK

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the tar.

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
                    piece = content.read(min(_CHUNK_BYTES, left))
                    if not piece:
                        raise RegistryError("a blob became shorter while it was exported")
                    left -= len(piece)
                    yield piece
            if size % _BLOCK:
                yield bytes(-size % _BLOCK)
        yield bytes(2 * _BLOCK)

    def close(self) -> None:
        """Close the files."""
        for _, content, _ in self.parts:
            if not isinstance(content, bytes):
                content.close()


def open_archive(library: Library, name: ModelName) -> Archive:
    """Open a model for export. The caller closes the archive.

    Raises:
        ModelNotFound: if there is none.
        LibraryError: if a blob is missing or has the wrong size.
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
                "annotations": {NAME_ANNOTATION: stored.full},
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


def _stored(library: Library, name: ModelName) -> tuple[ModelName, RemoteManifest]:
    """Return the model's name as it is spelled on disk, and its manifest with unchanged bytes."""
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
