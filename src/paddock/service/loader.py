"""From a model's name to a runner that holds it: what generating and embedding have in common."""

import asyncio
from collections.abc import Mapping

from paddock.fleet import Fleet, Lease, RunnerSpec
from paddock.gguf.ollama_files import ENCODER_ARCHITECTURES, TEXT_ONLY_ARCHITECTURES
from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.store.library import Library, Model, ModelNotFound
from paddock.service.capabilities import holds_encoder
from paddock.service.errors import NotSupported, UnknownModel
from paddock.service.models import Catalog
from paddock.service.options import InferenceOptions, merge_options
from paddock.service.runner_spec import runner_files, runner_spec
from paddock.settings import Settings


class Loader:
    """Opens the models that requests name, and loads and unloads them."""

    def __init__(self, library: Library, catalog: Catalog, fleet: Fleet, settings: Settings) -> None:
        self._library = library
        self._catalog = catalog
        self._fleet = fleet
        self._settings = settings

    async def open(self, name: str) -> Model:
        """Return the model that a request names.

        Raises:
            UnknownModel: if there is none.
            InvalidName, BrokenModel: if the name is none, or the model cannot be read.
        """
        if not name:
            raise UnknownModel("")
        try:
            return await asyncio.to_thread(self._library.open, ModelName.parse(name))
        except ModelNotFound:
            raise UnknownModel(name) from None

    def options(self, model: Model, asked: Mapping[str, object]) -> InferenceOptions:
        """Return what a request for a model that asks for these options goes by.

        Raises:
            InvalidOption: if one has a value of another type.
        """
        return merge_options(
            model.parameters,
            asked,
            default_context=self._settings.context_length,
            train_context=model.gguf.context_length or 0,
        )

    async def acquire(self, model: Model, options: InferenceOptions, keep_alive: int | None) -> Lease:
        """Return a hold on a runner of the model, loaded if need be; `keep_alive` in nanoseconds, None: the settings'.

        Raises:
            NotSupported: if its file is of a form that cannot be run.
            FleetError: if it cannot be loaded.
        """
        readable = ENCODER_ARCHITECTURES | TEXT_ONLY_ARCHITECTURES
        if holds_encoder(model.gguf) and model.gguf.architecture not in readable:
            raise NotSupported(
                f"{model.name.full} has its vision or audio encoder inside its GGUF file, which cannot be run for "
                f"{model.gguf.architecture} yet; a variant whose projector is a file of its own can"
            )
        spec = runner_spec(model, options, self._catalog.details(model))
        lease = await self._fleet.acquire(spec, keep_alive)
        try:
            # What is replaced while it loads is not there yet when `unload_replaced` looks.
            if not self._library.is_latest(model) and not await asyncio.to_thread(self._is_current, spec):
                await self._fleet.unload(spec.files)  # as soon as the lease ends
        except BaseException:
            lease.release()
            raise
        return lease

    async def unload(self, model: Model) -> None:
        """Unload a model now, or as soon as nobody uses it."""
        await self._fleet.unload(runner_files(model))

    async def unload_replaced(self) -> None:
        """Unload the models that have gone or are made of other files by now: nobody could name them to do it."""
        for loaded in self._fleet.loaded():
            if not await asyncio.to_thread(self._is_current, loaded.spec):
                await self._fleet.unload(loaded.spec.files)

    def _is_current(self, spec: RunnerSpec) -> bool:
        try:
            model = self._library.open(ModelName.parse(spec.name))
            return runner_files(model) == spec.files and model.model_path.exists()
        except LibraryError:
            return False
