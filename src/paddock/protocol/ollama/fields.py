"""Fields that accept more than one JSON type, with the error texts of Ollama."""

import base64
import binascii
import json
import string
from typing import Any

import msgspec

from paddock.ipc import Constraint, JsonObject, JsonSchema, Lark, Regex
from paddock.protocol.json import BadRequest

THINK_LEVELS = ("high", "medium", "low", "max")
TOOL_CHOICES = ("auto", "none", "required")
BASE64 = frozenset(string.ascii_letters + string.digits + "+/=\r\n")
LINE_ENDS = str.maketrans("", "", "\r\n")
"""Deletes the line ends that Go's base64 decoder ignores."""


def read_think(value: Any) -> bool | str | None:
    """Return a request's `think`: a boolean, a level, or None if it is absent.

    Raises:
        BadRequest: if it is neither a boolean nor a level.
    """
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise BadRequest('think must be a boolean or string ("high", "medium", "low", "max", true, or false)')
    if value not in THINK_LEVELS:
        raise BadRequest(f'invalid think value: "{value}" (must be "high", "medium", "low", "max", true, or false)')
    return value


def read_format(value: msgspec.Raw) -> Constraint | BadRequest | None:
    """Return the constraint that a request's `format` asks for: `"json"`, a JSON schema, or None if it is absent.

    Two types that no schema has go beyond Ollama: `{"type": "regex", "pattern": …}` is a regular expression, and
    `{"type": "grammar", "lark": …}` a context-free grammar. The error for one without its text is returned, since it
    counts only after the model has been found.

    Raises:
        BadRequest: if it is anything else, or too large to be compiled.
    """
    try:
        decoded = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError) as error:  # a number out of range
        raise BadRequest(str(error)) from None
    if decoded in (None, ""):
        return None
    if decoded == "json":
        return JsonObject()
    if isinstance(decoded, dict):
        from paddock.ipc.format_limits import FormatTooLarge, check_constraint

        constraint = _constraint(decoded)
        if not isinstance(constraint, BadRequest):
            try:
                check_constraint(constraint)
            except FormatTooLarge as error:
                raise BadRequest(str(error)) from None
        return constraint
    text = bytes(value).decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
    raise BadRequest(f'invalid format: "{text}"; expected "json" or a valid JSON Schema object')


def _constraint(decoded: dict[str, Any]) -> Constraint | BadRequest:
    match decoded.get("type"):
        case "regex":
            pattern = decoded.get("pattern")
            return Regex(pattern) if isinstance(pattern, str) else _lacks_text("regex", "pattern")
        case "grammar":
            lark = decoded.get("lark")
            return Lark(lark) if isinstance(lark, str) else _lacks_text("grammar", "lark")
    return JsonSchema(json.dumps(decoded, ensure_ascii=False))


def _lacks_text(kind: str, name: str) -> BadRequest:
    return BadRequest(f'a format of the type "{kind}" needs "{name}", a string')


def read_images(values: list[str]) -> list[bytes]:
    """Decode the images and audio files of a request. Line ends within the base64 are ignored, as in Go.

    Raises:
        BadRequest: if one is not base64; the message says at which byte.
    """
    images = []
    for value in values:
        try:
            images.append(base64.b64decode(value.translate(LINE_ENDS), validate=True))
        except (binascii.Error, ValueError):
            bad = next((i for i, c in enumerate(value) if c not in BASE64), len(value))
            raise BadRequest(f"illegal base64 data at input byte {bad}") from None
    return images


def read_tool_choice(value: object) -> tuple[str, str]:
    """Return a request's `tool_choice` as `auto`, `none` or `required`, and the name of the required function or "".

    A client names a function as with OpenAI, `{"type": "function", "function": {"name": …}}`, or by its bare name.

    Raises:
        BadRequest: if it is anything else.
    """
    if value is None or value == "":
        return "auto", ""
    if isinstance(value, str):
        return (value, "") if value in TOOL_CHOICES else ("required", value)
    if isinstance(value, dict) and value.get("type", "function") == "function":
        function = value.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        if isinstance(name, str) and name:
            return "required", name
    raise BadRequest(
        'tool_choice must be "auto", "none", "required" or {"type": "function", "function": {"name": "…"}}'
    )


def read_input(value: Any) -> list[str]:
    """Return the texts of an embed request's `input`: one text or a list. A single empty text counts as no text.

    Raises:
        BadRequest: if it is anything else.
    """
    return _texts(value, "invalid input type")


def read_licenses(value: Any) -> list[str]:
    """Return the licences of a create request: one text or a list.

    Raises:
        BadRequest: if it is anything else.
    """
    return _texts(value, "license must be a string or a list of strings")


def _texts(value: Any, message: str) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return value
    raise BadRequest(message)
