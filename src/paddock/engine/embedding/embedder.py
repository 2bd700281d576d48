"""Embedding: texts to vectors, many texts in a batch, in contexts apart from the one that generates.

A model with a cache computes a text in pieces of any size, so between the steps of those who are answered it gets small
ones. A model like BERT computes each text at once; the batch must be as large as its longest text.

There are two lanes: short texts share batches, long ones go alone in a context of their size, and the lanes take turns.
So the memory for a long text is held only as long as there are such, and nobody's question waits for another's book.
"""

import logging
import math
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from paddock.engine.binding import BatchRejected, LoadError
from paddock.engine.binding.embedding import NoVector, Pooling
from paddock.engine.embedding.batcher import PIECE, ROWS, EmbeddingBatcher, EmbeddingItem, EmbeddingSettings
from paddock.engine.embedding.reranking import Scorer
from paddock.engine.embedding.tokenizer import EmbeddingTokenizer, TextRefused, not_finite
from paddock.ipc import Embed, Failed, Step, Vector, VectorBatch

log = logging.getLogger("paddock.engine")

SHORT = ROWS
"""Tokens up to which texts share batches."""

BESIDE = 32
"""Tokens of a batch of a model in pieces while others are answered: they get a token between two batches."""


@dataclass(eq=False)
class Windows:
    """A text in windows, and the mean of their vectors so far, each with the weight of its tokens."""

    request: Embed
    number: int
    rest: Iterator[tuple[list[int], bool]]
    num_special_tokens: int
    """Tokens of each window that are not the text's."""
    read: bool = False
    computing: int = 0
    tokens: int = 0
    sums: "array[float]" = field(default_factory=lambda: array("f"))

    def next(self) -> EmbeddingItem:
        """Return the next window."""
        tokens, self.read = next(self.rest)
        self.computing += 1
        return EmbeddingItem(self.request, self.number, tokens, whole=self)

    def add(self, window: EmbeddingItem) -> Vector | None:
        """Take a window that is computed; return the vector of the whole text after the last one.

        Raises:
            TextRefused: if its numbers are not finite.
        """
        weight = max(len(window.tokens) - self.num_special_tokens, 1)
        values = shaped(window, normalize=True)
        sums = self.sums or array("f", bytes(4 * len(values)))
        self.sums = array("f", [s + v * weight for s, v in zip(sums, values, strict=True)])
        self.tokens += len(window.tokens)
        self.computing -= 1
        if self.computing or not self.read:
            return None
        length = math.hypot(*self.sums) or 1.0
        mean = array("f", [value / length for value in self.sums])
        return Vector(self.request.id, self.number, self.tokens, mean.tobytes())


@dataclass(eq=False)
class Job:
    """A request, and how far its texts have been read."""

    request: Embed
    next: int = 0
    windows: Windows | None = None
    """The text that is read in part."""
    held: EmbeddingItem | None = None
    """A long text that waits for the one before it."""

    @property
    def read(self) -> bool:
        """Whether nothing of it is left to read."""
        return self.next == len(self.request.texts) and self.held is None and self.windows is None


