"""A reply that is constrained by a JSON schema is valid under it, whatever the model would rather write."""

import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.constraints import BadConstraint
from paddock.engine.constraints.schema import prepare, read_schema
from tests.engine.constraints.writer import Writer, json_schema
from tests.examples import scaled

Validator: Any = importlib.import_module("jsonschema").Draft202012Validator

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=6)
NAMES = st.sampled_from(["a", "name", 'quo"te', "größe", "日本", "back\\slash", "a b", "", "<x>"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), st.floats(-9, 9, width=16), TEXTS)
CONSTANTS = st.recursive(
    VALUES, lambda v: st.lists(v, max_size=2) | st.dictionaries(NAMES, v, max_size=2), max_leaves=4
)
QUARTERS = st.integers(-4000, 4000).map(lambda n: n / 4)


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted((draw(QUARTERS), draw(QUARTERS)))
    bounds = {"minimum": low, "maximum": high + 2} if draw(st.booleans()) else {"exclusiveMinimum": low - 1}
    if draw(st.booleans()):
        return {"type": "number", **bounds}
    return {"type": "integer", **bounds, **draw(st.sampled_from([{}, {"multipleOf": 2}]))}


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    shortest = draw(st.integers(0, 4))
    lengths = {"minLength": shortest, "maxLength": shortest + draw(st.integers(0, 9))}
    patterns = ["^[a-z]{2,5}$", r"^\d{3}-\d+$", "^[éü]*$", "[^x]y?", r"^(?:\"|\\){1,3}$"]
    kinds = [lengths, {"format": "date"}, {"format": "ipv4"}, {}, *({"pattern": p} for p in patterns)]
    return {"type": "string", **draw(st.sampled_from(kinds))}


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(NAMES, inner, max_size=3))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    others = draw(st.one_of(st.booleans(), inner))
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": others}


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    fewest = draw(st.integers(0, 2))
    first = {"prefixItems": [draw(inner)]} if draw(st.booleans()) else {}
    return {
        "type": "array",
        **first,
        "items": draw(inner),
        "minItems": fewest,
        "maxItems": fewest + draw(st.integers(0, 2)),
    }


def compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    choices = st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
    return st.one_of(objects(inner), arrays(inner), choices)


SIMPLE = st.one_of(
    numbers(),
    strings(),
    CONSTANTS.map(lambda value: {"const": value}),
    st.lists(CONSTANTS, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    st.sampled_from([{}, True, {"type": ["null", "boolean"]}, {"$ref": "#/$defs/tree"}]),
)
TREE = {"type": "object", "properties": {"of": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}
SCHEMAS = objects(st.recursive(SIMPLE, compound, max_leaves=5)).map(lambda s: {**s, "$defs": {"tree": TREE}})


@settings(max_examples=scaled(60), deadline=None)
@given(schema=SCHEMAS, seed=st.integers(0, 2**31))
def test_every_finished_reply_parses_and_fits_its_schema(writer: Writer, schema: dict[str, Any], seed: int) -> None:
    value = json.loads(writer.write(json_schema(schema), seed))
    Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"enum": ["käse", "日本", "💡"]}, ['"käse"', '"日本"', '"💡"'], ['"kase"', '"日"', "1"]),
        ({"const": {"ü": [1, None, 'a"b']}}, ['{"ü": [1, null, "a\\"b"]}'], ["{}", '{"ü": [1, null, "a"]}']),
        ({"const": -0.0}, ["0"], ["1"]),
        ({"type": "integer", "minimum": -3, "exclusiveMaximum": 12}, ["-3", "0", "11"], ["-4", "12", "1.5", "01"]),
        ({"type": "number", "minimum": 0.5, "maximum": 1}, ["0.5", "0.75", "1"], ["0.4", "1.1", "-1"]),
        ({"type": "string", "maxLength": 2}, ['"💡ü"', '""'], ['"abc"']),
        ({"format": "date"}, ['"2024-02-29"', '"1999-12-31"', "5"], ['"2023-02-29"', '"1999-13-01"', '"0000-01-01"']),
        ({"type": "string", "format": "date-time"}, ['"2024-02-29T23:59:59.5Z"'], ['"2024-02-29"']),
        ({"items": [{"const": 1}], "additionalItems": {"const": 2}, "type": "array"}, ["[1, 2]"], ["[2]", "[1, 1]"]),
        ({"prefixItems": [{"const": 1}], "additionalItems": False, "type": "array"}, ["[1, 5]"], ["[2]"]),
        ({"type": "object", "minProperties": 1}, ['{"a": 1}'], ["{}"]),
        ({"type": "string", "pattern": "^a|b$"}, ['"ax"', '"xb"'], ['"xx"']),
    ],
)
def test_a_schema_lets_pass_what_fits(writer: Writer, schema: Any, good: list[str], bad: list[str]) -> None:
    writer.check(json_schema(schema), good, bad)


