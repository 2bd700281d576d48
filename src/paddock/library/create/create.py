"""Making a model: from another model, or from files that have been uploaded as blobs.

Everything is checked before anything is written. The manifest is written last, in one step, so that a crash leaves the
library as it was. GGUF files are kept byte for byte unless they are quantized.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from paddock.gguf import GgufHeader
from paddock.library.create.adapter import check_adapter, convert_adapters
from paddock.library.create.checkpoint import WEIGHTS, convert_checkpoint
from paddock.library.create.layers import NewLayer, described, gguf_layer, with_text_layers
from paddock.library.create.model_spec import InvalidModelSpec, ModelSpec, validated
from paddock.library.create.quantize import quantized_blob
from paddock.library.create.shards import merge_shards, shard_names
from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobNotFound, digest_of
from paddock.library.store.gguf_cache import cached_header
from paddock.library.store.library import Library
from paddock.library.store.manifests import CONFIG_TYPE, MANIFEST_TYPE, ConfigBlob, Layer, Manifest
from paddock.progress import Progress, Report


@dataclass
class _Draft:
    """A model while it is put together."""

    layers: list[NewLayer] = field(default_factory=list)
    config: ConfigBlob = field(default_factory=lambda: ConfigBlob(architecture="amd64", os="linux"))
    inherited: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the base."""
    adapters: list[tuple[str, GgufHeader]] = field(default_factory=list)
    """Name and header of each adapter that the new files add."""

    @property
    def weights(self) -> int:
        """Index of the layer with the weights.

        Raises:
            InvalidModelSpec: if there is none, or more than one.
        """
        found = [index for index, new in enumerate(self.layers) if new.layer.kind == "model"]
        if len(found) != 1:
            raise InvalidModelSpec("a model is made of exactly one file with its weights")
        return found[0]


def create(library: Library, name: ModelName, spec: ModelSpec, report: Report) -> None:
    """Make the model `name`, replacing an older one of that name; report the status lines of Ollama's API.

    Errors that concern the specification alone are raised before the first report.

    Raises:
        InvalidModelSpec, InvalidOption, InvalidName, InvalidDigest: if the specification is wrong.
        ModelNotFound, BrokenModel: if the base cannot be read.
        BlobNotFound: if a file has not been uploaded.
        NotGguf, BadGguf: if a file is not a usable GGUF file.
        IncompleteShards: if a file is a shard, and others of the same model are missing.
        WrongAdapter: if an adapter is for another model.
        CannotQuantize, WorkerFailed: if the weights cannot be quantized, or an adapter or checkpoint not converted.
        Cancelled: if `report` raises it during a long step; no model is made then.
    """
    spec = validated(spec)
    with library.shared_lock():
        draft = _from_base(library, spec)
        _add_files(library, spec, draft, report)
        if spec.quantize:
            _quantize(library, spec.quantize, draft, report)
        if spec.older:
            report(Progress("reading model metadata"))
        draft.layers = with_text_layers(spec, draft.layers, draft.inherited, report)
        draft.config = msgspec.structs.replace(
            draft.config,
            renderer=spec.renderer or draft.config.renderer,
            parser=spec.parser or draft.config.parser,
            requires=spec.requires.removeprefix("v") or draft.config.requires,
        )
        with library.name_lock(name) as name:
            _write(library, name, draft, spec.older, report)
        for digest in spec.digests:
            library.blobs.claims.drop(digest)
    report(Progress("success"))


def works_on_files(spec: ModelSpec) -> bool:
    """Return whether making the model writes large files: by quantizing, converting, or joining shards."""
    if spec.quantize or any(name.lower().endswith(WEIGHTS) for name in (*spec.files, *spec.adapters)):
        return True
    return len(spec.files) > 2 or any(shard_names(name) for name in spec.files)  # two: weights and their projector


def _from_base(library: Library, spec: ModelSpec) -> _Draft:
    if not spec.base:
        return _Draft()
    model = library.open(ModelName.parse(spec.base))
    library.copy_bundled(model)
    layers = []
    for layer in model.manifest.layers:
        if not library.blobs.exists(layer.digest):
            raise BlobNotFound(layer.digest)
        layers.append(NewLayer(msgspec.structs.replace(layer, from_=model.name.short)))
    return _Draft(layers, msgspec.structs.replace(model.config, rootfs=None), model.parameters)


def _add_files(library: Library, spec: ModelSpec, draft: _Draft, report: Report) -> None:
    """Add the files and adapters of the specification, converted and merged where they have to be.

    Check that the model has weights, whether from its base or from the files.
    """

    def add(files: Mapping[str, str], *, adapters: bool = False) -> None:
        made = set(files.values()) - set(spec.digests)
        library.discard(made)  # removed again unless the new model uses them in the end
        for path, digest in files.items():
            if not spec.older:
                report(Progress("parsing GGUF"))
            layer, gguf = gguf_layer(library.blobs, path, digest)
            if adapters or layer.kind == "adapter":
                draft.adapters.append((path, gguf))
            draft.layers.append(NewLayer(layer, made=digest in made))
            draft.config = described(draft.config, layer.kind, gguf)

    if spec.files:
        files = convert_checkpoint(library.blobs, spec.files, spec.quantize, report)
        add(merge_shards(library.blobs, files, report))
    weights = draft.layers[draft.weights].layer.digest
    if spec.adapters:
        add(convert_adapters(library.blobs, spec.adapters, weights, report), adapters=True)
    for path, gguf in draft.adapters:
        check_adapter(path, gguf, cached_header(library.blobs.path(weights)))
    if spec.files and not spec.older:
        report(Progress("verifying conversion"))


def _quantize(library: Library, kind: str, draft: _Draft, report: Report) -> None:
    """Replace the weights by quantized ones, unless they have the type already."""
    index = draft.weights
    before = draft.layers[index]
    digest = quantized_blob(library.blobs, before.layer.digest, kind, report)
    if digest == before.layer.digest:
        return
    library.discard({digest, before.layer.digest} if before.made else {digest})
    after = Layer(before.layer.mediaType, digest, library.blobs.size(digest))
    draft.layers[index] = NewLayer(after, made=True)
    draft.config = described(draft.config, "model", cached_header(library.blobs.path(digest)))


def _write(library: Library, name: ModelName, draft: _Draft, older: bool, report: Report) -> None:
    existing, created = ("using already created", "writing") if older else ("using existing", "creating new")
    data = msgspec.json.encode(draft.config) + b"\n"
    config = Layer(CONFIG_TYPE, digest_of(data), len(data))
    layers = [*draft.layers, NewLayer(config, data)]
    stored = library.blobs.put_all(new.data for new in layers if new.data is not None)
    for new in layers:
        digest = new.layer.digest
        is_new = new.made or digest in stored
        stored.discard(digest)
        if older or new.layer is not config:
            report(Progress(f"{created if is_new else existing} layer {digest}"))
    report(Progress("writing manifest"))
    library.write(name, Manifest(2, MANIFEST_TYPE, config, [new.layer for new in draft.layers]))
