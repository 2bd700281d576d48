"""Bare values between tags: each kind of schema becomes the parts that a parser reads back as a value that fits."""

import json
from typing import Any

import pytest

from paddock.ipc import MAX_EXACT_INTEGER, AnyOf, BareText, CallPart, JsonValue, LiteralText, Region
from paddock.parsing.calls.bare_values import MAX_GRAMMAR_LENGTH, CannotForce, ValueTags, bare_value

TAGS = ValueTags("</p>\n", ("<p>", "</f>"))


def parts(schema: dict[str, Any], root: dict[str, Any] | None = None) -> list[CallPart]:
    return bare_value("f", "a", schema, "<p>", TAGS, root or {})


def options(part: CallPart) -> list[str]:
    """The texts that an alternative consists of."""
    assert isinstance(part, AnyOf)
    assert all(len(option) == 1 and isinstance(option[0], LiteralText) for option in part.options)
    return [option[0].text for option in part.options if isinstance(option[0], LiteralText)]


@pytest.mark.parametrize(
    ("schema", "texts"),
    [
        ({"type": "boolean"}, ["true", "false"]),
        ({"type": "null"}, ["null"]),
        ({"const": "x y"}, ["x y"]),
        ({"enum": ["a", "b<p>", "c\n", "null"]}, ["a"]),
        ({"type": "integer", "enum": [1, 2.5]}, ["1"]),
    ],
)
def test_listed_values_are_texts_that_are_read_back(schema: dict[str, Any], texts: list[str]) -> None:
    (part,) = parts(schema)
    assert options(part) == [text + TAGS.end for text in texts]


def test_a_listed_value_that_no_text_stands_for_is_refused() -> None:
    with pytest.raises(CannotForce, match="no value of the parameter 'a'"):
        parts({"enum": ["</f>"]})


def test_a_value_that_may_be_null_is_null_or_the_other() -> None:
    (part,) = parts({"type": ["null", "integer"]})
    assert isinstance(part, AnyOf)
    null, other = part.options
    assert null == (LiteralText("null</p>\n"),)
    assert isinstance(other[0], JsonValue)
    assert json.loads(other[0].schema)["type"] == "integer"


def test_numbers_without_limits_get_those_of_exact_integers() -> None:
    number, end = parts({"type": "number", "exclusiveMinimum": 0})
    assert isinstance(number, JsonValue)
    assert json.loads(number.schema) == {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_EXACT_INTEGER}
    assert end == LiteralText("</p>\n")


def test_a_list_is_json_in_a_region_whose_strings_do_not_contain_tags() -> None:
    value, _ = parts({"type": "array", "items": {"$ref": "#/$defs/s"}}, {"$defs": {"s": {"type": "string"}}})
    assert isinstance(value, JsonValue)
    assert "$defs" in json.loads(value.schema)
    assert value.region == Region("<p>", "</p>\n", ("</p>", "<p>", "</f>"))


def test_a_list_that_must_contain_a_tag_is_refused() -> None:
    with pytest.raises(CannotForce, match="cannot be written in tags: it has '</f>'"):
        parts({"type": "array", "items": {"enum": ["x</f>"]}})
    parts({"type": "array", "items": {"type": "string", "description": "not </f>"}})


def test_a_text_is_neither_null_nor_contains_a_tag() -> None:
    (text,) = parts({"type": "string", "minLength": 2, "pattern": "^x"})
    assert isinstance(text, BareText)
    assert text.matches == ("(?s:.{2,})",)
    assert "[nN][uU][lL][lL]" in text.excludes
    assert any("</f>" in regex for regex in text.excludes)
    assert json.loads(text.schema) == {"pattern": "^x"}
    assert text.region is None


def test_a_long_length_limit_is_enforced_beside_the_grammar() -> None:
    (short,) = parts({"maxLength": MAX_GRAMMAR_LENGTH})
    (long,) = parts({"maxLength": MAX_GRAMMAR_LENGTH + 1})
    assert isinstance(short, BareText)
    assert isinstance(long, BareText)
    assert (short.matches, short.region) == ((f"(?s:.{{0,{MAX_GRAMMAR_LENGTH}}})",), None)
    assert (long.matches, long.region) == ((), Region("<p>", "</p>\n", max_characters=MAX_GRAMMAR_LENGTH + 1))


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "string", "minLength": "2"}, "a length that is not a whole number"),
        ({"type": "string", "minLength": 101}, "a minLength beyond 100"),
        ({"type": ["string", "integer"]}, "'type' of the parameter 'a' of the tool 'f' cannot be enforced there"),
        ({"type": "string", "not": {}}, "'not' of the parameter 'a'"),
    ],
)
def test_what_cannot_be_enforced_on_bare_text_is_refused(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(CannotForce) as refused:
        parts(schema)
    assert message in str(refused.value)
