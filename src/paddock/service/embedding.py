"""Embedding texts, and ranking them: model from the library, vectors or scores from its runner."""

import asyncio
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock.ipc import Embed
from paddock.service.capabilities import ranks
from paddock.service.errors import NotSupported, RequestError
from paddock.service.loader import Loader

MOST_TEXTS = 65_536
"""Texts in a request: their vectors are answered at once, and so many make an answer of a gigabyte."""


@dataclass(frozen=True, kw_only=True)
class EmbeddingRequest:
    """Embed texts. Durations in nanoseconds."""

    model: str
    texts: Sequence[str]
    options: dict[str, Any] = field(default_factory=dict)
    keep_alive: int | None = None
    truncate: bool = True
    """Whether a text that is too long is cut; if not, it is an error."""
    dimensions: int = 0
    """Numbers of each vector that are wanted, from its beginning; 0 or less: all."""
    normalize: bool = True
    """Whether vectors get length 1."""
    chunk: bool = False
    """Whether a text that is too long is embedded in windows; its vector is their vectors' mean, by their tokens."""
    has_images: bool = False


@dataclass(frozen=True, kw_only=True)
class RankingRequest:
    """Rank texts by how well they answer a question. Durations in nanoseconds."""

    model: str
    query: str
    texts: Sequence[str]
    best: int = 0
    """How many are wanted, the best ones; 0: all."""
    options: dict[str, Any] = field(default_factory=dict)
    keep_alive: int | None = None
    truncate: bool = True
    """Whether a question and a text that are too long together are cut; if not, it is an error."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Texts' numbers in the request with their scores, from 0 to 1, the best first. Durations in nanoseconds."""

    scores: Sequence[tuple[int, float]]
    prompt_tokens: int
    total_duration: int
    load_duration: int


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """The vectors of a request's texts, in their order. Durations in nanoseconds."""

    vectors: "Sequence[array[float]]" = ()
    prompt_tokens: int = 0
    total_duration: int = 0
    load_duration: int = 0


class Embedding:
    """The service that embeds."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """Return the vectors of the texts; without texts, just load the model, or unload it if that is asked.

        Raises:
            RequestError, LibraryError, FleetError: if that cannot be.
        """
        started = time.perf_counter_ns()
        _check_number("inputs", request.texts)
        model = await self._loader.open(request.model)
        if request.has_images:
            raise NotSupported("Multimodal data provided, but model does not support multimodal requests.")
        if not request.texts and request.keep_alive == 0:
            await self._loader.unload(model)
            return Embeddings()
        options = self._loader.options(model, request.options)
        with await self._loader.acquire(model, options, request.keep_alive) as lease:
            loaded = time.perf_counter_ns() - started
            if not request.texts:
                return Embeddings()
            command = Embed(
                id=0,
                texts=tuple(request.texts),
                truncate=request.truncate,
                normalize=request.normalize,
                dimensions=request.dimensions,
                num_ctx=options.num_ctx,
                chunk=request.chunk,
            )
            vectors = await lease.runner.embed(command)
        return Embeddings(
            vectors=vectors.numbers,
            prompt_tokens=vectors.tokens,
            total_duration=time.perf_counter_ns() - started,
            load_duration=loaded,
        )

    async def rank(self, request: RankingRequest) -> Ranking:
        """Return how well each text answers the question.

        Raises:
            NotSupported: if the model does not rank.
            RequestError, LibraryError, FleetError: if it cannot be done.
        """
        started = time.perf_counter_ns()
        _check_number("documents", request.texts)
        model = await self._loader.open(request.model)
        if not await asyncio.to_thread(ranks, model.gguf):
            raise NotSupported(f'"{request.model}" does not support rerank')
        options = self._loader.options(model, request.options)
        with await self._loader.acquire(model, options, request.keep_alive) as lease:
            loaded = time.perf_counter_ns() - started
            command = Embed(
                id=0,
                texts=tuple(request.texts),
                query=request.query,
                truncate=request.truncate,
                num_ctx=options.num_ctx,
            )
            found = await lease.runner.embed(command)
        scores = sorted(((number, score) for number, (score,) in enumerate(found.numbers)), key=lambda pair: -pair[1])
        return Ranking(
            scores=scores[: request.best or None],
            prompt_tokens=found.tokens,
            total_duration=time.perf_counter_ns() - started,
            load_duration=loaded,
        )


def _check_number(what: str, texts: Sequence[str]) -> None:
    if len(texts) > MOST_TEXTS:
        raise RequestError(f"too many {what}: {len(texts)}, at most {MOST_TEXTS} in one request")
