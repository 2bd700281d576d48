"""Forcing a model to call a tool: the parts that its reply then consists of.

A call is written in the format that the model was trained for, so that the model's parser reads it back as a call
whose arguments fit their schema.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.ipc import AnyOf, CallPart, CallTemplate, JsonValue, LiteralText, ToolCalls
from paddock.parsing.calls.bare_values import CannotForce, ValueTags, bare_value, schema_text
from paddock.parsing.reply import Tools, functions

WriteCall = Callable[[str, dict[str, Any]], Sequence[CallPart]]
"""Returns the parts of a call, given the name of a tool and the schema of its arguments.

Raises:
    CannotForce: if arguments in this format cannot be constrained to their schema.
"""

COMPOSING_KEYWORDS = ("$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if", "$dynamicRef")
"""Keywords that may bring properties beyond those that are listed beside them."""

_IDENTIFIER = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class CallFormat:
    """A format of tool calls."""

    write: WriteCall
    never_in_strings: tuple[str, ...] = ()
    """Texts that JSON strings must not contain, because parsers would take them for the end of the call."""

    def constraint(self, tools: Tools, name: str = "", stop: Sequence[str] = ()) -> ToolCalls:
        """Return the constraint of a reply that calls one of `tools`, or the one called `name`.

        The texts of `stop` are not written where anything else can be.

        Raises:
            CannotForce: if there is no such tool, or its arguments cannot be constrained to their schema.
        """
        known = functions(tools)
        if name and name not in known:
            raise CannotForce(f"tool_choice names {name!r}, which is not among the tools")
        if not known:
            raise CannotForce("tool_choice requires a call, but there are no tools")
        chosen = [name] if name else list(known)
        calls = [CallTemplate(tool, tuple(self.write(tool, arguments_schema(tool, known[tool])))) for tool in chosen]
        return ToolCalls(tuple(calls), self.never_in_strings, tuple(stop))


def arguments_schema(tool: str, function: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a function's arguments: an object without unlisted properties, unless it allows them.

    Raises:
        CannotForce: if the function's parameters are something else.
    """
    given = function.get("parameters")
    if given is None:
        given = {}
    if not isinstance(given, dict) or given.get("type", "object") != "object":
        raise CannotForce(f"the parameters of the tool {tool!r} are not the schema of an object")
    closed = {} if any(keyword in given for keyword in COMPOSING_KEYWORDS) else {"additionalProperties": False}
    return {**closed, **given, "type": "object"}


def in_json(before: str, between: str, after: str, *, bare_name: bool = False) -> WriteCall:
    """Write calls as the name, a JSON string unless it is bare, and the arguments as a JSON object."""

    def write(name: str, schema: dict[str, Any]) -> list[CallPart]:
        shown = _bare(name) if bare_name else json.dumps(name, ensure_ascii=False)
        return [LiteralText(f"{before}{shown}{between}"), JsonValue(schema_text(schema)), LiteralText(after)]

    return write


def in_tags(before: str, key: tuple[str, str], tags: ValueTags, after: str) -> WriteCall:
    """Write calls as the name, at `{0}` in the text `before`, and each argument as bare text after its key."""

    def write(name: str, schema: dict[str, Any]) -> list[CallPart]:
        required, optional = _arguments(name, schema)

        def one(argument: str) -> list[CallPart]:
            if re.search(r"[<>\n]", argument) or argument != argument.strip():
                raise CannotForce(f"the parameter {argument!r} of the tool {name!r} cannot be written in tags")
            opening = key[0] + argument + key[1]
            value = bare_value(name, argument, schema["properties"][argument], opening, tags, _definitions(schema))
            return [LiteralText(opening), *value]

        parts: list[CallPart] = [LiteralText(before.format(_bare(name)))]
        for argument in required:
            parts += one(argument)
        parts += [_optional(one(argument)) for argument in optional]
        return [*parts, LiteralText(after)]

    return write


def in_pairs(before: str, between: str, sign: str, comma: str, after: str) -> WriteCall:
    """Write calls as programs do: the name, then pairs of keys and JSON values."""

    def write(name: str, schema: dict[str, Any]) -> list[CallPart]:
        required, optional = _arguments(name, schema)

        def one(argument: str, lead: str = "") -> list[CallPart]:
            key = argument if _IDENTIFIER.fullmatch(argument) else json.dumps(argument, ensure_ascii=False)
            value = {**schema["properties"][argument], **_definitions(schema)}
            return [LiteralText(f"{lead}{key}{sign}"), JsonValue(schema_text(value))]

        def following(arguments: Iterable[str]) -> list[CallPart]:
            return [_optional(one(argument, comma)) for argument in arguments]

        parts: list[CallPart] = [LiteralText(before + _bare(name) + between)]
        if required:
            for number, argument in enumerate(required):
                parts += one(argument, comma if number else "")
            parts += following(optional)
        elif optional:
            # Whichever argument comes first has no comma before it.
            firsts = [(*one(a), *following(optional[i + 1 :])) for i, a in enumerate(optional)]
            parts.append(AnyOf(((), *firsts)))
        return [*parts, LiteralText(after)]

    return write


def _optional(parts: Sequence[CallPart]) -> AnyOf:
    return AnyOf((tuple(parts), ()))


def _bare(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        raise CannotForce(f"the tool name {name!r} must consist of letters, digits, '_', '-' and '.'")
    return name


def _arguments(name: str, schema: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the required and of the optional arguments.

    Raises:
        CannotForce: if the schema does more than list them.
    """
    listed = schema.get("properties", {})
    required = schema.get("required", [])
    if not isinstance(listed, dict) or not isinstance(required, list) or any(not isinstance(a, str) for a in required):
        raise CannotForce(f"the parameters of the tool {name!r} are not a schema")
    refused = (*COMPOSING_KEYWORDS, "minProperties", "maxProperties", "dependentRequired")
    strange = [keyword for keyword in refused if keyword in schema]
    if schema.get("additionalProperties") not in (None, False):
        strange.append("additionalProperties")
    if strange:
        raise CannotForce(f"the parameters of the tool {name!r} have {strange[0]!r}, which its notation cannot force")
    if missing := [argument for argument in required if argument not in listed]:
        raise CannotForce(f"the tool {name!r} requires {missing[0]!r}, which is not among its properties")
    if broken := [argument for argument, value in listed.items() if not isinstance(value, dict)]:
        raise CannotForce(f"the parameter {broken[0]!r} of the tool {name!r} is not a schema")
    return [a for a in listed if a in required], [a for a in listed if a not in required]


def _definitions(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definitions that references within a property may lead to."""
    return {keyword: schema[keyword] for keyword in ("$defs", "definitions") if keyword in schema}
