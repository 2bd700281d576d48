"""A request as the templates see it: its turns and its tools, with keys in Ollama's order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock.templates.message import Message
from paddock.templates.placeholders import has_placeholders, place_images


@dataclass(slots=True)
class Call:
    """A call of a tool: the conversation's `number`th, from 0. Its arguments are in the request's order."""

    id: str
    name: str
    arguments: dict[str, Any]
    number: int


@dataclass(slots=True)
class Turn:
    """A message at its place in the conversation.

    `results` are the tool messages right behind it; `answers` is the call whose id a tool message gives.
    """

    index: int
    role: str
    content: str
    thinking: str
    images: int
    calls: list[Call]
    tool_name: str
    tool_call_id: str
    answers: Call | None
    results: list["Turn"] = field(default_factory=list)


@dataclass(slots=True)
class Tool:
    """A tool that the model may call.

    `definition` is the whole of it as JSON, `function` that without the wrapper, `parameters` the schema in that, and
    `properties` the schema's parameters by name.
    """

    name: str
    description: str
    definition: dict[str, Any]
    function: dict[str, Any]
    parameters: dict[str, Any]
    properties: dict[str, dict[str, Any]]

    @property
    def namespace(self) -> str:
        """The part of the name before its first dot."""
        return self.name.partition(".")[0]


def turns_of(messages: Iterable[Message], *, places_images: bool) -> list[Turn]:
    """Return messages as templates see them, with placeholders for their images if the format has those."""
    turns: list[Turn] = []
    calls: dict[str, Call] = {}
    calls_before = images_before = 0
    asked: Turn | None = None
    for index, message in enumerate(messages):
        own = [_call(call, calls_before + number) for number, call in enumerate(message.tool_calls)]
        content, images = message.content, len(message.images)
        turn = Turn(
            index,
            message.role,
            _placed(content, images_before, images) if places_images and images else content,
            message.thinking,
            images,
            own,
            message.tool_name,
            message.tool_call_id,
            calls.get(message.tool_call_id) if message.tool_call_id else None,
        )
        turns.append(turn)
        if message.role != "tool":
            asked = turn
        elif asked is not None:
            asked.results.append(turn)
        calls.update((call.id, call) for call in own if call.id)
        calls_before += len(own)
        images_before += images
    return turns


def _call(call: Mapping[str, Any], number: int) -> Call:
    function = _mapping(call.get("function"))
    arguments = _mapping(function.get("arguments"))
    return Call(
        id=_text(call.get("id")),
        name=_text(function.get("name")),
        arguments={str(key): _sorted(value) for key, value in arguments.items()},
        number=number,
    )


def _placed(text: str, first: int, count: int) -> str:
    if has_placeholders(text):  # the client has placed the images
        return text
    before, text = place_images(text, first, count)
    return f"{before} {text}" if before and text else before + text


def tools_of(tools: Iterable[Mapping[str, Any]]) -> list[Tool]:
    """Return the tools of a request without the parts of schemas that Ollama does not know."""
    return [_tool(tool) for tool in tools]


def _tool(tool: Mapping[str, Any]) -> Tool:
    given = _mapping(tool.get("function"))
    schema = _mapping(given.get("parameters"))
    properties = schema.get("properties")
    parameters = {
        "type": schema.get("type", ""),
        **_given(schema, "$defs", "items"),
        **_listed(schema, "required"),
        "properties": _properties(properties) if isinstance(properties, Mapping) else None,
    }
    function = {"name": _text(given.get("name")), **_filled(given, "description"), "parameters": parameters}
    return Tool(
        name=function["name"],
        description=_text(given.get("description")),
        definition={"type": tool.get("type", ""), **_given(tool, "items"), "function": function},
        function=function,
        parameters=parameters,
        properties=parameters["properties"] or {},
    )


def _properties(properties: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(name): _property(_mapping(schema)) for name, schema in properties.items()}


def _property(schema: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {}
    options = schema.get("anyOf")
    if isinstance(options, list | tuple) and options:
        written["anyOf"] = [_property(_mapping(option)) for option in options]
    written |= _filled(schema, "type")
    if isinstance(written.get("type"), list) and len(written["type"]) == 1:
        written["type"] = written["type"][0]
    written |= _given(schema, "items") | _filled(schema, "description") | _listed(schema, "enum")
    if isinstance(schema.get("properties"), Mapping):
        written["properties"] = _properties(schema["properties"])
    return written | _listed(schema, "required")


def _given(source: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: _sorted(source[key]) for key in keys if source.get(key) is not None}


def _filled(source: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: _sorted(source[key]) for key in keys if source.get(key)}


def _listed(source: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return _filled(source, *(key for key in keys if isinstance(source.get(key), list | tuple)))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
