"""Manifests: lists of the blobs of each model, `<models>/manifests/<host>/<namespace>/<model>/<tag>`."""

import contextlib
import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError
from paddock.library.names import InvalidName, ModelName, is_host, is_part
from paddock.library.store.blobs import InvalidDigest, parse_digest
from paddock.library.store.files import read_limited, sync_folder, write_atomically
from paddock.library.store.stamps import Stamp, stamp_of

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE = "application/vnd.ollama.image."
"""Followed by one of: model, projector, adapter, template, system, params, messages, license, prompt, embed."""
MAX_MANIFEST = 4 << 20
"""Bytes; a manifest has some hundred to some thousand."""
MAX_LAYERS = 20_000
"""A manifest has less than ten layers as a rule, and some thousand if every tensor is one."""
MAX_SIZE = 2**63 - 1
"""Largest size of a blob in bytes, and of a model."""

_log = logging.getLogger(__name__)


class BrokenModel(LibraryError):
    """The model exists and a part of it cannot be read."""

    kind = ErrorKind.CORRUPT

    def __init__(self, name: ModelName, reason: str) -> None:
        super().__init__(f"model '{name.short}' is broken: {reason}")
        self.name = name


class Layer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One blob of a model, and its part in the model."""

    mediaType: str
    digest: str
    size: int
    from_: str = msgspec.field(default="", name="from")
    """Short name of the model that the layer was taken from."""

    @property
    def kind(self) -> str:
        """The last part of the media type, such as `model`; the whole media type if it is not one of Ollama's."""
        return self.mediaType.removeprefix(LAYER_TYPE)


class Manifest(msgspec.Struct, frozen=True):
    """The layers of a model, in order."""

    schemaVersion: int
    mediaType: str
    config: Layer
    layers: list[Layer]

    def digests(self) -> set[str]:
        """Return the digests of all its blobs."""
        return {self.config.digest, *(layer.digest for layer in self.layers)} - {""}

    @property
    def size(self) -> int:
        """Size of all its blobs in bytes."""
        return self.config.size + sum(layer.size for layer in self.layers)


class RootFs(msgspec.Struct, frozen=True):
    """A field that Ollama wrote before 2025; nothing reads it."""

    type: str = "layers"
    diff_ids: list[str] | None = None


class ConfigBlob(msgspec.Struct, frozen=True, omit_defaults=True):
    """The config of a model, in the order in which Ollama writes its keys."""

    model_format: str = ""
    model_family: str = ""
    model_families: list[str] | None = None
    model_type: str = ""
    """Number of parameters, for people: `8.0B`."""
    file_type: str = ""
    """Quantization: `Q4_K_M`."""
    renderer: str = ""
    parser: str = ""
    requires: str = ""
    architecture: str = ""
    os: str = ""
    rootfs: RootFs | None = None


class StoredManifest(msgspec.Struct, frozen=True):
    """A manifest as it lies on disk."""

    name: ModelName
    manifest: Manifest
    digest: str
    """SHA-256 of the file: 64 hex digits without a prefix."""
    modified_ns: int
    """When the file was written, in nanoseconds since 1970."""


