"""The parts of a forced call, as each way of writing calls puts them together."""

import json
from typing import Any

import pytest

from paddock.engine.constraints import BadConstraint
from paddock.ipc import AnyOf, JsonValue, LiteralText
from paddock.parsing.calls.bare_values import CannotForce, ValueTags
from paddock.parsing.calls.forced_calls import CallFormat, arguments_schema, in_json, in_pairs, in_tags
from paddock.parsing.named import NAMED_PARSERS
from tests.parsing.calls.call_writer import tool, writer

NUMBER = {"type": "integer", "minimum": 0}
TWO = {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}, "required": ["a"]}


def texts(parts: Any) -> list[Any]:
    """Return parts with literal texts as they are, schemas as `{}`, and alternatives as lists."""
    shown: list[Any] = []
    for part in parts:
        if isinstance(part, AnyOf):
            shown.append([texts(option) for option in part.options])
        else:
            shown.append(part.text if isinstance(part, LiteralText) else "{}")
    return shown


def test_a_call_in_json_is_name_and_arguments() -> None:
    write = in_json('{"name": ', ', "arguments": ', "}")
    name, arguments, end = write("größe", TWO)
    assert (name, end) == (LiteralText('{"name": "größe", "arguments": '), LiteralText("}"))
    assert isinstance(arguments, JsonValue)
    assert json.loads(arguments.schema) == TWO


def test_a_bare_name_is_an_identifier() -> None:
    write = in_json("call:", "(", ")", bare_name=True)
    assert texts(write("a.b-c", {})) == ["call:a.b-c(", "{}", ")"]
    with pytest.raises(CannotForce, match="'a b' must consist of letters"):
        write("a b", {})


def test_arguments_in_tags_are_required_ones_and_then_optional_ones() -> None:
    write = in_tags("<f={0}>", ("<p=", ">"), ValueTags("</p>"), "</f>")
    assert texts(write("f", TWO)) == ["<f=f>", "<p=a>", "{}", "</p>", [["<p=b>", "{}", "</p>"], []], "</f>"]


def test_arguments_in_pairs_have_commas_between_them() -> None:
    write = in_pairs("", "(", "=", ", ", ")")
    assert texts(write("f", TWO)) == ["f(", "a=", "{}", [[", b=", "{}"], []], ")"]
    assert texts(write("f", {"properties": {}})) == ["f(", ")"]


def test_whichever_optional_argument_comes_first_has_no_comma() -> None:
    write = in_pairs("", "(", "=", ", ", ")")
    optional = {"type": "object", "properties": {"a": NUMBER, "b c": NUMBER}}
    first = [[], ["a=", "{}", [[', "b c"=', "{}"], []]], ['"b c"=', "{}"]]
    assert texts(write("f", optional)) == ["f(", first, ")"]


def test_references_in_a_property_find_their_definitions() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"], "$defs": {"n": NUMBER}}
    (value,) = [part for part in in_pairs("", "(", "=", ", ", ")")("f", schema) if isinstance(part, JsonValue)]
    assert json.loads(value.schema) == {"$ref": "#/$defs/n", "$defs": {"n": NUMBER}}


def test_arguments_that_are_not_listed_are_excluded_unless_the_schema_says_otherwise() -> None:
    assert arguments_schema("f", {}) == {"additionalProperties": False, "type": "object"}
    allowed = {"type": "object", "additionalProperties": True}
    assert arguments_schema("f", {"parameters": allowed}) == allowed
    composed = {"type": "object", "allOf": [TWO]}
    assert arguments_schema("f", {"parameters": composed}) == composed


def test_the_constraint_has_a_template_for_each_tool_that_may_be_called() -> None:
    call_format = CallFormat(in_json("", ":", ""), ("</t>",))
    tools = [tool("f", None), tool("g", None)]
    both = call_format.constraint(tools, stop=["stop"])
    assert [call.tool for call in both.calls] == ["f", "g"]
    assert (both.never_in_strings, both.avoided) == (("</t>",), ("stop",))
    assert [call.tool for call in call_format.constraint(tools, "g").calls] == ["g"]


FORCED = [name for name, parser in NAMED_PARSERS.items() if parser.format.call_format]


@pytest.mark.parametrize(
    ("tools", "name", "message"),
    [
        ([], "", "there are no tools"),
        ([{"type": "function"}], "", "there are no tools"),
        ([tool("f", {})], "g", "'g', which is not among the tools"),
        ([tool("f", [])], "", "not the schema of an object"),
        ([tool("f", {"type": "array"})], "", "not the schema of an object"),
    ],
)
def test_what_cannot_be_called_is_refused(tools: Any, name: str, message: str) -> None:
    for parser in FORCED:
        call_format = NAMED_PARSERS[parser].format.call_format
        assert call_format is not None
        with pytest.raises(CannotForce, match=message):
            call_format.constraint(tools, name)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"properties": {"a": {"type": "string", "format": "email"}}}, "'email' cannot be enforced"),
        ({"properties": {"a": {"type": "string", "pattern": "^a|b$"}}}, "cannot be enforced"),
        ({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}, "'anyOf' of the parameter 'a'"),
        ({"properties": {"a>": {}}}, "'a>'"),
        ({"properties": {}, "required": ["a"]}, "requires 'a'"),
        ({"properties": {}, "additionalProperties": True}, "'additionalProperties'"),
        ({"$ref": "#/x"}, "'$ref'"),
        ({"properties": {"a": {"enum": ["null"]}}}, "no value of the parameter 'a'"),
        ({"properties": {"a": {"type": "array", "uniqueItems": True}}}, '"uniqueItems"'),
        ({"properties": {"a": 1}}, "is not a schema"),
        ({"properties": []}, "are not a schema"),
        ({"properties": {"a": {}}, "required": [["a"]]}, "are not a schema"),
        ({"properties": {"a": {"type": "string", "minLength": "x"}}}, "not a whole number"),
        ({"properties": {"a": {"type": "string", "pattern": 1}}}, "must be a string"),
    ],
)
def test_arguments_that_cannot_be_held_to_their_schema_in_tags_are_refused(parameters: Any, message: str) -> None:
    call_format = NAMED_PARSERS["qwen3.5"].format.call_format
    assert call_format is not None
    with pytest.raises((CannotForce, BadConstraint)) as refused:
        writer().write(call_format.constraint([tool("f", {"type": "object", **parameters})]), 0)
    assert message in str(refused.value)
