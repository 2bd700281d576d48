"""What a Go template sees of messages and tools: fields with Go's names, printed as Go prints them.

A tool and a call's arguments print as JSON, a call as the struct it is; a field that does not exist is an error, not
an empty text. Numbers are those of Go's `encoding/json`: 64-bit floats in their shortest form.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paddock.templates.errors import TemplateFailed
from paddock.templates.message import Message


class GoStruct:
    """A value with a fixed set of fields, looked up by the template engine through its own protocol."""

    __slots__ = ("_fields", "_hidden", "_type")

    def __init__(self, type_name: str, fields: Mapping[str, Any], hidden: tuple[str, ...] = ()) -> None:
        self._type = type_name
        self._fields = fields
        self._hidden = hidden

    def __gotemplate_lookup__(self, field: str) -> Any:
        """Return the field's value.

        Raises:
            TemplateFailed: if there is no such field.
        """
        if field not in self._fields:
            raise TemplateFailed(f"can't evaluate field {field} in type {self._type}")
        return self._fields[field]

    def __str__(self) -> str:
        """The text that Go's `%v` gives."""
        return "{" + " ".join(printed(v) for k, v in self._fields.items() if k not in self._hidden) + "}"

    def as_json(self) -> Any:
        """What the `json` function of templates writes for it."""
        return self._fields


class GoJson(GoStruct):
    """A struct that prints as its JSON."""

    __slots__ = ("_source",)

    def __init__(self, type_name: str, fields: Mapping[str, Any], source: Any) -> None:
        super().__init__(type_name, fields)
        self._source = source

    def __str__(self) -> str:
        return go_json(self._source)

    def as_json(self) -> Any:
        """The JSON value it stands for."""
        return self._source


class GoList(Sequence[Any]):
    """A list with a text of its own. Not a Python list, which the engine would print in brackets."""

    def __init__(self, items: Sequence[Any], text: Callable[[], str]) -> None:
        self._items = items
        self._text = text

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __str__(self) -> str:
        return self._text()

    def as_json(self) -> Any:
        """The JSON value it stands for."""
        return list(self._items)


class GoNothing(frozenset[Any]):
    """A list that was not given: false, empty, and printed as `null`."""

    def __str__(self) -> str:
        return "null"

    def as_json(self) -> Any:
        """The JSON value it stands for."""
        return None


def go_messages(messages: Sequence[Message], arguments: Callable[[Mapping[str, Any]], Any]) -> list[GoStruct]:
    """Messages as templates see them; `arguments` wraps those of a tool call."""
    return [
        GoStruct(
            "*template.templateMessage",
            {
                "Role": message.role,
                "Content": message.content,
                "Thinking": message.thinking,
                "Images": list(message.images),
                "ToolCalls": [_call(call, arguments) for call in message.tool_calls],
                "ToolName": message.tool_name,
                "ToolCallID": message.tool_call_id,
            },
        )
        for message in messages
    ]


def _call(call: Mapping[str, Any], arguments: Callable[[Mapping[str, Any]], Any]) -> GoStruct:
    function = call.get("function") or {}
    return GoStruct(
        "template.templateToolCall",
        {
            "ID": call.get("id", ""),
            "Function": GoStruct(
                "template.templateToolCallFunction",
                {
                    "Index": function.get("index", 0),
                    "Name": function.get("name", ""),
                    "Arguments": arguments(function.get("arguments") or {}),
                },
            ),
        },
    )


def go_tools(tools: Sequence[Mapping[str, Any]]) -> GoList | GoNothing:
    """Tools of a request as templates see them: printed as JSON."""
    items = [_tool(tool) for tool in tools]
    return GoList(items, lambda: go_json(items)) if items else GoNothing()


