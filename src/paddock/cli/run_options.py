"""Options of `paddock run`: from the flags' text to fields of a request. The chat changes them with `/set`."""

import json
from dataclasses import dataclass
from typing import Any

from paddock.cli.errors import UsageError
from paddock.durations import InvalidDuration, parse_duration

_THINK_LEVELS = ("low", "medium", "high", "max")


@dataclass
class RunOptions:
    """Options of `run`. `format`, `keep_alive` and `think` hold what the API takes; None leaves the field out."""

    format: Any = None
    keep_alive: str | None = None
    think: bool | str | None = None
    hide_thinking: bool = False
    wordwrap: bool = True
    verbose: bool = False
    insecure: bool = False
    history: bool = True

    def request_fields(self) -> dict[str, Any]:
        """Return the fields that a request to generate or chat has from these options."""
        fields = {"format": self.format, "keep_alive": self.keep_alive, "think": self.think}
        return {key: value for key, value in fields.items() if value is not None}


def parse_format(text: str) -> Any:
    """Return the value of `--format` as the API takes it: `json`, a JSON schema, or None for no text.

    Raises:
        UsageError: if the text is neither `json` nor a JSON document.
    """
    if not text:
        return None
    if text == "json":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--format must be json or a JSON schema, and {text!r} is neither: {error}") from None


def parse_keep_alive(text: str) -> str | None:
    """Return the value of `--keepalive`, which must be a duration in Go's notation; None for no text.

    Raises:
        UsageError: with the wording of Go's parser.
    """
    try:
        if text:
            parse_duration(text)
    except InvalidDuration as error:
        raise UsageError(str(error)) from None
    return text or None


def parse_think(text: str | None) -> bool | str | None:
    """Return the value of `--think` as the API takes it: true, false or a level. No text means true, None stays None.

    Raises:
        UsageError: if there is no such level.
    """
    if text is None or text in _THINK_LEVELS:
        return text
    if text in ("", "true", "false"):
        return text != "false"
    raise UsageError(f'invalid value for --think: "{text}" (must be true, false, high, medium, low, or max)')
