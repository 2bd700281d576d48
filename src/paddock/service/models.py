"""The models as clients see them: list, show, copy, delete, create."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paddock.gguf import GgufArray, GgufHeader, read_header
from paddock.library.create.create import InvalidModelSpec, ModelSpec, checked, create
from paddock.library.create.modelfile_spec import spec_from_modelfile
from paddock.library.gguf_cache import cached_header
from paddock.library.go_json import go_number, go_quoted
from paddock.library.model import MAX_TEXT, Model
from paddock.library.modelfile import Instruction
from paddock.library.names import InvalidName, ModelName
from paddock.library.options import check_options
from paddock.library.store.files import read_limited
from paddock.library.store.library import Library, ModelNotFound
from paddock.library.store.manifests import BrokenModel
from paddock.progress import Report
from paddock.service.capabilities import capabilities
from paddock.settings import Settings

DEFAULT_TEMPLATE = "{{ .Prompt }}"
"""What a model without a template shows."""
SHOWN_ARRAY = 5
"""Arrays longer than this are null in `model_info`, unless all is asked for."""

Capabilities = list[str]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CreateModel:
    """A model that a client asks to be made: today's form, or with `modelfile` that of 2024."""

    name: str
    spec: ModelSpec = field(default_factory=ModelSpec)
    modelfile: str = ""
    """The text of a Modelfile; with it only `quantize` of the spec counts."""
    path: str = ""
    """Of a Modelfile on the server: refused, unless a setting allows it."""


@dataclass(frozen=True)
class Creation:
    """A model about to be made."""

    make: Callable[[Report], None]
    """Makes it, and reports the status lines; the last is `success`. Raises what `library.create.create` does."""
    absent: ModelName | None = None
    """The model that it is to be made from, if that is not here."""


