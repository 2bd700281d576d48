"""`oneOf` is enforced where its options exclude each other, and refused where they may overlap."""

from typing import Any

import pytest

from paddock.engine.constraints import BadConstraint
from paddock.engine.constraints.one_of import Effort, TooMuchToCompare, discriminator, disjoint, identity
from paddock.engine.constraints.schema import prepare
from tests.engine.constraints.writer import Writer, json_schema

CAT, DOG = ({"type": "object", "properties": {"kind": {"const": k}}, "required": ["kind"]} for k in ("cat", "dog"))
VAGUE = [{"type": "object", "properties": {"kind": {"const": k}}} for k in ("cat", "dog")]


@pytest.mark.parametrize(
    ("options", "good", "bad"),
    [
        ([{"type": "string"}, {"type": "null"}], ["null", '"x"'], ["1"]),
        ([{"const": 1}, {"enum": [2, True]}], ["1", "true"], ["3"]),
        ([{"$ref": "#/$defs/cat"}, {"$ref": "#/$defs/dog"}], ['{"kind": "dog"}'], ['{"kind": "cow"}', "{}"]),
        (VAGUE, ['{"kind": "dog"}'], ["{}"]),
        ([{k: o[k] for k in ("properties", "required")} for o in (CAT, DOG)], ['{"kind": "cat"}'], ['"x"', "{}"]),
        ([{"anyOf": [{"type": "string"}, {"const": 5}]}, {"type": "array"}], ["5", "[]"], ["6"]),
    ],
)
def test_one_of_is_enforced_where_options_exclude_each_other(
    writer: Writer, options: list[Any], good: list[str], bad: list[str]
) -> None:
    writer.check(json_schema({"oneOf": options, "$defs": {"cat": CAT, "dog": DOG}}), good, bad)


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"type": "integer"}, {"type": "number"}]},
        {"oneOf": [{"$ref": "#/$defs/a"}, {}], "$defs": {"a": {"$ref": "#/$defs/b"}}},
    ],
)
def test_options_that_may_overlap_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(BadConstraint, match='"oneOf" at # cannot be enforced'):
        prepare(schema)


def no_references(name: str) -> Any:
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (False, True, True),
        (True, {"type": "string"}, False),
        ({"const": 1}, {"enum": [1.0, 2]}, False),
        ({"const": 1}, {"const": True}, True),
        ({"enum": ["a"]}, {"type": "integer"}, True),
        ({"type": ["string", "null"]}, {"type": ["null", "array"]}, False),
        (CAT, DOG, True),
        (VAGUE[0], VAGUE[1], False),
        ({"allOf": [{"type": "string"}]}, {"anyOf": [{"type": "null"}, {"const": 2}]}, True),
    ],
)
def test_two_schemas_are_disjoint_if_surely_no_value_fits_both(a: Any, b: Any, expected: bool) -> None:
    assert disjoint(a, b, no_references) is expected
    assert disjoint(b, a, no_references) is expected


def test_schemas_that_refer_to_themselves_come_to_an_answer() -> None:
    assert not disjoint({"$ref": "#"}, {"type": "null"}, lambda _: {"$ref": "#"})


def test_the_named_property_tells_options_apart_if_it_can() -> None:
    options = [{"properties": {"a": {"const": n}, "b": {"const": n}}} for n in (1, 2)]
    assert discriminator(options, no_references, "b") == "b"
    assert discriminator(options, no_references) == "a"
    assert discriminator([{"type": "null"}, {"type": "string"}], no_references) == ""
    assert discriminator([{}, {}], no_references) is None


def test_equal_json_values_have_one_identity() -> None:
    assert identity(1) == identity(1.0) != identity(True)
    assert identity({"a": [1], "b": None}) == identity({"b": None, "a": [1.0]})


def test_options_with_values_of_their_own_are_told_apart_in_one_pass() -> None:
    def option(number: int, required: bool) -> dict[str, Any]:
        kind = {"properties": {"kind": {"const": f"k{number}"}}}
        return {"type": "object", **kind, **({"required": ["kind"]} if required else {})}

    assert discriminator([option(n, True) for n in range(4000)], no_references, None, Effort(20_000)) == ""
    assert discriminator([{"const": n} for n in range(4000)], no_references, None, Effort(20_000)) == ""
    assert discriminator([{"const": n % 3999} for n in range(4000)], no_references, None, Effort(90_000)) is None
    vague = [option(n, False) for n in range(100)]
    assert discriminator(vague, no_references) == "kind"


def test_too_many_options_to_be_compared_are_refused() -> None:
    options = [{"anyOf": [{"const": n}, {"const": -n}]} for n in range(1, 4000)]
    with pytest.raises(TooMuchToCompare):
        discriminator(options, no_references)
    with pytest.raises(BadConstraint, match=r'the options of "oneOf" and the parts of "allOf" are too many'):
        prepare({"oneOf": options})


def test_references_that_fan_out_are_refused() -> None:
    definitions = {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 9} for n in range(9)}
    with pytest.raises(BadConstraint, match="too many to be compared"):
        prepare({"oneOf": [{"$ref": "#/$defs/0"}] * 3, "$defs": {**definitions, "9": {}}})


def test_a_string_is_held_to_a_few_patterns_at_once() -> None:
    patterns = {f"p{n}": {"pattern": f".*a{n}.*"} for n in range(50)}
    parts = [{"$ref": f"#/$defs/p{n}"} for n in range(50)]
    with pytest.raises(BadConstraint, match='"allOf" at #: a string can be held to 12 patterns at once'):
        prepare({"allOf": parts, "$defs": patterns})
    prepare({"allOf": parts[:8], "$defs": patterns})
