"""Pictures and recordings to embeddings, and embeddings to cells of the cache.

Encoding one takes as long as a long prompt. It is done in slices of time between the steps of those who are being
answered. Embeddings are kept a while: a file whose cells were evicted need not be encoded again.
"""

import logging
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import NamedTuple

from paddock.engine.binding import Context, Model
from paddock.engine.binding.mtmd import (
    MediaChunk,
    MediaEmbeddingBatch,
    PreparedMedia,
    Projector,
    ProjectorError,
    set_non_causal,
)
from paddock.engine.gguf_compat import TranslatedFile
from paddock.engine.multimodal.placeholders import PlaceholderRange
from paddock.engine.multimodal.preprocessing import BadMedia, MediaFile, MediaPreprocessor
from paddock.engine.scheduler.sequence import Sequence
from paddock.engine.scheduler.time_slice import TimeSlicedTask

log = logging.getLogger("paddock.engine")

KEPT_BYTES = 128 << 20
"""Of embeddings: a dozen pictures of a 7B model."""


class EncodeRequest(NamedTuple):
    """A part of a picture or a recording that a sequence needs next."""

    sequence: int
    file: MediaFile
    chunk: int

    @property
    def key(self) -> tuple[bytes, int]:
        """What it is known by."""
        return self.file.key, self.chunk


class EncodedChunk(NamedTuple):
    """The embeddings of a part."""

    chunk: MediaChunk
    data: bytearray


class Encoder:
    """Encodes one part of a picture or a recording at a time and keeps embeddings."""

    def __init__(
        self,
        model: Model,
        path: str,
        *,
        threads: int,
        gpu: bool,
        max_image_tokens: int,
        shown: TranslatedFile | None = None,
    ) -> None:
        """Load the projector at `path`, or what is `shown` of it; pictures are to take no more than `max_image_tokens`.

        Raises:
            LoadError: if that cannot be done.
        """
        between = None if gpu else self._checkpoint
        self.projector = Projector(path, model, threads=threads, gpu=gpu, between=between, shown=shown)
        self.preprocessor = MediaPreprocessor(self.projector, max_image_tokens)
        self.size = shown.size if shown is not None else Path(path).stat().st_size
        """Bytes of the file."""
        self.encoded = 0
        """Parts that have been encoded."""
        self._task: TimeSlicedTask | None = None
        self._job: EncodeRequest | None = None
        self._kept: OrderedDict[tuple[bytes, int], EncodedChunk] = OrderedDict()
        self._bytes = 0
        self._pinned: dict[int, tuple[tuple[bytes, int], EncodedChunk]] = {}
        """What sequences need next: it stays for them, whatever is encoded meanwhile."""

    def pin(self, sequence: Sequence, placeholder: PlaceholderRange) -> bool:
        """See that the embeddings of `placeholder` stay until `sequence` needs others; False if they are not there."""
        key = placeholder.file, placeholder.chunk
        held = self._pinned.get(sequence.id)
        if held is not None and held[0] == key:
            return True
        found = self._kept.get(key)
        if found is None:
            return False
        self._kept.move_to_end(key)
        self._pinned[sequence.id] = key, found
        return True

    def pinned(self, sequence: Sequence) -> EncodedChunk:
        """Return the embeddings that a sequence needs next."""
        return self._pinned[sequence.id][1]

    def unpin(self, sequence: int) -> None:
        """A sequence needs nothing any more."""
        self._pinned.pop(sequence, None)

    @property
    def busy(self) -> bool:
        """Whether something has been begun."""
        return self._task is not None or self.preprocessor.prepares_again

    def run(self, wanted: list[EncodeRequest], seconds: float) -> EncodeRequest | None:
        """Encode for about `seconds` what is wanted, in that order as it is ready; return what cannot be encoded.

        What has been begun goes on if it is still wanted, by whomever, and is dropped if not.
        """
        if self._job is not None and all(self._job.key != one.key for one in wanted):
            self._stop_job()
        self.preprocessor.give_up_but({one.file.key for one in wanted})
        if self._task is None:
            bad = self._begin(wanted)
            if bad is not None:
                return bad
        task, job = self._task, self._job
        if task is None or job is None:
            return None
        try:
            task.run(seconds)
        except Exception as error:  # one request's file must not end the runner for all
            _log_failure(error)
            self._task = self._job = None
            return next(one for one in wanted if one.key == job.key)
        if task.done:
            self._task = self._job = None
        return None

    def wait(self) -> None:
        """Sleep a moment, if there is nothing to do but to wait for a file that is prepared again."""
        if self._task is None:
            self.preprocessor.wait()

    def stop(self) -> None:
        """Drop what has been begun."""
        self._stop_job()
        self.preprocessor.give_up_but(set())

    def close(self) -> None:
        """Give all memory back."""
        self.stop()
        self.preprocessor.close()
        self.projector.close()

    def _begin(self, wanted: list[EncodeRequest]) -> EncodeRequest | None:
        """Begin with the first that is ready, if one is; return what cannot be made ready."""
        for one in wanted:
            try:
                prepared = self.preprocessor.prepared(one.file)
            except Exception as error:  # as in `run`
                _log_failure(error)
                return one
            if prepared is not None:
                self._job, self._task = one, TimeSlicedTask(partial(self._encode, one, prepared))
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
            later = any(chunk.num_embeddings for chunk in prepared.chunks[job.chunk + 1 :])
            if later:
                self.preprocessor.keep(job.file.key, prepared)
            else:
                prepared.close()
        if self._checkpoint():
            self._keep(job.key, EncodedChunk(prepared.chunks[job.chunk], data))
            self.encoded += 1

    def _keep(self, key: tuple[bytes, int], encoded: EncodedChunk) -> None:
        before = self._kept.pop(key, None)
        self._bytes += len(encoded.data) - (len(before.data) if before is not None else 0)
        self._kept[key] = encoded
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            self._bytes -= len(self._kept.popitem(last=False)[1].data)

    def _checkpoint(self) -> bool:
        return self._task is None or self._task.checkpoint()


