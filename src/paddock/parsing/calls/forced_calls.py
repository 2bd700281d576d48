"""How a model writes a call that it is made to write: the parts that the reply then consists of.

Parts are what `paddock.engine.constraints.tool_calls` describes. What they allow, the model's parser reads back as a
call whose arguments fit their schema.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.parsing.calls.bare_values import CannotForce, Part, Place, bare_value
from paddock.parsing.calls.values import functions
from paddock.parsing.reply import Tools

Write = Callable[[str, dict[str, Any]], list[Part]]
"""Makes the parts of a call from the name of a tool and the schema of its arguments.

Raises:
    CannotForce: if the notation cannot hold the arguments to their schema.
"""

SEVERAL = ("$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if", "$dynamicRef")
"""Keywords that may bring more properties than are listed beside them."""

_IDENTIFIER = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class CallNotation:
    """A notation of calls: how one is written, and what may not stand in its strings."""

    write: Write
    never_in_strings: tuple[str, ...] = ()

    def format(self, tools: Tools, name: str = "", stop: Sequence[str] = ()) -> list[Any]:
        """The format of a reply that is a call of one of `tools`, or of that with this name.

        What would `stop` the reply is not written where anything else can be.

        Raises:
            CannotForce: if there is no such tool, or its arguments cannot be held to their schema.
        """
        known = functions(tools)
        if name and name not in known:
            raise CannotForce(f"tool_choice names {name!r}, which is not among the tools")
        if not known:
            raise CannotForce("tool_choice requires a call, but there are no tools")
        chosen = [name] if name else list(known)
        return [[self.write(tool, arguments_schema(tool, known[tool])) for tool in chosen], self.never_in_strings, stop]


def arguments_schema(tool: str, function: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a function's arguments: an object, and nothing in it that is not listed unless it says so.

    Raises:
        CannotForce: if the function has something else there.
    """
    given = function.get("parameters")
    if given is None:
        given = {}
    if not isinstance(given, dict) or given.get("type", "object") != "object":
        raise CannotForce(f"the parameters of the tool {tool!r} are not the schema of an object")
    closed = {} if any(keyword in given for keyword in SEVERAL) else {"additionalProperties": False}
    return {**closed, **given, "type": "object"}


def in_json(before: str, between: str, after: str, *, bare_name: bool = False) -> Write:
    """The name, as a JSON string unless it is bare, and the arguments as a JSON object, with texts around them."""

    def write(name: str, schema: dict[str, Any]) -> list[Part]:
        written = _bare(name) if bare_name else json.dumps(name, ensure_ascii=False)
        return [f"{before}{written}{between}", {"json": schema, "tool": name}, after]

    return write


def in_tags(before: str, key: tuple[str, str], place: Place, after: str) -> Write:
    """The name in the text `before`, at its `{0}`, then each argument as bare text behind its key."""

    def write(name: str, schema: dict[str, Any]) -> list[Part]:
        needed, possible = _arguments(name, schema)

        def one(argument: str) -> list[Part]:
            if re.search(r"[<>\n]", argument) or argument != argument.strip():
                raise CannotForce(f"the parameter {argument!r} of the tool {name!r} cannot be written in tags")
            before = key[0] + argument + key[1]
            return [before, *bare_value(name, argument, schema["properties"][argument], before, place, _root(schema))]

        required = [part for argument in needed for part in one(argument)]
        optional: list[Part] = [{"any": [one(argument), []]} for argument in possible]
        return [before.format(_bare(name)), *required, *optional, after]

    return write


def in_pairs(before: str, between: str, sign: str, comma: str, after: str) -> Write:
    """The name, and pairs of keys and JSON values, as arguments are written in programs."""

    def write(name: str, schema: dict[str, Any]) -> list[Part]:
        needed, possible = _arguments(name, schema)

        def one(argument: str, lead: str = "") -> list[Part]:
            key = argument if _IDENTIFIER.fullmatch(argument) else json.dumps(argument, ensure_ascii=False)
            value = {**schema["properties"][argument], **_root(schema)}
            return [f"{lead}{key}{sign}", {"json": value, "tool": name}]

        def maybe(arguments: Sequence[str]) -> list[Part]:
            return [{"any": [one(argument, comma), []]} for argument in arguments]

        parts: list[Part] = [before + _bare(name) + between]
        if needed:
            parts += [part for i, argument in enumerate(needed) for part in one(argument, comma if i else "")]
            parts += maybe(possible)
        elif possible:
            parts.append({"any": [[], *([*one(a), *maybe(possible[i + 1 :])] for i, a in enumerate(possible))]})
        return [*parts, after]

    return write


def _bare(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        raise CannotForce(f"the tool name {name!r} must consist of letters, digits, '_', '-' and '.'")
    return name


def _arguments(name: str, schema: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The arguments that must be written, and those that may be.

    Raises:
        CannotForce: if they are not simply listed.
    """
    listed = schema.get("properties", {})
    required = schema.get("required", [])
    if not isinstance(listed, dict) or not isinstance(required, list):
        raise CannotForce(f"the parameters of the tool {name!r} are not a schema")
    strange = [k for k in (*SEVERAL, "minProperties", "maxProperties", "dependentRequired") if k in schema]
    if schema.get("additionalProperties") not in (None, False):
        strange.append("additionalProperties")
    if strange:
        raise CannotForce(f"the parameters of the tool {name!r} have {strange[0]!r}, which its notation cannot force")
    if missing := [argument for argument in required if argument not in listed]:
        raise CannotForce(f"the tool {name!r} requires {missing[0]!r}, which is not among its properties")
    if broken := [argument for argument, value in listed.items() if not isinstance(value, dict)]:
        raise CannotForce(f"the parameter {broken[0]!r} of the tool {name!r} is not a schema")
    return [a for a in listed if a in required], [a for a in listed if a not in required]


def _root(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What references from within a property may lead to."""
    return {keyword: schema[keyword] for keyword in ("$defs", "definitions") if keyword in schema}
