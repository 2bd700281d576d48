"""Arguments as bare text, and their conversion to the types in the tool's schema."""

import re
from collections.abc import Mapping
from typing import Any

from paddock.parsing.calls.json_calls import decoded
from paddock.parsing.reply import ParseError

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MOST_DIGITS = 400
"""Numbers of this many characters or more stay text: no schema means such numbers."""

Properties = Mapping[str, Any]
"""A tool's parameters by name."""


def properties(function: Mapping[str, Any] | None) -> Properties:
    """Return the parameters of a function; none if it is unknown or lists none."""
    given = _schema(function).get("properties")
    return given if isinstance(given, dict) else {}


def required(function: Mapping[str, Any] | None) -> list[str]:
    """Return the required parameters of a function."""
    given = _schema(function).get("required")
    return [name for name in given if isinstance(name, str)] if isinstance(given, list) else []


def _schema(function: Mapping[str, Any] | None) -> Mapping[str, Any]:
    given = function.get("parameters") if function else None
    return given if isinstance(given, dict) else {}


def typed(text: str, name: str, known: Properties) -> Any:
    """Return the value of `text` as the argument `name` of a function with the parameters `known`.

    What does not fit its type stays text, except a boolean's: whatever is not true is false.
    """
    if text.lower() == "null":
        return None
    types = _types(known.get(name))
    if "boolean" in types:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        if types == {"boolean"}:
            return False
    if "integer" in types and _INTEGER.fullmatch(text) and len(text) < _MOST_DIGITS:
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text) and len(text) < _MOST_DIGITS:
        return number(text)
    for kind, python in (("array", list), ("object", dict)):
        if kind in types and isinstance(value := _json(text), python):
            return value
    return text


def number(text: str) -> int | float | str:
    """Return the number in `text`, an integer if it is whole. One too great for a float stays text."""
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return text
    return int(value) if value.is_integer() else value


def is_number(text: str) -> bool:
    """Return whether `text` is a decimal number."""
    return len(text) < _MOST_DIGITS and _NUMBER.fullmatch(text) is not None


def _types(schema: object) -> set[str]:
    if not isinstance(schema, dict):
        return set()
    given = schema.get("type")
    types = {given} if isinstance(given, str) else {*filter(_is_text, given)} if isinstance(given, list) else set()
    for options in (schema.get("anyOf"), schema.get("oneOf")):
        for option in options if isinstance(options, list) else ():
            types |= _types(option)
    return types


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _json(text: str) -> Any:
    try:
        return decoded(text)
    except ParseError:
        return None
