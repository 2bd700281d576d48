"""The layers of a model that is being made: GGUF files, and small blobs of text in Ollama's order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from paddock.gguf import BadGguf, GgufHeader
from paddock.gguf.soundness import check_model
from paddock.gguf.vocabulary import check_vocabulary
from paddock.library.create.adapter import is_adapter
from paddock.library.create.checkpoint import is_projector
from paddock.library.create.model_spec import InvalidModelSpec, ModelSpec
from paddock.library.errors import LibraryError
from paddock.library.go_json import go_json
from paddock.library.store.blobs import BlobStore, digest_of
from paddock.library.store.gguf_cache import cached_header
from paddock.library.store.manifests import LAYER_TYPE, ConfigBlob, Layer
from paddock.library.store.model import MAX_TEXT, MAX_VALUES, number_of_values
from paddock.progress import Progress, Report

ADAPTER_ALPHA = "adapter.lora.alpha"
_MESSAGE_KEYS = ("role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id")


@dataclass(frozen=True)
class NewLayer:
    """A layer of the new model."""

    layer: Layer
    data: bytes | None = None
    """Content of a blob that is still to be stored; None if the blob exists."""
    made: bool = False
    """Whether the blob was produced for this model, by a conversion for example, and not uploaded."""


def gguf_layer(blobs: BlobStore, path: str, digest: str) -> tuple[Layer, GgufHeader]:
    """Return the layer of a GGUF file, which is a model, a projector or an adapter, and its header.

    Args:
        path: name of the file in messages.

    Raises:
        BlobNotFound: if it has not been uploaded.
        NotGguf, BadGguf: if it is not a usable GGUF file.
        DamagedModel: if nothing can run the model that it describes.
        LibraryError: if it cannot be read.
    """
    size = blobs.size(digest)
    try:
        gguf = cached_header(blobs.path(digest))
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror}") from None
    kind = "model"
    if is_adapter(gguf):
        kind = "adapter"
        if not isinstance(gguf.metadata.get(ADAPTER_ALPHA, 0.0), float):  # llama.cpp aborts over another type
            raise BadGguf(f"{ADAPTER_ALPHA} must be a 32-bit float")
    elif is_projector(gguf):
        kind = "projector"
    if kind == "model":
        if gguf.architecture == "unknown":
            raise BadGguf("it does not say its architecture (general.architecture)")
        try:
            check_model(gguf)
            check_vocabulary(gguf, blobs.path(digest))
        except OSError as error:
            raise LibraryError(f"{path}: {error.strerror}") from None
    return Layer(f"{LAYER_TYPE}{kind}", digest, size), gguf


def described(config: ConfigBlob, kind: str, gguf: GgufHeader) -> ConfigBlob:
    """Return the config with what the header of a GGUF layer adds to it: family, size, quantization."""
    families = config.model_families or []
    if kind == "model":
        return msgspec.structs.replace(
            config,
            model_format="gguf",
            model_family=gguf.architecture,
            model_families=[gguf.architecture, *(f for f in families if f != gguf.architecture)],
            model_type=human_count(gguf.parameter_count),
            file_type=gguf.file_type,
        )
    if kind == "projector" and gguf.architecture not in families:
        return msgspec.structs.replace(config, model_families=[*families, gguf.architecture])
    return config


def human_count(number: int) -> str:
    """Return a number of parameters as Ollama writes it: `293K`, `494.03M`, `8.0B`."""
    if number >= 1_000_000_000:
        billions = number / 1e9
        return f"{billions:.0f}B" if billions.is_integer() else f"{billions:.1f}B"
    if number >= 1_000_000:
        millions = number / 1e6
        return f"{millions:.0f}M" if millions.is_integer() else f"{millions:.2f}M"
    return f"{number / 1e3:.0f}K" if number >= 1000 else str(number)


def with_text_layers(
    spec: ModelSpec, layers: list[NewLayer], inherited: Mapping[str, Any], report: Report
) -> list[NewLayer]:
    """Return the layers in Ollama's order: those kept of the base, template, system, licences, parameters, messages.

    Args:
        layers: the layers of the base and the GGUF files.
        inherited: the parameters of the base. The API of today writes them anew, the API of 2024 only together with
            new ones.

    Raises:
        InvalidModelSpec: if a text is too large, or has more values than would be read again.
    """

    def announce(what: str) -> None:
        if spec.older:
            report(Progress(f"creating {what} layer"))

    def without(*kinds: str) -> list[NewLayer]:
        return [new for new in layers if new.layer.kind not in kinds]

    for kind, text in (("template", spec.template), ("system", spec.system)):
        if text:
            announce(kind)
            layers = [*without(kind, *(["prompt"] if kind == "template" else [])), _text_layer(kind, text)]
    layers, present = list(layers), {new.layer.digest for new in layers}
    for text in spec.licenses:
        licence = _text_layer("license", text)
        if text and licence.layer.digest not in present:
            announce("license")
            layers.append(licence)
            present.add(licence.layer.digest)
    if spec.parameters or (inherited and not spec.older):
        announce("parameters")
        layers = [*without("params"), _text_layer("params", go_json({**inherited, **spec.parameters}) + "\n")]
    else:
        layers = [*without("params"), *(new for new in layers if new.layer.kind == "params")]
    if spec.messages:
        announce("messages")
        layers = [*without("messages"), _text_layer("messages", f"[{','.join(map(_message, spec.messages))}]\n")]
    return layers


def _text_layer(kind: str, text: str) -> NewLayer:
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_TEXT:
        raise InvalidModelSpec(f"the {kind} is larger than {MAX_TEXT >> 20} MB")
    if kind in ("params", "messages") and number_of_values(data) > MAX_VALUES:
        raise InvalidModelSpec(f"the {kind} layer has more than {MAX_VALUES} values")
    return NewLayer(Layer(f"{LAYER_TYPE}{kind}", digest_of(data), len(data)), data)


def _message(message: Mapping[str, Any]) -> str:
    present = [key for key in _MESSAGE_KEYS if message.get(key) or key in ("role", "content")]
    return "{" + ",".join(f"{go_json(key)}:{go_json(message.get(key) or '')}" for key in present) + "}"
