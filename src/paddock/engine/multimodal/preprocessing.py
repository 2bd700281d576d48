"""Prepare images and audio for prompts: decode files, find how many tokens they take, insert them into the prompt.

A prompt has placeholders for its files, image or audio. A file is identified by its hash. The number of its tokens is
remembered, so a file that was prepared before is not decoded again to count them, and not at all if its cells are still
in the cache.
"""

import hashlib
import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from paddock.engine.binding import LlamaModel
from paddock.engine.binding.mtmd import MediaChunk, PreparedMedia, Projector, ProjectorError
from paddock.engine.config import MediaConfig
from paddock.engine.constraints import BadConstraint, GrammarMatcher
from paddock.engine.multimodal.audio import NOT_NEEDED, BadAudio
from paddock.engine.multimodal.audio import decode as decode_audio
from paddock.engine.multimodal.image import BadImage, Pixels
from paddock.engine.multimodal.image import decode as decode_image
from paddock.engine.ordered_executor import OrderedExecutor, PendingResult, StillNeeded
from paddock.engine.placeholders import PlaceholderRange, Placeholders, placeholder_tokens
from paddock.ipc import Generate, Measure, Placeholder
from paddock.memory import give_back
from paddock.signatures import is_audio

log = logging.getLogger("paddock.engine")

HASH_BYTES = 20


class BadMedia(ValueError):
    """A file of a request cannot be used; the message says which one and why."""


class TooMuchMedia(BadMedia):
    """The files of a request need more tokens than its context has."""


class MediaFile(NamedTuple):
    """An image or audio file as a client sent it, and its hash."""

    key: bytes
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> "MediaFile":
        """Return the file with the bytes `data`."""
        return cls(hashlib.blake2b(data, digest_size=HASH_BYTES).digest(), data)


class ProcessedMedia(NamedTuple):
    """A file and the chunks that it becomes in a prompt."""

    file: MediaFile
    chunks: tuple[MediaChunk, ...]

    @property
    def tokens(self) -> int:
        """Return the number of tokens that the file takes in a prompt."""
        return sum(chunk.num_embeddings or len(chunk.text_tokens) for chunk in self.chunks)

    @property
    def num_embeddings(self) -> int:
        """Return how many of these are embeddings; they stay when the text of a prompt is truncated."""
        return sum(chunk.num_embeddings for chunk in self.chunks)


def referenced_media(placeholders: Iterable[Placeholder]) -> list[int]:
    """Return the indexes of the files that have a placeholder in a prompt, without repeats, in order."""
    return list(dict.fromkeys(placeholder.image for placeholder in placeholders))


