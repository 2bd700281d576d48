"""Manifests: what a model consists of, `<models>/manifests/<host>/<namespace>/<model>/<tag>`."""

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
from paddock.library.store.files import Stamp, read_limited, stamp, sync_folder, write_atomically

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE = "application/vnd.ollama.image."
"""Then one of: model, projector, adapter, template, system, params, messages, license, prompt, embed."""
MAX_MANIFEST = 4 << 20
"""Bytes; a manifest has some hundred to some thousand."""

_log = logging.getLogger(__name__)


class BrokenModel(LibraryError):
    """The model is there and something of it cannot be read."""

    kind = ErrorKind.CORRUPT

    def __init__(self, name: ModelName, reason: str) -> None:
        super().__init__(f"model '{name.short}' is broken: {reason}")
        self.name = name


class Layer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One blob of a model and what it is."""

    mediaType: str
    digest: str
    size: int
    from_: str = msgspec.field(default="", name="from")
    """Short name of the model that it was taken from."""

    @property
    def kind(self) -> str:
        """The last part of the media type, such as `model`; the whole of a foreign one."""
        return self.mediaType.removeprefix(LAYER_TYPE)


class Manifest(msgspec.Struct, frozen=True):
    """The layers of a model, in order."""

    schemaVersion: int
    mediaType: str
    config: Layer
    layers: list[Layer]

    def digests(self) -> set[str]:
        """Every blob it needs."""
        return {self.config.digest, *(layer.digest for layer in self.layers)} - {""}

    @property
    def size(self) -> int:
        """Bytes of all its blobs."""
        return self.config.size + sum(layer.size for layer in self.layers)


class RootFs(msgspec.Struct, frozen=True):
    """Written by Ollama before 2025, of no use."""

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
    """Of the file: 64 hex digits without a prefix."""
    modified_ns: int
    """Nanoseconds since 1970."""


class ManifestStore:
    """The folder of manifests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: ModelName) -> Path:
        """Where the manifest of exactly this name lies or would lie."""
        return self.folder.joinpath(*name.parts)

    def stamp(self, name: ModelName) -> Stamp | None:
        """Return what changes when the manifest of exactly this name does; None if there is none."""
        try:
            return stamp(os.stat(os.path.join(self.folder, *name.parts)))  # noqa: PTH116, PTH118 (as `_paths`)
        except OSError:
            return None

    def resolve(self, name: ModelName) -> ModelName:
        """Return `name` spelled as on disk: each part that exists there in another case is taken over."""
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

    def write(self, name: ModelName, manifest: Manifest) -> None:
        """Store the manifest under exactly this name, in one step."""
        write_atomically(self.path(name), msgspec.json.encode(manifest) + b"\n", self.folder)

    def copy(self, source: ModelName, destination: ModelName) -> None:
        """Store the same bytes under another name.

        Raises:
            FileNotFoundError: if there is no source any more.
            OSError: if it cannot be read, or the other not be written.
        """
        write_atomically(self.path(destination), read_limited(self.path(source), MAX_MANIFEST), self.folder)

    def delete(self, name: ModelName) -> bool:
        """Remove the manifest and the folders that it leaves empty; return whether there was one."""
        path = self.path(name)
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return False
        sync_folder(path.parent)
        with contextlib.suppress(OSError):  # the first folder that is not empty ends it
            for folder in list(path.parents)[:3]:
                folder.rmdir()
        return True

    def names(self, *, strict: bool = False) -> Iterator[ModelName]:
        """Every name that has a manifest, readable or not.

        Raises:
            OSError: with `strict`, if a folder cannot be listed: there may be more.
            LibraryError: with `strict`, if a file lies where manifests do and has no name that a model could have.
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
        """Every manifest that can be read; the others are named in the log."""
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
    """Read a manifest, written by whomever.

    Raises:
        LibraryError: if it is no manifest, or names a blob by something that is no digest.
    """
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
        layers = [msgspec.structs.replace(layer, digest=parse_digest(layer.digest)) for layer in manifest.layers]
        config = manifest.config
        if config.digest:  # a manifest without a config is a valid one
            config = msgspec.structs.replace(config, digest=parse_digest(config.digest))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LibraryError(f"no manifest: {error}") from None
    except InvalidDigest as error:
        raise LibraryError(str(error)) from None
    if any(layer.size < 0 for layer in [config, *layers]):
        raise LibraryError("a size is negative")
    return msgspec.structs.replace(manifest, config=config, layers=layers)


def _list(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (names are needed, a thousand of them)
    except OSError:
        return []
