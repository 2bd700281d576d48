"""The services over the bundled models, with runners that are scripts in this process, or real ones."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddock.fleet import Fleet, LocalProcesses, Placement, Resources, Runner
from paddock.fleet.client import RunnerClient
from paddock.ipc import (
    Chunk,
    Command,
    Embed,
    Embedded,
    Failed,
    Finished,
    Generate,
    Loaded,
    LoadModel,
    Measure,
    Measured,
    Step,
    Tokenize,
    TokenLogprob,
    Tokens,
    Vector,
)
from paddock.library.store.bundle import BUNDLED_MODELS
from paddock.library.store.library import Library
from paddock.service import (
    CreationService,
    EmbeddingService,
    InferenceService,
    ModelLoader,
    ModelService,
    TransferService,
)
from paddock.settings import Settings
from paddock.workers.pool import WorkerPool
from tests.fleet.memory_transport import MemoryTransport


@dataclass
class ScriptedRunners:
    """A placement whose runners answer at once: a token is a word, an image is ten tokens."""

    pieces: Sequence[str] = ("Hello", " there")
    """The pieces of every reply."""
    logprobs: bool = False
    """Whether each piece comes with a log probability."""
    failure: str = ""
    """The message with which every request to generate fails, if it does."""
    adds_bos: bool = False
    commands: list[Command] = field(default_factory=list)

    async def resources(self) -> Resources:
        return Resources(available_memory=8 << 30, cores=2)

    async def start(self, name: str, load: LoadModel, seconds: float) -> Runner:
        runner = RunnerClient(name, MemoryTransport(self.answer))
        await runner.load(load, seconds)
        return runner

    @property
    def generated(self) -> list[Generate]:
        return [command for command in self.commands if isinstance(command, Generate)]

    def answer(self, transport: MemoryTransport, command: Command) -> None:
        self.commands.append(command)
        match command:
            case LoadModel():
                transport.send_event(
                    Loaded(
                        context_length=command.context_length,
                        pool_tokens=command.pool_tokens,
                        max_sequences=4,
                        threads=1,
                        flash_attention=False,
                        description="scripted",
                        adds_bos=self.adds_bos,
                        bos="<s>",
                        eos="</s>",
                    )
                )
            case Generate():
                self._generate(transport, command)
            case Tokenize():
                transport.send_event(Tokens.of(command.id, [*command.context, *range(len(command.text.split()))]))
            case Measure():
                transport.send_event(Measured(command.id, tuple(10 for _ in command.images)))
            case Embed():
                transport.send_event(Embedded(tuple(map(self._vector, [command] * 9, range(len(command.texts))))))

    def _generate(self, transport: MemoryTransport, command: Generate) -> None:
        if self.failure:
            transport.send_event(Step(failed=(Failed(command.id, self.failure, "too_long"),)))
            return
        for piece in self.pieces:
            logprobs = (TokenLogprob(piece, -0.5, piece.encode()),) if self.logprobs else None
            transport.send_event(Step(chunks=(Chunk(command.id, piece, logprobs),)))
        end = Finished(
            id=command.id,
            reason="stop",
            prompt_tokens=len(command.prompt.split()),
            cached_tokens=1,
            prompt_duration=2,
            reply_tokens=len(self.pieces),
            reply_duration=3,
        )
        transport.send_event(Step(finished=(end,)))

    @staticmethod
    def _vector(command: Embed, number: int) -> Vector:
        """Return the length of a text as its score, or as the first component of its vector."""
        length = float(len(command.texts[number]))
        numbers = [length] if command.query is not None else [length, 1.0]
        return Vector(command.id, number, 1, array("f", numbers).tobytes())


@dataclass(frozen=True, kw_only=True)
class RunningServices:
    """All services, with what lies below them."""

    library: Library
    fleet: Fleet
    models: ModelService
    loader: ModelLoader
    transfer: TransferService
    creation: CreationService
    inference: InferenceService
    embedding: EmbeddingService
    workers: WorkerPool


@asynccontextmanager
async def services(folder: Path, placement: Placement | None = None, **settings: Any) -> AsyncIterator[RunningServices]:
    """Run the services over the models in a folder and the bundled ones; without a placement with real runners."""
    library = Library(folder, BUNDLED_MODELS)
    chosen = Settings(models=folder, **settings)
    fleet = Fleet(chosen, placement or LocalProcesses(library.blob_folders))
    workers = WorkerPool()
    models = ModelService(library, chosen, workers)
    loader = ModelLoader(library, models, fleet, chosen)
    transfer = TransferService(library, models, loader, chosen)
    try:
        yield RunningServices(
            library=library,
            fleet=fleet,
            models=models,
            loader=loader,
            transfer=transfer,
            creation=CreationService(models, transfer, loader),
            inference=InferenceService(loader, workers),
            embedding=EmbeddingService(loader),
            workers=workers,
        )
    finally:
        await transfer.close()
        await fleet.close()
        await workers.close()


def run(
    folder: Path,
    body: Callable[[RunningServices], Awaitable[None]],
    runners: ScriptedRunners | None = None,
    *,
    real: bool = False,
) -> None:
    """Run `body` with the services over the models in a folder, on scripted runners unless they are to be real."""

    async def inside() -> None:
        async with services(folder / "models", None if real else runners or ScriptedRunners()) as running:
            await body(running)

    asyncio.run(asyncio.wait_for(inside(), 60))
