"""Calls in JSON: decoding the text of a model, and finding the calls in a value."""

import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn

from paddock.parsing.reply import ParseError, ToolCall

_NAME_KEYS = ("name", "tool_name", "function")
_MAY_STAND_ALONE = "tool_name"
"""The key of a name that is a call without arguments: Cohere's models leave out empty ones."""
_ARGUMENT_KEYS = ("arguments", "parameters")
_DEEPEST = 100
"""Most levels of nesting in JSON. Later readers of the arguments are recursive."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def decoded(text: str) -> Any:
    """Decode a JSON value. Line ends inside strings are allowed, because models write them.

    Raises:
        ParseError: if it is none.
    """
    try:
        value = json.loads(text, strict=False, parse_float=_finite, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the tool call is not JSON: {error}") from None
    if text.count("{") + text.count("[") > _DEEPEST and _depth_exceeds(value, _DEEPEST):
        raise ParseError(f"the tool call is nested more than {_DEEPEST} deep")
    return _without_surrogates(value) if "\\u" in text else value


def decoded_object(text: str) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        ParseError: if it is none.
    """
    value = decoded(text)
    if not isinstance(value, dict):
        raise ParseError(f"the tool call is not a JSON object: {text[:100]!r}")
    return value


def json_call(text: str) -> list[ToolCall]:
    """Read a call as a JSON object with `name` and `arguments`, the latter perhaps left out.

    Raises:
        ParseError: if it is none.
    """
    call = decoded_object(text.strip())
    name, arguments = call.get("name"), call.get("arguments")
    if not isinstance(name, str) or not name:
        raise ParseError("the tool call has no function name")
    if isinstance(arguments, str):
        arguments = decoded_object(arguments)
    if arguments is not None and not isinstance(arguments, dict):
        raise ParseError(f"the arguments of {name!r} are not a JSON object")
    return [ToolCall(name, arguments or {})]


def named_calls(value: Any, known: Sequence[str]) -> list[ToolCall]:
    """Return the calls of known tools in a value: one object, or objects in lists and under other keys."""
    if isinstance(value, list):
        return [call for item in value for call in named_calls(item, known)]
    if not isinstance(value, dict):
        return []
    for key in _NAME_KEYS:
        if isinstance(name := value.get(key), str) and name in known:
            arguments = {} if key == _MAY_STAND_ALONE and len(value) == 1 else _arguments(value)
            if arguments is not None:
                return [ToolCall(name, arguments)]
    return [call for item in value.values() for call in named_calls(item, known)]


def is_call(value: Mapping[str, Any]) -> bool:
    """Return whether an object has the form of a call, of a known tool or not."""
    return any(key in value for key in _NAME_KEYS) and any(key in value for key in _ARGUMENT_KEYS)


def _arguments(call: Mapping[str, Any]) -> dict[str, Any] | None:
    for key in _ARGUMENT_KEYS:
        value = call.get(key)
        if isinstance(value, str):
            try:
                value = decoded(value)
            except ParseError:
                continue
        if isinstance(value, dict):
            return value
    return None


def _depth_exceeds(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [item for item in level if isinstance(item, dict | list)]
        if not level:
            return False
        level = [item for outer in level for item in (outer.values() if isinstance(outer, dict) else outer)]
    return True


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is too great")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _without_surrogates(value: Any) -> Any:
    """Replace halves of characters, written as escapes, by U+FFFD: they cannot be encoded."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
