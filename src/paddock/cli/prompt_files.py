"""Images and audio files that a prompt names by path: they leave the text and are sent in the `images` field."""

import base64
import os
import re
import sys
from pathlib import Path
from typing import Any

from paddock.cli.errors import CommandError

MAX_FILE_BYTES = 100 << 20
"""Largest file that is sent; the limit of Ollama's command line."""

_IMAGE_TYPES, _AUDIO_TYPES = r"jpe?g|png|webp|bmp|gif", r"wav|mp3|flac|ogg"
_SUFFIX = rf"\.(?:{_IMAGE_TYPES}|{_AUDIO_TYPES})"
_START = r"(?:[A-Za-z]:)?(?:\.{0,2}|~)[/\\]"
_PATH = re.compile(
    rf"""(?P<quote>["'])(?P<quoted>{_START}(?:(?!(?P=quote)).)+?{_SUFFIX})(?P=quote)"""
    rf"""|(?<!\S)(?P<bare>{_START}(?:\\.|[^\s\\])*?{_SUFFIX})(?![\w.])""",
    re.IGNORECASE,
)
"""A path that starts with `/`, `./`, `../` or `~/`, either in quotes or with its spaces escaped by backslashes."""

_AUDIO_SUFFIX = re.compile(rf"\.(?:{_AUDIO_TYPES})\Z", re.IGNORECASE)


def starts_with_file(line: str, info: dict[str, Any]) -> bool:
    """Return whether `line` starts with the path of a file that can be sent, so that it is not a slash command."""
    match = _PATH.match(line)
    return match is not None and _is_accepted(_path(match), info)


def extract_files(prompt: str, info: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the prompt without the paths of images and audio files, and the contents of these files in base64.

    `info` is the answer of `/api/show`. Each file that is found is reported on standard error. A path stays in the
    text if no file is there or the model does not take files of its kind.

    Raises:
        CommandError: if a file cannot be read, or is larger than 100 MB.
    """
    files: list[str] = []

    def extract(match: re.Match[str]) -> str:
        path = _path(match)
        if not _is_accepted(path, info):
            return match[0]
        files.append(_read(path))
        print(f"Added {'audio' if _is_audio(path) else 'image'} '{path}'", file=sys.stderr)
        return ""

    text = _PATH.sub(extract, prompt)
    return (text.strip() if files else prompt), files


def _is_accepted(path: Path, info: dict[str, Any]) -> bool:
    capability = "audio" if _is_audio(path) else "vision"
    return capability in (info.get("capabilities") or []) and os.path.isfile(path)  # noqa: PTH113 (`is_file` raises if the path is too long)


def _is_audio(path: Path) -> bool:
    return _AUDIO_SUFFIX.search(path.name) is not None


def _path(match: re.Match[str]) -> Path:
    text = match["quoted"] or re.sub(r"\\(\W)", r"\1", match["bare"])
    return Path(text).expanduser()


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CommandError(f"{path} is larger than 100 MB")
        return base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
