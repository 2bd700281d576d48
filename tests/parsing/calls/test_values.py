from typing import Any

import pytest

from paddock.parsing import ParseError, ToolCall
from paddock.parsing.calls.json_calls import decoded, json_call
from paddock.parsing.calls.literals import Literals
from paddock.parsing.calls.program_calls import brace_call, python_calls
from paddock.parsing.calls.values import properties, required, typed

KNOWN = {
    "flag": {"type": "boolean"},
    "count": {"type": "integer"},
    "share": {"type": ["number", "null"]},
    "list": {"type": "array"},
    "map": {"type": "object"},
    "due": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "either": {"type": ["boolean", "string"]},
    "text": {"type": "string"},
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("flag", "TRUE", True),
        ("flag", "yes", False),
        ("either", "yes", "yes"),
        ("count", "-7", -7),
        ("count", "1e3", "1e3"),
        ("count", "1_000", "1_000"),
        ("count", "12345678901234567890", 12345678901234567890),
        ("count", "9" * 5000, "9" * 5000),
        ("share", "1e3", 1000),
        ("share", ".5", 0.5),
        ("share", "1e999", "1e999"),
        ("share", "nan", "nan"),
        ("share", "0x10", "0x10"),
        ("list", "[1, {}]", [1, {}]),
        ("list", "a, b", "a, b"),
        ("map", '{"a": 1}', {"a": 1}),
        ("map", "{broken", "{broken"),
        ("due", "30", 30),
        ("due", "2026-03-01", "2026-03-01"),
        ("text", "1", "1"),
        ("text", "Null", None),
        ("unknown", "1", "1"),
    ],
)
def test_text_becomes_what_the_schema_says_or_stays_text(name: str, text: str, value: Any) -> None:
    result = typed(text, name, KNOWN)
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize("function", [None, {}, {"parameters": []}, {"parameters": {"properties": [], "required": 1}}])
def test_a_schema_that_says_nothing_has_no_parameters(function: dict[str, Any] | None) -> None:
    assert (properties(function), required(function)) == ({}, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it\\'s\\n'", "it's\n"),
        ('"a\\"b\\u00e9\\ud83d"', 'a"bé\ufffd'),
        ("[1, 2.5, None, true, 'x', {'a': -3}]", [1, 2.5, None, True, "x", {"a": -3}]),
        ("{a: [b c, 1e2], 'd': {}}", {"a": ["b c", 100], "d": {}}),
        ("0x1F", "0x1F"),
    ],
)
def test_a_literal_is_read(text: str, value: Any) -> None:
    literals = Literals(text)
    assert literals.value() == value
    assert literals.ends()


@pytest.mark.parametrize("text", ["'open", "[1 2", "{a}", "{a: 1", "[", "", ")", "[" * 200 + "]" * 200])
def test_a_literal_that_is_broken_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        Literals(text).value()


def test_calls_as_in_python_stand_in_a_list_or_one_after_the_other() -> None:
    calls = [ToolCall("a.b", {"x": [1]}), ToolCall("c", {})]
    assert python_calls("[a.b(x=[1]), c()]") == calls
    assert python_calls("\n a.b( x = [1] )\n\nc()\n") == calls


@pytest.mark.parametrize("text", ["f", "f(", "f(1)", "f(a=)", "f(a=1) and more", "(a=1)"])
def test_other_text_is_no_call_as_in_python(text: str) -> None:
    assert python_calls(text) is None


def test_a_call_in_braces_is_mended_only_if_it_was_closed() -> None:
    assert brace_call("call:f{a:%x%,b:%y", "%", True) == [ToolCall("f", {"a": "x", "b": "y"})]
    assert brace_call("call:f{a:%x%,b:%y", "%", False) == []
    assert brace_call("call:f{a:1,b,c:2}", "%", True) == [ToolCall("f", {"a": 1, "c": 2})]
    assert brace_call("hello", "%", True) is None


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "1e999", "[" * 101 + "]" * 101, "[" * 10**5])
def test_what_is_no_json_to_hand_on_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        decoded(text)


def test_line_ends_inside_strings_are_allowed() -> None:
    assert decoded('{"a": "x\ny"}') == {"a": "x\ny"}


@pytest.mark.parametrize("text", ["[]", "{}", '{"name": ""}', '{"name": "f", "arguments": [1]}'])
def test_an_object_without_a_name_or_with_other_arguments_is_no_call(text: str) -> None:
    with pytest.raises(ParseError):
        json_call(text)
