"""Encode images and audio to embeddings, and compute embeddings into the KV cache.

Encoding a file takes as long as computing a long prompt. It is done in slices of time between the steps of the
sequences that decode. Embeddings are kept for a while: a file whose cells were evicted need not be encoded again.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from paddock.engine.binding import Context, LlamaModel
from paddock.engine.binding.mtmd import (
    MediaChunk,
    MediaEmbeddingBatch,
    PreparedMedia,
    Projector,
    ProjectorError,
    set_non_causal,
)
from paddock.engine.config import MediaConfig
from paddock.engine.gguf_compat import TranslatedFile
from paddock.engine.multimodal.preprocessing import BadMedia, MediaFile, MediaPreprocessor
from paddock.engine.placeholders import PlaceholderRange
from paddock.engine.scheduler.sequence import Sequence
from paddock.engine.time_slice import TimeSlicedTask

log = logging.getLogger("paddock.engine")


class EncodeRequest(NamedTuple):
    """A chunk of an image or of audio that a sequence needs next."""

    sequence: int
    file: MediaFile
    chunk: int

    @property
    def key(self) -> tuple[bytes, int]:
        """Return the hash of the file and the number of the chunk, which identify the embeddings."""
        return self.file.key, self.chunk


class EncodedChunk(NamedTuple):
    """A chunk and its embeddings."""

    chunk: MediaChunk
    data: bytearray


class Encoder:
    """Encodes one chunk of an image or of audio at a time and keeps embeddings."""

    def __init__(
        self,
        model: LlamaModel,
        path: str,
        notify: Callable[[], None],
        *,
        threads: int,
        gpu: bool,
        max_image_tokens: int,
        translated: TranslatedFile | None = None,
        config: MediaConfig | None = None,
    ) -> None:
        """Load the projector at `path`, or its translation.

        A worker thread calls `notify` when it has prepared a file. Images are shrunk to `max_image_tokens` tokens.

        Raises:
            LoadError: if the projector cannot be loaded.
        """
        config = config or MediaConfig()
        checkpoint = None if gpu else self._checkpoint
        self.projector = Projector(path, model, threads=threads, gpu=gpu, checkpoint=checkpoint, translated=translated)
        self.preprocessor = MediaPreprocessor(self.projector, max_image_tokens, notify, config)
        self.size = translated.size if translated is not None else Path(path).stat().st_size
        """Bytes of the projector's file."""
        self.encoded = 0
        """Number of chunks that have been encoded."""
        self._cache_bytes = config.embedding_cache_bytes
        self._task: TimeSlicedTask | None = None
        self._job: EncodeRequest | None = None
        self._cache: OrderedDict[tuple[bytes, int], EncodedChunk] = OrderedDict()
        self._cached_bytes = 0
        self._pinned: dict[int, tuple[tuple[bytes, int], EncodedChunk]] = {}
        """For each sequence the embeddings that it needs next: they stay, whatever is encoded meanwhile."""

    def pin(self, sequence: Sequence, placeholder: PlaceholderRange) -> bool:
        """Keep the embeddings of `placeholder` until `sequence` needs others; return False if they are not cached."""
        key = placeholder.file, placeholder.chunk
        pinned = self._pinned.get(sequence.id)
        if pinned is not None and pinned[0] == key:
            return True
        found = self._cache.get(key)
        if found is None:
            return False
        self._cache.move_to_end(key)
        self._pinned[sequence.id] = key, found
        return True

    def pinned(self, sequence: Sequence) -> EncodedChunk:
        """Return the embeddings that a sequence needs next."""
        return self._pinned[sequence.id][1]

    def unpin(self, sequence: int) -> None:
        """Release the embeddings that were kept for the sequence with this id, if any were."""
        self._pinned.pop(sequence, None)

    @property
    def busy(self) -> bool:
        """Whether a chunk is being encoded or a file is being prepared again."""
        return self._task is not None or self.preprocessor.has_pending_file

    @property
    def waits_for_worker(self) -> bool:
        """Whether nothing can be encoded before a worker thread has prepared a file again."""
        return self._task is None and self.preprocessor.is_preparing_again

    def run(self, requests: list[EncodeRequest], seconds: float) -> EncodeRequest | None:
        """Encode for about `seconds`, in the order of the requests as far as their files are ready.

        Keep encoding a started chunk while any request still needs it; drop it when none does. Return a request whose
        chunk cannot be encoded.
        """
        if self._job is not None and all(self._job.key != request.key for request in requests):
            self._stop_job()
        self.preprocessor.drop_all_but({request.file.key for request in requests})
        if self._task is None:
            failed = self._begin(requests)
            if failed is not None:
                return failed
        task, job = self._task, self._job
        if task is None or job is None:
            return None
        try:
            task.run(seconds)
        except Exception as error:  # one request's file must not end the runner for all
            _log_failure(error)
            self._task = self._job = None
            return next(request for request in requests if request.key == job.key)
        if task.done:
            self._task = self._job = None
        return None

    def stop(self) -> None:
        """Drop whatever is being encoded or prepared again."""
        self._stop_job()
        self.preprocessor.drop_all_but(set())

    def close(self) -> None:
        """Free all memory."""
        self.stop()
        self.preprocessor.close()
        self.projector.close()

    def _begin(self, requests: list[EncodeRequest]) -> EncodeRequest | None:
        """Start the first request whose file is ready, if one is; return a request whose file cannot be prepared."""
        for request in requests:
            try:
                prepared = self.preprocessor.take_prepared(request.file)
            except Exception as error:  # as in `run`
                _log_failure(error)
                return request
            if prepared is not None:
                self._job, self._task = request, TimeSlicedTask(partial(self._encode, request, prepared))
                break
        return None

    def _stop_job(self) -> None:
        if self._task is not None:
            self._task.stop()
        self._task = self._job = None

    def _encode(self, job: EncodeRequest, prepared: PreparedMedia) -> None:
        try:
            data = self.projector.encode(prepared, job.chunk)
        finally:
            more_to_encode = any(chunk.num_embeddings for chunk in prepared.chunks[job.chunk + 1 :])
            if more_to_encode:
                self.preprocessor.keep_prepared(job.file.key, prepared)
            else:
                prepared.close()
        if self._checkpoint():
            self._store(job.key, EncodedChunk(prepared.chunks[job.chunk], data))
            self.encoded += 1

    def _store(self, key: tuple[bytes, int], encoded: EncodedChunk) -> None:
        before = self._cache.pop(key, None)
        self._cached_bytes += len(encoded.data) - (len(before.data) if before is not None else 0)
        self._cache[key] = encoded
        while self._cached_bytes > self._cache_bytes and len(self._cache) > 1:
            self._cached_bytes -= len(self._cache.popitem(last=False)[1].data)

    def _checkpoint(self) -> bool:
        return self._task is None or self._task.checkpoint()