def _tool(tool: Mapping[str, Any]) -> GoJson:
    function = tool.get("function") or {}
    parameters = function.get("parameters") or {}
    properties = parameters.get("properties")
    source: dict[str, Any] = {
        "type": tool.get("type", ""),
        **_present(tool, "items"),
        "function": {
            "name": function.get("name", ""),
            "description": function.get("description", ""),
            "parameters": {
                "type": parameters.get("type", ""),
                **_present(parameters, "$defs", "items", "required"),
                "properties": None if properties is None else {k: _schema(properties[k]) for k in sorted(properties)},
            },
        },
    }
    written = source["function"]
    fields = {
        "Name": written["name"],
        "Description": written["description"],
        "Parameters": GoJson(
            "template.templateToolFunctionParameters",
            {
                "Type": written["parameters"]["type"],
                "Defs": parameters.get("$defs"),
                "Items": parameters.get("items"),
                "Required": list(parameters.get("required") or ()),
                "Properties": {k: _property(v) for k, v in (properties or {}).items()},
            },
            written["parameters"],
        ),
    }
    return GoJson(
        "template.templateTool",
        {
            "Type": source["type"],
            "Items": tool.get("items"),
            "Function": GoJson("template.templateToolFunction", fields, written),
        },
        source,
    )


def _property(schema: Any) -> GoStruct:
    schema = schema if isinstance(schema, Mapping) else {}
    kind = schema.get("type") or ()
    kinds = [kind] if isinstance(kind, str) else list(kind)
    return GoStruct(
        "api.ToolProperty",
        {
            "AnyOf": [_property(option) for option in schema.get("anyOf") or ()],
            "Type": GoList(kinds, lambda: printed(kinds) if len(kinds) > 1 else "".join(kinds)),
            "Items": schema.get("items"),
            "Description": schema.get("description", ""),
            "Enum": list(schema.get("enum") or ()),
            "Properties": {k: _property(v) for k, v in (schema.get("properties") or {}).items()} or None,
            "Required": list(schema.get("required") or ()),
            "ToTypeScriptType": _type_script(schema),
        },
        hidden=("ToTypeScriptType",),
    )


def _type_script(schema: Mapping[str, Any]) -> str:
    if schema.get("anyOf"):
        return " | ".join(_type_script(option) for option in schema["anyOf"] if isinstance(option, Mapping))
    kinds = schema.get("type") or []
    return " | ".join(_TYPE_SCRIPT.get(kind, "any") for kind in ([kinds] if isinstance(kinds, str) else kinds)) or "any"


_TYPE_SCRIPT = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "array": "any[]",
    "object": "Record<string, any>",
    "null": "null",
}


def _schema(schema: Any) -> dict[str, Any]:
    """A property's schema with the keys that Ollama knows, in its order, empty ones left out."""
    schema = schema if isinstance(schema, Mapping) else {}
    written: dict[str, Any] = {}
    if schema.get("anyOf"):
        written["anyOf"] = [_schema(option) for option in schema["anyOf"]]
    written |= _present(schema, "type", "items", "description", "enum")
    if schema.get("properties"):
        written["properties"] = {k: _schema(v) for k, v in sorted(schema["properties"].items())}
    return written | _present(schema, "required")


def _present(source: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: _sorted(source[key]) for key in keys if source.get(key)}


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def printed(value: Any) -> str:
    """The text that Go's `%v` gives for a value inside another one."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{printed(value[key])}" for key in sorted(value, key=str)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(printed, value)) + "]"
    return str(value)


def go_json(value: Any) -> str:
    """JSON as Go's `encoding/json` writes it: no spaces, `<`, `>` and `&` escaped, keys of mappings as they come.

    Raises:
        TemplateFailed: for a number that JSON has no text for.
    """
    as_json = getattr(value, "as_json", None)
    if as_json is not None:
        return go_json(as_json())
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_string(str(key))}:{go_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(go_json, value)) + "]"
    return _string(str(value))


def _string(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    for character, escape in _ESCAPES:
        if character in written:
            written = written.replace(character, escape)
    return written


_ESCAPES = [(c, f"\\u{ord(c):04x}") for c in "<>&\u2028\u2029"]


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise TemplateFailed(f"json: unsupported value: {value}")
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    if -7 < int(exponent) < 0:
        return format(value, f".{len(digits.lstrip('-').replace('.', '')) - int(exponent) - 1}f")
    return f"{digits}e{int(exponent):+d}"
