import json
from typing import Any

import pytest

from paddock.ipc import (
    AnyOf,
    BareText,
    CallTemplate,
    Constraint,
    JsonObject,
    JsonSchema,
    JsonValue,
    Lark,
    LiteralText,
    Regex,
    ToolCalls,
)
from paddock.ipc.format_limits import FormatLimits, FormatTooLarge, check_constraint, check_grammar, check_schema
from tests.conftest import SHARED
from tests.schemas import Schemas

SMALL = FormatLimits(
    schema_bytes=2000,
    objects=20,
    depth=10,
    references=3,
    properties=5,
    property_patterns=2,
    options=4,
    values=6,
    regex_bytes=30,
    grammar_bytes=200,
    rules=4,
    conditions=2,
)


def chain(length: int) -> dict[str, Any]:
    """Return a schema whose definitions refer to one another in a row."""
    definitions: dict[str, Any] = {str(i): {"$ref": f"#/$defs/{i + 1}"} for i in range(length)}
    return {"$ref": "#/$defs/0", "$defs": {**definitions, str(length): {"type": "null"}}}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


def tools(*schemas: Any) -> ToolCalls:
    parts = tuple(JsonValue(json.dumps(schema)) for schema in schemas)
    return ToolCalls((CallTemplate("look", (LiteralText("x"), AnyOf((parts, (BareText("y"),))))),))


FITS: list[Any] = [
    chain(2),
    nested(9),
    {"properties": dict.fromkeys("abcde", True)},
    {"patternProperties": {"^a": True, "^b": True}},
    {"anyOf": [{}] * 4},
    {"enum": list(range(6))},
    {"items": [{}] * 18},
    {"pattern": "a" * 30},
    {"properties": {"$ref": {"type": "string"}}},
]
TOO_LARGE: list[tuple[Any, str]] = [
    (chain(3), r"refers to 4 definitions \(\$ref\), and can refer to 3"),
    (nested(11), "nested too deeply"),
    ({"properties": dict.fromkeys("abcdef", True)}, '"properties" has 6 entries, and can have 5'),
    ({"patternProperties": dict.fromkeys("abc", True)}, '"patternProperties" has 3 entries'),
    ({"anyOf": [{}] * 5}, '"anyOf" has 5 entries'),
    ({"items": {"oneOf": [{}] * 5}}, '"oneOf" has 5 entries'),
    ({"$defs": {"a": {"allOf": [{}] * 5}}}, '"allOf" has 5 entries'),
    ({"enum": list(range(7))}, '"enum" has 7 entries'),
    ({"items": [{}] * 20}, "more than 20 subschemas"),
    ({"pattern": "a" * 31}, "longer than 30 bytes"),
    ({"patternProperties": {"a" * 31: True}}, "longer than 30 bytes"),
    ({"description": "x" * 2000}, "has 2019 characters, and can have 2000"),
]


@pytest.mark.parametrize("schema", FITS)
def test_a_schema_within_the_limits_is_taken(schema: Any) -> None:
    check_constraint(JsonSchema(json.dumps(schema)), SMALL)
    check_constraint(tools(schema), SMALL)
    check_grammar(f"start: %json {json.dumps(schema)}\n"[:400], FormatLimits(grammar_bytes=400))


@pytest.mark.parametrize(("schema", "reason"), TOO_LARGE)
def test_a_schema_beyond_a_limit_is_refused_with_the_limit(schema: Any, reason: str) -> None:
    with pytest.raises(FormatTooLarge, match=reason):
        check_constraint(JsonSchema(json.dumps(schema)), SMALL)
    if "characters" not in reason:
        with pytest.raises(FormatTooLarge, match=f"the tool 'look' cannot be called by force: .*{reason}"):
            check_constraint(tools(schema), SMALL)
        with pytest.raises(FormatTooLarge, match=reason):
            grammar = f'start: "a" %json {json.dumps(schema)} "b"'
            check_grammar(grammar, FormatLimits(**{**vars(SMALL), "grammar_bytes": 9999}))


def test_the_schemas_of_tool_calls_count_together() -> None:
    check_constraint(tools(chain(1)), SMALL)
    with pytest.raises(FormatTooLarge, match="refers to 4 definitions"):
        check_constraint(tools(chain(1), chain(1)), SMALL)
    with pytest.raises(FormatTooLarge, match="more than 20 subschemas"):
        check_constraint(tools({"items": [{}] * 12}, {"items": [{}] * 12}), SMALL)
    with pytest.raises(FormatTooLarge, match="the schemas of all tools have more than 2000 characters"):
        check_constraint(tools({"description": "x" * 1200}, {"description": "x" * 1200}), SMALL)


@pytest.mark.parametrize(
    "constraint",
    [JsonObject(), Regex("a" * 30), Lark('start: "&&&" /&&&/ // &&&\n'), JsonSchema("{"), tools(), Lark("%json {")],
)
def test_other_constraints_within_the_limits_are_taken(constraint: Constraint) -> None:
    check_constraint(constraint, SMALL)


@pytest.mark.parametrize(
    ("constraint", "reason"),
    [
        (Regex("a" * 31), "the regular expression is longer than 30 bytes"),
        (Regex("ä" * 16), "the regular expression is longer than 30 bytes"),
        (Lark("start: " + '"a" ' * 60), "the grammar is longer than 200 bytes"),
        (Lark("start: a\na: b\nb: c\nc: D\nD: /x/\n"), "the grammar has 5 rules, and can have 4"),
        (Lark("start: a\n?a: b\n!b: c\nc: D\n  D.2: /x/\n"), "the grammar has 5 rules"),
        (Lark("start: A\nA: /a/ & /b/ & /c/ & /d/"), r"the grammar has 3 conditions \(&\), and can have 2"),
        (JsonSchema("[" * 5000), "nested too deeply|not"),
    ],
)
def test_other_constraints_beyond_a_limit_are_refused(constraint: Constraint, reason: str) -> None:
    if isinstance(constraint, JsonSchema):
        with pytest.raises(FormatTooLarge):
            check_constraint(constraint, SMALL)
        return
    with pytest.raises(FormatTooLarge, match=reason):
        check_constraint(constraint, SMALL)


def test_attributes_of_rules_are_no_rules() -> None:
    check_grammar('start[max_tokens=5]: a\na: b | c\n  | "d:" \nb: "x"', SMALL)


def test_what_people_send_is_far_within_the_limits() -> None:
    for seed in range(300):
        check_schema(Schemas(seed, bounded=False).object(depth=4))


@pytest.mark.skipif(not (SHARED / "cases").exists(), reason="the recorded schemas are not here")
def test_recorded_schemas_are_far_within_the_limits() -> None:
    for line in (SHARED / "cases" / "schemas.jsonl").read_text("utf-8").splitlines():
        schema = json.loads(line)["schema"]
        check_schema(schema, FormatLimits(objects=100, references=10, properties=20, options=20, values=20))
