"""Fields that take more than one type: read here, with Ollama's own words for what is wrong with them."""

import base64
import binascii
import math
import string
from typing import Any

import msgspec

from paddock.durations import FOREVER, InvalidDuration, parse_duration
from paddock.protocol.json import BadRequest
from paddock.protocol.ollama.clock import SECOND

THINK_LEVELS = ("high", "medium", "low", "max")
TOOL_CHOICES = ("auto", "none", "required")
BASE64 = frozenset(string.ascii_letters + string.digits + "+/=\r\n")
LINE_ENDS = str.maketrans("", "", "\r\n")
"""Within base64 they mean nothing, as Go reads it."""
GO_TYPES = {bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}
"""What Go calls the types that JSON can hold here."""


def read_keep_alive(value: Any) -> int | None:
    """Return nanoseconds for a request's `keep_alive`, None if it is absent; a negative one means for ever.

    Raises:
        BadRequest: with the wording of Go's parser.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadRequest(f"Unsupported type: '{GO_TYPES[type(value)]}'")
    if isinstance(value, str):
        try:
            nanoseconds: float = parse_duration(value)
        except InvalidDuration as error:
            raise BadRequest(str(error)) from None
    else:
        nanoseconds = value * SECOND
    if nanoseconds < 0 or math.isnan(nanoseconds):
        return FOREVER
    return int(min(nanoseconds, FOREVER))


def read_think(value: Any) -> bool | str | None:
    """Return a request's `think`.

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


def read_format(value: msgspec.Raw) -> str | dict[str, Any] | None:
    """Return a request's `format`: `"json"`, a schema, or None for neither.

    Raises:
        BadRequest: if it is something else.
    """
    try:
        decoded = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError) as error:  # a number out of range
        raise BadRequest(str(error)) from None
    if decoded in (None, ""):
        return None
    if decoded == "json" or isinstance(decoded, dict):
        return decoded  # type: ignore[no-any-return]
    text = bytes(value).decode("utf-8", "replace").replace("\\", "\\\\").replace('"', '\\"')
    raise BadRequest(f'invalid format: "{text}"; expected "json" or a valid JSON Schema object')


def read_images(values: list[str] | None) -> list[bytes]:
    """Decode a request's pictures. Line ends within the base64 are passed over, other white space is not.

    Raises:
        BadRequest: if one is not base64.
    """
    images = []
    for value in values or ():
        try:
            images.append(base64.b64decode(value.translate(LINE_ENDS), validate=True))
        except (binascii.Error, ValueError):
            bad = next((i for i, c in enumerate(value) if c not in BASE64), len(value))
            raise BadRequest(f"illegal base64 data at input byte {bad}") from None
    return images


def read_tool_choice(value: Any) -> tuple[str, str]:
    """Return a request's `tool_choice`: `auto`, `none` or `required`, and the function that is required, or "".

    A function is named as OpenAI's clients do, `{"type": "function", "function": {"name": …}}`, or by its bare name.

    Raises:
        BadRequest: if it is something else.
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
    """Return the texts of an embed request: a text or a list of texts; an empty text alone is none.

    Raises:
        BadRequest: if it is something else.
    """
    return _texts(value, "invalid input type")


def read_licenses(value: Any) -> list[str]:
    """Return the licences of a create request: a text or a list of texts.

    Raises:
        BadRequest: if it is something else.
    """
    return _texts(value, "license must be a string or a list of strings")


def _texts(value: Any, otherwise: str) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return value
    raise BadRequest(otherwise)
