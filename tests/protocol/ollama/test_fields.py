"""Fields that accept more than one JSON type."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.ipc import Constraint, JsonObject, JsonSchema, Lark, Regex
from paddock.protocol.json import BadRequest
from paddock.protocol.ollama import read_format, read_images, read_input, read_licenses, read_think, read_tool_choice


@given(st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["\n", "\r", "\r\n"]))))
def test_line_ends_within_base64_are_ignored(data: bytes, ends: list[tuple[int, str]]) -> None:
    text = base64.b64encode(data).decode()
    for place, end in ends:
        text = text[:place] + end + text[place:]
    assert read_images([text]) == [data]


@pytest.mark.parametrize(
    ("text", "place"), [("a b=", 1), ("ab\n*=", 3), ("é", 0), ("\tYQ==", 0), ("-_-_", 0), ("YQ", 2), ("Y", 1)]
)
def test_an_image_that_is_not_base64_is_refused_with_the_position_of_the_error(text: str, place: int) -> None:
    with pytest.raises(BadRequest, match=f"^illegal base64 data at input byte {place}$"):
        read_images(["YQ==", text])


def test_absent_images_are_an_empty_list() -> None:
    assert read_images([]) == []


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        (None, ("auto", "")),
        ("", ("auto", "")),
        ("auto", ("auto", "")),
        ("none", ("none", "")),
        ("required", ("required", "")),
        ("get_weather", ("required", "get_weather")),
        ({"type": "function", "function": {"name": "auto"}}, ("required", "auto")),
        ({"function": {"name": "f"}}, ("required", "f")),
    ],
)
def test_a_tool_choice_is_a_word_or_a_function(value: Any, choice: tuple[str, str]) -> None:
    assert read_tool_choice(value) == choice


@given(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.lists(st.text()),
        st.dictionaries(st.sampled_from(["type", "name", "functions"]), st.text()),
        st.fixed_dictionaries({"type": st.just("function"), "function": st.one_of(st.none(), st.text(), st.just({}))}),
    )
)
def test_any_other_tool_choice_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest, match=r"^tool_choice must be"):
        read_tool_choice(value)


@pytest.mark.parametrize(("value", "texts"), [(None, []), ("", []), ("a", ["a"]), (["a", ""], ["a", ""]), ([], [])])
def test_input_and_license_are_one_text_or_a_list(value: Any, texts: list[str]) -> None:
    assert read_input(value) == read_licenses(value) == texts


@pytest.mark.parametrize("value", [1, True, {}, ["a", 1]])
def test_anything_but_texts_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest, match="invalid input type"):
        read_input(value)
    with pytest.raises(BadRequest, match="license must be"):
        read_licenses(value)


@pytest.mark.parametrize(
    ("value", "constraint"),
    [
        (b"null", None),
        (b'""', None),
        (b'"json"', JsonObject()),
        (b'{"type": "object"}', JsonSchema('{"type": "object"}')),
        (b"{}", JsonSchema("{}")),
    ],
)
def test_a_format_is_json_or_a_schema(value: bytes, constraint: Constraint | None) -> None:
    assert read_format(msgspec.Raw(value)) == constraint


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def test_a_schema_keeps_its_text_and_the_order_of_its_keys() -> None:
    schema = {"type": "object", "properties": {"größe": {"const": 1}, "a": {}}}
    constraint = read_format(raw(schema))
    assert isinstance(constraint, JsonSchema)
    assert "größe" in constraint.schema
    assert list(json.loads(constraint.schema)["properties"]) == ["größe", "a"]


def test_regular_expressions_and_grammars_are_told_by_their_types() -> None:
    assert read_format(raw({"type": "regex", "pattern": "a+"})) == Regex("a+")
    assert read_format(raw({"type": "grammar", "lark": "start: /a/"})) == Lark("start: /a/")


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ({"type": "regex"}, 'a format of the type "regex" needs "pattern", a string'),
        ({"type": "regex", "pattern": 1}, 'needs "pattern"'),
        ({"type": "grammar", "pattern": "x"}, 'a format of the type "grammar" needs "lark", a string'),
    ],
)
def test_the_error_for_a_format_without_its_text_is_returned(format: dict[str, Any], message: str) -> None:
    error = read_format(raw(format))
    assert isinstance(error, BadRequest)
    assert message in str(error)


@pytest.mark.parametrize("value", [b"1", b"[]", b"true", b'"xml"'])
def test_any_other_format_is_refused_and_repeated(value: bytes) -> None:
    with pytest.raises(BadRequest, match=r"^invalid format: ") as caught:
        read_format(msgspec.Raw(value))
    assert value.decode().replace('"', '\\"') in str(caught.value)


@pytest.mark.parametrize("value", [None, True, False, "high", "medium", "low", "max"])
def test_think_is_a_boolean_or_a_level(value: Any) -> None:
    assert read_think(value) is value


@pytest.mark.parametrize("value", [1, "yes", "", [], {}])
def test_any_other_think_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest, match="think"):
        read_think(value)
