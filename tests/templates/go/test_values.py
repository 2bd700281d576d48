import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.templates import Message, TemplateFailed
from paddock.templates.go.values import (
    Arguments,
    GoNothing,
    GoStruct,
    PropertyTypes,
    ToolProperty,
    go_json,
    go_messages,
    go_tools,
    printed,
    type_script,
)

CALL = {"id": "1", "function": {"name": "f", "arguments": {"b": [1.0, "x"], "a": {"d": None, "c": True}}}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (1.234567e6, "1234567"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (1e-5, "0.00001"),
        (1.25e-6, "0.00000125"),
        (-1.25e-6, "-0.00000125"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (9007199254740993, "9007199254740992"),
        ({"b": [True, None, "<&>\u2028é\n"]}, '{"b":[true,null,"\\u003c\\u0026\\u003e\\u2028é\\n"]}'),
    ],
)
def test_json_is_written_as_go_writes_it(value: object, text: str) -> None:
    assert go_json(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_json_reads_back_as_itself(value: float) -> None:
    assert float(go_json(value)) == value


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_has_no_text_for_is_refused(number: float) -> None:
    with pytest.raises(TemplateFailed, match="unsupported value"):
        go_json([number])


def test_a_value_inside_another_is_printed_as_go_prints_it() -> None:
    assert printed({"b": [True, None], "a": "x"}) == "map[a:x b:[true <nil>]]"


def test_a_field_that_a_struct_does_not_have_is_an_error() -> None:
    struct = GoStruct("api.Thing", {"A": 1})
    assert struct.__gotemplate_lookup__("A") == 1
    with pytest.raises(TemplateFailed, match=r"can't evaluate field B in type api\.Thing"):
        struct.__gotemplate_lookup__("B")


def test_arguments_are_in_the_order_of_their_names_at_every_depth() -> None:
    arguments = Arguments(CALL["function"]["arguments"])  # type: ignore[index]
    assert str(arguments) == '{"a":{"c":true,"d":null},"b":[1,"x"]}'


def test_a_call_of_a_message_prints_as_the_struct_that_it_is() -> None:
    (message,) = go_messages([Message("assistant", "", tool_calls=[CALL])])
    (call,) = message.__gotemplate_lookup__("ToolCalls")
    assert str(call) == '{1 {0 f {"a":{"c":true,"d":null},"b":[1,"x"]}}}'


def test_a_tool_prints_as_json_with_the_keys_that_ollama_knows() -> None:
    schema = {"type": "object", "properties": {"b": {"type": "string", "x": 1}, "a": {}}, "required": [], "y": 2}
    tools = go_tools([{"type": "function", "function": {"parameters": schema, "name": "f"}, "z": 3}])
    parameters = '{"type":"object","properties":{"a":{},"b":{"type":"string"}}}'
    function = f'{{"name":"f","description":"","parameters":{parameters}}}'
    assert str(tools) == f'[{{"type":"function","function":{function}}}]'


def test_no_tools_are_false_and_print_as_null() -> None:
    tools = go_tools([])
    assert isinstance(tools, GoNothing)
    assert (bool(tools), str(tools), go_json(tools)) == (False, "null", "null")


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer"}, "number"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"anyOf": [{"type": "array"}, {"type": "object"}]}, "any[] | Record<string, any>"),
        ({"type": "date"}, "any"),
        ({}, "any"),
    ],
)
def test_a_property_has_a_type_in_type_script(schema: dict[str, Any], text: str) -> None:
    assert type_script(schema) == text
    assert ToolProperty(schema).__gotemplate_lookup__("ToTypeScriptType") == text


def test_one_type_alone_prints_without_brackets() -> None:
    assert (str(PropertyTypes(["string"])), str(PropertyTypes(["string", "null"]))) == ("string", "[string null]")