class MediaBatch:
    """Computes the cells of pictures and recordings in a context, one part at a time."""

    def __init__(self, context: Context, encoder: Encoder) -> None:
        self._context = context
        self._encoder = encoder
        self._batch = MediaEmbeddingBatch(context.batch_tokens, encoder.projector)

    def compute(self, sequence: Sequence, placeholder: PlaceholderRange, start: int, count: int) -> int:
        """Compute the tokens [start, start + count) of a sequence, all of `placeholder`.

        Return the index by which the context has logits, if the last of them is the sequence's last token; else -1.

        Raises:
            BatchRejected: if the library did not take it.
        """
        chunk, data = self._encoder.pinned(sequence)
        position = sequence.placeholders.position(placeholder.start)
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


def _log_failure(error: Exception) -> None:
    expected = isinstance(error, BadMedia | ProjectorError | MemoryError)
    log.error("an image or a recording cannot be encoded: %s", error, exc_info=None if expected else error)


def max_non_causal_tokens(projector: Projector, shapes: tuple[tuple[int, int], ...] = ((1, 1), (4, 1), (1, 4))) -> int:
    """Return how many embeddings have to be computed in one batch, of pictures of some shapes; 0 if they need not."""
    most = 0
    if not projector.has_vision:  # no encoder of recordings has that
        return most
    for wide, high in shapes:
        width, height = 512 * wide, 512 * high
        prepared = projector.prepare_image(width, height, bytes(width * height * 3))
        most = max([most, *(chunk.num_embeddings for chunk in prepared.chunks if chunk.non_causal)])
        prepared.close()
        if not any(chunk.non_causal for chunk in prepared.chunks):
            break
    return most
