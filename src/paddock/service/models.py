"""The models of the library: list, describe, copy, delete, create."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from paddock.gguf import GgufHeader, read_header
from paddock.library.errors import LibraryError
from paddock.library.go_json import go_quoted
from paddock.library.names import InvalidName, ModelName
from paddock.library.store.files import read_limited
from paddock.library.store.gguf_cache import cached_header
from paddock.library.store.library import Library, ModelNotFound
from paddock.library.store.manifests import BrokenModel
from paddock.library.store.model import MAX_TEXT, Model
from paddock.progress import Report
from paddock.service.capabilities import file_capabilities, with_template
from paddock.service.template_facts import NO_FACTS, PendingFacts, TemplateReader
from paddock.settings import Settings
from paddock.workers.messages import TemplateFacts
from paddock.workers.pool import Workers

if TYPE_CHECKING:
    from paddock.library.create.model_spec import ModelSpec

LIST_SECONDS = 3.0
"""How long a list waits for templates that were never read. Reading one of the public library takes 10 ms."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ModelProperties:
    """What kind of model it is."""

    parent: str
    """Name of the model that it was made from; "" if it was not made from one."""
    format: str
    family: str
    families: list[str] | None
    parameter_size: str
    """Number of parameters as people write it, such as `7.2B`."""
    quantization: str
    context_length: int = 0
    """Tokens of context that the model was trained with; 0: unknown."""
    embedding_length: int = 0
    """Numbers of one token's embedding; 0: unknown."""


Described = tuple[ModelProperties, tuple[str, ...], TemplateFacts]
"""The properties and the capabilities of a model, and what its template tells."""


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """A model in a listing."""

    name: str
    modified_ns: int
    """When its manifest was written, in nanoseconds since 1970."""
    size: int
    """Bytes of all its files."""
    digest: str
    properties: ModelProperties
    capabilities: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """Everything about one model."""

    model: Model
    properties: ModelProperties
    capabilities: tuple[str, ...]
    facts: TemplateFacts
    """What its template tells; `NOT_YET` if it is still being read."""
    gguf: GgufHeader
    """The head of its file."""
    projector: GgufHeader | None
    """The head of the file that turns images and audio into embeddings, if that is a file of its own."""


@dataclass(frozen=True)
class CreateModel:
    """A model that a client wants made: from `spec`, or from the text of a Modelfile as in 2024."""

    name: str
    spec: "ModelSpec"
    modelfile: str = ""
    """The text of a Modelfile; if it is given, only `quantize` of the spec counts."""
    path: str = ""
    """The path of a Modelfile on the server: refused, unless a setting allows it."""


@dataclass(frozen=True)
class Creation:
    """A model about to be made."""

    make: Callable[[Report], None]
    """Makes it, and reports the status lines; the last is `success`. Raises what `library.create.create` does."""
    missing_base: ModelName | None = None
    """The model that it is to be made from, if the library does not have it."""
    is_long: bool = False
    """Whether `make` reads and writes whole files, which takes seconds to hours; else it takes milliseconds."""


