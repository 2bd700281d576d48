"""Embedding and ranking texts: the model comes from the library, vectors or scores from its runner."""

import asyncio
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from paddock.fleet import Lease
from paddock.ipc import Embed
from paddock.library.options import InvalidOption
from paddock.options import NO_OPTIONS, Options
from paddock.service.capabilities import ranks
from paddock.service.errors import NotSupported, RequestError
from paddock.service.loader import ModelLoader
from paddock.service.media import NO_MEDIA
from paddock.service.options import InferenceOptions
from paddock.service.resolved import ResolvedModel

MAX_TEXTS = 65_536
"""Most texts in a request: all their vectors are answered at once, and so many make an answer of a gigabyte."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingRequest:
    """Embed texts. Durations in nanoseconds."""

    model: str
    texts: Sequence[str]
    options: Options | InvalidOption = NO_OPTIONS
    """An error in their place is raised when they are needed, after the model has been found."""
    keep_alive: int | None = None
    """How long the model stays loaded after the request; None: as the settings say."""
    truncate: bool = True
    """Whether a text that is too long is cut; if not, it is an error."""
    dimensions: int = 0
    """How many numbers of each vector are returned, from its beginning; 0 or less: all."""
    normalize: bool = True
    """Whether vectors get length 1."""
    chunk: bool = False
    """Whether a text that is too long is embedded in windows; its vector is their mean, weighted by their tokens."""
    has_images: bool = False


@dataclass(frozen=True, kw_only=True)
class RankingRequest:
    """Rank texts by how well they answer a question. Durations in nanoseconds."""

    model: str
    query: str
    texts: Sequence[str]
    top_n: int = 0
    """How many of the best are returned; 0: all."""
    options: Options | InvalidOption = NO_OPTIONS
    """An error in their place is raised when they are needed, after the model has been found."""
    keep_alive: int | None = None
    """How long the model stays loaded after the request; None: as the settings say."""
    truncate: bool = True
    """Whether a question and a text that are too long together are cut; if not, it is an error."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Indices of texts in the request with their scores, from 0 to 1, the best first. Durations in nanoseconds."""

    scores: Sequence[tuple[int, float]]
    prompt_tokens: int
    total_duration: int
    load_duration: int


@dataclass(frozen=True, kw_only=True)
class EmbeddedTexts:
    """The vectors of a request's texts, in their order. Durations in nanoseconds."""

    vectors: "Sequence[array[float]]" = ()
    prompt_tokens: int = 0
    total_duration: int = 0
    load_duration: int = 0


class EmbeddingService:
    """Embeds and ranks texts. Its methods raise a `PaddockError` if the request cannot be served."""

    def __init__(self, loader: ModelLoader) -> None:
        self._loader = loader

    async def embed(self, request: EmbeddingRequest) -> EmbeddedTexts:
        """Return the vectors of the texts."""
        started = time.perf_counter_ns()
        _check_number("inputs", request.texts)
        model = await self._open(request)
        lease, options = await self._acquire(model, request)
        with lease:
            loaded = time.perf_counter_ns() - started
            command = Embed(
                id=0,
                texts=tuple(request.texts),
                truncate=request.truncate,
                normalize=request.normalize,
                dimensions=request.dimensions,
                num_ctx=options.context_length,
                chunk=request.chunk,
            )
            vectors = await lease.runner.embed(command)
        return EmbeddedTexts(
            vectors=vectors.numbers,
            prompt_tokens=vectors.tokens,
            total_duration=time.perf_counter_ns() - started,
            load_duration=loaded,
        )

    async def load(self, request: EmbeddingRequest) -> None:
        """Load the model of a request, with its options, for as long as it says."""
        lease, _ = await self._acquire(await self._open(request), request)
        lease.release()

    async def unload(self, request: EmbeddingRequest) -> None:
        """Unload the model of a request."""
        await self._loader.unload(await self._open(request))

    async def rank(self, request: RankingRequest) -> Ranking:
        """Return how well each text answers the question."""
        started = time.perf_counter_ns()
        _check_number("documents", request.texts)
        model = await self._loader.open(request.model)
        if not await asyncio.to_thread(ranks, model.model.gguf):
            raise NotSupported(f'"{request.model}" does not support rerank')
        lease, options = await self._acquire(model, request)
        with lease:
            loaded = time.perf_counter_ns() - started
            command = Embed(
                id=0,
                texts=tuple(request.texts),
                query=request.query,
                truncate=request.truncate,
                num_ctx=options.context_length,
            )
            vectors = await lease.runner.embed(command)
        scores = sorted(((index, score) for index, (score,) in enumerate(vectors.numbers)), key=lambda pair: -pair[1])
        return Ranking(
            scores=scores[: request.top_n or None],
            prompt_tokens=vectors.tokens,
            total_duration=time.perf_counter_ns() - started,
            load_duration=loaded,
        )

    async def _open(self, request: EmbeddingRequest) -> ResolvedModel:
        model = await self._loader.open(request.model)
        if request.has_images:
            raise NotSupported(NO_MEDIA)
        return model

    async def _acquire(
        self, model: ResolvedModel, request: EmbeddingRequest | RankingRequest
    ) -> tuple[Lease, InferenceOptions]:
        options = self._loader.options(model, request.options)
        return await self._loader.acquire(model, options, request.keep_alive), options


def _check_number(what: str, texts: Sequence[str]) -> None:
    if len(texts) > MAX_TEXTS:
        raise RequestError(f"too many {what}: {len(texts)}, at most {MAX_TEXTS} in one request")
