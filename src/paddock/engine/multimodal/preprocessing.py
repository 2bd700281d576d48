"""Pictures and recordings on their way into prompts: which a prompt names, and what they look like as tokens.

A prompt has placeholders for the files that came with it, whatever is in them. A file is known by its hash: one that
has been seen needs no decoding to know how many cells it takes, and if its cells are in the cache, none at all.
"""

import hashlib
import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from paddock.engine.binding import Model
from paddock.engine.binding.mtmd import MediaChunk, PreparedMedia, Projector, ProjectorError
from paddock.engine.constraints import BadConstraint, GrammarMatcher
from paddock.engine.multimodal.audio import UNWANTED, BadAudio
from paddock.engine.multimodal.audio import decode as decode_audio
from paddock.engine.multimodal.image import BadImage, Pixels
from paddock.engine.multimodal.image import decode as decode_image
from paddock.engine.multimodal.placeholders import PlaceholderRange, Placeholders, placeholder_tokens
from paddock.engine.ordered_executor import OrderedExecutor, PendingResult, StillNeeded
from paddock.ipc import Generate, Measure, Placeholder
from paddock.signatures import is_audio

log = logging.getLogger("paddock.engine")

HASH_BYTES = 20

KNOWN = 512
"""Files whose parts are remembered, with no more than the places of their embeddings."""

PREPARED = 4
"""Files that are held ready to be encoded. Others have to be decoded again when their turn comes."""

MAX_CHUNK_EMBEDDINGS = 4096
"""Cells. Some encoders hear a whole recording at once: their memory grows with its square, to half a GB here."""


class BadMedia(ValueError):
    """A file that came with a request cannot be used; the message says which, and why."""


class TooMuchMedia(BadMedia):
    """The files of a request fill more than its context."""


class MediaFile(NamedTuple):
    """A picture or a recording, as a client sent it, and the hash of that."""

    key: bytes
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> "MediaFile":
        """Return the file that holds `data`."""
        return cls(hashlib.blake2b(data, digest_size=HASH_BYTES).digest(), data)


class ProcessedMedia(NamedTuple):
    """A file that has been looked at, and its parts in their order."""

    file: MediaFile
    chunks: tuple[MediaChunk, ...]

    @property
    def tokens(self) -> int:
        """How many tokens it is in a prompt."""
        return sum(chunk.num_embeddings or len(chunk.text_tokens) for chunk in self.chunks)

    @property
    def num_embeddings(self) -> int:
        """How many of these are embeddings: they stay when the text of a prompt is cut."""
        return sum(chunk.num_embeddings for chunk in self.chunks)


def referenced_media(placeholders: Iterable[Placeholder]) -> list[int]:
    """Return the indexes of the files that have a place in a prompt, each once, in the order of their places."""
    return list(dict.fromkeys(placeholder.image for placeholder in placeholders))


def tokenize_with_media(
    model: Model, before: str, prompt: str, places: Sequence[Placeholder], files: dict[int, ProcessedMedia]
) -> tuple[list[int], Placeholders]:
    """Return the tokens of `before` and `prompt`, with those of `files`, by their indexes, at their places."""
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
    """A request whose files are looked at."""

    request: Generate | Measure
    matcher: GrammarMatcher | BadConstraint | None
    """What its reply is held to."""
    images: dict[int, bytes]
    """Its files, by their numbers in the prompt."""
    num_ctx: int | None = None
    """Tokens of its context: from so many embeddings on, no further file is looked at. None: all are."""


class Again(NamedTuple):
    """A file that is prepared a second time."""

    key: bytes
    making: PendingResult[None]