class MediaBatch:
    """Computes embeddings of images and audio into the KV cache, one chunk at a time."""

    def __init__(self, context: Context, encoder: Encoder) -> None:
        self._context = context
        self._encoder = encoder
        self._batch = MediaEmbeddingBatch(context.batch_tokens, encoder.projector)

    def compute(self, sequence: Sequence, placeholder: PlaceholderRange, start: int, count: int) -> int:
        """Compute the tokens [start, start + count) of a sequence, all of which belong to `placeholder`.

        Return the index of the logits in the context if the last of them is the sequence's last token, else -1.

        Raises:
            BatchRejected: if the library refused the batch.
        """
        chunk, data = self._encoder.pinned(sequence)
        position = sequence.position(placeholder.start)
        self._batch.fill(data, chunk, start - placeholder.start, count, position, sequence.seq_id)
        index = self._batch.want_logits() if start + count == len(sequence.tokens) else -1
        if not chunk.non_causal:
            self._context.decode(self._batch)
            return index
        set_non_causal(self._context, True)
        try:
            self._context.decode(self._batch)
        finally:
            set_non_causal(self._context, False)
        return index


def max_non_causal_tokens(
    projector: Projector, aspect_ratios: tuple[tuple[int, int], ...] = ((1, 1), (4, 1), (1, 4))
) -> int:
    """Return the most embeddings that must be computed in one batch, for images of some aspect ratios.

    Return 0 for a projector whose embeddings are computed like text, each seeing only those before it.
    """
    most = 0
    if not projector.has_vision:  # no audio encoder needs that
        return most
    for wide, high in aspect_ratios:
        width, height = 512 * wide, 512 * high
        prepared = projector.prepare_image(width, height, bytes(width * height * 3))
        most = max([most, *(chunk.num_embeddings for chunk in prepared.chunks if chunk.non_causal)])
        prepared.close()
        if not any(chunk.non_causal for chunk in prepared.chunks):
            break
    return most


def _log_failure(error: Exception) -> None:
    expected = isinstance(error, BadMedia | ProjectorError | MemoryError)
    log.error("an image or audio file cannot be encoded: %s", error, exc_info=None if expected else error)
