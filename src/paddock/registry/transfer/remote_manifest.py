"""The manifest of a model in a registry or an archive: parsed, and installed when all its layers are present."""

from dataclasses import dataclass

import msgspec

from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.library.store.manifests import Layer, Manifest, parse_manifest
from paddock.registry.errors import RegistryError

OCI_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class RemoteManifest:
    """A manifest from a registry or an archive."""

    manifest: Manifest
    data: bytes
    """The unchanged bytes of the manifest, whose digest is the model's."""

    @property
    def layers(self) -> list[Layer]:
        """Every blob once, in the order of the manifest, the config last."""
        layers = [*self.manifest.layers, self.manifest.config]
        return list({layer.digest: layer for layer in layers if layer.digest}.values())


def parse_remote_manifest(data: bytes, origin: str) -> RemoteManifest:
    """Parse a manifest.

    Args:
        origin: where it comes from, for messages.

    Raises:
        RegistryError: if it is not the manifest of a model, or a digest in it is malformed.
    """
    try:
        fields = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise RegistryError(f"{origin} sent no manifest") from None
    if not isinstance(fields, dict) or "layers" not in fields:
        raise RegistryError(f"{origin} sent no manifest of a model")
    if "mediaType" not in fields:  # optional in OCI
        data = msgspec.json.encode(fields | {"mediaType": OCI_MANIFEST_TYPE})
    try:
        return RemoteManifest(parse_manifest(data), data)
    except LibraryError as error:
        raise RegistryError(str(error)) from None


def install(library: Library, name: ModelName, remote: RemoteManifest) -> bool | None:
    """Store the manifest under `name`.

    Returns:
        Whether blobs of the replaced model were removed; None, with nothing stored, if a layer is missing.
    """
    with library.shared_lock(), library.name_lock(name) as name:
        if not all(library.blobs.exists(layer.digest) for layer in remote.layers):
            return None
        stored = library.manifests.read(name) if library.manifests.stamp(name) else None
        library.write(name, remote.manifest, remote.data)
    before = stored.manifest.digests() - remote.manifest.digests() if stored else set()
    return any(not library.blobs.exists(digest) for digest in before)
