"""Making a model: from another model, or from GGUF files that lie in the blob store.

Everything is checked before anything is written; the manifest is written last, in one step, so that a crash leaves the
library as it was. GGUF files are kept byte for byte.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from paddock.gguf import BadGguf, GgufHeader
from paddock.library.create.adapter import adapter_files, check_adapter, is_adapter
from paddock.library.create.checkpoint import imported_files, is_projector
from paddock.library.create.quantize import quantization_type, quantized_blob
from paddock.library.create.shards import merge_shards
from paddock.library.errors import LibraryError
from paddock.library.gguf_cache import cached_header
from paddock.library.go_json import go_json
from paddock.library.model import MAX_TEXT
from paddock.library.modelfile import ROLES
from paddock.library.names import ModelName
from paddock.library.options import check_option
from paddock.library.store.blobs import BlobNotFound, digest_of, parse_digest
from paddock.library.store.library import Library
from paddock.library.store.manifests import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, ConfigBlob, Layer, Manifest
from paddock.progress import Progress, Report

_VERSION = re.compile(r"v?\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]+)?", re.ASCII)
_MESSAGE_KEYS = ("role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id")


class InvalidModelSpec(LibraryError, ValueError):
    """What was asked for cannot be made; the client's mistake."""


@dataclass(frozen=True)
class ModelSpec:
    """What a model is to be made of. Digests name blobs that have been uploaded."""

    base: str = ""
    """Name of the model to build on."""
    files: Mapping[str, str] = field(default_factory=dict)
    """File name → digest."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None
    """None or "": the base's."""
    system: str | None = None
    licenses: list[str] = field(default_factory=list)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    quantize: str = ""
    renderer: str = ""
    parser: str = ""
    requires: str = ""
    older: bool = False
    """Report with the status lines of 2024."""


@dataclass(frozen=True)
class _NewLayer:
    """A layer of the new model; `data` is None where the blob is there already, `made` if it has just been made."""

    layer: Layer
    data: bytes | None = None
    made: bool = False


def create(library: Library, name: ModelName, spec: ModelSpec, report: Report) -> None:
    """Make the model `name`, replacing what it was; `report` gets the status lines.

    What is wrong with the spec itself is raised before the first report.

    Raises:
        InvalidModelSpec, InvalidOption, InvalidName, InvalidDigest: if the spec is wrong.
        ModelNotFound, BrokenModel: if its base cannot be read.
        BlobNotFound: if a file has not been uploaded.
        NotGguf, BadGguf: if a file is no usable GGUF.
        IncompleteShards: if a file is one of several, and others are missing.
        WrongAdapter: if an adapter is for other models.
        CannotQuantize, WorkerFailed: if it cannot be quantized, or an adapter or checkpoint not converted.
        Cancelled: if `report` raises it while something takes long; nothing is made then.
        NotBuilt: if it needs what is not built yet.
    """
    spec = checked(spec)
    with library.shared_lock():
        layers, config, inherited = _base(library, spec)
        given = {*spec.files.values(), *spec.adapters.values()}
        changes: list[tuple[str, GgufHeader]] = []

        def add(files: Mapping[str, str], *, adapters: bool = False) -> None:
            nonlocal config
            library.discard(set(files.values()) - given)  # made on the way: gone again if something fails
            for path, digest in files.items():
                if not spec.older:
                    report(Progress("parsing GGUF"))
                layer, gguf = _file(library, path, digest)
                if adapters or layer.kind == "adapter":
                    changes.append((path, gguf))
                layers.append(_NewLayer(layer, made=digest not in given))
                config = _described(config, layer.kind, gguf)

        files = imported_files(library.blobs, spec.files, spec.quantize, report)
        add(merge_shards(library.blobs, files, report))
        weights = [i.layer.digest for i in layers if i.layer.kind == "model"]
        if len(weights) != 1:
            raise InvalidModelSpec("a model is made of exactly one file with its weights")
        add(adapter_files(library.blobs, spec.adapters, weights[0], report), adapters=True)
        for path, gguf in changes:
            check_adapter(path, gguf, cached_header(library.blobs.path(weights[0])))
        if spec.files and not spec.older:
            report(Progress("verifying conversion"))
        if spec.quantize:
            layers, config = _quantized(library, spec.quantize, layers, config, report)
        if spec.older:
            report(Progress("reading model metadata"))
        layers = _with_texts(spec, layers, inherited, report)
        config = msgspec.structs.replace(
            config,
            renderer=spec.renderer or config.renderer,
            parser=spec.parser or config.parser,
            requires=spec.requires.removeprefix("v") or config.requires,
        )
        with library.name_lock(name) as name:
            _write(library, name, layers, config, spec, report)
        for digest in (*spec.files.values(), *spec.adapters.values()):
            library.blobs.claims.drop(digest)
    report(Progress("success"))


