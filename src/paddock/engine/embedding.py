"""Embedding: texts to vectors, many texts in a batch, in contexts apart from the one that generates.

A model with a cache computes a text in pieces of any size, so between the steps of those who are answered it gets small
ones. A model like BERT computes each text at once; the batch must be as large as its longest text.

There are two lanes: short texts share batches, long ones go alone in a context of their size, and the lanes take turns.
So the memory for a long text is held only as long as there are such, and nobody's question waits for another's book.
"""

import logging
import math
import unicodedata
from array import array
from collections import deque
from dataclasses import dataclass

from paddock.engine.binding import BatchRejected, LoadError, Model
from paddock.engine.binding.embedding import NoVector, Pooling, has_word_pieces
from paddock.engine.lane import PIECE, ROWS, Lane, Method, Text
from paddock.ipc import Embed, Embeddings, Failed, FailureKind, Step, Vector

log = logging.getLogger("paddock.engine")

SHORT = ROWS
"""Tokens up to which texts share batches."""

BESIDE = 32
"""Tokens of a batch of a model in pieces while others are answered: they get a token between two batches."""

LONGEST_PIECE = 64
"""Characters that hardly any token exceeds: of a text that is far too long, the rest need not be read."""


class TextRefused(Exception):
    """A text that cannot be embedded; the message is for the client."""

    def __init__(self, message: str, kind: FailureKind) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(eq=False)
class Job:
    """A request, and how far its texts have been read."""

    request: Embed
    next: int = 0
    held: Text | None = None
    """A long text that waits for the one before it."""

    @property
    def read(self) -> bool:
        """Whether nothing of it is left to read."""
        return self.next == len(self.request.texts) and self.held is None


class Reader:
    """Cuts texts into tokens, no more than a context takes."""

    def __init__(self, model: Model, context_length: int) -> None:
        """Take at most `context_length` tokens, or what the model was trained with if that is less."""
        self._model = model
        self._limit = context_length
        self._word_pieces = has_word_pieces(model)
        around = model.tokenize("")
        self._tail = len(around) - bool(around and model.tokenize("a")[0] == around[0])

    def read(self, request: Embed, number: int) -> Text:
        """Return a text of a request with its tokens.

        Raises:
            TextRefused: if it has none, or has too many and may not be cut.
        """
        text = request.texts[number]
        limit = min(request.num_ctx, self._trained) if request.num_ctx > 0 else self._limit
        enough = limit * LONGEST_PIECE
        tokens = self._tokenize(text[:enough])
        if len(tokens) <= limit and len(text) > enough:
            tokens = self._tokenize(text)
        if not tokens:
            raise TextRefused(f"input {number} has no tokens", "invalid")
        if len(tokens) > limit:
            if not request.truncate:
                raise TextRefused("the input length exceeds the context length", "too_long")
            # What the model wants after a text (BERT's [SEP]) comes after one that was cut, too.
            tokens = tokens[: limit - self._tail] + tokens[len(tokens) - self._tail :]
        return Text(request, number, tokens)

    @property
    def _trained(self) -> int:
        return self._model.train_context or 1 << 31

    def _tokenize(self, text: str) -> list[int]:
        if self._word_pieces and not text.isascii():
            # The library decomposes letters with accents, as BERT's own tokenizer does, but keeps only the beginning
            # of each Hangul syllable. What is decomposed already it takes as it is.
            text = unicodedata.normalize("NFD", text)
        return self._model.tokenize(text)


class Embedder:
    """Computes the vectors of one model."""

    def __init__(self, method: Method, context_length: int, *, keep: bool) -> None:
        """Embed texts of up to `context_length` tokens; `keep` the context for short ones, once it is made."""
        self._method = method
        self._reader = Reader(method.model, context_length)
        self._short = Lane(method, SHORT, method.together, keep=keep)
        self._long = Lane(method, SHORT, 1, keep=False)
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

    def step(self, *, beside: bool = False) -> list[Embeddings | Step]:
        """Compute a batch and return what it brought; `beside` others that are answered, a small one."""
        room = ROWS if not self._method.in_pieces else BESIDE if beside else PIECE
        failed = self._fill(room)
        vectors: list[Vector] = []
        self._lanes.rotate()
        lane = next((lane for lane in self._lanes if lane.waiting), None)
        if lane is not None:
            vectors, more = self._compute(lane, room)
            failed += more
        self._rest()
        events: list[Embeddings | Step] = []
        if vectors:
            events.append(Embeddings(tuple(vectors)))
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
        while held < len(self._jobs) and ready < room and len(self._short.waiting) < self._short.together:
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

    def _read(self, job: Job) -> Text:
        if self._method.pooling is Pooling.RANK:
            raise TextRefused("this model ranks texts, it does not embed them", "invalid")
        job.next += 1
        return self._reader.read(job.request, job.next - 1)

    def _compute(self, lane: Lane, room: int) -> tuple[list[Vector], list[Failed]]:
        """Compute a batch of a lane; return the vectors that are ready, and the requests that failed."""
        vectors: list[Vector] = []
        failed: dict[int, Failed] = {}
        try:
            for text in lane.step(room):
                try:
                    vectors.append(finished(text))
                except TextRefused as error:
                    failed[text.request.id] = self._refuse(text.request, error)
        except (BatchRejected, NoVector, LoadError) as error:
            log.error("%d texts could not be embedded: %s", len(lane.batch), error)
            lane.close()
            refusal = TextRefused(f"the texts could not be embedded: {error}", "engine")
            failed = {text.request.id: self._refuse(text.request, refusal) for text in lane.batch}
        return vectors, list(failed.values())

    def _rest(self) -> None:
        """Give memory back, if none of the texts that are still to be read can need it at once."""
        if not self._jobs:
            for lane in self._lanes:
                lane.rest()

    def _refuse(self, request: Embed, error: TextRefused) -> Failed:
        self.cancel(request.id)
        return Failed(request.id, str(error), error.kind)


def finished(text: Text) -> Vector:
    """Return the vector of a text whose tokens are all computed, as its request wants it.

    Raises:
        TextRefused: if its numbers are not finite.
    """
    request, values = text.request, text.vector
    if 0 < request.dimensions < len(values):
        values = values[: request.dimensions]
    length = math.hypot(*values)
    if not math.isfinite(length):
        raise TextRefused(f"the model's vector of input {text.number} is not finite", "engine")
    if request.normalize and length:
        values = array("f", [value / length for value in values])
    return Vector(request.id, text.number, len(text.tokens), values.tobytes())