class Catalog:
    """What can be done with the models of a library. Every method may be called from several threads at once."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self.library = library
        self._settings = settings
        self._described: dict[str, tuple[dict[str, Any], Capabilities]] = {}

    def prune(self) -> int:
        """Remove old blobs that no model uses, unless the settings forbid it; return how many."""
        return 0 if self._settings.noprune else self.library.prune()

    def list(self) -> list[dict[str, Any]]:
        """Every model as in `/api/tags`, newest first. A model whose GGUF file cannot be read has no capabilities."""
        models = self.library.list()
        described = {}
        # Those that share their weights one after another: a file's head is kept for a while only.
        for model in sorted(models, key=lambda model: model.weights_file):
            try:
                described[model] = self.describe(model)
            except BrokenModel as error:
                _log.warning("%s", error)
                described[model] = _details(model), []
        for digest in self._described.keys() - {model.digest for model in models}:
            self._described.pop(digest, None)
        return [
            {
                "name": model.name.short,
                "model": model.name.short,
                "modified_at": local_time(model.modified_ns),
                "size": model.size,
                "digest": model.digest,
                "details": described[model][0],
                "capabilities": described[model][1],
            }
            for model in models
        ]

    def describe(self, model: Model) -> tuple[dict[str, Any], Capabilities]:
        """Return `details` and `capabilities` of a model. Remembered and shared: do not change them.

        Raises:
            BrokenModel: if the GGUF file cannot be read.
        """
        found = self._described.get(model.digest)
        if found is None:
            gguf = model.gguf
            lengths = {"context_length": gguf.context_length, "embedding_length": gguf.embedding_length}
            details = _details(model) | {key: number for key, number in lengths.items() if number}
            found = self._described[model.digest] = details, capabilities(model)
        return found

    def details(self, model: Model) -> dict[str, Any]:
        """Return `details` as `/api/tags`, `/api/show` and `/api/ps` have them (see `describe`)."""
        return self.describe(model)[0]

    def capabilities(self, model: Model) -> Capabilities:
        """Return what the model can do, in the order of the API (see `describe`)."""
        return self.describe(model)[1]

    def show(
        self,
        name: str,
        *,
        verbose: bool = False,
        system: str | None = None,
        template: str | None = None,
        options: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Return everything about a model, as `/api/show`; with `verbose` the vocabulary too.

        `system` and `options` stand in the Modelfile in place of the model's own. `template` changes nothing, as with
        Ollama.

        Raises:
            InvalidName, ModelNotFound, BrokenModel: if there is no such model, or it cannot be read.
            InvalidOption: if an option has a value of another type.
        """
        model = self.library.open(_required(name))
        details, can = self.describe(model)
        overrides, _ = check_options(options or {})
        shown = {
            "license": "\n".join(model.licenses),
            "modelfile": _modelfile(model, system, {**model.parameters, **overrides}),
            "parameters": _parameter_lines(model.parameters),
            "template": model.template or DEFAULT_TEMPLATE,
            "system": system or model.system,
            "details": details,
            "messages": model.messages,
            "model_info": _model_info(model, model.model_path, model.gguf, verbose),
            "projector_info": self._projector_info(model, verbose),
            "tensors": [{"name": t.name, "type": t.type, "shape": list(t.shape)} for t in model.gguf.tensors],
            "capabilities": can,
            "modified_at": local_time(model.modified_ns),
            "requires": model.config.requires,
        }
        always = ("modelfile", "details", "model_info", "capabilities")
        return {key: value for key, value in shown.items() if value or key in always}

    def copy(self, source: str, destination: str) -> None:
        """Give a model another name.

        Raises:
            InvalidName, ModelNotFound, BrokenModel: with the texts of `/api/copy`.
        """
        source_name = _parsed(source, f"source {go_quoted(source)} is invalid")
        destination_name = _parsed(destination, f"destination {go_quoted(destination)} is invalid")
        try:
            self.library.copy(source_name, destination_name)
        except ModelNotFound as error:
            raise ModelNotFound(error.name, f'model "{source}" not found') from None

    def delete(self, name: str) -> None:
        """Remove a model and the blobs that only it used.

        Raises:
            InvalidName, ModelNotFound: with the texts of `/api/delete`.
        """
        if not name:
            raise InvalidName("model is required")
        try:
            self.library.delete(_parsed(name, f"name {go_quoted(name)} is invalid"))
        except ModelNotFound as error:
            raise ModelNotFound(error.name, f"model '{name}' not found") from None

    def ask_for(self, name: str) -> bool:
        """Bring a model that comes with Paddock back if it was removed; False if it is none of those.

        Raises:
            InvalidName: if it is no name.
        """
        wanted, bundle = _parsed(name, "invalid model name"), self.library.bundle
        return bundle is not None and bundle.unhide(wanted)

    def creation(self, wanted: CreateModel) -> Creation:
        """Return how the model is made; what is wrong with the request itself is raised here.

        Raises:
            LibraryError: one of those of `library.create.create`, or ModelfileError.
        """
        name = ModelName.parse(wanted.name)
        spec = checked(self._spec(wanted))
        base = ModelName.parse(spec.base) if spec.base else None
        absent = base if base is not None and not self.library.has(base) else None
        return Creation(lambda report: create(self.library, name, spec, report), absent)

    def create(self, wanted: CreateModel, report: Report) -> None:
        """Make a model at once, of what is here."""
        self.creation(wanted).make(report)

    def _spec(self, wanted: CreateModel) -> ModelSpec:
        local = self._settings.local_files
        if wanted.modelfile:
            spec = spec_from_modelfile(self.library, wanted.modelfile, Path.home() if local else None)
            return replace(spec, quantize=wanted.spec.quantize)
        if wanted.path:
            if not local:
                raise InvalidModelSpec(
                    "the path of a Modelfile on the server is not accepted: send its text as 'modelfile', or allow it "
                    "with PADDOCK_LOCAL_FILES=1"
                )
            return replace(self._spec_at(Path(wanted.path).expanduser()), quantize=wanted.spec.quantize)
        return wanted.spec

    def _spec_at(self, path: Path) -> ModelSpec:
        try:
            return spec_from_modelfile(self.library, read_limited(path, MAX_TEXT), path.parent)
        except OSError as error:
            raise InvalidModelSpec(f"{path}: {error.strerror}") from None

    def _projector_info(self, model: Model, verbose: bool) -> dict[str, Any] | None:
        if not model.projector_paths:
            return None
        path = model.projector_paths[0]
        try:
            return _model_info(model, path, cached_header(path), verbose)
        except OSError as error:
            raise BrokenModel(model.name, f"its projector cannot be read ({error.strerror})") from None


