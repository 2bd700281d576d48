"""Each kind of constraint becomes a grammar that allows exactly what it says, or is refused by name."""

import json
from typing import Any

import pytest

from paddock.engine.constraints import BadConstraint
from paddock.engine.constraints.grammar import grammar_of
from paddock.ipc import CallTemplate, Constraint, JsonObject, JsonSchema, JsonValue, Lark, LiteralText, Regex, ToolCalls
from tests.engine.constraints.writer import Writer, json_schema


@pytest.mark.parametrize("seed", range(8))
def test_json_is_any_object(writer: Writer, seed: int) -> None:
    assert isinstance(json.loads(writer.write(JsonObject(), seed)), dict)


def test_json_is_nothing_but_an_object(writer: Writer) -> None:
    assert [writer.verdict(JsonObject(), text) for text in ("[", '"', "1", "null")] == ["refused after "] * 4


VALUE = {"name": 'Jürgen "J" 💡', "tags": ["a", "b\n"], "none": {}, "deep": {"list": [[], [1, -2.5e3]], "so": None}}


@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_json_may_be_written_as_it_usually_is(writer: Writer, indent: Any, separators: tuple[str, str]) -> None:
    text = json.dumps(VALUE, indent=indent, separators=separators, ensure_ascii=False)
    assert writer.verdict(JsonObject(), text) == "complete"


@pytest.mark.parametrize("text", [" ", "\n", "{}\n", "{  ", "{\n\n", '{"a":\n\n', '{"a":  ', "{\t", "{\n" + " " * 49])
def test_white_space_comes_to_an_end(writer: Writer, text: str) -> None:
    assert writer.verdict(JsonObject(), text) == f"refused after {text[:-1]}"


def test_json_may_be_nested_deeply(writer: Writer) -> None:
    assert writer.verdict(JsonObject(), '{"a":' + "[" * 300 + "]" * 300 + "}") == "complete"


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("[0-9]{3}-[a-f]+", ["123-abc"], ["12-a", "x"]),
        ("^yes|no$", ["yes", "no"], ["maybe"]),
        (r"a/b\/\d+", ["a/b/7"], ["a/b"]),
        ("ja\nnein", ["ja\nnein"], ["janein"]),
        ("é+", ["éé"], ["e", ""]),
        ("", [""], ["a"]),
    ],
)
def test_a_regular_expression_holds_for_the_whole_reply(
    writer: Writer, pattern: str, good: list[str], bad: list[str]
) -> None:
    writer.check(Regex(pattern), good, bad)


def test_a_grammar_may_be_recursive(writer: Writer) -> None:
    sums = Lark('start: "(" start ")" | start "+" start | /[0-9]/ // <sums>\n')
    assert writer.verdict(sums, "((1+2))+3") == "complete"
    assert writer.verdict(sums, "((1+2)") == "unfinished"
    assert writer.verdict(sums, "1+)") == "refused after 1+"


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (json_schema({"properties": {"a": {"pattern": "(?=x)"}}}), "#/properties/a cannot be enforced: look-around"),
        (json_schema({"properties": {"a": {"type": "text"}}}), "#/properties/a cannot be enforced: Invalid type: text"),
        (json_schema({"allOf": [{"type": "string"}, {"type": "null"}]}), "Unsatisfiable"),
        (json_schema({"$ref": "#"}), "nothing can satisfy it"),
        (json_schema(["json"]), 'must be "json" or a JSON schema'),
        (JsonSchema('{"items":' * 500 + "{}" + "}" * 500), "the format"),
        (Regex("a("), "unclosed group"),
        (Regex(r"(a)\1"), "backreferences are not supported"),
        (Regex("[^\\s\\S]"), "nothing can satisfy it"),
        (Lark("begin: /a/"), "no start rule"),
        (Lark('start: "a" <[2]>'), "special tokens"),
        (Lark('start: "//" <|im_end|> // "'), "special tokens"),
    ],
)
def test_what_cannot_be_enforced_is_refused_by_name(writer: Writer, constraint: Constraint, message: str) -> None:
    with pytest.raises(BadConstraint) as refused:
        writer.matcher(constraint)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_quotes_in_a_call_of_json_alone_enclose_strings() -> None:
    parts = LiteralText('{"name": "f", "arguments": '), JsonValue('{"type": "object"}'), LiteralText("}")
    grammar = grammar_of(ToolCalls((CallTemplate("f", parts),), ("</t>",), ("stop",)), {})
    assert (grammar.is_json, grammar.has_text, grammar.limits_digits) == (True, False, True)
    assert (grammar.never_in_strings, grammar.avoided) == (("</t>",), ("stop",))
    assert [form["name"] for form in grammar.library_form()] == ["inner", "v0"]


def test_subschemas_of_calls_are_named_with_their_tool() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "null"}}}
    calls = ToolCalls((CallTemplate("f", (JsonValue(json.dumps(schema)),)),))
    assert [place for place, _ in grammar_of(calls, {}).subschemas()] == [
        "#/properties/a of the tool 'f'",
        "# of the tool 'f'",
    ]
