"""Finding and loading the model that a request names, for generating and embedding alike."""

import asyncio
import threading
from dataclasses import dataclass, replace
from typing import cast

from paddock.fleet import Fleet, Lease, RunnerSpec
from paddock.gguf import GgufError
from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.options import InvalidOption
from paddock.library.store.library import Library, ModelNotFound
from paddock.library.store.model import Model
from paddock.library.store.stamps import FileStamps
from paddock.options import Options
from paddock.service.errors import NotSupported, UnknownModel
from paddock.service.models import ModelProperties, ModelService
from paddock.service.options import InferenceOptions, resolve_options
from paddock.service.resolved import ResolvedModel
from paddock.service.runner_spec import runner_files
from paddock.service.template_facts import NOT_YET
from paddock.settings import Settings

MAX_RESOLVED_MODELS = 64
"""Models whose resolved form is kept; some hundred bytes each, beside what the library keeps anyway."""


@dataclass(frozen=True, kw_only=True)
class ActiveModel:
    """A model in memory."""

    name: str
    digest: str
    size: int
    """Bytes in memory."""
    properties: ModelProperties
    expires_at: int | None
    """When it will be unloaded, in nanoseconds since 1970; None: never."""
    context_length: int
    """Tokens that one request may use."""
    parallel: int
    """Requests that may run at once."""
    pool_tokens: int
    """Tokens in the KV cache, shared by all requests."""


class ModelLoader:
    """Opens the models that requests name, and loads and unloads them."""

    def __init__(self, library: Library, models: ModelService, fleet: Fleet, settings: Settings) -> None:
        self._library = library
        self._models = models
        self._fleet = fleet
        self._settings = settings
        self._resolved: dict[ModelName, tuple[ResolvedModel, FileStamps | None]] = {}
        """Models that were opened, with the stamps of the files that decide what their names mean."""
        self._lock = threading.Lock()  # against two threads that make room at once

    async def open(self, name: str) -> ResolvedModel:
        """Return the model that a request names.

        Raises:
            UnknownModel: if there is none.
            InvalidName, BrokenModel: if the name is none, or the model cannot be read.
        """
        if not name:
            raise UnknownModel("")
        try:
            model = await asyncio.to_thread(self._resolve, name)
            while model.facts is NOT_YET:  # no thread waits for a stranger's template
                await self._models.read_template(model.model)
                model = await asyncio.to_thread(self._resolve, name)
            return model
        except ModelNotFound:
            raise UnknownModel(name) from None

    def options(self, model: ResolvedModel, of_request: Options | InvalidOption) -> InferenceOptions:
        """Return the options that a request for a model runs with.

        Raises:
            InvalidOption: if an option of the request, or one that is stored with the model, has a value of another
                type.
        """
        if isinstance(of_request, InvalidOption):
            raise of_request
        return resolve_options(
            model.options,
            of_request,
            default_context=self._settings.context_length,
            train_context=model.properties.context_length,
        )

    async def acquire(self, model: ResolvedModel, options: InferenceOptions, keep_alive: int | None) -> Lease:
        """Return a hold on a runner of the model, loaded if need be.

        Args:
            model: the model.
            options: how to load it.
            keep_alive: nanoseconds that it stays loaded after the last use; None: as the settings say.

        Raises:
            NotSupported: if its file is of a form that cannot be run.
            FleetError: if it cannot be loaded.
        """
        spec = replace(
            model.spec,
            context_length=options.context_length,
            batch_tokens=options.batch_tokens,
            options=options.load,
        )
        lease = await self._fleet.acquire(spec, keep_alive)
        try:
            # A model that is replaced while it loads is not there yet when `unload_replaced` looks.
            if lease.waited and not await asyncio.to_thread(self._is_current, spec):
                await self._fleet.unload(spec.files)  # as soon as the lease ends
        except BaseException:
            lease.release()
            raise
        return lease

    def active(self) -> list[ActiveModel]:
        """Return the models in memory, the one that stays longest first."""
        return [
            ActiveModel(
                name=loaded.spec.name,
                digest=loaded.spec.digest,
                size=loaded.size,
                properties=cast(ModelProperties, loaded.spec.details),
                expires_at=loaded.expires_at,
                context_length=loaded.context_length,
                parallel=loaded.parallel,
                pool_tokens=loaded.pool_tokens,
            )
            for loaded in self._fleet.loaded()
        ]

    async def unload(self, model: ResolvedModel) -> None:
        """Unload a model now, or as soon as nobody uses it."""
        await self._fleet.unload(runner_files(model.model))

    async def unload_replaced(self) -> None:
        """Unload the models that were deleted or are made of other files by now: no request could name them."""
        for loaded in self._fleet.loaded():
            if not await asyncio.to_thread(self._is_current, loaded.spec):
                await self._fleet.unload(loaded.spec.files)

    def _resolve(self, name: str) -> ResolvedModel:
        model_name = ModelName.parse(name)
        found, stamps = self._resolved.get(model_name, (None, None))
        if found is not None and stamps is not None and stamps.are_current():
            return found
        return self._resolve_again(model_name)

    def _resolve_again(self, name: ModelName) -> ResolvedModel:
        """Open a model that is not known, whose files have changed, or whose name is written in another case."""
        model = self._library.open(name)
        found, _ = self._resolved.get(model.name, (None, None))
        if found is None or not _is_same(found.model, model):
            found = ResolvedModel(model, *self._models.describe(model))
        if not found.facts.is_settled:
            return found
        with self._lock:
            self._resolved[model.name] = found, self._library.stamps(model)
            if len(self._resolved) > MAX_RESOLVED_MODELS:
                del self._resolved[next(iter(self._resolved))]
        return found

    def _is_current(self, spec: RunnerSpec) -> bool:
        try:
            model = self._resolve(spec.name)
            return model.spec.files == spec.files and model.model.model_path.exists()
        except (LibraryError, NotSupported, GgufError):
            return False


def _is_same(known: Model, model: Model) -> bool:
    return known is model or (known.manifest is model.manifest and known.gguf is model.gguf)
