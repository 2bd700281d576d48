"""Placeholders: `[img-0]`, `[img-1]` … where images and audio belong in a prompt, in the order of the files.

Templates see them as text, and clients may write them in a raw prompt. `split_placeholders` takes them out of a
finished prompt; nothing after it knows their text.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from paddock.ipc import Placeholder
from paddock.templates.message import Message

_PLACEHOLDER = re.compile(r"\[img-(\d{1,6})\]")
_UNNUMBERED = "[img]"
"""What a client may write where an image belongs; it need not count."""


def has_placeholders(text: str) -> bool:
    """Return whether a client has placed images in `text` by itself."""
    return "[img-" in text


def place_images(text: str, first: int, count: int) -> tuple[str, str]:
    """Place the images `first` to `first + count - 1` of a conversation in a message's text.

    Each takes the place of the next `[img]`. Returns the placeholders of those without one, which belong before the
    text, and the text.
    """
    beginning, *pieces = text.split(_UNNUMBERED, count)
    numbers = iter(range(first, first + count))
    text = beginning + "".join([f"[img-{number}]{piece}" for piece, number in zip(pieces, numbers, strict=False)])
    return "".join([f"[img-{number}]" for number in numbers]), text


def with_placeholders(messages: Iterable[Message]) -> list[Message]:
    """Return `messages` with placeholders in their texts for the images of the conversation."""
    placed: list[Message] = []
    number = 0
    for message in messages:
        if message.images:
            before, text = place_images(message.content, number, len(message.images))
            number += len(message.images)
            message = replace(message, content=before + text)
        placed.append(message)
    return placed


def split_placeholders(prompt: str, count: int) -> tuple[str, tuple[Placeholder, ...]]:
    """Take the placeholders of `count` images out of a prompt; return the text that is left, and where they stood.

    A placeholder of any other number is text, and an image may have several.
    """
    pieces: list[str] = []
    placeholders: list[Placeholder] = []
    length = end = 0
    for found in _PLACEHOLDER.finditer(prompt) if count else ():
        image = int(found[1])
        if image < count:
            pieces.append(prompt[end : found.start()])
            length += found.start() - end
            placeholders.append(Placeholder(length, image))
            end = found.end()
    return "".join([*pieces, prompt[end:]]), tuple(placeholders)
