"""Pictures on their way into prompts: which a prompt names, and what they look like as tokens.

A prompt names its pictures by marks, `[img-0]` for the first that came with it. A picture is known by the hash of its
file: one that has been seen needs no decoding to know how many cells it takes, and if its cells are in the cache, none
at all.
"""

import hashlib
import logging
import math
import re
import threading
from collections import OrderedDict
from typing import NamedTuple

from paddock.engine.binding import Model
from paddock.engine.binding.mtmd import Part, Prepared, Projector, ProjectorError
from paddock.engine.constraints import BadConstraint, Constraint
from paddock.engine.imaging import BadPicture, Pixels, decode
from paddock.engine.preparation import Preparation
from paddock.engine.spans import Span, Spans, cell_numbers
from paddock.ipc import Generate, Measure

log = logging.getLogger("paddock.engine")

MARK = re.compile(r"\[img-(\d{1,6})\]")

HASH_BYTES = 20

KNOWN = 512
"""Pictures whose parts are remembered, with no more than the places of their embeddings."""

PREPARED = 4
"""Pictures that are held ready to be encoded. Others have to be decoded again when their turn comes."""


class Picture(NamedTuple):
    """A picture's file, as a client sent it, and the hash of that."""

    key: bytes
    data: bytes


class Seen(NamedTuple):
    """A picture that has been looked at, and its parts in their order."""

    picture: Picture
    parts: tuple[Part, ...]

    @property
    def tokens(self) -> int:
        """How many tokens it is in a prompt."""
        return sum(part.cells or len(part.tokens) for part in self.parts)


def named_pictures(prompt: str, count: int) -> list[int]:
    """Return the numbers of the pictures that a prompt names, of `count`, each once, in the order of their marks."""
    numbers = (int(mark[1]) for mark in MARK.finditer(prompt))
    return list(dict.fromkeys(number for number in numbers if number < count))


def with_pictures(model: Model, before: str, prompt: str, pictures: dict[int, Seen]) -> tuple[list[int], Spans]:
    """Return the tokens of `before` and `prompt`, in which pictures, by their numbers, stand in place of their marks.

    A mark of another number is text.
    """
    pieces, marked, end = [], [], 0
    for mark in MARK.finditer(prompt):
        if int(mark[1]) in pictures:
            pieces.append(prompt[end : mark.start()])
            marked.append(int(mark[1]))
            end = mark.end()
    pieces.append(prompt[end:])
    tokens = model.tokenize(before + pieces[0])
    spans: list[Span] = []
    for number, text in zip(marked, pieces[1:], strict=True):
        (key, _), parts = pictures[number]
        for index, part in enumerate(parts):
            if part.cells:
                spans.append(Span(len(tokens), part.cells, part.positions, key, index, part.at_once))
                tokens += cell_numbers(key, index, part.cells)
            else:
                tokens += part.tokens
        tokens += model.tokenize(text, add_special=False) if text else []
    return tokens, Spans(spans)


class Viewing(NamedTuple):
    """A request whose pictures are looked at."""

    request: Generate | Measure
    rules: Constraint | BadConstraint | None
    """What its reply is held to."""
    images: dict[int, bytes]
    """The files of its pictures, by their numbers in the prompt."""


class Gallery:
    """Looks at pictures in a thread of its own; remembers what they look like as tokens."""

    def __init__(self, projector: Projector, most_cells: int) -> None:
        """Make pictures smaller that would take more than `most_cells`, if that makes them take less."""
        self._projector = projector
        self._most_cells = most_cells
        self._known: OrderedDict[bytes, tuple[Part, ...]] = OrderedDict()
        self._prepared: OrderedDict[bytes, Prepared] = OrderedDict()
        self._lock = threading.Lock()
        self._coming = Preparation[Viewing, dict[int, Seen], BadPicture](
            "pictures", BadPicture, "an image cannot be prepared"
        )

    @property
    def busy(self) -> bool:
        """Whether a request waits for its pictures to be looked at."""
        return self._coming.busy

    def add(self, viewing: Viewing) -> None:
        """Begin to look at the pictures of a request."""
        self._coming.add(viewing, lambda: self._look_at_all(viewing.images))

    def cancel(self, request: int) -> None:
        """Forget a request."""
        self._coming.cancel(lambda viewing: viewing.request.id == request)

    def take(self, *, sleep: bool) -> list[tuple[Viewing, dict[int, Seen] | BadPicture]]:
        """Return the requests that are done, each with its pictures by their numbers, or what is wrong with one.

        If there is none, `sleep` a moment.
        """
        return self._coming.take(sleep=sleep)

    def prepared(self, picture: Picture) -> Prepared:
        """Take a picture out, ready to be encoded; give it back with `keep` or close it.

        Raises:
            BadPicture, ProjectorError: if it cannot be prepared.
        """
        with self._lock:
            found = self._prepared.pop(picture.key, None)
        if found is None:
            found = self._prepare(picture)
        return found

    def keep(self, key: bytes, prepared: Prepared) -> None:
        """Hold a picture ready to be encoded, as long as there is room for it."""
        with self._lock:
            before = self._prepared.pop(key, None)
            self._prepared[key] = prepared
            leaving = [before] if before is not None else []
            while len(self._prepared) > PREPARED:
                leaving.append(self._prepared.popitem(last=False)[1])
        for left in leaving:
            left.close()

    def close(self) -> None:
        """End the thread and forget everything."""
        self._coming.close()
        for prepared in self._prepared.values():
            prepared.close()
        self._prepared.clear()

    def _look_at_all(self, images: dict[int, bytes]) -> dict[int, Seen]:
        found = {}
        for number, data in images.items():
            picture = Picture(hashlib.blake2b(data, digest_size=HASH_BYTES).digest(), data)
            try:
                found[number] = Seen(picture, self._look_at(picture))
            except BadPicture as error:
                raise BadPicture(f"image {number + 1} {error}" if len(images) > 1 else f"the image {error}") from None
        return found

    def _look_at(self, picture: Picture) -> tuple[Part, ...]:
        with self._lock:
            parts = self._known.get(picture.key)
            if parts is not None:
                self._known.move_to_end(picture.key)
                return parts
        prepared = self._prepare(picture)
        self.keep(picture.key, prepared)
        return prepared.parts

    def _prepare(self, picture: Picture) -> Prepared:
        pixels = decode(picture.data)
        try:
            prepared = self._fitting(pixels)
        except ProjectorError as error:
            log.error("an image of %d x %d pixels: %s", pixels.width, pixels.height, error)
            raise BadPicture(f"of {pixels.width} x {pixels.height} pixels cannot be prepared for this model") from None
        with self._lock:
            self._known[picture.key] = prepared.parts
            while len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return prepared

    def _fitting(self, pixels: Pixels) -> Prepared:
        """Prepare a picture, made smaller until it takes few enough cells or not less any more.

        Some projectors make up to 4,096 embeddings of a photograph, which is all of a usual context.
        """
        prepared = self._projector.prepare(pixels.width, pixels.height, pixels.data)
        while prepared.cells > self._most_cells:
            pixels = pixels.shrunk(0.98 * math.sqrt(self._most_cells / prepared.cells))
            smaller = self._projector.prepare(pixels.width, pixels.height, pixels.data)
            if smaller.cells >= prepared.cells:
                smaller.close()
                break
            prepared.close()
            prepared = smaller
        return prepared
