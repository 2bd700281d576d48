from typing import Any

import pytest

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
