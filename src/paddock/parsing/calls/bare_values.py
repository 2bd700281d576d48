"""Values that a call holds as bare text between tags: the parts that allow only what its schema does."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paddock.errors import ErrorKind, PaddockError
from paddock.parsing.calls.values import typed

Part = str | dict[str, Any]

EXACT = 1 << 53
"""Integers up to here are doubles without rounding."""

EXACT_LENGTH = 100
"""Characters up to which a text's length is part of its grammar: longer ones make that too large."""

NULL = "[nN][uU][lL][lL]"
"""As text it is read as no value."""

LINE_ENDS_AROUND = (r"\n(?s:.*)", r"(?s:.*)\n")
"""One at each end of a value belongs to the tags."""

NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
DESCRIBING = frozenset({"type", "description", "title", "default", "examples", "deprecated", "$comment", "nullable"})
OF_TEXT = frozenset({"minLength", "maxLength", "pattern", "format"})


class CannotForce(PaddockError, ValueError):
    """A call cannot be forced; the message says why, and is fit to be shown."""

    kind = ErrorKind.INVALID


@dataclass(frozen=True)
class Place:
    """Where bare values stand."""

    end: str
    """The text that closes one, with the tag that does and line ends."""
    never: tuple[str, ...] = ()
    """Other texts that no value may contain."""


def bare_value(
    tool: str, name: str, schema: Mapping[str, Any], before: str, place: Place, root: Mapping[str, Any]
) -> list[Part]:
    """The parts of the argument `name` that follow the text `before`, with the text that closes it.

    `root` holds what its schema may refer to.

    Raises:
        CannotForce: if its schema asks for what cannot be enforced on bare text.
    """
    end = place.end
    if texts := _options(name, schema, place):
        return [{"any": [[text + end] for text in texts]}]
    types = schema.get("type")
    if isinstance(types, list) and len(types) == 2 and "null" in types:
        other = {**schema, "type": next((t for t in types if t != "null"), "null")}
        return [{"any": [["null" + end], bare_value(tool, name, other, before, place, root)]}]
    if types in ("integer", "number"):
        return [{"json": {**_bounded(schema), **root}, "tool": tool}, end]
    if types in ("array", "object"):
        never = [end.strip(), *place.never]
        if tag := next((tag for tag in never if _names(schema, tag) or _names(root, tag)), None):
            raise CannotForce(f"the parameter {name!r} of the tool {tool!r} cannot be written in tags: it has {tag!r}")
        return [{"json": {**schema, **root}, "tool": tool, "before": before, "after": end, "never": never}, end]
    unknown = set(schema) - DESCRIBING - OF_TEXT
    if types not in (None, "string") or unknown:
        what = min(unknown, default="type")
        raise CannotForce(f"{what!r} of the parameter {name!r} of the tool {tool!r} cannot be enforced there")
    return [_text(tool, schema, before, place)]


def _names(schema: Any, text: str) -> bool:
    """Whether a value or the name of a property in a schema has this text in it, so that a reply may have to."""
    if isinstance(schema, str):
        return text in schema
    if isinstance(schema, list):
        return any(_names(item, text) for item in schema)
    if isinstance(schema, dict):
        return any(text in key or (key not in DESCRIBING and _names(item, text)) for key, item in schema.items())
    return False


def _options(name: str, schema: Mapping[str, Any], place: Place) -> list[str]:
    """The texts that are read back as the values that a schema lists; none if it lists none."""
    if schema.get("type") == "boolean":
        values: Any = [True, False]
    elif schema.get("type") == "null":
        values = [None]
    else:
        values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list):
        return []
    texts = [(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), value) for value in values]
    kept = [t for t, value in texts if _stays(t, place) and _same(t, value, name, schema)]
    if not kept:
        raise CannotForce(f"no value of the parameter {name!r} can be written as bare text")
    return kept


def _same(text: str, value: Any, name: str, schema: Mapping[str, Any]) -> bool:
    read = typed(text, name, {name: schema})
    return bool(read == value) and isinstance(read, bool) == isinstance(value, bool)


def _bounded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of numbers without those that are too long to be told from text."""
    low = {} if {"minimum", "exclusiveMinimum"} & set(schema) else {"minimum": -EXACT}
    high = {} if {"maximum", "exclusiveMaximum"} & set(schema) else {"maximum": EXACT}
    return {**schema, **low, **high}


def _stays(text: str, place: Place) -> bool:
    """Whether a text between the tags is read as it stands."""
    return text == text.strip("\n") and not any(tag in text for tag in (place.end.strip(), *place.never))


def _text(tool: str, schema: Mapping[str, Any], before: str, place: Place) -> Part:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    if not all(isinstance(n, int) for n in (shortest, longest or 0)):
        raise CannotForce(f"the tool {tool!r} has a length that is not a whole number")
    if shortest > EXACT_LENGTH:
        raise CannotForce(f"the tool {tool!r} has a minLength beyond {EXACT_LENGTH}, which cannot be enforced in tags")
    more = {keyword: schema[keyword] for keyword in ("pattern", "format") if keyword in schema}
    if longest is not None and longest > EXACT_LENGTH and not more:
        more, longest = {"longest": longest, "before": before}, None
    whole = []
    if shortest or longest is not None:
        whole = [f"(?s:.{{{shortest},{'' if longest is None else longest}}})"]
    tags = "|".join(map(re.escape, (place.end.strip(), *place.never)))
    never = [NULL, *LINE_ENDS_AROUND, f"(?s:.*)(?:{tags})(?s:.*)"]
    return {"text": place.end, "whole": whole, "never": never, "tool": tool, **more}