def test_replies_may_be_nested_deeply(writer: Writer) -> None:
    depth = 300
    tree = json_schema({"type": "array", "items": {"$ref": "#"}})
    assert writer.verdict(tree, "[" * depth + "]" * depth) == "complete"


def test_definitions_may_lie_anywhere_in_the_schema(writer: Writer) -> None:
    schema = {"$ref": "#/components/a~1b/0", "components": {"a/b": [{"type": "boolean", "description": "yes or no"}]}}
    assert writer.verdict(json_schema(schema), "true") == "complete"


@pytest.mark.parametrize(
    "more",
    [
        {"title": "t", "description": "d", "default": {"not": 1}, "examples": [], "deprecated": True, "$comment": ""},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/x", "x-anything": 1},
        {"$defs": {"unused": {"not": {}}}, "uniqueItems": False, "propertyNames": {"type": "string"}},
        {"format": "int64", "then": {"type": "string"}, "x-guidance": {"whitespace_flexible": True}},
    ],
)
def test_keywords_that_only_describe_are_ignored(writer: Writer, more: dict[str, Any]) -> None:
    assert writer.verdict(json_schema({"type": "integer", **more}), "5") == "complete"
    inside = json_schema({"properties": {"default": {"type": "integer", **more}}})
    assert writer.verdict(inside, '{"default": 5}') == "complete"


REFUSED = [
    ({"properties": {"a/b": {"not": {}}}}, '"not" at #/properties/a~1b cannot be enforced'),
    ({"items": {"uniqueItems": True}}, '"uniqueItems" at #/items'),
    ({"if": {}, "then": {}}, '"if" at #'),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"contains": {}}}}, '"contains" at #/$defs/a'),
    ({"items": {"$ref": "https://example.com/x"}}, '"$ref" at #/items: there is no'),
    ({"items": {"$ref": "#/$defs/x"}}, "there is no '#/$defs/x' in the schema"),
    ({"minProperties": 3, "required": ["a"]}, '"minProperties" at #'),
    ({"properties": {"a\nb": {}}}, '"properties" at #: names with control characters'),
    ({"enum": [1, [2**60]]}, '"enum" at #: 1152921504606846976 is too large'),
    ({"properties": []}, '"properties" at # must be an object'),
    ({"anyOf": [1]}, "#/anyOf/0 is not a schema"),
]


@pytest.mark.parametrize(("schema", "message"), REFUSED)
def test_what_cannot_be_enforced_is_refused_with_its_place(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(BadConstraint) as refused:
        prepare(schema)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("json", "is not JSON"),
        ("{", "is not JSON"),
        ('{"const": NaN}', "is not JSON: NaN"),
        ("[" * 100_000, "nested too deeply"),
        (r'{"const": "\ud800"}', "half of a surrogate pair"),
    ],
)
def test_text_that_is_not_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadConstraint, match=f"the format.*{message}"):
        read_schema(text)


def test_subschemas_are_listed_with_their_places_outer_ones_first() -> None:
    schema = {"items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/n"}]}, "$defs": {"n": {"type": "null"}}}
    prepared = prepare(schema)
    places = [place for place, _ in prepared.subschemas]
    assert places == ["#", "#/items", "#/items/anyOf/0", "#/items/anyOf/1", "#/$defs/n"]
    assert prepared.definitions == {"0": {"type": "null"}}
