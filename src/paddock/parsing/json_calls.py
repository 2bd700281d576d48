"""Calls written as JSON: what an object means, and how to read one that a model wrote."""

import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn

from paddock.parsing.reply import ParseError, ToolCall

_NAME_KEYS = ("name", "tool_name", "function")
_ARGUMENT_KEYS = ("arguments", "parameters")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def decoded(text: str) -> Any:
    """The JSON value in `text`. Line ends inside strings are allowed, as models write them.

    Raises:
        ParseError: if it is none.
    """
    try:
        value = json.loads(text, strict=False, parse_float=_finite, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the tool call is not JSON: {error}") from None
    return _without_surrogates(value) if "\\u" in text else value


def decoded_object(text: str) -> dict[str, Any]:
    """The JSON object in `text`.

    Raises:
        ParseError: if it is none.
    """
    value = decoded(text)
    if not isinstance(value, dict):
        raise ParseError(f"the tool call is not a JSON object: {text[:100]!r}")
    return value


def named_calls(value: Any, known: Sequence[str], *, bare_names: bool = False) -> list[ToolCall]:
    """The calls of known tools that a value holds: one object, or objects in lists and under other keys.

    With `bare_names` a name that stands alone in its object is a call without arguments.
    """
    if isinstance(value, list):
        return [call for item in value for call in named_calls(item, known, bare_names=bare_names)]
    if not isinstance(value, dict):
        return []
    for key in _NAME_KEYS:
        if isinstance(name := value.get(key), str) and name in known:
            arguments = {} if bare_names and len(value) == 1 else _arguments(value)
            if arguments is not None:
                return [ToolCall(name, arguments)]
    return [call for item in value.values() for call in named_calls(item, known, bare_names=bare_names)]


def is_call(value: Mapping[str, Any]) -> bool:
    """Whether an object has the form of a call, of whatever tool."""
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


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is too great")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _without_surrogates(value: Any) -> Any:
    """Half of a character that was written as an escape cannot be sent on: it becomes the replacement character."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
