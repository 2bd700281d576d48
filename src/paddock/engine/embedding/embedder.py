"""Embed the texts of requests: many texts in a batch, in contexts apart from the one that generates.

A model with a KV cache computes a text in chunks of any size, so its batches are small while replies are generated. A
model like BERT computes each text at once, so the batch must be as large as its longest text.

There are two batchers, which take turns: short texts share batches, and each long text has a context of its own size.
So the memory for a long text is held only while there is one, and a short text never waits for a whole long one.
"""

import logging
import math
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from paddock.engine.binding import BatchRejected, LoadError
from paddock.engine.binding.embedding import NoVector, Pooling
from paddock.engine.embedding.batcher import EmbeddingBatcher, EmbeddingItem, EmbeddingSettings
from paddock.engine.embedding.reranking import Scorer
from paddock.engine.embedding.tokenizer import EmbeddingTokenizer, TextRefused, not_finite
from paddock.ipc import Embed, Embedded, Failed, Step, Vector

log = logging.getLogger("paddock.engine")


@dataclass(eq=False)
class WindowedText:
    """A text in windows, and the weighted sum of their vectors so far; each weighs as much as it has tokens."""

    request: Embed
    number: int
    windows: Iterator[tuple[list[int], bool]]
    num_special_tokens: int
    """Special tokens in each window, which do not count for its weight."""
    tokenized: bool = False
    """Whether the last window has been returned."""
    computing: int = 0
    """Number of windows that have been returned and not added yet."""
    tokens: int = 0
    sums: "array[float]" = field(default_factory=lambda: array("f"))

    def next(self) -> EmbeddingItem:
        """Return the next window."""
        tokens, self.tokenized = next(self.windows)
        self.computing += 1
        return EmbeddingItem(self.request, self.number, tokens, windowed_text=self)

    def add(self, window: EmbeddingItem) -> Vector | None:
        """Add a computed window; return the mean vector of the whole text after the last one.

        Raises:
            TextRefused: if the vector of the window is not finite.
        """
        weight = max(len(window.tokens) - self.num_special_tokens, 1)
        values = final_vector(window, normalize=True)
        sums = self.sums or array("f", bytes(4 * len(values)))
        self.sums = array("f", [s + v * weight for s, v in zip(sums, values, strict=True)])
        self.tokens += len(window.tokens)
        self.computing -= 1
        if self.computing or not self.tokenized:
            return None
        length = math.hypot(*self.sums) or 1.0
        mean = array("f", [value / length for value in self.sums])
        return Vector(self.request.id, self.number, self.tokens, mean.tobytes())


@dataclass(eq=False)
class EmbeddingJob:
    """A request, and how many of its texts have been tokenized."""

    request: Embed
    next: int = 0
    windowed_text: WindowedText | None = None
    """The text of which some windows have been tokenized."""
    held: EmbeddingItem | None = None
    """A long text that waits for the one before it."""

    @property
    def tokenized(self) -> bool:
        """Whether all of its texts have been tokenized and queued."""
        return self.next == len(self.request.texts) and self.held is None and self.windowed_text is None


