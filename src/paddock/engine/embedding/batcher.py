"""A lane of embedding: a context, and the texts that are computed in it, batch by batch."""

from array import array
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from paddock.engine.binding import Batch, ContextOptions, Model
from paddock.engine.binding.embedding import EmbeddingContext, Pooling, VectorBatch, is_causal, pooling_of
from paddock.ipc import Embed

if TYPE_CHECKING:
    from paddock.engine.embedding.segment_embeddings import SegmentEmbeddings

ROWS = 512
"""Tokens in a batch, unless a text alone has more; contexts are made in multiples of it."""

PIECE = 128
"""The same for a model that computes texts in pieces: enough for the kernels' fast paths, and who comes meanwhile
waits less."""

TOGETHER = 64
"""Texts in a batch."""

STATES_TOGETHER = 8
"""The same for models that hold a state for each."""

MANY_SCORES = 1 << 20
"""Tokens times cells from which flash attention is used: without it, each head holds a number for each pair."""

TINY_MODEL = 4 << 20
"""Bytes of weights below which a second thread costs more in waiting than it computes."""


@dataclass(frozen=True)
class EmbeddingSettings:
    """How a model embeds."""

    model: Model
    adapters: list[Any]
    threads: int
    pooling: Pooling
    in_pieces: bool
    """Whether a text can be computed in several batches."""
    flash_attention: bool
    segments: "SegmentEmbeddings | None" = None
    """What tells a question from a text, for models that rank and want to be told."""

    @classmethod
    def of(
        cls, model: Model, adapters: list[Any], *, cached: bool, threads: int, flash_attention: bool = False
    ) -> "EmbeddingSettings":
        """Choose it; `cached` says whether the model keeps computed tokens.

        A file that says nothing of pooling gets the last token's vector, which has seen all others, or where each token
        sees all, the mean.
        """
        in_pieces = cached and is_causal(model) and model.has_decoder
        pooling = pooling_of(model)
        if pooling in (Pooling.UNSPECIFIED, Pooling.NONE):
            pooling = Pooling.LAST if in_pieces else Pooling.MEAN
        threads = 1 if model.size < TINY_MODEL else threads
        types = None
        if pooling is Pooling.RANK and not in_pieces:
            from paddock.engine.embedding.segment_embeddings import (
                SegmentEmbeddings,
            )  # numpy and all: other models do without

            types = SegmentEmbeddings.of(model)
        return cls(model, adapters, threads, pooling, in_pieces, flash_attention and in_pieces, types)

    @property
    def reads_last(self) -> bool:
        """Whether only the last token's vector is asked of the library: of the others it would compute logits, too."""
        return self.in_pieces and self.pooling is Pooling.LAST

    @property
    def max_sequences(self) -> int:
        """How many texts a batch may hold."""
        return STATES_TOGETHER if self.model.is_recurrent or self.model.is_hybrid else TOGETHER

    def context(self, longest: int, sequences: int) -> EmbeddingContext:
        """Make a context for texts of up to `longest` tokens.

        Raises:
            LoadError: if there is no memory for it.
        """
        cells = -(-longest // ROWS) * ROWS
        rows = PIECE if self.in_pieces else cells
        options = ContextOptions(
            cells=cells,
            batch_tokens=rows,
            sequences=sequences,
            threads=self.threads,
            # Of many short texts in a batch, it passes over what they have to do with one another: 2.7 times as fast.
            flash_attention=self.flash_attention or not self.in_pieces or rows * cells > MANY_SCORES,
            pooling=Pooling.NONE if self.reads_last else self.pooling,
        )
        context = EmbeddingContext(self.model, options)
        context.use_adapters(self.adapters)
        return context


@dataclass(eq=False)
class EmbeddingItem:
    """One text on its way, or a window of one."""

    request: Embed
    number: int
    tokens: list[int]
    whole: Any = None
    """What gathers the windows, if it is one of several."""
    document_start: int = 0
    """Of a question and a text: the index at which the text begins."""
    computed: int = 0
    slot: int = -1
    vector: "array[float]" = field(default_factory=lambda: array("f"))
    """What its tokens so far pool to; of a mean, their part of it."""

    def take(self, data: bytes, count: int, pooling: Pooling) -> None:
        """Add what its next `count` tokens pool to."""
        got = array("f", data)
        if pooling is Pooling.MEAN and count < len(self.tokens):
            sums = self.vector or array("f", bytes(len(data)))
            share = count / len(self.tokens)
            self.vector = array("f", [s + g * share for s, g in zip(sums, got, strict=True)])
        elif pooling is not Pooling.CLS or not self.computed:
            self.vector = got


class EmbeddingBatcher:
    """A context and the texts that are computed in it, a batch a step. One at most is computed in part: the first."""

    def __init__(self, settings: EmbeddingSettings, longest: int, max_sequences: int, *, keep: bool) -> None:
        """Make contexts when there is need of one, for texts of `longest` tokens or more; `keep` them when idle."""
        self.waiting: deque[EmbeddingItem] = deque()
        self.max_sequences = max_sequences
        self.batch: list[EmbeddingItem] = []
        """The texts of the last batch."""
        self._settings = settings
        self._longest = longest
        self._keep = keep
        self._context: EmbeddingContext | None = None
        self._room: Batch | None = None

    def step(self, room: int) -> list[EmbeddingItem]:
        """Compute a batch of about `room` tokens and return the texts that are done.

        Raises:
            BatchRejected, NoVector, LoadError: if that failed for all texts of `batch`.
        """
        self.batch = [self.waiting[0]]
        context, batch = self._prepare(len(self.waiting[0].tokens))
        works = self._plan(context, room)
        self.batch = [text for text, _ in works]
        batch.clear()
        last = [self._add(batch, text, count) for text, count in works]
        context.decode(batch)
        done = []
        for (text, count), index in zip(works, last, strict=True):
            self._collect(context, text, count, index)
            text.computed += count
            if text.computed == len(text.tokens):
                context.remove(text.slot)
                done.append(self.waiting.popleft())
        return done

    def drop(self, request: int) -> None:
        """Forget the texts of a request."""
        for text in self.waiting:
            if text.request.id == request and text.computed and self._context is not None:
                self._context.remove(text.slot)
        self.waiting = deque(t for t in self.waiting if t.request.id != request)

    def rest(self) -> None:
        """Give back what need not be kept while there is nothing to do."""
        if not self.waiting and not self._keep:
            self.close()

    def close(self) -> None:
        """Give all memory back."""
        if self._context is not None and self._room is not None:
            self._room.close()
            self._context.close()
        self._context = self._room = None

    def _prepare(self, length: int) -> tuple[EmbeddingContext, Batch]:
        """Return a context for a text of `length` tokens."""
        if self._context is None or self._room is None or length > self._context.cells:
            self.close()
            self._context = self._settings.context(max(length, self._longest), self.max_sequences)
            types, room = self._settings.segments, self._context.batch_tokens
            self._room = Batch(room) if types is None else VectorBatch(room, types.width)
        return self._context, self._room

    def _plan(self, context: EmbeddingContext, room: int) -> list[tuple[EmbeddingItem, int]]:
        """Choose texts, in their order, and how many tokens of each; the first always."""
        works: list[tuple[EmbeddingItem, int]] = []
        cells = 0
        begun = self.waiting[0].slot if self.waiting[0].computed else -1
        slots = (slot for slot in range(self.max_sequences) if slot != begun)
        for text in islice(self.waiting, self.max_sequences):
            rest = len(text.tokens) - text.computed
            count = min(rest, room) if self._settings.in_pieces else rest
            cells += text.computed + count
            if works and (cells > context.cells or not 0 < count <= room):
                break
            if not text.computed:
                text.slot = next(slots)
            works.append((text, count))
            room -= count
        return works

    def _add(self, batch: Batch, text: EmbeddingItem, count: int) -> int:
        """Put the next tokens of a text into the batch; return the index of the last."""
        end = text.computed + count
        every, last = not self._settings.reads_last, len(text.tokens) - 1
        index = -1
        if isinstance(batch, VectorBatch) and self._settings.segments is not None:
            for position, vector in enumerate(self._settings.segments.vectors(text.tokens, text.document_start)):
                index = batch.add_vector(vector, position, text.slot, True)
            return index
        for position in range(text.computed, end):
            index = batch.add(text.tokens[position], position, text.slot, every or position == last)
        return index

    def _collect(self, context: EmbeddingContext, text: EmbeddingItem, count: int, index: int) -> None:
        if not self._settings.reads_last:
            text.take(context.of_sequence(text.slot), count, self._settings.pooling)
        elif text.computed + count == len(text.tokens):
            text.take(context.of_token(index), count, self._settings.pooling)
