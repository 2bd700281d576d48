"""Values that a forced call has as bare text between tags: the parts that allow only what their schema allows."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.errors import ErrorKind, PaddockError
from paddock.ipc import MAX_EXACT_INTEGER, AnyOf, BareText, CallPart, JsonValue, LiteralText, Region
from paddock.parsing.calls.values import typed

MAX_GRAMMAR_LENGTH = 100
"""Length limit in characters up to which the grammar itself counts; longer ones would make it too large."""

NULL = "[nN][uU][lL][lL]"
"""The text that parsers read as no value."""

OUTER_LINE_ENDS = (r"\n(?s:.*)", r"(?s:.*)\n")
"""Texts that begin or end with a new line; parsers take one at each end for part of the tags."""

DESCRIPTIVE_KEYWORDS = frozenset(
    {"type", "description", "title", "default", "examples", "deprecated", "$comment", "nullable"}
)
STRING_KEYWORDS = frozenset({"minLength", "maxLength", "pattern", "format"})


class CannotForce(PaddockError, ValueError):
    """A call cannot be forced. The message says why, and may be shown to clients."""

    kind = ErrorKind.INVALID


@dataclass(frozen=True)
class ValueTags:
    """The tags around bare values."""

    end: str
    """The text that closes a value: the tag with the line ends around it."""
    never: tuple[str, ...] = ()
    """Other texts that no value may contain."""


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return `schema` as JSON text."""
    return json.dumps(schema, ensure_ascii=False)


def bare_value(
    tool: str, name: str, schema: Mapping[str, Any], before: str, tags: ValueTags, root: Mapping[str, Any]
) -> list[CallPart]:
    """Return the parts for the value of the argument `name`, from after the text `before` to the end of the end tag.

    `root` holds the definitions that the argument's schema may refer to.

    Raises:
        CannotForce: if the schema cannot be enforced on bare text.
    """
    end = tags.end
    if texts := _options(name, schema, tags):
        return [_any_of([LiteralText(text + end)] for text in texts)]
    types = schema.get("type")
    if isinstance(types, list) and len(types) == 2 and "null" in types:
        other = {**schema, "type": next((t for t in types if t != "null"), "null")}
        return [_any_of([[LiteralText("null" + end)], bare_value(tool, name, other, before, tags, root)])]
    if types in ("integer", "number"):
        return [JsonValue(schema_text({**_bounded(schema), **root})), LiteralText(end)]
    if types in ("array", "object"):
        never = (end.strip(), *tags.never)
        if tag := next((tag for tag in never if _contains(schema, tag) or _contains(root, tag)), None):
            raise CannotForce(f"the parameter {name!r} of the tool {tool!r} cannot be written in tags: it has {tag!r}")
        return [JsonValue(schema_text({**schema, **root}), Region(before, end, never)), LiteralText(end)]
    unknown = set(schema) - DESCRIPTIVE_KEYWORDS - STRING_KEYWORDS
    if types not in (None, "string") or unknown:
        what = min(unknown, default="type")
        raise CannotForce(f"{what!r} of the parameter {name!r} of the tool {tool!r} cannot be enforced there")
    return [_text(tool, schema, before, tags)]


def _any_of(options: Iterable[Sequence[CallPart]]) -> AnyOf:
    return AnyOf(tuple(map(tuple, options)))


def _contains(schema: Any, text: str) -> bool:
    """Return whether `text` occurs in a value or property name of a schema, so that a reply may have to contain it."""
    if isinstance(schema, str):
        return text in schema
    if isinstance(schema, list):
        return any(_contains(item, text) for item in schema)
    if isinstance(schema, dict):
        return any(
            text in key or (key not in DESCRIPTIVE_KEYWORDS and _contains(item, text)) for key, item in schema.items()
        )
    return False


def _options(name: str, schema: Mapping[str, Any], tags: ValueTags) -> list[str]:
    """Return the texts that are read back as the values that a schema lists; none if it lists none."""
    if schema.get("type") == "boolean":
        values: Any = [True, False]
    elif schema.get("type") == "null":
        values = [None]
    else:
        values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list):
        return []
    texts = [(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), value) for value in values]
    kept = [text for text, value in texts if _is_safe(text, tags) and _reads_back(text, value, name, schema)]
    if not kept:
        raise CannotForce(f"no value of the parameter {name!r} can be written as bare text")
    return kept


def _reads_back(text: str, value: Any, name: str, schema: Mapping[str, Any]) -> bool:
    """Return whether the parser reads `text` as `value`."""
    read = typed(text, name, {name: schema})
    return bool(read == value) and isinstance(read, bool) == isinstance(value, bool)


def _bounded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema of numbers with limits, beyond which the parser would take them for text."""
    low = {} if {"minimum", "exclusiveMinimum"} & set(schema) else {"minimum": -MAX_EXACT_INTEGER}
    high = {} if {"maximum", "exclusiveMaximum"} & set(schema) else {"maximum": MAX_EXACT_INTEGER}
    return {**schema, **low, **high}


def _is_safe(text: str, tags: ValueTags) -> bool:
    """Return whether the parser reads `text` between the tags as it stands."""
    return text == text.strip("\n") and not any(tag in text for tag in (tags.end.strip(), *tags.never))


def _text(tool: str, schema: Mapping[str, Any], before: str, tags: ValueTags) -> BareText:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    if not all(isinstance(n, int) for n in (shortest, longest or 0)):
        raise CannotForce(f"the tool {tool!r} has a length that is not a whole number")
    if shortest > MAX_GRAMMAR_LENGTH:
        raise CannotForce(
            f"the tool {tool!r} has a minLength beyond {MAX_GRAMMAR_LENGTH}, which cannot be enforced in tags"
        )
    form = {keyword: schema[keyword] for keyword in ("pattern", "format") if keyword in schema}
    region = None
    if longest is not None and longest > MAX_GRAMMAR_LENGTH and not form:
        region, longest = Region(before, tags.end, max_characters=longest), None
    matches = []
    if shortest or longest is not None:
        matches = [f"(?s:.{{{shortest},{'' if longest is None else longest}}})"]
    any_tag = "|".join(map(re.escape, (tags.end.strip(), *tags.never)))
    excludes = (NULL, *OUTER_LINE_ENDS, f"(?s:.*)(?:{any_tag})(?s:.*)")
    return BareText(tags.end, tuple(matches), excludes, schema_text(form), region)
