"""The parts of a call become rules of a Lark grammar."""

import json
import time
from typing import Any

import pytest

from paddock.engine.constraints import BadConstraint
from paddock.engine.constraints.tool_calls import call_grammar, slashed
from paddock.ipc import AnyOf, BareText, CallPart, CallTemplate, JsonValue, LiteralText, Region, ToolCalls
from tests.engine.constraints.writer import Tokens, Writer, allowed


def call(*parts: CallPart) -> CallTemplate:
    return CallTemplate("f", parts)


def start_rule(*parts: CallPart, controls: dict[str, int] | None = None) -> str:
    return call_grammar([call(*parts)], controls or {}).lark


def test_texts_of_control_tokens_become_those_tokens() -> None:
    rule = start_rule(LiteralText("<a><ab>x<a>"), controls={"<a>": 7, "<ab>": 8})
    assert rule == 'start: <[7]> <[8]> "x" <[7]>'


def test_an_empty_text_is_still_a_symbol() -> None:
    assert start_rule(LiteralText("")) == 'start: ""'
    assert start_rule(AnyOf(((LiteralText("a"),), ()))) == 'start: ("a" | "")'


def test_values_are_numbered_and_regions_are_kept_once() -> None:
    region = Region("<a>", "</a>", ("<a>",))
    grammar = call_grammar([call(JsonValue("{}", region), JsonValue("true", region)), call(JsonValue("{}"))], {})
    assert grammar.lark == "start: @v0 @v1 | @v2"
    assert [tool for tool, _ in grammar.values] == ["f"] * 3
    assert list(grammar.regions) == [region]
    assert not grammar.has_text


def test_equal_texts_share_a_terminal() -> None:
    text = BareText("</a>", ("x+",), ("xx",))
    grammar = call_grammar([call(text, LiteralText("-"), text)], {})
    assert grammar.lark.splitlines() == ['TEXT0: (/x+/ & ~/xx/) "</a>"', 'start: TEXT0 "-" TEXT0']
    assert grammar.has_text


def test_a_control_token_after_a_text_stands_outside_of_its_terminal() -> None:
    rule = start_rule(BareText("</a>", ("x+",)), controls={"</a>": 5})
    assert rule.splitlines() == ["TEXT0: /x+/", "start: TEXT0 <[5]>"]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"pattern": "^[a-z]{2}$"}, ["ab"], ["a", "abc"]),
        ({"pattern": "b"}, ["abc", "b"], ["ac"]),
        ({"pattern": "a|b"}, ["xbx"], ["x"]),
        ({"format": "date"}, ["2024-02-29"], ["2023-02-29"]),
        ({"format": "path"}, ["/x"], []),
    ],
)
def test_patterns_and_formats_hold_for_a_text(writer: Writer, schema: Any, good: list[str], bad: list[str]) -> None:
    constraint = ToolCalls((call(BareText("!", schema=json.dumps(schema))),))
    writer.check(constraint, [text + "!" for text in good], [text + "!" for text in bad])


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"pattern": 1}, '"pattern" must be a string'),
        ({"pattern": "^a|b$"}, "cannot be enforced on bare text"),
        ({"pattern": "^(a(b)|c)d|e$"}, "cannot be enforced on bare text"),
        ({"pattern": "a^b"}, "cannot be enforced on bare text"),
        ({"format": "email"}, "'email' cannot be enforced on bare text"),
    ],
)
def test_what_cannot_be_enforced_on_a_text_is_refused_with_its_tool(schema: Any, message: str) -> None:
    with pytest.raises(BadConstraint) as refused:
        start_rule(BareText("!", schema=json.dumps(schema)))
    assert str(refused.value).startswith("the tool 'f' cannot be called by force: ")
    assert message in str(refused.value)


def test_a_pattern_of_nested_groups_costs_no_more_than_its_length() -> None:
    pattern = f"^{'(' * 30_000}a|b{')' * 30_000}$"
    start = time.process_time()
    assert "(a|b)" in start_rule(BareText("!", schema=json.dumps({"pattern": pattern})))
    assert time.process_time() - start < 2


def test_a_schema_that_cannot_be_enforced_is_refused_with_its_tool() -> None:
    with pytest.raises(BadConstraint, match="the tool 'f' cannot be called by force: \"not\" at #"):
        start_rule(JsonValue('{"not": {}}'))


@pytest.mark.parametrize(
    ("pattern", "form"), [("", "(?:)"), ("a/b", r"a\/b"), (r"a\/b", r"a\/b"), ("a\nb", r"a\nb"), (r"\\/", r"\\\/")]
)
def test_a_regular_expression_may_stand_between_slashes(pattern: str, form: str) -> None:
    assert slashed(pattern) == form


def test_a_control_token_is_required_where_its_text_stands() -> None:
    tokens = Tokens([b"", b"<", b"c", b">", b"x", b""], {0}, {5: "<c>"})
    matcher = tokens.matcher(ToolCalls((call(LiteralText("<c>x")),)))
    assert allowed(matcher) == {5}
    assert allowed(matcher, 5) == {4}
    assert allowed(matcher, 4) == {0}