def tokenize_with_media(
    model: LlamaModel, before: str, prompt: str, places: Sequence[Placeholder], files: dict[int, ProcessedMedia]
) -> tuple[list[int], Placeholders]:
    """Return the tokens of `before` and `prompt` with `files`, by their indexes, in their places.

    Return where their placeholder tokens are, too.
    """
    ends = [*(place.offset for place in places), len(prompt)]
    pieces = [prompt[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    tokens = model.tokenize(before + pieces[0])
    placeholders: list[PlaceholderRange] = []
    for place, text in zip(places, pieces[1:], strict=True):
        (key, _), chunks = files[place.image]
        for index, chunk in enumerate(chunks):
            if chunk.num_embeddings:
                placeholders.append(
                    PlaceholderRange(
                        len(tokens), chunk.num_embeddings, chunk.num_positions, key, index, chunk.non_causal
                    )
                )
                tokens += placeholder_tokens(key, index, chunk.num_embeddings)
            else:
                tokens += chunk.text_tokens
        tokens += model.tokenize(text, add_special=False) if text else []
    return tokens, Placeholders(placeholders)


class MediaRequest(NamedTuple):
    """A request whose files are to be prepared."""

    request: Generate | Measure
    matcher: GrammarMatcher | BadConstraint | None
    """What its reply must match, if anything, or why that cannot be enforced."""
    images: dict[int, bytes]
    """Its files by their numbers in the prompt."""
    num_ctx: int | None = None
    """Tokens of its context. Preparation stops with `TooMuchMedia` once the files need as many; None: no limit."""


class _PendingFile(NamedTuple):
    """A file that a worker thread prepares again."""

    key: bytes
    pending: PendingResult[None]


class MediaPreprocessor:
    """Prepares images and audio in a worker thread, and remembers what each file becomes in a prompt."""

    def __init__(
        self, projector: Projector, max_image_tokens: int, notify: Callable[[], None], config: MediaConfig
    ) -> None:
        """Shrink images to at most `max_image_tokens` tokens where that helps; call `notify` after each file."""
        self._projector = projector
        self._max_image_tokens = max_image_tokens
        self._config = config
        self._known: OrderedDict[bytes, tuple[MediaChunk, ...]] = OrderedDict()
        self._prepared: OrderedDict[bytes, PreparedMedia] = OrderedDict()
        self._pending_file: _PendingFile | None = None
        self._used_much = False
        """Whether the worker thread has needed so much memory that it should give it back."""
        self._lock = threading.Lock()
        self._executor = OrderedExecutor[MediaRequest, dict[int, ProcessedMedia], BadMedia](
            "media", BadMedia, "an image or a recording cannot be prepared", notify
        )

    def add(self, request: MediaRequest) -> None:
        """Queue the preparation of a request's files."""
        self._executor.add(request, lambda still_needed: self._process_all(request, still_needed))

    def cancel(self, request: int) -> None:
        """Forget the request with this id."""
        self._executor.cancel(lambda media: media.request.id == request)

    def take(self) -> list[tuple[MediaRequest, dict[int, ProcessedMedia] | BadMedia]]:
        """Remove and return the requests that are ready, each with its files by number or with what is wrong."""
        return self._executor.take()

    def take_prepared(self, file: MediaFile) -> PreparedMedia | None:
        """Remove and return a file that is ready to be encoded; give it back with `keep_prepared` or close it.

        If the file had to make room for others, the worker thread prepares it again, one such file at a time. Return
        None until then.

        Raises:
            BadMedia: if the file cannot be prepared.
        """
        again = self._pending_file
        is_done = again is not None and again.key == file.key and again.pending.done
        with self._lock:
            found = self._prepared.pop(file.key, None)
        if again is not None and is_done:
            self._pending_file = None
            again.pending.result()
        elif again is None and found is None:
            pending = self._executor.submit(lambda still_needed: self._prepare_again(file, still_needed))
            self._pending_file = _PendingFile(file.key, pending)
        return found

    @property
    def has_pending_file(self) -> bool:
        """Whether a file is being prepared again, or is and has not been taken."""
        return self._pending_file is not None

    @property
    def is_preparing_again(self) -> bool:
        """Whether the worker thread has yet to finish preparing a file again."""
        return self._pending_file is not None and not self._pending_file.pending.done

    def drop_all_but(self, keys: set[bytes]) -> None:
        """Stop preparing a file again unless its hash is among `keys`."""
        if self._pending_file is not None and self._pending_file.key not in keys:
            self._pending_file.pending.drop()
            self._pending_file = None

    def keep_prepared(self, key: bytes, prepared: PreparedMedia) -> None:
        """Hold a file ready to be encoded until others need its room."""
        with self._lock:
            before = self._prepared.pop(key, None)
            self._prepared[key] = prepared
            evicted = [before] if before is not None else []
            awaited = self._pending_file.key if self._pending_file is not None else None
            while len(self._prepared) > self._config.max_prepared_files:
                oldest = next(other for other in self._prepared if other != awaited)
                evicted.append(self._prepared.pop(oldest))
        for one in evicted:
            one.close()

    def close(self) -> None:
        """End the worker thread and free all files."""
        self.drop_all_but(set())
        self._executor.close()
        for prepared in self._prepared.values():
            prepared.close()
        self._prepared.clear()

    def _process_all(self, request: MediaRequest, still_needed: StillNeeded) -> dict[int, ProcessedMedia]:
        files, limit = request.images, request.num_ctx
        processed: dict[int, ProcessedMedia] = {}
        embeddings = 0
        for number, data in files.items():
            file = MediaFile.of(data)
            try:
                processed[number] = ProcessedMedia(file, self._process(file, still_needed))
            except BadMedia as error:
                what = "recording" if is_audio(data) else "image" if self._projector.has_vision else "file"
                raise BadMedia(f"{what} {number + 1} {error}" if len(files) > 1 else f"the {what} {error}") from None
            embeddings += processed[number].num_embeddings
            if limit is not None and embeddings >= limit:
                raise TooMuchMedia(
                    f"request (at least {embeddings} tokens of images and audio) exceeds the available context size "
                    f"({limit} tokens), try increasing it"
                )
        return processed

    def _process(self, file: MediaFile, still_needed: StillNeeded) -> tuple[MediaChunk, ...]:
        with self._lock:
            chunks = self._known.get(file.key)
            if chunks is not None:
                self._known.move_to_end(file.key)
                return chunks
        prepared = self._prepare(file, still_needed)
        self.keep_prepared(file.key, prepared)
        return prepared.chunks

    def _prepare_again(self, file: MediaFile, still_needed: StillNeeded) -> None:
        self.keep_prepared(file.key, self._prepare(file, still_needed))

    def _prepare(self, file: MediaFile, still_needed: StillNeeded) -> PreparedMedia:
        if not still_needed():
            raise BadMedia(NOT_NEEDED)
        prepared, problem = None, ""
        try:
            if is_audio(file.data):
                prepared = self._prepare_audio(file.data, still_needed)
            else:
                prepared = self._prepare_image(file.data)
        except (BadImage, BadAudio) as error:
            problem = str(error)  # not raised here, where it would hold on to what the decoder has allocated
        if self._used_much:
            self._used_much = False
            give_back()
        if prepared is None:
            raise BadMedia(problem)
        with self._lock:
            self._known[file.key] = prepared.chunks
            while len(self._known) > self._config.max_known_files:
                self._known.popitem(last=False)
        return prepared

    def _prepare_audio(self, data: bytes, still_needed: StillNeeded) -> PreparedMedia:
        if not self._projector.has_audio:
            raise BadAudio("is of no use: this model takes no audio")
        self._used_much = True  # also if it is found to be damaged at its very end
        samples = decode_audio(data, self._projector.sample_rate, still_needed)
        self._used_much = len(samples) > self._config.many_samples
        seconds = len(samples) / self._projector.sample_rate
        try:
            prepared = self._projector.prepare_audio(samples)
        except ProjectorError as error:
            log.error("audio of %.1f seconds: %s", seconds, error)
            raise BadAudio(f"of {seconds:.1f} seconds cannot be prepared for this model") from None
        if any(chunk.num_embeddings > self._config.max_chunk_embeddings for chunk in prepared.chunks):
            prepared.close()
            raise BadAudio(f"of {seconds:.0f} seconds is longer than this model hears at once")
        return prepared

    def _prepare_image(self, data: bytes) -> PreparedMedia:
        if not self._projector.has_vision:
            raise BadImage("is no recording of a known format (WAV, MP3, FLAC or Ogg), and this model takes no images")
        self._used_much = True  # also if it is found to be damaged at its very end
        pixels = decode_image(data)
        self._used_much = pixels.width * pixels.height > self._config.many_pixels
        try:
            return self._fit_image(pixels)
        except ProjectorError as error:
            log.error("an image of %d x %d pixels: %s", pixels.width, pixels.height, error)
            raise BadImage(f"of {pixels.width} x {pixels.height} pixels cannot be prepared for this model") from None

    def _fit_image(self, pixels: Pixels) -> PreparedMedia:
        """Prepare an image, shrunk until it takes few enough embeddings or shrinking does not help any more.

        Some projectors make up to 4,096 embeddings of a photograph, which is all of a usual context.
        """
        prepared = self._projector.prepare_image(pixels.width, pixels.height, pixels.data)
        while prepared.num_embeddings > self._max_image_tokens:
            pixels = pixels.shrunk(0.98 * math.sqrt(self._max_image_tokens / prepared.num_embeddings))
            smaller = self._projector.prepare_image(pixels.width, pixels.height, pixels.data)
            if smaller.num_embeddings >= prepared.num_embeddings:
                smaller.close()
                break
            prepared.close()
            prepared = smaller
        return prepared