def checked(spec: ModelSpec) -> ModelSpec:
    """Return the spec with digests and parameters in their canonical form.

    Raises:
        InvalidModelSpec, InvalidOption, InvalidDigest, CannotQuantize, NotBuilt: if it is wrong whatever the library
            holds.
    """
    if not spec.base and not spec.files:
        raise InvalidModelSpec("neither 'from' or 'files' was specified")
    for path in (*spec.files, *spec.adapters):
        if not _is_relative(path):
            raise InvalidModelSpec("file path must be relative")
    if spec.requires and not _VERSION.fullmatch(spec.requires):
        raise InvalidModelSpec(f'requires must be a version such as 0.14.0, not "{spec.requires}"')
    for message in spec.messages:
        if message.get("role") not in ROLES:
            raise InvalidModelSpec(
                f'message role must be one of "system", "user", or "assistant", not "{message.get("role", "")}"'
            )
    if spec.template:
        check_template(spec.template)
    parameters = {name: check_option(name, value) for name, value in spec.parameters.items()}
    return replace(
        spec,
        files={path: parse_digest(digest) for path, digest in spec.files.items()},
        adapters={path: parse_digest(digest) for path, digest in spec.adapters.items()},
        quantize=quantization_type(spec.quantize) if spec.quantize else "",
        parameters={name: value for name, value in parameters.items() if value is not None},
    )


def check_template(template: str) -> None:
    """Refuse a template with an action that is never closed; what else may be wrong needs the template engine.

    Raises:
        InvalidModelSpec: naming the line.
    """
    opening = template.rfind("{{")
    if opening >= 0 and "}}" not in template[opening:]:
        line = template.count("\n", 0, opening) + 1
        raise InvalidModelSpec(f"template error: template: :{line}: unclosed action")


def human_count(number: int) -> str:
    """Return a number of parameters as Ollama writes it: `293K`, `494.03M`, `8.0B`."""
    if number >= 1_000_000_000:
        billions = number / 1e9
        return f"{billions:.0f}B" if billions.is_integer() else f"{billions:.1f}B"
    if number >= 1_000_000:
        millions = number / 1e6
        return f"{millions:.0f}M" if millions.is_integer() else f"{millions:.2f}M"
    return f"{number / 1e3:.0f}K" if number >= 1000 else str(number)


def _base(library: Library, spec: ModelSpec) -> tuple[list[_NewLayer], ConfigBlob, dict[str, Any]]:
    if not spec.base:
        return [], ConfigBlob(architecture="amd64", os="linux"), {}
    model = library.open(ModelName.parse(spec.base))
    library.copy_bundled(model)
    layers = []
    for layer in model.manifest.layers:
        if not library.blobs.exists(layer.digest):
            raise BlobNotFound(layer.digest)
        layers.append(_NewLayer(msgspec.structs.replace(layer, from_=model.name.short)))
    return layers, msgspec.structs.replace(model.config, rootfs=None), model.parameters


def _file(library: Library, path: str, digest: str) -> tuple[Layer, GgufHeader]:
    size = library.blobs.size(digest)
    try:
        gguf = cached_header(library.blobs.path(digest))
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror}") from None
    kind = "model"
    if is_adapter(gguf):
        kind = "adapter"
    elif is_projector(gguf):
        kind = "projector"
    if kind == "model" and gguf.architecture == "unknown":
        raise BadGguf("it does not say its architecture (general.architecture)")
    return Layer(f"{LAYER_TYPE}{kind}", digest, size), gguf