class ManifestStore:
    """The folder of manifests. Every method takes names as they are spelled on disk, except `resolve`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: ModelName) -> Path:
        """Return where the manifest of exactly this name lies or would lie."""
        return self.folder.joinpath(*name.parts)

    def stamp(self, name: ModelName) -> Stamp | None:
        """Return the stamp of the manifest of exactly this name; None if there is none."""
        return stamp_of(os.path.join(self.folder, *name.parts))  # noqa: PTH118 (as `_paths`)

    def lookup_paths(self, name: ModelName) -> list[Path]:
        """Return the folders that decide how `name` is spelled on disk, and the path of its manifest."""
        path = self.path(name)
        return [*list(path.parents)[:4], path]

    def resolve(self, name: ModelName) -> ModelName:
        """Return `name` as it is spelled on disk: a part that exists there in another case gets that case."""
        if self.path(name).is_file():
            return name
        parts, folder = list(name.parts), self.folder
        for i, part in enumerate(parts):
            entries = _list(folder)
            if part not in entries:
                same = [e for e in entries if e.lower() == part.lower() and (is_part(e) or (i == 0 and is_host(e)))]
                if not same:
                    break
                parts[i] = same[0]
            folder = folder / parts[i]
        return ModelName(*parts)

    def read(self, name: ModelName) -> StoredManifest | None:
        """Return the manifest of exactly this name; None if there is none.

        Raises:
            BrokenModel: if it cannot be read, or holds anything but a manifest.
        """
        try:
            path = self.path(name)
            data, modified_ns = read_limited(path, MAX_MANIFEST), path.stat().st_mtime_ns
            manifest = parse_manifest(data)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, LibraryError) as error:
            raise BrokenModel(name, f"its manifest cannot be read ({error})") from None
        return StoredManifest(name, manifest, hashlib.sha256(data).hexdigest(), modified_ns)

    def write(self, name: ModelName, manifest: Manifest, data: bytes | None = None) -> None:
        """Store a manifest under exactly this name, in one step; `data` are its bytes, by default as Ollama's."""
        write_atomically(self.path(name), data or msgspec.json.encode(manifest) + b"\n", self.folder)

    def copy(self, source: ModelName, destination: ModelName) -> None:
        """Store the same bytes under another name.

        Raises:
            FileNotFoundError: if the source is gone.
            OSError: if the source cannot be read, or the destination cannot be written.
        """
        write_atomically(self.path(destination), read_limited(self.path(source), MAX_MANIFEST), self.folder)

    def delete(self, name: ModelName) -> bool:
        """Remove the manifest and the folders that become empty; return whether there was one."""
        path = self.path(name)
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return False
        sync_folder(path.parent)
        with contextlib.suppress(OSError):  # raised by the first folder that is not empty
            for folder in list(path.parents)[:3]:
                folder.rmdir()
        return True

    def names(self, *, strict: bool = False) -> Iterator[ModelName]:
        """Yield every name that has a manifest, readable or not.

        Raises:
            OSError: with `strict`, if a folder cannot be listed.
            LibraryError: with `strict`, if a file among the manifests has a name that no model can have.
        """
        for path in self._paths((), strict):
            try:
                yield ModelName(*path)
            except InvalidName:
                if strict and not path[-1].startswith("."):
                    raise LibraryError(f"{'/'.join(path)} is no model's name") from None

    def _paths(self, above: tuple[str, ...], strict: bool) -> Iterator[tuple[str, ...]]:
        folder = os.path.join(self.folder, *above)  # noqa: PTH118 (a thousand of them, and Path is slow)
        try:
            entries = sorted(os.listdir(folder))  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError:
            if strict:
                raise
            return
        for entry in entries:
            if len(above) == 3:
                yield (*above, entry)
            else:
                yield from self._paths((*above, entry), strict)

    def all(self) -> list[StoredManifest]:
        """Return every manifest that can be read; the log names the others."""
        found = []
        for name in self.names():
            try:
                stored = self.read(name)
            except BrokenModel as error:
                _log.warning("%s", error)
            else:
                found += [stored] if stored else []
        return found


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest of any origin.

    Raises:
        LibraryError: if it is no manifest, or a blob's name in it is no digest.
    """
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
        layers = [msgspec.structs.replace(layer, digest=parse_digest(layer.digest)) for layer in manifest.layers]
        config = manifest.config
        if config.digest:  # a manifest without a config is valid
            config = msgspec.structs.replace(config, digest=parse_digest(config.digest))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LibraryError(f"no manifest: {error}") from None
    except InvalidDigest as error:
        raise LibraryError(str(error)) from None
    if any(layer.size < 0 for layer in [config, *layers]):
        raise LibraryError("a size is negative")
    if len(layers) > MAX_LAYERS:
        raise LibraryError(f"it has more than {MAX_LAYERS} layers")
    if sum(layer.size for layer in [config, *layers]) > MAX_SIZE:
        raise LibraryError("a size is too large")
    return msgspec.structs.replace(manifest, config=config, layers=layers)


def _list(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (names are needed, a thousand of them)
    except OSError:
        return []