class MediaPreprocessor:
    """Looks at pictures, and into recordings, in a thread of its own; remembers what they look like as tokens."""

    def __init__(self, projector: Projector, max_image_tokens: int) -> None:
        """Make pictures smaller that would take more than `max_image_tokens`, if that makes them take less."""
        self._projector = projector
        self._max_image_tokens = max_image_tokens
        self._known: OrderedDict[bytes, tuple[MediaChunk, ...]] = OrderedDict()
        self._prepared: OrderedDict[bytes, PreparedMedia] = OrderedDict()
        self._again: Again | None = None
        self._lock = threading.Lock()
        self._coming = OrderedExecutor[MediaRequest, dict[int, ProcessedMedia], BadMedia](
            "media", BadMedia, "an image or a recording cannot be prepared"
        )

    @property
    def busy(self) -> bool:
        """Whether a request waits for its files to be looked at."""
        return self._coming.busy

    def add(self, viewing: MediaRequest) -> None:
        """Begin to look at the files of a request."""
        self._coming.add(viewing, lambda wanted: self._look_at_all(viewing, wanted))

    def cancel(self, request: int) -> None:
        """Forget a request."""
        self._coming.cancel(lambda viewing: viewing.request.id == request)

    def take(self, *, sleep: bool) -> list[tuple[MediaRequest, dict[int, ProcessedMedia] | BadMedia]]:
        """Return the requests that are done, each with its files by their numbers, or what is wrong with one.

        If there is none, `sleep` a moment.
        """
        return self._coming.take(sleep=sleep)

    def prepared(self, file: MediaFile) -> PreparedMedia | None:
        """Take a file out, ready to be encoded; give it back with `keep` or close it.

        If it had to make room for others, the thread prepares it again, one such file at a time: None until then.

        Raises:
            BadMedia: if that cannot be done.
        """
        again = self._again
        is_made = again is not None and again.key == file.key and again.making.done
        with self._lock:
            found = self._prepared.pop(file.key, None)
        if again is not None and is_made:
            self._again = None
            again.making.result()
        elif again is None and found is None:
            self._again = Again(file.key, self._coming.begin(lambda wanted: self._prepare_again(file, wanted)))
        return found

    @property
    def prepares_again(self) -> bool:
        """Whether a file is prepared again."""
        return self._again is not None

    def wait(self) -> None:
        """Sleep a moment, if a file is prepared again and not done."""
        if self._again is not None:
            self._again.making.wait()

    def give_up_but(self, keys: set[bytes]) -> None:
        """Say that no other files than these need be prepared again any more."""
        if self._again is not None and self._again.key not in keys:
            self._again.making.drop()
            self._again = None

    def keep(self, key: bytes, prepared: PreparedMedia) -> None:
        """Hold a file ready to be encoded, as long as there is room for it."""
        with self._lock:
            before = self._prepared.pop(key, None)
            self._prepared[key] = prepared
            leaving = [before] if before is not None else []
            awaited = self._again.key if self._again is not None else None
            while len(self._prepared) > PREPARED:
                oldest = next(other for other in self._prepared if other != awaited)
                leaving.append(self._prepared.pop(oldest))
        for left in leaving:
            left.close()

    def close(self) -> None:
        """End the thread and forget everything."""
        self.give_up_but(set())
        self._coming.close()
        for prepared in self._prepared.values():
            prepared.close()
        self._prepared.clear()

    def _look_at_all(self, viewing: MediaRequest, wanted: StillNeeded) -> dict[int, ProcessedMedia]:
        files, most = viewing.images, viewing.num_ctx
        found: dict[int, ProcessedMedia] = {}
        cells = 0
        for number, data in files.items():
            file = MediaFile.of(data)
            try:
                found[number] = ProcessedMedia(file, self._look_at(file, wanted))
            except BadMedia as error:
                what = "recording" if is_audio(data) else "image" if self._projector.has_vision else "file"
                raise BadMedia(f"{what} {number + 1} {error}" if len(files) > 1 else f"the {what} {error}") from None
            cells += found[number].num_embeddings
            if most is not None and cells >= most:
                raise TooMuchMedia(
                    f"request (at least {cells} tokens of images and audio) exceeds the available context size "
                    f"({most} tokens), try increasing it"
                )
        return found

    def _look_at(self, file: MediaFile, wanted: StillNeeded) -> tuple[MediaChunk, ...]:
        with self._lock:
            chunks = self._known.get(file.key)
            if chunks is not None:
                self._known.move_to_end(file.key)
                return chunks
        prepared = self._prepare(file, wanted)
        self.keep(file.key, prepared)
        return prepared.chunks

    def _prepare_again(self, file: MediaFile, wanted: StillNeeded) -> None:
        self.keep(file.key, self._prepare(file, wanted))

    def _prepare(self, file: MediaFile, wanted: StillNeeded) -> PreparedMedia:
        if not wanted():
            raise BadMedia(UNWANTED)
        try:
            prepared = self._heard(file.data, wanted) if is_audio(file.data) else self._pictured(file.data)
        except (BadImage, BadAudio) as error:
            raise BadMedia(str(error)) from None
        with self._lock:
            self._known[file.key] = prepared.chunks
            while len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return prepared

    def _heard(self, data: bytes, wanted: StillNeeded) -> PreparedMedia:
        if not self._projector.has_audio:
            raise BadAudio("is of no use: this model takes no audio")
        samples = decode_audio(data, self._projector.sample_rate, wanted)
        seconds = len(samples) / self._projector.sample_rate
        try:
            prepared = self._projector.prepare_audio(samples)
        except ProjectorError as error:
            log.error("a recording of %.1f seconds: %s", seconds, error)
            raise BadAudio(f"of {seconds:.1f} seconds cannot be prepared for this model") from None
        if any(chunk.num_embeddings > MAX_CHUNK_EMBEDDINGS for chunk in prepared.chunks):
            prepared.close()
            raise BadAudio(f"of {seconds:.0f} seconds is longer than this model hears at once")
        return prepared

    def _pictured(self, data: bytes) -> PreparedMedia:
        if not self._projector.has_vision:
            raise BadImage("is no recording of a known format (WAV, MP3, FLAC or Ogg), and this model takes no images")
        pixels = decode_image(data)
        try:
            return self._fitting(pixels)
        except ProjectorError as error:
            log.error("an image of %d x %d pixels: %s", pixels.width, pixels.height, error)
            raise BadImage(f"of {pixels.width} x {pixels.height} pixels cannot be prepared for this model") from None

    def _fitting(self, pixels: Pixels) -> PreparedMedia:
        """Prepare a picture, made smaller until it takes few enough cells or not less any more.

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
