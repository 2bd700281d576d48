"""A request's `format` becomes the constraint that it asks for."""

import json
from typing import Any

import pytest

from paddock.ipc import JsonObject, JsonSchema, Lark, Regex
from paddock.service.errors import RequestError
from paddock.service.structured_output import constraint_of_format


def test_without_a_format_there_is_no_constraint() -> None:
    assert constraint_of_format(None) is None


def test_json_is_any_object() -> None:
    assert constraint_of_format("json") == JsonObject()


def test_a_schema_keeps_its_text_and_the_order_of_its_keys() -> None:
    schema = {"type": "object", "properties": {"größe": {"const": 1}, "a": {}}}
    constraint = constraint_of_format(schema)
    assert isinstance(constraint, JsonSchema)
    assert "größe" in constraint.schema
    assert list(json.loads(constraint.schema)["properties"]) == ["größe", "a"]


def test_regular_expressions_and_grammars_are_told_by_their_types() -> None:
    assert constraint_of_format({"type": "regex", "pattern": "a+"}) == Regex("a+")
    assert constraint_of_format({"type": "grammar", "lark": "start: /a/"}) == Lark("start: /a/")


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ({"type": "regex"}, 'a format of the type "regex" needs "pattern", a string'),
        ({"type": "regex", "pattern": 1}, 'needs "pattern"'),
        ({"type": "grammar", "pattern": "x"}, 'a format of the type "grammar" needs "lark", a string'),
    ],
)
def test_a_format_without_its_text_is_refused(format: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError) as refused:
        constraint_of_format(format)
    assert message in str(refused.value)
