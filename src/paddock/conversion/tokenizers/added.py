"""Tokens added to a vocabulary: special tokens, and strings that are always one token."""

from dataclasses import dataclass
from typing import Any

from paddock.conversion.checkpoint.checkpoint import Checkpoint

_MAX_DIGITS = 20
"""More than any token's number has; Python refuses to convert thousands of digits."""


@dataclass(frozen=True)
class AddedToken:
    """A string that is always one token."""

    text: str
    special: bool
    """Whether it marks something, such as the end of a text, and is no text itself."""


def added_tokens(checkpoint: Checkpoint, tokenizer: dict[str, Any], size: int) -> dict[int, AddedToken]:
    """Return the added tokens with numbers below `size`, from every file that may list them.

    Raises:
        ConversionError: if a file is broken.
    """
    found: dict[int, AddedToken] = {}
    entries = tokenizer.get("added_tokens")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            _add(found, entry.get("id"), entry, size)
    decoder = checkpoint.settings("tokenizer_config.json").get("added_tokens_decoder")
    for number, entry in decoder.items() if isinstance(decoder, dict) else ():
        if isinstance(entry, dict) and number.isdecimal() and len(number) < _MAX_DIGITS:
            _add(found, int(number), entry, size)
    for text, number in checkpoint.settings("added_tokens.json").items():
        special = text.startswith("<|") or text in ("<pad>", "<mask>")
        _add(found, number, {"content": text, "special": special}, size)
    return found


def _add(found: dict[int, AddedToken], number: Any, entry: dict[str, Any], size: int) -> None:
    text = entry.get("content")
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < size and isinstance(text, str):
        found.setdefault(number, AddedToken(text, entry.get("special") is True))
