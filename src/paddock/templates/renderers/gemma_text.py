"""The notation in which Gemma models read and write tools: JSON without quotes around keys, and tokens for the others.

For example `{brightness:0.4,room:<|"|>hall<|"|>}`.
"""

import re
from collections.abc import Mapping
from typing import Any

from paddock.templates.renderers.conversation import Tool
from paddock.templates.renderers.go_text import bare, whole_or_bare


def literal(value: Any, quote: str, null: str = "null") -> str:
    """Return a value in this notation, keys in their order; `quote` stands on both sides of a text."""
    if isinstance(value, str):
        return f"{quote}{value}{quote}"
    if value is None:
        return null
    if isinstance(value, bool):
        return bare(value)
    if isinstance(value, int | float):
        return whole_or_bare(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{literal(item, quote, null)}" for key, item in value.items()) + "}"
    return "[" + ",".join(literal(item, quote, null) for item in value) + "]"


def function_declaration(tool: Tool) -> dict[str, Any]:
    """Return a tool as FunctionGemma sees it: descriptions and types."""
    properties = {
        name: {"description": schema.get("description", ""), **_first_kind(schema)}
        for name, schema in sorted(tool.properties.items())
    }
    return _declaration(tool, properties)


def declaration(tool: Tool) -> dict[str, Any]:
    """Return a tool as Gemma 4 sees it, with enumerations and the contents of arrays and objects."""
    return _declaration(tool, _nested(tool.properties, top=True))


def without_thoughts(text: str) -> str:
    """Take the model's thoughts out of what it wrote, and blanks from both ends."""
    return _THOUGHTS.sub("", text).strip()


_THOUGHTS = re.compile(r"<\|channel>.*?(?:<channel\|>|\Z)", re.DOTALL)


def _declaration(tool: Tool, properties: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"properties": properties} if properties else {}
    if tool.parameters.get("required"):
        parameters["required"] = tool.parameters["required"]
    if tool.parameters["type"]:
        parameters["type"] = str(tool.parameters["type"]).upper()
    given = tool.parameters["type"] or tool.parameters["properties"] is not None
    return {"description": tool.description, **({"parameters": parameters} if given else {})}


def _first_kind(schema: Mapping[str, Any]) -> dict[str, str]:
    kinds = _kinds(schema.get("type"))
    return {"type": kinds[0]} if kinds else {}


def _nested(properties: Mapping[str, Any], *, top: bool) -> dict[str, Any]:
    return {
        name: _property(schema, top=top) for name, schema in sorted(properties.items()) if isinstance(schema, Mapping)
    }


def _property(schema: Mapping[str, Any], *, top: bool) -> dict[str, Any]:
    """Return a parameter's schema. Inside arrays (`top` false), several types are a list, elsewhere the text of one."""
    kinds = _kinds(schema.get("type")) or (_kinds_of_options(schema) if top else [])
    kind = kinds[0] if kinds and not (top and len(kinds) > 1) else ""
    written: dict[str, Any] = {}
    if schema.get("description"):
        written["description"] = schema["description"]
    if kind == "STRING" and isinstance(schema.get("enum"), list) and schema["enum"]:
        written["enum"] = [bare(value) for value in schema["enum"]]
    if kind == "ARRAY" and isinstance(schema.get("items"), Mapping) and schema["items"]:
        written["items"] = _items(schema["items"])
    if schema.get("nullable") is True:
        written["nullable"] = True
    if kind == "OBJECT":
        properties = schema.get("properties")
        written["properties"] = _nested(properties, top=top) if isinstance(properties, Mapping) else {}
        if schema.get("required"):
            written["required"] = schema["required"]
    if kinds:
        written["type"] = kinds[0] if len(kinds) == 1 else f"{kinds}" if top else kinds
    return written


def _items(items: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an array's items, with all keys of the request."""
    written: dict[str, Any] = {}
    for key, value in sorted(items.items()):
        if key == "properties" and isinstance(value, Mapping):
            written[key] = _nested(value, top=False)
        elif key == "type" and _kinds(value):
            kinds = _kinds(value)
            written[key] = kinds[0] if len(kinds) == 1 else kinds
        elif value is not None:
            written[key] = value
    return written


def _kinds(kind: Any) -> list[str]:
    kinds = [kind] if isinstance(kind, str) and kind else kind
    return [item.upper() for item in kinds if isinstance(item, str)] if isinstance(kinds, list | tuple) else []


def _kinds_of_options(schema: Mapping[str, Any]) -> list[str]:
    """Return the types of an `anyOf` all of whose options are nothing but types."""
    options = schema.get("anyOf", [])
    if any(set(option) != {"type"} for option in options):
        return []
    return list(dict.fromkeys(kind for option in options for kind in _kinds(option["type"])))
