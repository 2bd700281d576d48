"""Arguments that a model wrote as bare text, and the types that the tool's schema gives them."""

import re
from collections.abc import Mapping
from typing import Any

from paddock.parsing.calls.json_calls import decoded
from paddock.parsing.reply import ParseError, Tools

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MOST_DIGITS = 400
"""Longer digits are text: no schema means a number by them."""

Properties = Mapping[str, Any]
"""A tool's parameters by name."""


def functions(tools: Tools | None) -> dict[str, Mapping[str, Any]]:
    """The functions that a request brings, by name."""
    found = (tool.get("function") for tool in tools or ())
    return {str(function["name"]): function for function in found if isinstance(function, dict) and "name" in function}


def properties(function: Mapping[str, Any] | None) -> Properties:
    """The parameters of a function; none if it is unknown or says nothing."""
    given = _schema(function).get("properties")
    return given if isinstance(given, dict) else {}


def required(function: Mapping[str, Any] | None) -> list[str]:
    """The parameters that a function must be given."""
    given = _schema(function).get("required")
    return [name for name in given if isinstance(name, str)] if isinstance(given, list) else []


def _schema(function: Mapping[str, Any] | None) -> Mapping[str, Any]:
    given = function.get("parameters") if function else None
    return given if isinstance(given, dict) else {}


def typed(text: str, name: str, known: Properties) -> Any:
    """The value that `text` stands for, as an argument `name` of a function with the parameters `known`.

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
    """The number that `text` is; whole ones as integers. One too great stays text."""
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return text
    return int(value) if value.is_integer() else value


def is_number(text: str) -> bool:
    """Whether `text` is a decimal number."""
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
