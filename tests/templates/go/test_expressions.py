from typing import Any

import pytest
from gotpl.parse import parse_template
from gotpl.runtime.values import INVALID

from paddock.templates import TemplateFailed
from paddock.templates.go.execution import Frame, Run
from paddock.templates.go.expressions import Scope, is_true, look_up, pipeline
from paddock.templates.go.functions import FUNCTIONS
from paddock.templates.go.values import GoNothing, GoStruct

DOT = {"A": 1, "B": {"C": "x"}, "S": GoStruct("T", {"F": "field"}), "L": ["a", "b"]}


def evaluated(expression: str, run: Run | None = None) -> Any:
    """Return the value of an expression of which `DOT` is the dot."""
    tree = parse_template(f"{{{{ {expression} }}}}", functions=FUNCTIONS)
    return pipeline(tree.root.nodes[0].pipeline, Scope())(Frame(run or Run(str, 1), DOT, 1))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (".B.C", "x"),
        ("$.S.F", "field"),
        ("(index .L 1)", "b"),
        (".L | len", 2),
        ('.B.C | printf "%s-%s" "y"', "y-x"),
        ("'a'", 97),
        ("and .A .L", ["a", "b"]),
        ("or .Missing .A", 1),
        (".A | and 0", 0),
        ("eq .A 1", True),
        ('ne .B.C "y"', True),
    ],
)
def test_an_expression_has_the_value_that_it_has_in_go(expression: str, value: Any) -> None:
    assert evaluated(expression) == value


def test_arguments_behind_the_decisive_one_are_not_evaluated() -> None:
    assert evaluated("or .A .S.Nope") == 1
    with pytest.raises(TemplateFailed, match="can't evaluate field Nope"):
        evaluated("and .A .S.Nope")


@pytest.mark.parametrize("expression", ["eq .B.C .B.C", "eq .A 1", "ne .A 2", "eq true true", "len .L"])
def test_each_call_of_a_function_counts(expression: str) -> None:
    run = Run(str, 1)
    run.calls = 1
    evaluated(expression, run)
    with pytest.raises(TemplateFailed, match="function-call budget"):
        evaluated(expression, run)


def test_compared_texts_are_charged_by_their_lengths() -> None:
    run = Run(str, 1)
    run.work = 1
    with pytest.raises(TemplateFailed, match="builds too much text"):
        evaluated('eq .B.C "y"', run)


def test_a_variable_of_a_block_is_unknown_outside() -> None:
    outer = Scope()
    inner = outer.inner()
    place = inner.declare("$x")
    assert (inner.find("$x"), inner.find("$"), outer.find("$x")) == (place, 0, None)
    assert outer.declare("$x") != place


def test_a_declaration_hides_the_one_outside_from_then_on() -> None:
    outer = Scope()
    first = outer.declare("$x")
    inner = outer.inner()
    assert inner.find("$x") == first
    assert inner.declare("$x") == inner.find("$x") != first == outer.find("$x")


def test_a_mapping_may_lack_a_field_that_a_struct_must_have() -> None:
    assert look_up(DOT, ("Missing", "More")) is INVALID
    with pytest.raises(TemplateFailed):
        look_up(DOT, ("S", "More"))


def test_empty_values_are_false_and_structs_are_true() -> None:
    assert not any(map(is_true, ["", 0, [], {}, None, GoNothing(), INVALID]))
    assert all(map(is_true, ["x", -1, [0], {"a": 0}, GoStruct("T", {})]))
