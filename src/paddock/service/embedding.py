"""Embedding texts: model from the library, vectors from its runner."""

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock.ipc import Embed
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
    has_images: bool = False


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
        if len(request.texts) > MOST_TEXTS:
            raise RequestError(f"too many inputs: {len(request.texts)}, at most {MOST_TEXTS} in one request")
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
            )
            vectors = await lease.runner.embed(command)
        return Embeddings(
            vectors=vectors.numbers,
            prompt_tokens=vectors.tokens,
            total_duration=time.perf_counter_ns() - started,
            load_duration=loaded,
        )
