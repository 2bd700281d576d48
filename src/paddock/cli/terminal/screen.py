"""What the terminal is like: whether there is one, how wide it is, how wide a character stands in it."""

import os
import sys
import unicodedata
from typing import TextIO

_FALLBACK_WIDTH = 80


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at (or types into) `stream`. A closed or missing one has nobody."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def terminal_width(stream: TextIO) -> int:
    """Columns of the terminal behind `stream`, 80 where it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _FALLBACK_WIDTH
    except (OSError, ValueError):
        return _FALLBACK_WIDTH


def char_width(char: str) -> int:
    """Columns that one character takes: 2 for wide ones (CJK, emoji), 0 for combining and control characters."""
    if " " <= char <= "~":
        return 1
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc") else 1


def text_width(text: str) -> int:
    """Columns that a text without line breaks takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(char_width, text))


def use_utf8() -> None:
    """Write UTF-8 whatever the locale says, and never fail for a character: model text has all of them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def clean_text(text: str) -> str:
    """Replace what is no valid Unicode (bytes of an argument that were no UTF-8) by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
