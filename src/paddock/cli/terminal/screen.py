"""Properties of a terminal: whether there is one, its width, the width of characters in it, its encoding."""

import os
import sys
import unicodedata
from typing import TextIO

_FALLBACK_WIDTH = 80


def is_terminal(stream: TextIO) -> bool:
    """Return whether `stream` is a terminal; False if it is closed or missing."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def terminal_width(stream: TextIO) -> int:
    """Return the number of columns of the terminal behind `stream`, or 80 if it is unknown."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _FALLBACK_WIDTH
    except (OSError, ValueError):
        return _FALLBACK_WIDTH


def char_width(char: str) -> int:
    """Return the columns of a character: 2 for wide ones (CJK, emoji), 0 for combining and control characters."""
    if " " <= char <= "~":
        return 1
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc") else 1


def text_width(text: str) -> int:
    """Return the columns that a text without line breaks takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(char_width, text))


def use_utf8() -> None:
    """Make standard output and error write UTF-8 in any locale, and replace what cannot be encoded."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def clean_text(text: str) -> str:
    """Replace bytes of an argument that are not UTF-8, which Python reads as lone surrogates, by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
