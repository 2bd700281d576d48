"""Tokens added to a vocabulary: special ones, and strings that are always one token."""

from dataclasses import dataclass
from typing import Any

from paddock.conversion.checkpoint import Checkpoint


@dataclass(frozen=True)
class AddedToken:
    """A string that is always one token."""

    text: str
    special: bool
    """Whether it is no text but says something of it, such as where it ends."""


def added_tokens(checkpoint: Checkpoint, tokenizer: dict[str, Any]) -> dict[int, AddedToken]:
    """Return the added tokens by their numbers, from all places where they may stand.

    Raises:
        ConversionError: if a file is broken.
    """
    found: dict[int, AddedToken] = {}
    entries = tokenizer.get("added_tokens")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            _add(found, entry.get("id"), entry)
    decoder = checkpoint.settings("tokenizer_config.json").get("added_tokens_decoder")
    for number, entry in decoder.items() if isinstance(decoder, dict) else ():
        if isinstance(entry, dict) and number.isdecimal():
            _add(found, int(number), entry)
    for text, number in checkpoint.settings("added_tokens.json").items():
        _add(found, number, {"content": text, "special": text.startswith("<|") or text in ("<pad>", "<mask>")})
    return found


def _add(found: dict[int, AddedToken], number: Any, entry: dict[str, Any]) -> None:
    text = entry.get("content")
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 24 and isinstance(text, str):
        found.setdefault(number, AddedToken(text, entry.get("special") is True))
