"""Embed texts batch by batch: how a model embeds, and the queue of texts in front of one context."""

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from paddock.engine.binding import Adapter, Batch, ContextOptions, LlamaModel
from paddock.engine.binding.batch import InputVectorBatch
from paddock.engine.binding.embedding import EmbeddingContext, Pooling, is_causal, pooling_of
from paddock.engine.config import EmbeddingConfig
from paddock.ipc import Embed

if TYPE_CHECKING:
    from paddock.engine.embedding.segment_embeddings import SegmentEmbeddings


@dataclass(frozen=True)
class EmbeddingSettings:
    """How a model embeds."""

    model: LlamaModel
    adapters: Sequence[Adapter]
    threads: int
    pooling: Pooling
    in_chunks: bool
    """Whether a text can be computed in several batches."""
    flash_attention: bool
    config: EmbeddingConfig
    segments: "SegmentEmbeddings | None" = None
    """The embeddings that tell a query from a document, for rerankers that need them."""

    @classmethod
    def of(
        cls,
        model: LlamaModel,
        adapters: Sequence[Adapter],
        *,
        cached: bool,
        threads: int,
        flash_attention: bool = False,
        config: EmbeddingConfig | None = None,
    ) -> "EmbeddingSettings":
        """Choose the settings of a model; `cached` says whether computed tokens stay for the next batch.

        A model whose file names no pooling gets the vector of the last token, which has attended to all others, or the
        mean where every token attends to all.
        """
        config = config or EmbeddingConfig()
        in_chunks = cached and is_causal(model) and model.has_decoder
        pooling = pooling_of(model)
        if pooling in (Pooling.UNSPECIFIED, Pooling.NONE):
            pooling = Pooling.LAST if in_chunks else Pooling.MEAN
        threads = 1 if model.size < config.single_thread_bytes else threads
        segments = None
        if pooling is Pooling.RANK and not in_chunks:
            from paddock.engine.embedding.segment_embeddings import (
                SegmentEmbeddings,
            )  # imports numpy: others do without

            segments = SegmentEmbeddings.of(model)
        return cls(model, adapters, threads, pooling, in_chunks, flash_attention and in_chunks, config, segments)

    @property
    def last_token_only(self) -> bool:
        """Whether only the last token gets an output; for other tokens the library would compute logits, too."""
        return self.in_chunks and self.pooling is Pooling.LAST

    @property
    def max_sequences(self) -> int:
        """Number of texts in a batch."""
        if self.model.is_recurrent or self.model.is_hybrid:
            return self.config.max_stateful_sequences
        return self.config.max_sequences

    def context(self, tokens: int, sequences: int) -> EmbeddingContext:
        """Make a context for texts of up to `tokens` tokens.

        Raises:
            LoadError: if there is no memory for it.
        """
        config = self.config
        cells = -(-tokens // config.ubatch_tokens) * config.ubatch_tokens
        batch_tokens = config.chunk_tokens if self.in_chunks else cells
        many_scores = batch_tokens * cells > config.flash_attention_scores
        options = ContextOptions(
            cells=cells,
            batch_tokens=batch_tokens,
            sequences=sequences,
            threads=self.threads,
            # In a batch of many short texts it skips the scores between different texts: 2.7 times as fast.
            flash_attention=self.flash_attention or not self.in_chunks or many_scores,
            pooling=Pooling.NONE if self.last_token_only else self.pooling,
        )
        context = EmbeddingContext(self.model, options)
        context.use_adapters(self.adapters)
        return context


@dataclass(eq=False)
class EmbeddingItem:
    """A text to embed, or a window of one."""

    request: Embed
    number: int
    tokens: list[int]
    windowed_text: Any = None
    """The `WindowedText` that this is a window of."""
    document_start: int = 0
    """Index of the document's first token in a query–document pair."""
    num_computed_tokens: int = 0
    seq_id: int = -1
    vector: "array[float]" = field(default_factory=lambda: array("f"))
    """The pooled vector of the tokens computed so far; for a mean, their share of it."""

    def pool(self, data: bytes, count: int, pooling: Pooling) -> None:
        """Add the pooled vector of the next `count` tokens."""
        vector = array("f", data)
        if pooling is Pooling.MEAN and count < len(self.tokens):
            sums = self.vector or array("f", bytes(len(data)))
            share = count / len(self.tokens)
            self.vector = array("f", [s + v * share for s, v in zip(sums, vector, strict=True)])
        elif pooling is not Pooling.CLS or not self.num_computed_tokens:
            self.vector = vector


class EmbeddingBatcher:
    """A context and the texts that are computed in it, one batch a step. At most the first is computed in part."""

    def __init__(self, settings: EmbeddingSettings, tokens: int, max_sequences: int, *, keep_context: bool) -> None:
        """Compute texts of `tokens` tokens, or a single longer one; make the context when it is first needed.

        Free the context when there is nothing to compute, unless `keep_context`.
        """
        self.waiting: deque[EmbeddingItem] = deque()
        self.max_sequences = max_sequences
        self.current: list[EmbeddingItem] = []
        """The texts of the last batch."""
        self._settings = settings
        self._tokens = tokens
        self._keep_context = keep_context
        self._context: EmbeddingContext | None = None
        self._batch: Batch | None = None

    def step(self, num_tokens: int) -> list[EmbeddingItem]:
        """Compute a batch of about `num_tokens` tokens and return the texts that are finished.

        Raises:
            BatchRejected, NoVector, LoadError: if the batch failed for all texts in `current`.
        """
        self.current = [self.waiting[0]]
        context, batch = self._prepare(len(self.waiting[0].tokens))
        scheduled = self._schedule(context, num_tokens)
        self.current = [item for item, _ in scheduled]
        batch.clear()
        last = [self._add(batch, item, count) for item, count in scheduled]
        context.decode(batch)
        finished = []
        for (item, count), index in zip(scheduled, last, strict=True):
            self._collect(context, item, count, index)
            item.num_computed_tokens += count
            if item.num_computed_tokens == len(item.tokens):
                context.remove(item.seq_id)
                finished.append(self.waiting.popleft())
        return finished

    def drop(self, request: int) -> None:
        """Forget the texts of a request."""
        for item in self.waiting:
            if item.request.id == request and item.num_computed_tokens and self._context is not None:
                self._context.remove(item.seq_id)
        self.waiting = deque(item for item in self.waiting if item.request.id != request)

    def free_if_idle(self) -> None:
        """Free the context if there is nothing to compute and it need not be kept."""
        if not self.waiting and not self._keep_context:
            self.close()

    def close(self) -> None:
        """Free all memory."""
        if self._context is not None and self._batch is not None:
            self._batch.close()
            self._context.close()
        self._context = self._batch = None

    def _prepare(self, tokens: int) -> tuple[EmbeddingContext, Batch]:
        """Return a context for a text of `tokens` tokens, and its batch."""
        if self._context is None or self._batch is None or tokens > self._context.cells:
            self.close()
            self._context = self._settings.context(max(tokens, self._tokens), self.max_sequences)
            segments, room = self._settings.segments, self._context.batch_tokens
            self._batch = Batch(room) if segments is None else InputVectorBatch(room, segments.width)
        return self._context, self._batch

    def _schedule(self, context: EmbeddingContext, num_tokens: int) -> list[tuple[EmbeddingItem, int]]:
        """Choose texts in their order, and how many tokens of each; the first text always."""
        scheduled: list[tuple[EmbeddingItem, int]] = []
        cells = 0
        started = self.waiting[0].seq_id if self.waiting[0].num_computed_tokens else -1
        free_ids = (seq_id for seq_id in range(self.max_sequences) if seq_id != started)
        for item in islice(self.waiting, self.max_sequences):
            pending = len(item.tokens) - item.num_computed_tokens
            count = min(pending, num_tokens) if self._settings.in_chunks else pending
            cells += item.num_computed_tokens + count
            if scheduled and (cells > context.cells or not 0 < count <= num_tokens):
                break
            if not item.num_computed_tokens:
                item.seq_id = next(free_ids)
            scheduled.append((item, count))
            num_tokens -= count
        return scheduled

    def _add(self, batch: Batch, item: EmbeddingItem, count: int) -> int:
        """Add the next tokens of a text to the batch; return the index of the last."""
        end = item.num_computed_tokens + count
        all_outputs, last = not self._settings.last_token_only, len(item.tokens) - 1
        index = -1
        if isinstance(batch, InputVectorBatch) and self._settings.segments is not None:
            for position, vector in enumerate(self._settings.segments.vectors(item.tokens, item.document_start)):
                index = batch.add_vector(vector, position, item.seq_id, True)
            return index
        for position in range(item.num_computed_tokens, end):
            index = batch.add(item.tokens[position], position, item.seq_id, all_outputs or position == last)
        return index

    def _collect(self, context: EmbeddingContext, item: EmbeddingItem, count: int, index: int) -> None:
        if not self._settings.last_token_only:
            item.pool(context.of_sequence(item.seq_id), count, self._settings.pooling)
        elif item.num_computed_tokens + count == len(item.tokens):
            item.pool(context.of_token(index), count, self._settings.pooling)
