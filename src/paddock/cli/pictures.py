"""Pictures that a prompt names by their paths: they are taken out of the text and sent beside it."""

import base64
import re
import sys
from pathlib import Path
from typing import Any

from paddock.cli.errors import CommandError

LARGEST = 100 << 20
"""Bytes of a picture, as with Ollama's command line."""

_KINDS = r"\.(?:jpe?g|png|webp|bmp|gif)"
_BEGINNING = r"(?:[A-Za-z]:)?(?:\.{0,2}|~)[/\\]"
_PATH = re.compile(
    rf"""(?P<quote>["'])(?P<quoted>{_BEGINNING}(?:(?!(?P=quote)).)+?{_KINDS})(?P=quote)"""
    rf"""|(?<!\S)(?P<bare>{_BEGINNING}(?:\\.|[^\s\\])*?{_KINDS})(?![\w.])""",
    re.IGNORECASE,
)
"""A path that begins with a slash, `./`, `../` or `~/`: in quotes, or with a backslash in front of its spaces."""


def sees(info: dict[str, Any]) -> bool:
    """Return whether a model takes pictures, by what the server shows of it."""
    return "vision" in (info.get("capabilities") or [])


def begins_with_picture(line: str) -> bool:
    """Return whether a line begins with the path of a picture that is there, and so is no command."""
    found = _PATH.match(line)
    return found is not None and _path(found).is_file()


def taken_out(prompt: str) -> tuple[str, list[str]]:
    """Return a prompt without the paths of pictures in it, and the pictures in base64; says which on standard error.

    Paths of what is not there stay in the text.

    Raises:
        CommandError: if a picture cannot be read, or is larger than 100 MB.
    """
    pictures: list[str] = []

    def take(found: re.Match[str]) -> str:
        path = _path(found)
        if not path.is_file():
            return found[0]
        pictures.append(_read(path))
        print(f"Added image '{path}'", file=sys.stderr)
        return ""

    text = _PATH.sub(take, prompt)
    return (text.strip() if pictures else prompt), pictures


def _path(found: re.Match[str]) -> Path:
    written = found["quoted"] or re.sub(r"\\(\W)", r"\1", found["bare"])
    return Path(written).expanduser()


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path} is larger than 100 MB")
        return base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