def local_time(nanoseconds: int) -> str:
    """Return a time since 1970 as RFC 3339, local, to the nanosecond, without trailing zeros."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    moment = time.localtime(seconds)
    digits = f".{fraction:09}".rstrip("0").rstrip(".")
    minutes = moment.tm_gmtoff // 60
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "Z"
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}{digits}{offset}"


def _required(name: str) -> ModelName:
    return _parsed(name, "invalid model name" if name else "model is required")


def _parsed(name: str, otherwise: str) -> ModelName:
    try:
        return ModelName.parse(name)
    except InvalidName:
        raise InvalidName(otherwise) from None


def _details(model: Model) -> dict[str, Any]:
    config = model.config
    return {
        "parent_model": model.parent,
        "format": config.model_format,
        "family": config.model_family,
        "families": config.model_families,
        "parameter_size": config.model_type,
        "quantization_level": config.file_type,
    }


def _modelfile(model: Model, system: str | None, parameters: Mapping[str, Any]) -> str:
    commands = [Instruction("from", str(model.model_path))]
    commands += [Instruction("adapter", str(path)) for path in model.adapter_paths]
    commands += [Instruction("from", str(path)) for path in model.projector_paths]
    commands += [Instruction("template", model.template or DEFAULT_TEMPLATE)]
    singles = {"system": system or model.system, "renderer": model.config.renderer, "parser": model.config.parser}
    commands += [Instruction(name, value) for name, value in singles.items() if value]
    commands += [
        Instruction("parameter", text, name) for name, value in _values(parameters) for text in [_plain(value)]
    ]
    commands += [Instruction("license", text) for text in model.licenses]
    commands += [Instruction("message", str(m.get("content", "")), str(m.get("role", ""))) for m in model.messages]
    introduction = (
        '# Modelfile generated by "paddock show"\n'
        "# To build a new Modelfile based on this, replace FROM with:\n"
        f"# FROM {model.name.short}\n\n"
    )
    return introduction + "".join(f"{command}\n" for command in commands)


def _parameter_lines(parameters: Mapping[str, Any]) -> str:
    return "\n".join(
        f"{name:30} {json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _plain(value)}"
        for name, value in _values(parameters)
    )


def _values(parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Each parameter by name; one that has a list once for every item, in order."""
    return [
        (name, item)
        for name in sorted(parameters)
        for item in (parameters[name] if isinstance(parameters[name], list) else [parameters[name]])
    ]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return go_number(value, json_rules=False) if isinstance(value, int | float) else str(value)


def _model_info(model: Model, path: Path, gguf: GgufHeader, verbose: bool) -> dict[str, Any]:
    if verbose:
        try:
            gguf = read_header(path, arrays=True)
        except OSError as error:
            raise BrokenModel(model.name, str(error.strerror)) from None
    info: dict[str, Any] = {"general.parameter_count": gguf.parameter_count}
    for key, value in gguf.metadata.items():
        if not isinstance(value, GgufArray):
            info[key] = _whole(value)
        elif value.values is not None and (verbose or value.length <= SHOWN_ARRAY):
            info[key] = [_whole(item) for item in value.values]
        else:
            info[key] = None
    return {key: info[key] for key in sorted(info)}


def _whole(value: object) -> object:
    """A whole number without its fraction, as Go's JSON has it."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value
