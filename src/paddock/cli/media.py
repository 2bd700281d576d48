"""Pictures and recordings that a prompt names by their paths: they are taken out of the text and sent beside it."""

import base64
import re
import sys
from pathlib import Path
from typing import Any

from paddock.cli.errors import CommandError

LARGEST = 100 << 20
"""Bytes of a file, as with Ollama's command line."""

_PICTURES, _RECORDINGS = r"jpe?g|png|webp|bmp|gif", r"wav|mp3|flac|ogg"
_KINDS = rf"\.(?:{_PICTURES}|{_RECORDINGS})"
_BEGINNING = r"(?:[A-Za-z]:)?(?:\.{0,2}|~)[/\\]"
_PATH = re.compile(
    rf"""(?P<quote>["'])(?P<quoted>{_BEGINNING}(?:(?!(?P=quote)).)+?{_KINDS})(?P=quote)"""
    rf"""|(?<!\S)(?P<bare>{_BEGINNING}(?:\\.|[^\s\\])*?{_KINDS})(?![\w.])""",
    re.IGNORECASE,
)
"""A path that begins with a slash, `./`, `../` or `~/`: in quotes, or with a backslash in front of its spaces."""


_RECORDING = re.compile(rf"\.(?:{_RECORDINGS})\Z", re.IGNORECASE)


def begins_with_file(line: str, info: dict[str, Any]) -> bool:
    """Return whether a line begins with the path of a file that is there and the model takes, and so is no command."""
    found = _PATH.match(line)
    return found is not None and _is_taken(_path(found), info)


def taken_out(prompt: str, info: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a prompt without the paths of pictures and recordings in it, and these in base64.

    `info` is what the server shows of the model. Which files were found, standard error says; paths of what is not
    there, or of a kind that the model does not take, stay in the text.

    Raises:
        CommandError: if a file cannot be read, or is larger than 100 MB.
    """
    files: list[str] = []

    def take(found: re.Match[str]) -> str:
        path = _path(found)
        if not _is_taken(path, info):
            return found[0]
        files.append(_read(path))
        print(f"Added {'audio' if _is_audio(path) else 'image'} '{path}'", file=sys.stderr)
        return ""

    text = _PATH.sub(take, prompt)
    return (text.strip() if files else prompt), files


def _is_taken(path: Path, info: dict[str, Any]) -> bool:
    wanted = "audio" if _is_audio(path) else "vision"
    return wanted in (info.get("capabilities") or []) and path.is_file()


def _is_audio(path: Path) -> bool:
    return _RECORDING.search(path.name) is not None


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
