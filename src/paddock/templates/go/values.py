"""Messages and tools as Go templates see them: fields with Go's names, printed as Go prints them.

A tool and a call's arguments print as JSON, a call as the struct it is; a field that does not exist is an error, not
an empty text. Numbers are those of Go's `encoding/json`: 64-bit floats in their shortest form.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import gotpl

from paddock.templates.errors import TemplateFailed
from paddock.templates.message import Message


class GoStruct:
    """A value with a fixed set of fields, which `gotpl` looks up through its own protocol."""

    __slots__ = ("_fields", "_type")

    def __init__(self, type_name: str, fields: Mapping[str, Any]) -> None:
        self._type = type_name
        self._fields = fields

    def __gotemplate_lookup__(self, field: str) -> Any:
        """Return the field's value.

        Raises:
            TemplateFailed: if there is no such field.
        """
        return self._fields[field] if field in self._fields else self._method(field)

    def _method(self, name: str) -> Any:
        raise TemplateFailed(f"can't evaluate field {name} in type {self._type}")

    def __str__(self) -> str:
        """Return the text that Go's `%v` gives."""
        return "{" + " ".join(map(printed, self._fields.values())) + "}"

    def as_json(self) -> Any:
        """Return the value that the `json` function of templates prints."""
        return self._fields


class GoJson(GoStruct):
    """A struct that prints as JSON."""

    __slots__ = ("_make_json",)

    def __init__(self, type_name: str, fields: Mapping[str, Any], make_json: Callable[[], Any]) -> None:
        self._type = type_name
        self._fields = fields
        self._make_json = make_json

    def __str__(self) -> str:
        return go_json(self._make_json())

    def as_json(self) -> Any:
        """Return the JSON value, which is only made where a template prints it."""
        return self._make_json()


class ToolProperty(GoStruct):
    """The schema of one parameter of a tool."""

    __slots__ = ("_schema",)

    def __init__(self, schema: Any) -> None:
        self._type = "api.ToolProperty"
        self._schema: Mapping[str, Any] = schema if isinstance(schema, Mapping) else {}
        get = self._schema.get
        kind = get("type") or ()
        self._fields = {
            "AnyOf": list(map(ToolProperty, get("anyOf") or ())),
            "Type": PropertyTypes([kind] if isinstance(kind, str) else list(kind)),
            "Items": get("items"),
            "Description": get("description", ""),
            "Enum": list(get("enum") or ()),
            "Properties": _properties(get("properties") or {}) or None,
            "Required": list(get("required") or ()),
        }

    def _method(self, name: str) -> Any:
        return type_script(self._schema) if name == "ToTypeScriptType" else super()._method(name)

    def as_json(self) -> Any:
        """Return the fields, and the type in TypeScript."""
        return {**self._fields, "ToTypeScriptType": type_script(self._schema)}


