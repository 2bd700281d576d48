"""A model of the library: its manifest and what its small blobs hold."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from paddock.gguf import GgufError, GgufHeader
from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobNotFound, BlobStore
from paddock.library.store.gguf_cache import cached_header
from paddock.library.store.manifests import BrokenModel, ConfigBlob, Manifest, StoredManifest
from paddock.library.store.stamps import Stamp, stamp_of

MAX_TEXT = 16 << 20
"""Largest size in bytes of a template, system message, licence, or other small blob."""
MAX_TEXTS = 2 * MAX_TEXT
"""Most bytes of all small blobs of a model. A manifest may name one of them thousands of times."""
MAX_VALUES = 250_000
"""Most values in a small blob of JSON, estimated by its punctuation: each takes up to 200 bytes of memory, and the text
for it two."""

MAX_KEPT_HEADER = 1 << 19
"""Most bytes of memory that the header of a model that was opened takes beside the cache of headers."""


@dataclass(frozen=True, eq=False)
class Model:
    """A model as it was when it was opened. Treat it as constant: requests share it."""

    name: ModelName
    digest: str
    """SHA-256 of the manifest: 64 hex digits."""
    size: int
    """Size of all blobs in bytes."""
    modified_ns: int
    """When the manifest was written, nanoseconds since 1970."""
    stamp: Stamp | None
    """Stamp of the manifest file, taken before it was read."""
    manifest: Manifest
    config: ConfigBlob
    adapter_paths: list[Path]
    projector_paths: list[Path]
    template: str | None
    system: str | None
    parameters: dict[str, Any]
    """Default options by name, as stored; `stop` is a list."""
    messages: list[dict[str, Any]]
    licenses: list[str]
    parent: str
    """Short name of the model that this one was made from, or ""."""
    _model_path: Path | None
    _config_path: Path | None
    _config_stamp: Stamp | None = field(repr=False)
    _weights_stamp: Stamp | None = field(default=None, repr=False)
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
    def weights_file(self) -> str:
        """Name of the GGUF file, or "" if there is none; models that share weights share it."""
        return self._model_path.name if self._model_path is not None else ""

    @property
    def gguf(self) -> GgufHeader:
        """The header of the GGUF file, without long arrays; cached.

        Raises:
            BrokenModel: if there is no file, or it is no GGUF file.
        """
        if self._gguf is not None:
            return self._gguf
        try:
            return cached_header(self.model_path)
        except (LibraryError, GgufError, OSError) as error:
            if isinstance(error, BrokenModel):
                raise
            raise BrokenModel(self.name, _reason(error)) from None

    def with_header(self) -> "Model":
        """Return the same model with the header of its GGUF file, which stays when the file is removed.

        A header that is too large to be kept for every model is read again when it is needed.

        Raises:
            BrokenModel: as `gguf`.
        """
        gguf = self.gguf
        kept = gguf if gguf.memory <= MAX_KEPT_HEADER else None
        return replace(self, _weights_stamp=stamp_of(self.model_path), _gguf=kept)

    @property
    def files(self) -> list[tuple[Path, Stamp | None]]:
        """The config and the GGUF file, each with its stamp when it was read; None if it was not."""
        found = ((self._config_path, self._config_stamp), (self._model_path, self._weights_stamp))
        return [(path, stamp) for path, stamp in found if path is not None]

    def is_current(self) -> bool:
        """Return whether the config is still the file that was read."""
        return self._config_path is None or stamp_of(self._config_path) == self._config_stamp


def read_model(stored: StoredManifest, stamp: Stamp | None, blobs: BlobStore) -> Model:
    """Return the model of a manifest, with what its small blobs hold.

    Args:
        stamp: stamp of the manifest file, taken before it was read.

    Raises:
        BrokenModel: if a blob is missing or malformed.
    """
    manifest = stored.manifest
    config_path = blobs.path(manifest.config.digest) if manifest.config.digest else None
    config_stamp = stamp_of(config_path) if config_path else None
    paths: dict[str, list[Path]] = {}
    texts: dict[str, list[str]] = {}
    room = MAX_TEXTS
    reading = "config"
    try:
        config = ConfigBlob()
        if config_path:
            data = blobs.read(manifest.config.digest, MAX_TEXT)
            _check_number_of_values(data)
            config = msgspec.json.decode(data, type=ConfigBlob)
        for layer in manifest.layers:
            reading = f"{layer.kind} layer"
            if layer.kind in ("model", "adapter", "projector"):
                paths.setdefault(layer.kind, []).append(blobs.path(layer.digest))
            elif layer.kind in ("template", "prompt", "system", "params", "messages", "license"):
                data = blobs.read(layer.digest, MAX_TEXT)
                room -= len(data)
                if room < 0:
                    raise LibraryError(f"with it, its texts have more than {MAX_TEXTS >> 20} MB")
                if layer.kind in ("params", "messages"):
                    _check_number_of_values(data)
                texts.setdefault("template" if layer.kind == "prompt" else layer.kind, []).append(
                    data.decode("utf-8", "replace")
                )
        reading = "params layer"
        parameters = _merged([_json(text, dict) for text in texts.get("params", [])])
        reading = "messages layer"
        messages = [m for text in texts.get("messages", []) for m in _messages(_json(text, list))]
    except BlobNotFound as error:
        raise BrokenModel(stored.name, str(error)) from None
    except (LibraryError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenModel(stored.name, f"its {reading}: {error}") from None
    parents = [layer.from_ for layer in manifest.layers if layer.kind == "model"]
    return Model(
        name=stored.name,
        digest=stored.digest,
        size=manifest.size,
        modified_ns=stored.modified_ns,
        stamp=stamp,
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


class _StoredMessage(msgspec.Struct):
    """What a stored message must have."""

    role: str
    content: str | None = None


def _json(text: str, kind: type) -> Any:
    """Return the value of a text in JSON: a list or an object, as `kind` says; null counts as an empty one.

    Raises:
        LibraryError: if it is another value.
        msgspec.MsgspecError, RecursionError: if it is no JSON, has a number that nothing can hold, or is too deep.
    """
    value = msgspec.json.decode(text)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise LibraryError("it holds another kind of JSON than it should")
    return value


def number_of_values(data: bytes) -> int:
    """Return about how many values a text in JSON has, at least as many as it has, without decoding it."""
    return sum(map(data.count, (b",", b"{", b"[")))


def _check_number_of_values(data: bytes) -> None:
    """Check a text in JSON before it is decoded.

    Raises:
        LibraryError: if it has too many values.
    """
    if number_of_values(data) > MAX_VALUES:
        raise LibraryError(f"it has more than {MAX_VALUES} values")


def _messages(values: list[Any]) -> list[dict[str, Any]]:
    """Return the messages of a layer, each with a role and a content; what is no object is left out."""
    found = []
    for number, value in enumerate(values, 1):
        if not isinstance(value, dict):
            continue
        try:
            message = msgspec.convert(value, _StoredMessage)
        except msgspec.ValidationError as error:
            raise LibraryError(f"message {number}: {error}") from None
        found.append(value if message.content is not None else {**value, "content": ""})
    return found


def _merged(all_parameters: list[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for parameters in all_parameters:
        merged |= {name: value for name, value in parameters.items() if value is not None}
    return merged


def _reason(error: Exception) -> str:
    return f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
