"""Placeholders: where images and audio belong in a prompt."""

from collections.abc import Sequence

import msgspec


class Placeholder(msgspec.Struct, frozen=True, array_like=True):
    """The place of an image or audio file in a prompt's text.

    The prompt itself has no text for it: tokens of the file come between the tokens of the text on both sides, each of
    which is tokenized on its own.
    """

    offset: int
    """Number of characters (Unicode code points) of the prompt that come before the file."""
    image: int
    """Index of the file among the request's `images`. A file may be placed several times, or nowhere."""


class BadPlaceholder(ValueError):
    """A placeholder is out of order, or outside the prompt or the images."""


def check_placeholders(placeholders: Sequence[Placeholder], prompt_length: int, images: int) -> None:
    """Check that placeholders are in the order of their offsets, within the prompt, and of files that are there.

    Raises:
        BadPlaceholder: if not; the message names the placeholder.
    """
    last = 0
    for placeholder in placeholders:
        if not last <= placeholder.offset <= prompt_length or not 0 <= placeholder.image < images:
            raise BadPlaceholder(f"{placeholder} in a prompt of {prompt_length} characters with {images} images")
        last = placeholder.offset