class GoList(Sequence[Any]):
    """A list with a text of its own. Not a Python list, which `gotpl` would print in brackets."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __str__(self) -> str:
        """Return the list as JSON."""
        return go_json(self._items)

    def as_json(self) -> Any:
        """Return the items in a Python list."""
        return list(self._items)


class PropertyTypes(GoList):
    """The types of a property, of which one alone prints without brackets."""

    def __str__(self) -> str:
        return printed(self._items) if len(self._items) > 1 else "".join(self._items)


class GoNothing(frozenset[Any]):
    """A list that was not given: false, empty, and printed as `null`."""

    def __str__(self) -> str:
        return "null"

    def as_json(self) -> Any:
        """Return None, the null of JSON."""
        return None


class Arguments(gotpl.GoSeq2):  # type: ignore[misc]
    """The arguments of a tool call: `gotpl` ranges over them as over a map, and prints them as JSON."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__(list(_sorted(arguments).items()))

    def __str__(self) -> str:
        return go_json(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Return the arguments in a Python dict."""
        return dict(self.values)


def go_messages(messages: Iterable[Message]) -> list[GoStruct]:
    """Return messages as templates see them."""
    structs = []
    for message in messages:
        fields = {
            "Role": message.role,
            "Content": message.content,
            "Thinking": message.thinking,
            "Images": list(message.images),
            "ToolCalls": list(map(_call, message.tool_calls)),
            "ToolName": message.tool_name,
            "ToolCallID": message.tool_call_id,
        }
        structs.append(GoStruct("*template.templateMessage", fields))
    return structs


def _call(call: Mapping[str, Any]) -> GoStruct:
    function = call.get("function") or {}
    fields = {
        "Index": function.get("index", 0),
        "Name": function.get("name", ""),
        "Arguments": Arguments(function.get("arguments") or {}),
    }
    struct = GoStruct("template.templateToolCallFunction", fields)
    return GoStruct("template.templateToolCall", {"ID": call.get("id", ""), "Function": struct})


def go_tools(tools: Sequence[Mapping[str, Any]]) -> GoList | GoNothing:
    """Return the tools of a request as templates see them.

    Raises:
        TemplateFailed: if the schema of one is not made of the types that JSON Schema prescribes.
    """
    try:
        return GoList(list(map(_tool, tools))) if tools else GoNothing()
    except (AttributeError, TypeError):
        raise TemplateFailed(
            "the definition of a tool is malformed: something in it has another type than in JSON Schema"
        ) from None


def _tool(tool: Mapping[str, Any]) -> GoJson:
    function = tool.get("function") or {}
    parameters = function.get("parameters") or {}
    parameter_fields = {
        "Type": parameters.get("type", ""),
        "Defs": parameters.get("$defs"),
        "Items": parameters.get("items"),
        "Required": list(parameters.get("required") or ()),
        "Properties": _properties(parameters.get("properties") or {}),
    }
    function_fields = {
        "Name": function.get("name", ""),
        "Description": function.get("description", ""),
        "Parameters": GoJson(
            "template.templateToolFunctionParameters", parameter_fields, partial(_parameters_json, parameters)
        ),
    }
    fields = {
        "Type": tool.get("type", ""),
        "Items": tool.get("items"),
        "Function": GoJson("template.templateToolFunction", function_fields, partial(_function_json, function)),
    }
    return GoJson("template.templateTool", fields, partial(_tool_json, tool))


def _properties(schemas: Mapping[str, Any]) -> dict[str, ToolProperty]:
    return dict(zip(schemas, map(ToolProperty, schemas.values()), strict=True))


def type_script(schema: Mapping[str, Any]) -> str:
    """Return the type of a property's values in TypeScript."""
    if schema.get("anyOf"):
        return " | ".join(type_script(option) for option in schema["anyOf"] if isinstance(option, Mapping))
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

# The JSON of a tool has the keys that Ollama knows, in its order, and leaves out empty ones.


def _tool_json(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = _function_json(tool.get("function") or {})
    return {"type": tool.get("type", ""), **_present(tool, "items"), "function": function}


def _function_json(function: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": function.get("name", ""),
        "description": function.get("description", ""),
        "parameters": _parameters_json(function.get("parameters") or {}),
    }


def _parameters_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    properties = parameters.get("properties")
    return {
        "type": parameters.get("type", ""),
        **_present(parameters, "$defs", "items", "required"),
        "properties": None if properties is None else {k: _property_json(properties[k]) for k in sorted(properties)},
    }


def _property_json(schema: Any) -> dict[str, Any]:
    schema = schema if isinstance(schema, Mapping) else {}
    known: dict[str, Any] = {}
    if schema.get("anyOf"):
        known["anyOf"] = [_property_json(option) for option in schema["anyOf"]]
    known |= _present(schema, "type", "items", "description", "enum")
    if schema.get("properties"):
        known["properties"] = {k: _property_json(v) for k, v in sorted(schema["properties"].items())}
    return known | _present(schema, "required")


def _present(source: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: _sorted(source[key]) for key in keys if source.get(key)}


def _sorted(value: Any) -> Any:
    """Return a JSON value with the keys of its objects in order, as Go writes maps."""
    if isinstance(value, Mapping):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def printed(value: Any) -> str:
    """Return the text that Go's `%v` gives for a value inside another one."""
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
    """Return JSON as Go's `encoding/json` does: no spaces, `<`, `>` and `&` escaped, keys of mappings as they come.

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
    quoted = json.dumps(text, ensure_ascii=False)
    for character, escape in _ESCAPES:
        if character in quoted:
            quoted = quoted.replace(character, escape)
    return quoted


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
