"""Compiled grammars are kept, and replies that share one do not disturb each other."""

import pytest

from paddock.engine.constraints import BadConstraint
from paddock.engine.constraints.grammar import ReplyGrammar, grammar_of
from paddock.engine.constraints.grammar_cache import CACHED_GRAMMARS
from paddock.engine.constraints.tool_calls import ControlTokens
from paddock.ipc import Constraint, JsonObject
from tests.engine.constraints.writer import BYTES, Writer, json_schema


def test_the_last_grammars_used_are_not_compiled_again(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Constraint] = []

    def noted(constraint: Constraint, controls: ControlTokens) -> ReplyGrammar:
        compiled.append(constraint)
        return grammar_of(constraint, controls)

    monkeypatch.setattr("paddock.engine.constraints.grammar_cache.grammar_of", noted)
    constraints = [json_schema({"const": n}) for n in range(-CACHED_GRAMMARS, 1)]
    for constraint in (constraints[0], constraints[0], *constraints, constraints[0]):
        writer.grammars.get(constraint)
    assert compiled == [*constraints, constraints[0]]


def test_replies_with_one_grammar_do_not_disturb_each_other(writer: Writer) -> None:
    first, second = writer.matcher(JsonObject()), writer.matcher(JsonObject())
    first.accept(BYTES + ord("{"))
    assert second.allowed_tokens()[BYTES + ord("{")]
    assert not first.allowed_tokens()[BYTES + ord("{")]
    first.accept(BYTES + ord("}"))
    assert first.done
    assert not second.may_end


def test_the_innermost_schema_at_fault_is_blamed(writer: Writer) -> None:
    schema = {"properties": {"a": {"items": {"pattern": "(?=x)"}}, "b": {}}}
    with pytest.raises(BadConstraint, match="the schema at #/properties/a/items cannot be enforced: look-around"):
        writer.grammars.get(json_schema(schema))
