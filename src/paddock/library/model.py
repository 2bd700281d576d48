"""One model of the library: what its manifest and small blobs say, read once."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from paddock.gguf import GgufError, GgufHeader
from paddock.library.errors import LibraryError
from paddock.library.gguf_cache import cached_header
from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import Stamp, stamp
from paddock.library.store.manifests import BrokenModel, ConfigBlob, Manifest, StoredManifest

MAX_TEXT = 16 << 20
"""Bytes of a template, system message, licence, or the like."""


@dataclass(frozen=True, eq=False)
class Model:
    """A model as it was when it was opened. Treat it as constant: it is shared between requests."""

    name: ModelName
    digest: str
    """Of the manifest: 64 hex digits."""
    size: int
    """Bytes of all blobs."""
    modified_ns: int
    """When the manifest was written, nanoseconds since 1970."""
    manifest: Manifest
    config: ConfigBlob
    adapter_paths: list[Path]
    projector_paths: list[Path]
    template: str | None
    system: str | None
    parameters: dict[str, Any]
    """Options by name, as stored; `stop` is a list."""
    messages: list[dict[str, Any]]
    licenses: list[str]
    parent: str
    """Short name of the model that this one was made from, or ""."""
    _model_path: Path | None
    _config_path: Path | None
    _config_stamp: Stamp | None = field(repr=False)
    _gguf: GgufHeader | None = field(default=None, repr=False)

    @property
    def model_path(self) -> Path:
        """The GGUF file with the weights.

        Raises:
            BrokenModel: if the model has none.
        """
        if self._model_path is None:
            raise BrokenModel(self.name, "it has no GGUF file")
        return self._model_path

    @property
    def weights(self) -> str:
        """What the GGUF file is called, or "": the same for models that share it."""
        return self._model_path.name if self._model_path is not None else ""

    @property
    def modified_at(self) -> datetime:
        """When the manifest was written, local time."""
        return datetime.fromtimestamp(self.modified_ns / 1e9).astimezone()

    @property
    def gguf(self) -> GgufHeader:
        """The head of the GGUF file, without long arrays; cached.

        Raises:
            BrokenModel: if the file is not there or no GGUF.
        """
        if self._gguf is not None:
            return self._gguf
        try:
            return cached_header(self.model_path)
        except (LibraryError, GgufError, OSError) as error:
            if isinstance(error, BrokenModel):
                raise
            raise BrokenModel(self.name, _reason(error)) from None

    def with_head(self) -> "Model":
        """Return the same model with the head of its GGUF file read, there to stay when the file is removed.

        Raises:
            BrokenModel: as `gguf`.
        """
        return replace(self, _gguf=self.gguf)

    def is_current(self) -> bool:
        """Whether its config is still the file that was read."""
        return self._config_path is None or _stamp(self._config_path) == self._config_stamp


def read_model(stored: StoredManifest, blobs: BlobStore) -> Model:
    """Read the small blobs of a manifest.

    Raises:
        BrokenModel: if one is missing or does not hold what it should.
    """
    manifest = stored.manifest
    config_path = blobs.path(manifest.config.digest) if manifest.config.digest else None
    config_stamp = _stamp(config_path) if config_path else None
    paths: dict[str, list[Path]] = {}
    texts: dict[str, list[str]] = {}
    try:
        config = ConfigBlob()
        if config_path:
            config = msgspec.json.decode(blobs.read(manifest.config.digest, MAX_TEXT), type=ConfigBlob)
        for layer in manifest.layers:
            if layer.kind in ("model", "adapter", "projector"):
                paths.setdefault(layer.kind, []).append(blobs.path(layer.digest))
            elif layer.kind in ("template", "prompt", "system", "params", "messages", "license"):
                text = blobs.read(layer.digest, MAX_TEXT).decode("utf-8", "replace")
                texts.setdefault("template" if layer.kind == "prompt" else layer.kind, []).append(text)
        parameters = _merged([_json(text, dict) for text in texts.get("params", [])])
        messages = [m for text in texts.get("messages", []) for m in _json(text, list) if isinstance(m, dict)]
    except (LibraryError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenModel(stored.name, str(error)) from None
    parents = [layer.from_ for layer in manifest.layers if layer.kind == "model"]
    return Model(
        name=stored.name,
        digest=stored.digest,
        size=manifest.size,
        modified_ns=stored.modified_ns,
        manifest=manifest,
        config=config,
        adapter_paths=paths.get("adapter", []),
        projector_paths=paths.get("projector", []),
        template=texts["template"][-1] if "template" in texts else None,
        system=texts["system"][-1] if "system" in texts else None,
        parameters=parameters,
        messages=messages,
        licenses=texts.get("license", []),
        parent=parents[0] if parents else "",
        _model_path=paths["model"][0] if "model" in paths else None,
        _config_path=config_path,
        _config_stamp=config_stamp,
    )


def _json(text: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise LibraryError(f"a layer is no JSON: {error}") from None
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise LibraryError("a layer holds another kind of JSON than it should")
    return value


def _merged(all_parameters: list[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for parameters in all_parameters:
        merged |= {name: value for name, value in parameters.items() if value is not None}
    return merged


def _stamp(path: Path) -> Stamp | None:
    try:
        return stamp(path.stat())
    except OSError:
        return None


def _reason(error: Exception) -> str:
    return f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