class Embedder:
    """Computes the vectors of one model."""

    def __init__(self, settings: EmbeddingSettings, context_length: int, *, keep_context: bool) -> None:
        """Embed texts of up to `context_length` tokens; keep the context for short texts once it is made, or not."""
        self._settings = settings
        self._config = config = settings.config
        self._tokenizer = EmbeddingTokenizer(settings.model, context_length, config)
        self._scorer = Scorer(settings)
        short = config.ubatch_tokens
        self._short = EmbeddingBatcher(settings, short, settings.max_sequences, keep_context=keep_context)
        self._long = EmbeddingBatcher(settings, short, 1, keep_context=False)
        self._batchers = deque([self._short, self._long])
        self._jobs: deque[EmbeddingJob] = deque()

    @property
    def busy(self) -> bool:
        """Whether there is anything to compute."""
        return bool(self._jobs or self._short.waiting or self._long.waiting)

    def add(self, request: Embed) -> None:
        """Queue a request."""
        if request.texts:
            self._jobs.append(EmbeddingJob(request))

    def cancel(self, request: int) -> None:
        """Drop the request with this id, if it is not finished."""
        self._jobs = deque(job for job in self._jobs if job.request.id != request)
        for batcher in self._batchers:
            batcher.drop(request)
        self._free_if_idle()

    def step(self, *, concurrent: bool = False) -> list[Embedded | Step]:
        """Compute a batch and return the events of it; a small batch if replies are generated concurrently."""
        config = self._config
        if not self._settings.in_chunks:
            num_tokens = config.ubatch_tokens
        else:
            num_tokens = config.concurrent_chunk_tokens if concurrent else config.chunk_tokens
        failed = self._tokenize(num_tokens)
        vectors: list[Vector] = []
        self._batchers.rotate()
        batcher = next((batcher for batcher in self._batchers if batcher.waiting), None)
        if batcher is not None:
            vectors, more = self._compute(batcher, num_tokens)
            failed += more
        self._free_if_idle()
        events: list[Embedded | Step] = []
        if vectors:
            events.append(Embedded(tuple(vectors)))
        if failed:
            events.append(Step(failed=tuple(failed)))
        return events

    def close(self) -> None:
        """Free all memory."""
        for batcher in self._batchers:
            batcher.close()

    def _tokenize(self, num_tokens: int) -> list[Failed]:
        """Tokenize texts until a batch is full, one of each request in turn; return the requests that failed at it."""
        failed: list[Failed] = []
        ready = sum(len(item.tokens) - item.num_computed_tokens for item in self._short.waiting)
        held = 0
        while held < len(self._jobs) and ready < num_tokens and len(self._short.waiting) < self._short.max_sequences:
            job = self._jobs.popleft()
            try:
                item = job.held or self._next_item(job)
            except TextRefused as error:
                failed.append(self._refuse(job.request, error))
                continue
            job.held = None
            if len(item.tokens) <= self._config.ubatch_tokens:
                self._short.waiting.append(item)
                ready += len(item.tokens)
            elif not self._long.waiting:
                self._long.waiting.append(item)
            else:
                job.held = item
            held = held + 1 if job.held is not None else 0
            if not job.tokenized:
                self._jobs.append(job)
        return failed

    def _next_item(self, job: EmbeddingJob) -> EmbeddingItem:
        """Return the next text of a request, or the next window of one."""
        request, tokenizer = job.request, self._tokenizer
        if job.windowed_text is None:
            number = job.next
            job.next += 1
            if request.query is not None:
                self._scorer.check()
                tokens, document_start = tokenizer.query_document_pair(request, number)
                return EmbeddingItem(request, number, tokens, document_start=document_start)
            if self._settings.pooling is Pooling.RANK:
                raise TextRefused("this model ranks texts, it does not embed them", "invalid")
            if not request.chunk:
                return EmbeddingItem(request, number, tokenizer.text(request, number))
            windows = tokenizer.windows(request, number)
            job.windowed_text = WindowedText(request, number, windows, tokenizer.num_special_tokens)
        text = job.windowed_text
        window = text.next()
        if text.tokenized:
            job.windowed_text = None
        return window

    def _compute(self, batcher: EmbeddingBatcher, num_tokens: int) -> tuple[list[Vector], list[Failed]]:
        """Compute a batch; return the vectors that are ready, and the requests that failed."""
        vectors: list[Vector] = []
        failed: dict[int, Failed] = {}
        try:
            for item in batcher.step(num_tokens):
                try:
                    if (vector := self._finish(item)) is not None:
                        vectors.append(vector)
                except TextRefused as error:
                    failed[item.request.id] = self._refuse(item.request, error)
        except (BatchRejected, NoVector, LoadError) as error:
            log.error("%d texts could not be embedded: %s", len(batcher.current), error)
            batcher.close()
            refusal = TextRefused(f"the texts could not be embedded: {error}", "engine")
            failed = {item.request.id: self._refuse(item.request, refusal) for item in batcher.current}
        return vectors, list(failed.values())

    def _finish(self, item: EmbeddingItem) -> Vector | None:
        """Return the vector of a computed text; None for a window that is not the last one of its text."""
        request, values = item.request, item.vector
        if request.query is not None:
            values = array("f", [self._scorer.score(item)])
        elif item.windowed_text is not None:
            vector: Vector | None = item.windowed_text.add(item)
            return vector
        else:
            values = final_vector(item, normalize=request.normalize)
        return Vector(request.id, item.number, len(item.tokens), values.tobytes())

    def _free_if_idle(self) -> None:
        """Free contexts, unless a text that is still to be tokenized may need them at once."""
        if not self._jobs:
            for batcher in self._batchers:
                batcher.free_if_idle()

    def _refuse(self, request: Embed, error: TextRefused) -> Failed:
        self.cancel(request.id)
        return Failed(request.id, str(error), error.kind)


def final_vector(item: EmbeddingItem, *, normalize: bool) -> "array[float]":
    """Return the vector of a computed text, cut to the dimensions of its request, with length 1 if `normalize`.

    Raises:
        TextRefused: if the vector is not finite.
    """
    values, dimensions = item.vector, item.request.dimensions
    if 0 < dimensions < len(values):
        values = values[:dimensions]
    length = math.hypot(*values)
    if not math.isfinite(length):
        raise not_finite(item.number)
    return array("f", [value / length for value in values]) if normalize and length else values