class Embedder:
    """Computes the vectors of one model."""

    def __init__(self, settings: EmbeddingSettings, context_length: int, *, keep: bool) -> None:
        """Embed texts of up to `context_length` tokens; `keep` the context for short ones, once it is made."""
        self._settings = settings
        self._tokenizer = EmbeddingTokenizer(settings.model, context_length)
        self._scorer = Scorer(settings)
        self._short = EmbeddingBatcher(settings, SHORT, settings.max_sequences, keep=keep)
        self._long = EmbeddingBatcher(settings, SHORT, 1, keep=False)
        self._lanes = deque([self._short, self._long])
        self._jobs: deque[Job] = deque()

    @property
    def busy(self) -> bool:
        """Whether there is anything to compute."""
        return bool(self._jobs or self._short.waiting or self._long.waiting)

    def add(self, request: Embed) -> None:
        """Queue a request."""
        if request.texts:
            self._jobs.append(Job(request))

    def cancel(self, request: int) -> None:
        """Drop a request, if it is still here."""
        self._jobs = deque(job for job in self._jobs if job.request.id != request)
        for lane in self._lanes:
            lane.drop(request)
        self._rest()

    def step(self, *, beside: bool = False) -> list[VectorBatch | Step]:
        """Compute a batch and return what it brought; `beside` others that are answered, a small one."""
        room = ROWS if not self._settings.in_pieces else BESIDE if beside else PIECE
        failed = self._fill(room)
        vectors: list[Vector] = []
        self._lanes.rotate()
        lane = next((lane for lane in self._lanes if lane.waiting), None)
        if lane is not None:
            vectors, more = self._compute(lane, room)
            failed += more
        self._rest()
        events: list[VectorBatch | Step] = []
        if vectors:
            events.append(VectorBatch(tuple(vectors)))
        if failed:
            events.append(Step(failed=tuple(failed)))
        return events

    def close(self) -> None:
        """Give all memory back."""
        for lane in self._lanes:
            lane.close()

    def _fill(self, room: int) -> list[Failed]:
        """Read texts until a batch is full, one of each request in turn; return the requests that failed at it."""
        failed: list[Failed] = []
        ready = sum(len(text.tokens) - text.computed for text in self._short.waiting)
        held = 0
        while held < len(self._jobs) and ready < room and len(self._short.waiting) < self._short.max_sequences:
            job = self._jobs.popleft()
            try:
                text = job.held or self._read(job)
            except TextRefused as error:
                failed.append(self._refuse(job.request, error))
                continue
            job.held = None
            if len(text.tokens) <= SHORT:
                self._short.waiting.append(text)
                ready += len(text.tokens)
            elif not self._long.waiting:
                self._long.waiting.append(text)
            else:
                job.held = text
            held = held + 1 if job.held is not None else 0
            if not job.read:
                self._jobs.append(job)
        return failed

    def _read(self, job: Job) -> EmbeddingItem:
        """Return the next text of a request, or the next window of one."""
        request, reader = job.request, self._tokenizer
        if job.windows is None:
            number = job.next
            job.next += 1
            if request.query is not None:
                self._scorer.check()
                tokens, document_start = reader.query_document_pair(request, number)
                return EmbeddingItem(request, number, tokens, document_start=document_start)
            if self._settings.pooling is Pooling.RANK:
                raise TextRefused("this model ranks texts, it does not embed them", "invalid")
            if not request.chunk:
                return EmbeddingItem(request, number, reader.text(request, number))
            job.windows = Windows(request, number, reader.windows(request, number), reader.num_special_tokens)
        windows = job.windows
        text = windows.next()
        if windows.read:
            job.windows = None
        return text

    def _compute(self, lane: EmbeddingBatcher, room: int) -> tuple[list[Vector], list[Failed]]:
        """Compute a batch of a lane; return the vectors that are ready, and the requests that failed."""
        vectors: list[Vector] = []
        failed: dict[int, Failed] = {}
        try:
            for text in lane.step(room):
                try:
                    if (vector := self._finished(text)) is not None:
                        vectors.append(vector)
                except TextRefused as error:
                    failed[text.request.id] = self._refuse(text.request, error)
        except (BatchRejected, NoVector, LoadError) as error:
            log.error("%d texts could not be embedded: %s", len(lane.batch), error)
            lane.close()
            refusal = TextRefused(f"the texts could not be embedded: {error}", "engine")
            failed = {text.request.id: self._refuse(text.request, refusal) for text in lane.batch}
        return vectors, list(failed.values())

    def _finished(self, text: EmbeddingItem) -> Vector | None:
        """Return the vector of a text whose tokens are all computed; None of a window with others to come."""
        request, values = text.request, text.vector
        if request.query is not None:
            values = array("f", [self._scorer.score(text)])
        elif text.whole is not None:
            vector: Vector | None = text.whole.add(text)
            return vector
        else:
            values = shaped(text, normalize=request.normalize)
        return Vector(request.id, text.number, len(text.tokens), values.tobytes())

    def _rest(self) -> None:
        """Give memory back, if none of the texts that are still to be read can need it at once."""
        if not self._jobs:
            for lane in self._lanes:
                lane.rest()

    def _refuse(self, request: Embed, error: TextRefused) -> Failed:
        self.cancel(request.id)
        return Failed(request.id, str(error), error.kind)


def shaped(text: EmbeddingItem, *, normalize: bool) -> "array[float]":
    """Return the vector of a text whose tokens are all computed: as many numbers as wanted, with length 1 if wanted.

    Raises:
        TextRefused: if its numbers are not finite.
    """
    values, dimensions = text.vector, text.request.dimensions
    if 0 < dimensions < len(values):
        values = values[:dimensions]
    length = math.hypot(*values)
    if not math.isfinite(length):
        raise not_finite(text.number)
    return array("f", [value / length for value in values]) if normalize and length else values
