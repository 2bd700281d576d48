"""What a client is told when a model cannot be loaded or a request is refused."""

from collections.abc import Iterable
from pathlib import Path

MAX_MESSAGE = 400
"""Most characters of a reason; it may quote what the client sent, or texts of any length from a file."""


def without_folders(message: str, folders: Iterable[Path]) -> str:
    """Return a message, shortened, without the folders that files lie in: llama.cpp names files with their paths."""
    for folder in folders:
        message = message.replace(f"{folder}/", "")
    return shortened(message)


def shortened(message: str) -> str:
    """Return a message, or the first `MAX_MESSAGE` characters of it."""
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"