def _described(config: ConfigBlob, kind: str, gguf: GgufHeader) -> ConfigBlob:
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


def _quantized(
    library: Library, kind: str, layers: list[_NewLayer], config: ConfigBlob, report: Report
) -> tuple[list[_NewLayer], ConfigBlob]:
    index = next(i for i, new in enumerate(layers) if new.layer.kind == "model")
    before = layers[index].layer
    digest = quantized_blob(library.blobs, before.digest, kind, report)
    if digest == before.digest:
        return layers, config
    # What was made on the way goes again if no model uses it in the end.
    library.discard({digest, *([before.digest] if layers[index].made else [])})
    after = Layer(before.mediaType, digest, library.blobs.size(digest))
    gguf = cached_header(library.blobs.path(digest))
    return [*layers[:index], _NewLayer(after, made=True), *layers[index + 1 :]], _described(config, "model", gguf)


def _with_texts(
    spec: ModelSpec, layers: list[_NewLayer], inherited: Mapping[str, Any], report: Report
) -> list[_NewLayer]:
    """In Ollama's order: what stays of the base, then template, system, licences, parameters, messages.

    Parameters are added to those that are `inherited`, which today's form writes anew even if there are no others.
    """

    def announce(what: str) -> None:
        if spec.older:
            report(Progress(f"creating {what} layer"))

    def without(*kinds: str) -> list[_NewLayer]:
        return [i for i in layers if i.layer.kind not in kinds]

    for kind, text in (("template", spec.template), ("system", spec.system)):
        if text:
            announce(kind)
            layers = [*without(kind, *(["prompt"] if kind == "template" else [])), _text(kind, text)]
    layers, present = list(layers), {i.layer.digest for i in layers}
    for text in spec.licenses:
        licence = _text("license", text)
        if text and licence.layer.digest not in present:
            announce("license")
            layers.append(licence)
            present.add(licence.layer.digest)
    if spec.parameters or (inherited and not spec.older):
        announce("parameters")
        layers = [*without("params"), _text("params", go_json({**inherited, **spec.parameters}) + "\n")]
    else:
        layers = [*without("params"), *(i for i in layers if i.layer.kind == "params")]
    if spec.messages:
        announce("messages")
        layers = [*without("messages"), _text("messages", f"[{','.join(map(_message, spec.messages))}]\n")]
    return layers


def _write(
    library: Library,
    name: ModelName,
    layers: list[_NewLayer],
    config: ConfigBlob,
    spec: ModelSpec,
    report: Report,
) -> None:
    kept, written = ("using already created", "writing") if spec.older else ("using existing", "creating new")
    data = msgspec.json.encode(config) + b"\n"
    config_layer = Layer(CONFIG_TYPE, digest_of(data), len(data))
    layers = [*layers, _NewLayer(config_layer, data)]
    put = library.blobs.put_all(i.data for i in layers if i.data is not None)
    for new in layers:
        digest = new.layer.digest
        is_new = new.made or digest in put
        put.discard(digest)
        if spec.older or new.layer is not config_layer:
            report(Progress(f"{written if is_new else kept} layer {digest}"))
    report(Progress("writing manifest"))
    library.write(name, Manifest(2, MANIFEST_TYPE, config_layer, [i.layer for i in layers[:-1]]))


def _text(kind: str, text: str) -> _NewLayer:
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_TEXT:
        raise InvalidModelSpec(f"the {kind} is larger than {MAX_TEXT >> 20} MB")
    return _NewLayer(Layer(f"{LAYER_TYPE}{kind}", digest_of(data), len(data)), data)


def _message(message: Mapping[str, Any]) -> str:
    present = [key for key in _MESSAGE_KEYS if message.get(key) or key in ("role", "content")]
    return "{" + ",".join(f"{go_json(key)}:{go_json(message.get(key) or '')}" for key in present) + "}"


def _is_relative(path: str) -> bool:
    parts = re.split(r"[/\\]", path)
    return bool(path) and parts[0] != "" and ".." not in parts and ":" not in parts[0]
