"""Tools and values in the notation of Gemma models."""

from typing import Any

import pytest

from paddock.templates.renderers.conversation import tools_of
from paddock.templates.renderers.gemma_text import declaration, function_declaration, literal, without_thoughts


def declared(schema: dict[str, Any]) -> Any:
    """Return what Gemma 4 sees of the parameter `a`."""
    parameters = {"type": "object", "properties": {"a": schema}}
    (tool,) = tools_of([{"type": "function", "function": {"name": "f", "parameters": parameters}}])
    return declaration(tool)["parameters"]["properties"]["a"]


def test_keys_have_no_quotes_and_texts_stand_between_tokens() -> None:
    value = {"b": ["x", None, True, 1000000.0], "a": {}}
    assert literal(value, '<|"|>') == '{b:[<|"|>x<|"|>,null,true,1000000],a:{}}'
    assert literal([None], "'", null="None") == "[None]"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (" <|channel>so<channel|> Hello ", "Hello"),
        ("a<|channel>1<channel|>b<|channel>2<channel|>c", "abc"),
        ("Hello<|channel>open\nthoughts", "Hello"),
        ("Hello<channel|>", "Hello<channel|>"),
    ],
)
def test_thoughts_are_taken_out_also_open_ones(text: str, left: str) -> None:
    assert without_thoughts(text) == left


@pytest.mark.parametrize(
    ("schema", "seen"),
    [
        ({"type": "string", "enum": ["x", 1]}, {"enum": ["x", "1"], "type": "STRING"}),
        ({"type": "string", "description": "d"}, {"description": "d", "type": "STRING"}),
        ({"type": "integer", "enum": [1]}, {"type": "INTEGER"}),
        ({"type": ["string", "null"]}, {"type": "['STRING', 'NULL']"}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "['STRING', 'NULL']"}),
        ({"anyOf": [{"type": "string", "description": "d"}]}, {}),
        ({"type": "array", "items": {"type": ["a", "b"]}}, {"items": {"type": ["A", "B"]}, "type": "ARRAY"}),
        ({"type": "object"}, {"properties": {}, "type": "OBJECT"}),
        (
            {"type": "object", "properties": {"b": {"type": "number"}}, "required": ["b"]},
            {"properties": {"b": {"type": "NUMBER"}}, "required": ["b"], "type": "OBJECT"},
        ),
    ],
)
def test_a_parameter_has_its_types_in_capitals(schema: dict[str, Any], seen: dict[str, Any]) -> None:
    assert declared(schema) == seen


def test_function_gemma_sees_only_the_first_type_and_the_description_of_each_parameter() -> None:
    properties = {"b": {"type": ["string", "null"], "enum": ["x"]}, "a": {"description": "d"}}
    parameters = {"type": "object", "properties": properties, "required": ["b"]}
    (tool,) = tools_of([{"function": {"name": "f", "description": "Does it.", "parameters": parameters}}])
    seen = {"a": {"description": "d"}, "b": {"description": "", "type": "STRING"}}
    assert function_declaration(tool) == {
        "description": "Does it.",
        "parameters": {"properties": seen, "required": ["b"], "type": "OBJECT"},
    }


def test_a_tool_without_parameters_is_declared_without_them() -> None:
    (tool,) = tools_of([{"function": {"name": "f", "description": "Does it."}}])
    assert declaration(tool) == function_declaration(tool) == {"description": "Does it."}