class ModelService:
    """Lists and changes the models of a library. Every method may be called from several threads at once."""

    def __init__(self, library: Library, settings: Settings, workers: Workers) -> None:
        self.library = library
        self._settings = settings
        self._templates = TemplateReader(workers, library.blobs.notes)
        self._described: dict[str, Described] = {}

    def prune(self) -> int:
        """Remove old blobs that no model uses, unless the settings forbid it; return how many."""
        return 0 if self._settings.noprune else self.library.prune()

    def list(self) -> list[ModelSummary]:
        """Return every model, newest first. One whose GGUF file cannot be read has no capabilities.

        Templates that were never read begin to be read; they add capabilities to a later list. See `listing`.
        """
        models = self.library.list()
        described: dict[Model, Described] = {}
        begun: list[tuple[Model, ModelProperties, frozenset[str], PendingFacts]] = []
        # Models that share their weights follow one another: the head of a file is cached for a while only.
        for model in sorted(models, key=lambda model: model.weights_file):
            found = self._described.get(model.digest)
            try:
                if found is None:
                    begun.append(
                        (model, _all_properties(model), file_capabilities(model), self._templates.begin(model))
                    )
                else:
                    described[model] = found
            except BrokenModel as error:
                _log.warning("%s", error)
                described[model] = _properties(model), (), NO_FACTS
        for model, properties, shown, pending in begun:
            facts = pending.wait(0)
            described[model] = self._remember(model, properties, shown, facts)
        for digest in self._described.keys() - {model.digest for model in models}:
            self._described.pop(digest, None)
        return [
            ModelSummary(
                name=model.name.short,
                modified_ns=model.modified_ns,
                size=model.size,
                digest=model.digest,
                properties=described[model][0],
                capabilities=described[model][1],
            )
            for model in models
        ]

    async def listing(self) -> Sequence[ModelSummary]:
        """Return `list`, after templates that were never read had up to `LIST_SECONDS` to be read."""
        deadline = time.monotonic() + LIST_SECONDS
        models = await asyncio.to_thread(self.list)
        while (seconds := deadline - time.monotonic()) > 0 and await self._templates.wait(seconds):
            models = await asyncio.to_thread(self.list)
        return models

    async def read_template(self, model: Model) -> None:
        """Wait until it is known what the template of a model tells: `describe` and `show` do not wait.

        Raises:
            BrokenModel: if the GGUF file cannot be read.
        """
        await self._templates.wait_for(model)

    def describe(self, model: Model) -> Described:
        """Return what there is to know about a model; it is computed once for each manifest.

        If its template was never read, that begins, and the facts are `NOT_YET`; see `read_template`.

        Raises:
            BrokenModel: if the GGUF file cannot be read.
        """
        found = self._described.get(model.digest)
        if found is not None:
            return found
        pending = self._templates.begin(model)
        return self._remember(model, _all_properties(model), file_capabilities(model), pending.wait(0))

    def _remember(
        self, model: Model, properties: ModelProperties, shown: frozenset[str], facts: TemplateFacts
    ) -> Described:
        described = properties, with_template(shown, facts), facts
        if facts.is_settled:
            self._described[model.digest] = described
        return described

    def show(self, name: str, *, with_arrays: bool = False) -> ModelDescription:
        """Return everything about a model; `with_arrays` includes long arrays of its metadata, like the vocabulary.

        Raises:
            InvalidName, ModelNotFound, BrokenModel: if there is no such model, or it cannot be read.
        """
        model = self.library.open(_parsed(name, "invalid model name" if name else "model is required"))
        properties, capabilities, facts = self.describe(model)
        gguf, projector = model.gguf, None
        try:
            if model.projector_paths:
                path = model.projector_paths[0]
                projector = read_header(path, arrays=True) if with_arrays else cached_header(path)
        except OSError as error:
            raise BrokenModel(model.name, f"its projector cannot be read ({error.strerror})") from None
        try:
            if with_arrays:
                gguf = read_header(model.model_path, arrays=True)
        except OSError as error:
            raise BrokenModel(model.name, str(error.strerror)) from None
        return ModelDescription(
            model=model,
            properties=properties,
            capabilities=capabilities,
            facts=facts,
            gguf=gguf,
            projector=projector,
        )

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

    def restore_bundled(self, name: str) -> bool:
        """Bring a model that comes with Paddock back if it was removed; return False if it is none of those.

        Raises:
            InvalidName: if `name` is no model name.
        """
        parsed, bundle = ModelName.parse(name), self.library.bundle
        return bundle is not None and bundle.unhide(parsed)

    def creation(self, order: CreateModel, check: Callable[[], None] = lambda: None) -> Creation:
        """Return how to make the model; what is wrong with the request itself is raised here.

        Args:
            order: the model.
            check: called many times in a second while local files are copied; what it raises ends the work.

        Raises:
            LibraryError: one of those of `library.create.create`, or ModelfileError.
        """
        from paddock.library.create.create import create, works_on_files
        from paddock.library.create.model_spec import validated

        name = ModelName.parse(order.name)
        spec = validated(self._spec(order, check))
        base = ModelName.parse(spec.base) if spec.base else None
        missing = base if base is not None and not self.library.has(base) else None

        def make(report: Report) -> None:
            create(self.library, name, spec, report)
            with contextlib.suppress(LibraryError):  # made, and replaced or broken: whoever uses it is told
                self._templates.facts(self.library.open(name))  # so that no list has to wait for its template

        return Creation(make, missing, works_on_files(spec))

    def copies_local_files(self, order: CreateModel) -> bool:
        """Return whether `creation` may copy files of this machine into the library, which takes long."""
        return self._settings.local_files and bool(order.modelfile or order.path)

    def _spec(self, order: CreateModel, check: Callable[[], None]) -> "ModelSpec":
        from paddock.library.create.model_spec import InvalidModelSpec
        from paddock.library.create.modelfile_spec import spec_from_modelfile

        local = self._settings.local_files
        if order.modelfile:
            spec = spec_from_modelfile(self.library, order.modelfile, Path.home() if local else None, check)
            return replace(spec, quantize=order.spec.quantize)
        if order.path:
            if not local:
                raise InvalidModelSpec(
                    "the path of a Modelfile on the server is not accepted: send its text as 'modelfile', or allow it "
                    "with PADDOCK_LOCAL_FILES=1"
                )
            return replace(self._spec_at(Path(order.path).expanduser(), check), quantize=order.spec.quantize)
        return order.spec

    def _spec_at(self, path: Path, check: Callable[[], None]) -> "ModelSpec":
        from paddock.library.create.model_spec import InvalidModelSpec
        from paddock.library.create.modelfile_spec import spec_from_modelfile

        try:
            return spec_from_modelfile(self.library, read_limited(path, MAX_TEXT), path.parent, check)
        except OSError as error:
            raise InvalidModelSpec(f"{path}: {error.strerror}") from None


def _parsed(name: str, message: str) -> ModelName:
    """Return the model name that `name` is.

    Raises:
        InvalidName: with `message`, if it is none.
    """
    try:
        return ModelName.parse(name)
    except InvalidName:
        raise InvalidName(message) from None


def _all_properties(model: Model) -> ModelProperties:
    """Return the properties, with those that are read from the GGUF file.

    Raises:
        BrokenModel: if it cannot be read.
    """
    gguf = model.gguf
    return replace(
        _properties(model), context_length=gguf.context_length or 0, embedding_length=gguf.embedding_length or 0
    )


def _properties(model: Model) -> ModelProperties:
    config = model.config
    return ModelProperties(
        parent=model.parent,
        format=config.model_format,
        family=config.model_family,
        families=config.model_families,
        parameter_size=config.model_type,
        quantization=config.file_type,
    )
